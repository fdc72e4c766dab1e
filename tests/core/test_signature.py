"""Signatures: what one covers, in its one form; what is altered or badly shaped verifies nothing."""

import base64

import pytest

from tocsin.core.signature import (
    Seal,
    enrolment_text,
    is_public_key,
    make_key,
    public_key,
    read_header,
    request_text,
    sealed_header,
    sign,
    station_ids,
    station_name,
    verifies,
)

# RFC 8032, 7.1, test 2.
KEY = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNED = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_signature_is_rfc_8032s() -> None:
    assert public_key(KEY) == text(PUBLIC)
    assert sign(KEY, b"\x72") == text(SIGNED)
    assert verifies(text(PUBLIC), text(SIGNED), b"\x72")


@pytest.mark.parametrize(
    "wrong", ["", "A", "A" * 86, "A" * 200, "é" * 86, "+" * 86, text(SIGNED) + "=", text(SIGNED)[:-1] + "B"]
)
def test_what_is_no_signature_verifies_nothing_and_never_raises(wrong: str) -> None:
    assert not verifies(text(PUBLIC), wrong, b"\x72")
    assert not verifies(wrong, text(SIGNED), b"\x72")
    assert not verifies(text(PUBLIC), text(SIGNED), b"\x73")


def test_a_public_key_has_one_form() -> None:
    assert is_public_key(public_key(make_key()))
    last = text(PUBLIC)[-1]
    twin = text(PUBLIC)[:-1] + chr(ord(last) + 1)  # the same 32 bytes, with padding bits that are not nought
    assert base64.urlsafe_b64decode(twin + "=") == PUBLIC
    assert not is_public_key(twin)


def test_a_header_is_read_as_it_was_written() -> None:
    header = sealed_header(
        KEY, "1f.2a", method="post", target="/x?y=1", time_us=1_790_000_000_000_000, body=b"{}"
    )
    seal = read_header(header)
    assert seal is not None and (seal.station, seal.time_us) == ("1f.2a", 1_790_000_000_000_000)
    message = request_text(seal, method="POST", target="/x?y=1", body=b"{}")
    assert verifies(text(PUBLIC), seal.signature, message)
    assert (
        len(
            {
                read_header(
                    sealed_header(
                        KEY, "1.2", method="GET", target="/", time_us=1_790_000_000_000_000, body=b""
                    )
                ).nonce
                for _ in range(50)
            }
        )
        == 50
    )  # type: ignore[union-attr]


def test_each_part_of_a_request_is_covered() -> None:
    seal = Seal("1.2", 1, "n" * 24, "")
    texts = {
        request_text(seal, method="GET", target="/a", body=b""),
        request_text(seal, method="POST", target="/a", body=b""),
        request_text(seal, method="GET", target="/a?", body=b""),
        request_text(seal, method="GET", target="/a", body=b" "),
        request_text(Seal("1.3", 1, "n" * 24, ""), method="GET", target="/a", body=b""),
        request_text(Seal("1.2", 2, "n" * 24, ""), method="GET", target="/a", body=b""),
        request_text(Seal("1.2", 1, "m" * 24, ""), method="GET", target="/a", body=b""),
        enrolment_text(code="c", name="n", public="p"),
        enrolment_text(code="c", name="n\np", public=""),
    }
    assert len(texts) == 9


def test_a_station_calls_itself_by_its_merchant_and_its_id() -> None:
    ids = (2**63 - 1, 2**62 + 5)
    assert station_ids(station_name(*ids)) == ids
    for wrong in ("", "1", "1.", ".1", "g.1", "1.2.3", "-1.2", "8000000000000000.1", "1" * 17 + ".1"):
        assert station_ids(wrong) == (0, 0)
