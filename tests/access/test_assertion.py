"""An answer is looked at once; what is wrong in one respect, or is no answer at all, is refused and told."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from tests.access.passkeys import BASE, PARTY, THERE, ask, ask_new, make_passkey, sign_in_with, told
from tests.access.people import ELSEWHERE, attempt, enter, make_desk, make_operator
from tests.peers.authenticator import Authenticator, b64
from tocsin.access.limiter import SignInRefused
from tocsin.access.login import SignedIn, sign_in_by_passkey
from tocsin.access.operator import suspend_operator
from tocsin.access.passkey import (
    PasskeyRefused,
    add_passkey,
    revoke_passkeys_of,
)
from tocsin.core.db import Database

WRONG = SignInRefused("wrong")


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "http://localhost:8718"},
        {"origin": "https://localhost:8717"},
        {"origin": "http://localhost:8717.example.org"},
        {"crossOrigin": True},
        {"crossOrigin": "false"},
        {"topOrigin": "http://localhost:8717"},
        {"type": "webauthn.create"},
        {"challenge": b64(bytes(32))},
        {"handle": b64(bytes(20))},
        {"handle": ""},
        {"handle": "***"},
    ],
)
def test_an_answer_that_is_wrong_in_one_respect_is_refused_and_told(
    db: Database, changes: dict[str, Any]
) -> None:
    owner = enter(db, make_desk(db).owner).actor
    finger = make_passkey(db, owner)
    assert sign_in_with(db, finger, **changes) == WRONG
    kind, outcome, *_ = told(db)[-1]
    assert (kind, outcome) == ("credential_wrong", "wrong")


def test_a_forged_signature_another_party_and_another_key_are_refused(db: Database) -> None:
    desk = make_desk(db)
    owner = enter(db, desk.owner).actor
    finger, foreign = make_passkey(db, owner), Authenticator(origin=BASE)
    foreign.credential_id, foreign.handle = finger.credential_id, finger.handle
    assert sign_in_with(db, foreign) == WRONG
    answer = finger.sign({**ask(db), "rpId": "example.org"})
    assert sign_in_by_passkey(db, answer, THERE) == WRONG
    assert sign_in_with(db, Authenticator(origin=BASE)) == WRONG
    by = [(operator_id, subject.partition(":")[0]) for _, _, _, operator_id, subject, _ in told(db)]
    assert by == [(owner.id, "passkey"), (owner.id, "passkey"), (0, "")]


def test_an_answer_counts_once_and_for_its_own_challenge_alone(db: Database) -> None:
    desk = make_desk(db)
    owner = enter(db, desk.owner).actor
    finger = make_passkey(db, owner)
    answer = finger.sign(ask(db))
    assert isinstance(sign_in_by_passkey(db, answer, THERE), SignedIn)
    assert sign_in_by_passkey(db, answer, THERE) == WRONG
    other = make_operator(db, desk, "clerk", name="clerk")
    assert sign_in_with(db, finger, name="clerk") == WRONG
    assert sign_in_with(db, finger, name="nobody") == WRONG
    assert [row[3] for row in told(db)][-2:] == [other, 0]


def test_a_counter_that_does_not_rise_is_refused_and_told(db: Database) -> None:
    owner = enter(db, make_desk(db).owner).actor
    finger = make_passkey(db, owner)
    for _ in range(3):
        assert isinstance(sign_in_with(db, finger), SignedIn)
    finger.count = 1
    assert sign_in_with(db, finger) == WRONG
    finger.count = 9
    assert isinstance(sign_in_with(db, finger), SignedIn)


def test_a_passkey_without_a_counter_signs_in_again_and_again(db: Database) -> None:
    finger = make_passkey(db, enter(db, make_desk(db).owner).actor)
    for _ in range(3):
        finger.count = -1
        assert isinstance(sign_in_with(db, finger), SignedIn)


def test_a_revoked_passkey_opens_nothing_and_its_use_is_told(db: Database) -> None:
    desk = make_desk(db)
    owner = enter(db, desk.owner).actor
    finger = make_passkey(db, owner)
    assert db.write(desk.merchant_id, lambda tx: revoke_passkeys_of(tx, operator_id=owner.id)) == 1
    assert sign_in_with(db, finger) == WRONG
    assert [row[:4] for row in told(db)] == [("revoked_used", "wrong", "passkey", owner.id)]
    assert b64(finger.credential_id) not in str(ask(db, desk.owner))


def test_a_suspended_operator_is_kept_out(db: Database) -> None:
    desk = make_desk(db)
    make_operator(db, desk, "clerk", name="clerk")
    clerk, owner = enter(db, "clerk").actor, enter(db, desk.owner).actor
    finger = make_passkey(db, clerk)
    db.write(desk.merchant_id, lambda tx: suspend_operator(tx, owner, operator_id=clerk.id))
    assert sign_in_with(db, finger) == WRONG


def test_passwords_never_lock_a_passkey_and_wrong_answers_spend_their_address(db: Database) -> None:
    desk = make_desk(db)
    finger = make_passkey(db, enter(db, desk.owner).actor)
    for _ in range(12):
        attempt(db, desk.owner, address=ELSEWHERE)
    assert attempt(db, desk.owner, address=ELSEWHERE) != WRONG
    assert isinstance(sign_in_with(db, finger, name=desk.owner), SignedIn)
    from_there = replace(THERE, address=ELSEWHERE)
    codes = [sign_in_by_passkey(db, "{}", from_there) for _ in range(22)]
    assert [c.code for c in codes if isinstance(c, SignInRefused)] == ["wrong"] * 20 + ["locked"] * 2
    answer = finger.sign(ask(db, where=from_there))
    assert isinstance(sign_in_by_passkey(db, answer, from_there), SignedIn)


NOISE = [
    "", "null", "[]", "7", '"x"', "{", "{}", "\ud800", "\0", '{"id": 7, "response": {}}', "[" * 3000, "9" * 5000,
    '{"id": "AA", "response": {"clientDataJSON": "AA"}}', '{"id": "AA", "response": {"clientDataJSON": 7}}',
    json.dumps({"id": "AA", "response": {"clientDataJSON": b64(b"null")}}),
    json.dumps({"id": "AA", "response": {"clientDataJSON": b64(b'{"challenge": "AA", "crossOrigin": []}')}}),
    json.dumps({"id": "\ud800", "response": {"clientDataJSON": b64(b'{"challenge": "AA"}')}}), "x" * 70_000,
]  # fmt: skip


@pytest.mark.parametrize("noise", NOISE)
def test_noise_is_refused_and_recorded_never_a_fault(db: Database, noise: str) -> None:
    owner = enter(db, make_desk(db).owner).actor
    assert sign_in_by_passkey(db, noise, THERE) == WRONG
    with pytest.raises(PasskeyRefused):
        add_passkey(db, owner, name="x", answer=noise, party=PARTY)
    assert len(told(db)) == 1


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature", "attestationObject"])
@pytest.mark.parametrize("value", [None, 7, "", "***", "AA", b64(b"\xff" * 900), b64(b"\x9f" * 900), {}])
def test_every_part_may_be_anything_and_is_refused(db: Database, part: str, value: object) -> None:
    owner = enter(db, make_desk(db).owner).actor
    finger = make_passkey(db, owner)
    answer = json.loads(finger.sign(ask(db)))
    if part in answer["response"]:
        answer["response"][part] = value
        assert sign_in_by_passkey(db, json.dumps(answer), THERE) == WRONG
    fresh = json.loads(Authenticator(origin=BASE).create(ask_new(db, owner)))
    if part in fresh["response"]:
        fresh["response"][part] = value
        with pytest.raises(PasskeyRefused):
            add_passkey(db, owner, name="x", answer=json.dumps(fresh), party=PARTY)
