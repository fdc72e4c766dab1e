"""API keys that are none: refused clearly, counted as tries, and never the desk's fault."""

import pytest

from tests.access.people import signals_of
from tests.api.door import Door
from tocsin.core.journal import read_journal

ODD: tuple[bytes, ...] = (
    b"", b" ", b"x", b"tocsin_", b"tocsin_0a1b2c3d_" + b"A" * 43, b"tocsin_0A1B2C3D_" + b"A" * 43, b"x" * 8000, b"\xff\xfe",
    "é".encode(), b"a\tb", b"tocsin_0a1b2c3d_" + b"A" * 43 + b" x", b"'; DROP TABLE api_key; --",
)  # fmt: skip


@pytest.mark.parametrize("secret", ODD, ids=range(len(ODD)))
def test_a_key_of_any_kind_is_refused_and_counted(door: Door, secret: bytes):
    answer = door.client.get("/api/v1/me", headers={b"authorization": b"Bearer " + secret})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = signals_of(door.db, 0)
    assert [(s.kind, s.method, s.outcome) for s in told] == [("credential_wrong", "api_key", "wrong")]
    entries = door.db.read(0, lambda tx: read_journal(tx))
    assert [e.verb for e in entries] == ["access.sign_in_failed"] and "DROP" not in str(entries)


@pytest.mark.parametrize(
    "scheme", [b"Basic eDp5", b"bearer", b"Bearer", b"Digest x", b"\xff x", b"Bearer\tx", b","]
)
def test_another_scheme_is_nobody(door: Door, scheme: bytes):
    answer = door.client.get("/api/v1/me", headers={b"authorization": scheme})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


def test_two_authorizations_let_nobody_in_by_the_second(door: Door):
    right = door.key("query")["authorization"]
    for pair in ((right, "Bearer wrong"), ("Bearer wrong", right), ("", right)):
        headers = [("authorization", one) for one in pair]
        answer = door.client.get("/api/v1/me", headers=headers)
        assert answer.status_code == 401, pair


def test_after_20_wrong_keys_the_address_waits_and_a_right_one_opens(door: Door):
    codes = [
        door.client.get("/api/v1/me", headers={"authorization": f"Bearer wrong {n}"}).status_code
        for n in range(22)
    ]
    assert codes == [401] * 20 + [429] * 2
    assert door.client.get("/api/v1/me", headers=door.key("query")).status_code == 200
