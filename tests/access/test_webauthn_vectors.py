"""The W3C's own vectors: what we accept verifies, and changed in one respect nothing does."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn import verify_authentication_response

from tests.peers.authenticator import VERIFIED, b64, unb64
from tocsin.access.ceremony import (
    ALGORITHMS,
    AnswerRefused,
    RelyingParty,
    encode,
    read_answer,
    verify_creation,
    verify_use,
)

VECTORS = {
    one["name"]: one for one in json.loads(Path("tests/data/webauthn_vectors/vectors.json").read_text())
}
PARTY = RelyingParty("example.org", "https://example.org")
INSIDE = {"none-es256-crossOrigin", "none-es256-topOrigin"}
P, Q = 2**1279 - 1, 2**2203 - 1
_FLAGS, _DATA_LENGTH = 32, 37
Sign = Callable[[bytes], bytes]


def raw(name: str, part: str, field: str) -> bytes:
    return bytes.fromhex(VECTORS[name][part].get(field, ""))


def attested(name: str) -> dict[str, Any]:
    found: dict[str, Any] = cbor2.loads(raw(name, "registration", "attestationObject"))
    return found


def public_key(name: str) -> bytes:
    data = attested(name)["authData"]
    length = int.from_bytes(data[53:55])
    return bytes(data[55 + length :])


def algorithm(name: str) -> int:
    return int(cbor2.loads(public_key(name))[3])


OURS = [name for name in VECTORS if algorithm(name) in ALGORITHMS]
OUTSIDE = [name for name in OURS if name not in INSIDE]
FORMATS = {name: attested(name)["fmt"] for name in VECTORS}


def answer(name: str, part: str, **changes: bytes) -> str:
    """A browser's answer; `changes` are other bytes of its response."""
    wanted = ("clientDataJSON", "attestationObject") if part == "registration" else (
        "clientDataJSON", "authenticatorData", "signature")  # fmt: skip
    response = {field: b64(changes.get(field, raw(name, part, field))) for field in wanted}
    credential = b64(raw(name, "registration", "credential_id"))
    return json.dumps({"id": credential, "rawId": credential, "type": "public-key", "response": response})


def create(text: str, name: str, *, party: RelyingParty = PARTY, challenge: bytes | None = None) -> str:
    """Verify a registration; the reason of the refusal, empty where it is accepted."""
    try:
        verify_creation(
            read_answer(text), party, challenge=challenge or raw(name, "registration", "challenge")
        )
    except AnswerRefused as refused:
        return refused.reason
    return ""


def use(
    text: str, name: str, *, party: RelyingParty = PARTY, challenge: bytes | None = None, key: bytes = b""
) -> str:
    """Verify an authentication; the reason of the refusal, empty where it is accepted."""
    wanted = challenge or raw(name, "authentication", "challenge")
    try:
        verify_use(read_answer(text), party, challenge=wanted, public_key=encode(key or public_key(name)))
    except AnswerRefused as refused:
        return refused.reason
    return ""


def signer(name: str) -> Sign:
    """The vector's own private key."""
    if name == "packed-rs256":
        exponent = pow(65537, -1, (P - 1) * (Q - 1))
        key = rsa.RSAPrivateNumbers(
            P, Q, exponent, rsa.rsa_crt_dmp1(exponent, P), rsa.rsa_crt_dmq1(exponent, Q), rsa.rsa_crt_iqmp(P, Q),
            rsa.RSAPublicNumbers(65537, P * Q),
        ).private_key(unsafe_skip_rsa_key_validation=True)  # fmt: skip
        return lambda data: key.sign(data, padding.PKCS1v15(), SHA256())
    if name == "packed-eddsa":
        return ed25519.Ed25519PrivateKey.from_private_bytes(raw(name, "registration", "private_key")).sign
    secret = int.from_bytes(raw(name, "registration", "credential_private_key"))
    curve = ec.derive_private_key(secret, ec.SECP256R1())
    return lambda data: curve.sign(data, ec.ECDSA(SHA256()))


def signed(name: str, *, verified: bool = True, **said: Any) -> str:
    """The vector's authentication, signed again with its own key: with the UV flag or without, and other client data."""
    data = bytearray(raw(name, "authentication", "authenticatorData"))
    data[_FLAGS] = data[_FLAGS] | VERIFIED if verified else data[_FLAGS] & ~VERIFIED
    client = raw(name, "authentication", "clientDataJSON")
    if said:
        client = json.dumps({**json.loads(client), **said}).encode()
    signature = signer(name)(bytes(data) + hashlib.sha256(client).digest())
    return answer(
        name, "authentication", authenticatorData=bytes(data), clientDataJSON=client, signature=signature
    )


def has_uv(name: str, part: str) -> bool:
    data = attested(name)["authData"] if part == "registration" else raw(name, part, "authenticatorData")
    return bool(data[_FLAGS] & VERIFIED)


