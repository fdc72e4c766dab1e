"""Box 7: passkeys are added, used, renamed and revoked; what is wrong with one is refused and told."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from tests.access.passkeys import BASE, PARTY, THERE, ask, ask_new, make_passkey, sign_in_with
from tests.access.people import ELSEWHERE, attempt, enter, make_desk, make_operator
from tests.peers.authenticator import Authenticator, b64, unb64
from tocsin.access.ceremony import relying_party
from tocsin.access.limiter import SignInRefused
from tocsin.access.login import SignedIn, sign_in_by_passkey
from tocsin.access.operator import suspend_operator
from tocsin.access.passkey import (
    MOST,
    PasskeyKnown,
    PasskeyMissing,
    PasskeyNameWrong,
    PasskeyRefused,
    PasskeysEnough,
    add_passkey,
    list_passkeys,
    rename_passkey,
    revoke_passkey,
    revoke_passkeys_of,
)
from tocsin.access.session import find_session
from tocsin.access.step_up import ProofNeeded
from tocsin.alarm.table import signal
from tocsin.core.db import Database
from tocsin.core.event import replay_events
from tocsin.core.journal import read_journal
from tocsin.core.statement import Statement

WRONG = SignInRefused("wrong")
_SIGNALS = Statement[tuple[str, str, str, int, str, str]](
    signal.select().with_only_columns(
        signal.c.kind, signal.c.outcome, signal.c.method, signal.c.operator_id, signal.c.subject, signal.c.device
    ).order_by(signal.c.id)
)  # fmt: skip


def told(db: Database) -> list[tuple[str, str, str, int, str, str]]:
    """What the alarm was told of passkeys."""
    return [tuple(row) for row in db.read(0, lambda tx: tx.rows(_SIGNALS)) if row[2] == "passkey"]  # type: ignore[misc]


def test_a_passkey_signs_in_alone_and_after_the_name_and_is_listed(db: Database) -> None:
    desk = make_desk(db)
    owner = enter(db, desk.owner)
    finger = make_passkey(db, owner.actor, backed_up=True)
    for name in ("", desk.owner):
        done = sign_in_with(db, finger, name=name)
        assert isinstance(done, SignedIn), done
        assert done.actor.id == owner.actor.id and find_session(db, done.token) == done.actor
    (listed,) = db.read(desk.merchant_id, lambda tx: list_passkeys(tx, owner.actor))
    assert (listed.name, listed.backed_up) == ("我的手机", 1) and listed.last_used_us
    assert [row[:4] for row in told(db)] == [("credential_right", "right", "passkey", owner.actor.id)] * 2


def test_a_passkey_is_told_and_ends_the_other_sessions(db: Database) -> None:
    desk = make_desk(db)
    there, here = enter(db, desk.owner), enter(db, desk.owner)
    make_passkey(db, here.actor)
    assert find_session(db, here.token) and find_session(db, there.token) is None
    (listed,) = db.read(desk.merchant_id, lambda tx: list_passkeys(tx, here.actor))
    again = enter(db, desk.owner)
    db.write(desk.merchant_id, lambda tx: revoke_passkey(tx, here.actor, passkey_id=listed.id))
    assert find_session(db, here.token) and find_session(db, again.token) is None
    kinds = [e.kind for e in db.read(desk.merchant_id, lambda tx: replay_events(tx, after_id=0))]
    assert [k for k in kinds if "passkey" in k] == ["access.passkey_added", "access.passkey_revoked"]
    verbs = [
        j.verb for j in db.read(desk.merchant_id, lambda tx: read_journal(tx, subject=f"passkey:{listed.id}"))
    ]
    assert set(verbs) == {"access.add_passkey", "access.revoke_passkey"}


def test_options_ask_for_verification_and_name_nobody(db: Database) -> None:
    owner = enter(db, make_desk(db).owner).actor
    options = ask_new(db, owner)
    assert options["authenticatorSelection"] == {
        "residentKey": "required", "requireResidentKey": True, "userVerification": "required",
    }  # fmt: skip
    assert options["attestation"] == "none" and options["rp"]["id"] == "localhost"
    assert str(owner.id).encode() not in unb64(options["user"]["id"])
    assert len(unb64(options["challenge"])) >= 16
    assert ask_new(db, owner)["user"]["id"] == options["user"]["id"]
    asked = ask(db, "")
    assert asked["allowCredentials"] == [] and asked["userVerification"] == "required"


def test_a_key_that_verifies_nobody_is_neither_added_nor_let_in(db: Database) -> None:
    owner = enter(db, make_desk(db).owner).actor
    with pytest.raises(PasskeyRefused, match="not_verified"):
        make_passkey(db, owner, verifies=False)
    finger = make_passkey(db, owner)
    finger.flags &= ~0x04
    assert sign_in_with(db, finger) == WRONG
    finger.flags |= 0x04
    assert isinstance(sign_in_with(db, finger), SignedIn)


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


def test_a_new_passkey_wants_a_fresh_proof_a_name_and_its_own_challenge(db: Database) -> None:
    desk = make_desk(db)
    owner = enter(db, desk.owner).actor
    finger = Authenticator(origin=BASE)
    answer = finger.create(ask_new(db, owner))
    with pytest.raises(PasskeyNameWrong):
        add_passkey(db, owner, name="  ", answer=answer, party=PARTY)
    with pytest.raises(ProofNeeded):
        add_passkey(db, replace(owner, proved_at_us=1), name="x", answer=answer, party=PARTY)
    with pytest.raises(PasskeyRefused, match="challenge"):
        add_passkey(db, enter(db, desk.owner).actor, name="x", answer=answer, party=PARTY)
    add_passkey(db, owner, name="x", answer=answer, party=PARTY)
    with pytest.raises(PasskeyRefused, match="challenge"):
        add_passkey(db, owner, name="x", answer=answer, party=PARTY)
    with pytest.raises(PasskeyRefused, match="cross_origin"):
        add_passkey(
            db, owner, name="x", answer=finger.create(ask_new(db, owner), crossOrigin=True), party=PARTY
        )
    with pytest.raises(PasskeyKnown):
        add_passkey(db, owner, name="x", answer=finger.create(ask_new(db, owner)), party=PARTY)
    with pytest.raises(ProofNeeded):
        ask_new(db, replace(owner, proved_at_us=1))


def test_an_operator_has_six_at_most_and_names_his_own(db: Database) -> None:
    desk = make_desk(db)
    owner = enter(db, desk.owner).actor
    for number in range(MOST):
        make_passkey(db, owner, name=f"key {number}")
    with pytest.raises(PasskeysEnough):
        ask_new(db, owner)
    listed = db.read(desk.merchant_id, lambda tx: list_passkeys(tx, owner))
    assert [one.name for one in listed] == [f"key {number}" for number in reversed(range(MOST))]
    make_operator(db, desk, "clerk", name="clerk")
    clerk = enter(db, "clerk").actor
    for verb in (revoke_passkey, lambda *a, **k: rename_passkey(*a, name="x", **k)):
        with pytest.raises(PasskeyMissing):
            db.write(desk.merchant_id, lambda tx, verb=verb: verb(tx, clerk, passkey_id=listed[0].id))
    db.write(desk.merchant_id, lambda tx: rename_passkey(tx, owner, passkey_id=listed[0].id, name="收银台"))
    assert db.read(desk.merchant_id, lambda tx: list_passkeys(tx, owner))[0].name == "收银台"


def test_a_name_is_offered_six_ids_known_or_not_always_the_same(db: Database) -> None:
    desk = make_desk(db)
    make_operator(db, desk, "clerk", name="clerk")
    owner = enter(db, desk.owner).actor
    fingers = [make_passkey(db, owner) for _ in range(2)]
    offered = {name: ask(db, name)["allowCredentials"] for name in (desk.owner, "clerk", "nobody")}
    for name, ids in offered.items():
        assert len({one["id"] for one in ids}) == 6 and {*map(tuple, ids)} == {("type", "id")}
        assert ids == ask(db, name)["allowCredentials"] == ask(db, f" {name.upper()} ")["allowCredentials"]
        assert {len(unb64(one["id"])) for one in ids} <= {16, 20, 32, 48, 64}
    assert {b64(f.credential_id) for f in fingers} <= {one["id"] for one in offered[desk.owner]}
    everyone = [one["id"] for ids in offered.values() for one in ids]
    assert len(set(everyone)) == 18


@pytest.mark.parametrize(
    ("base", "party"),
    [
        ("http://localhost:8717", ("localhost", "http://localhost:8717")),
        ("https://Desk.example.org", ("desk.example.org", "https://desk.example.org")),
        ("https://desk.example.org:8443", ("desk.example.org", "https://desk.example.org:8443")),
        ("http://desk.lan:8717", None),
        ("https://192.0.2.7", None),
        ("https://[2001:db8::1]", None),
        ("http://127.0.0.1:8717", None),
        ("", None),
    ],
)
def test_browsers_give_passkeys_to_names_over_https_and_to_localhost(
    base: str, party: tuple[str, str] | None
) -> None:
    found = relying_party(base)
    assert (found and (found.id, found.origin)) == party
