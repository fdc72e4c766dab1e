"""What a body must be, asked of the reading itself: the framework's own reading stands before it."""

import pytest
from msgspec import Struct

from tests.api.door import Door, order_in
from tocsin.access.limiter import SignInRefused
from tocsin.api.guard import BodyUnsound, read_body, require_sound_json
from tocsin.core.actor import Actor
from tocsin.gate import NotSignedIn, TooManyTries, refused_try


class Shape(Struct, forbid_unknown_fields=True):
    """A body of one number."""

    number: int = 0


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "Expecting value"), (b'{"number": "1"}', "Expected `int`"), (b'{"number": 1, "number": 2}', "appears twice"),
        (b'{"number": NaN}', "no JSON number"), (b'{"number": -Infinity}', "no JSON number"),
        (b'{"number": 9223372036854775808}', "beyond 64 bits"), (b'{"number": -9223372036854775809}', "beyond 64 bits"),
        (b'{"number": 1' + b"0" * 9000 + b"}", "beyond 64 bits"), (b'{"\\u0000": 1}', "NUL"), (b'["\\udc00"]', "half a character"),
        (b"[" * 70 + b"]" * 70, "nested too deeply"), (b"[" * 200_000 + b"]" * 200_000, "nested too deeply"), (b"\xff", "decode"),
        (b'["\xed\xb0\x80"]', "half a character"), (b'{"a": "\\u0061", "b": "\x00"}', "control character"),
    ],
    ids=range(15),
)  # fmt: skip
def test_a_body_is_refused_with_its_problem(body: bytes, problem: str):
    with pytest.raises(BodyUnsound) as refused:
        read_body(body, Shape)
    assert problem in refused.value.message()


def test_a_sound_body_is_read():
    assert read_body(b'{"number": -9223372036854775808}', Shape).number == -(2**63)
    require_sound_json(("[" * 60 + '"梨"' + "]" * 60).encode())


def test_a_refused_import_gives_its_key_back(door: Door):
    headers = {"idempotency-key": "import-9", "content-type": "application/json"}
    assert door.ask("POST", "/orders/import", content=b"[1, 2", headers=headers).status_code == 422
    assert door.ask("POST", "/orders/import", json=[order_in()], headers=headers).status_code == 200


def test_a_refused_secret_is_shown_as_a_door_can():
    assert isinstance(refused_try(SignInRefused("wrong")), NotSignedIn)
    locked = refused_try(SignInRefused("locked", 30))
    assert isinstance(locked, TooManyTries)
    assert "30 seconds" in locked.message()


def test_the_door_knows_who_asks(door: Door):
    actor = door.actor("clerk")
    assert isinstance(actor, Actor)
    assert door.ask("GET", "/me", role="clerk").json()["rights"] == sorted(actor.rights)


def test_a_batch_that_broke_off_keeps_its_key(door: Door, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("tocsin.api.imports.quarantine_rows", broken)
    headers = {"idempotency-key": "import-8", "content-type": "application/json"}
    assert door.ask("POST", "/orders/import", json=[order_in()], headers=headers).status_code == 500
    monkeypatch.undo()
    again = door.ask("POST", "/orders/import", json=[order_in()], headers=headers)
    assert (again.status_code, again.json()["code"]) == (423, "idempotency_key_in_use")
    assert len(door.ask("GET", "/orders").json()["orders"]) == 1, "what was taken in is not taken in twice"