def test_the_vectors_are_all_there() -> None:
    assert len(VECTORS) == 15 and len(OURS) == 12
    assert {algorithm(name) for name in OURS} == {-7, -8, -257}
    assert [name for name in VECTORS if name not in OURS] == ["packed-es384", "packed-es512", "packed-ed448"]


@pytest.mark.parametrize("name", OURS)
def test_each_signature_of_our_algorithms_verifies(name: str) -> None:
    """As it stands in the specification: with the flag for user verification asked for where it is set."""
    found = verify_authentication_response(
        credential=answer(name, "authentication"), expected_challenge=raw(name, "authentication", "challenge"),
        expected_rp_id=PARTY.id, expected_origin=PARTY.origin, credential_public_key=public_key(name),
        credential_current_sign_count=0, require_user_verification=has_uv(name, "authentication"),
    )  # fmt: skip
    assert found.user_verified == has_uv(name, "authentication")


@pytest.mark.parametrize("name", OUTSIDE)
def test_ours_takes_it_as_it_stands_where_the_user_was_verified_and_refuses_it_where_not(name: str) -> None:
    verdict = "" if has_uv(name, "authentication") else "not_verified"
    assert use(answer(name, "authentication"), name) == verdict
    assert use(signed(name), name) == ""


@pytest.mark.parametrize("name", VECTORS)
def test_a_registration_is_taken_with_our_algorithms_formats_and_a_verified_user_alone(name: str) -> None:
    verdict = create(answer(name, "registration"), name)
    if name in INSIDE:
        assert verdict == "cross_origin"
    elif FORMATS[name] not in ("none", "packed"):
        assert verdict == "attestation"
    elif not has_uv(name, "registration"):
        assert verdict == "not_verified"
    else:
        assert verdict == ("" if name in OURS else "algorithm")


def test_some_registrations_are_taken() -> None:
    taken = [name for name in VECTORS if not create(answer(name, "registration"), name)]
    assert taken == ["packed-self-es256", "packed-es256", "packed-rs256"]


def flipped(plain: bytes, at: int = -1) -> bytes:
    changed = bytearray(plain)
    changed[at] ^= 1
    return bytes(changed)


def tampered(name: str) -> Iterator[tuple[str, str]]:
    """Each way to change a right answer, and the verdict on it."""
    other, good = bytes(32), signed(name)
    yield "challenge", use(good, name, challenge=other)
    yield "challenge, signed over again", use(signed(name, challenge=b64(other)), name)
    yield "origin", use(good, name, party=RelyingParty("example.org", "https://example.com"))
    yield "origin, signed over again", use(signed(name, origin="https://example.org.evil.test"), name)
    yield "party", use(good, name, party=RelyingParty("example.com", "https://example.org"))
    yield "no user verification, signed over again", use(signed(name, verified=False), name)
    yield "cross origin, signed over again", use(signed(name, crossOrigin=True), name)
    yield "top origin, signed over again", use(signed(name, topOrigin="https://example.com"), name)
    yield "type, signed over again", use(signed(name, type="webauthn.create"), name)
    yield "another key", use(good, name, key=public_key(next(one for one in OURS if one != name)))
    for field in ("signature", "authenticatorData", "clientDataJSON"):
        response = json.loads(good)["response"]
        plain = {one: unb64(value) for one, value in response.items()}
        at = 40 if field == "clientDataJSON" else -1
        plain[field] = flipped(plain[field], at)
        yield field, use(answer(name, "authentication", **plain), name)


def test_nothing_that_was_changed_is_accepted() -> None:
    verdicts = [(name, what, verdict) for name in OUTSIDE for what, verdict in tampered(name)]
    assert [one for one in verdicts if not one[2]] == []
    assert len(verdicts) == 13 * len(OUTSIDE) > 100
    said = {what: verdict for _, what, verdict in verdicts}
    assert said["no user verification, signed over again"] == "not_verified"
    assert said["cross origin, signed over again"] == said["top origin, signed over again"] == "cross_origin"
    assert said["signature"] == said["another key"] == "signature" and said["challenge"] == "challenge"


def test_a_changed_registration_is_not_accepted() -> None:
    verdicts = []
    for name in OUTSIDE:
        text = answer(name, "registration")
        verdicts += [
            create(text, name, challenge=bytes(32)),
            create(text, name, party=RelyingParty("example.org", "https://example.com")),
            create(text, name, party=RelyingParty("example.com", "https://example.org")),
        ]
        if FORMATS[name] == "packed":
            client = flipped(raw(name, "registration", "clientDataJSON"), 40)
            verdicts.append(create(answer(name, "registration", clientDataJSON=client), name))
    assert all(verdicts) and len(verdicts) > 30
