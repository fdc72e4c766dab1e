"""Box 7: passkeys are added, used, renamed and revoked; what is wrong with one is refused and told."""

import pytest
from msgspec.structs import replace

from tests.access.passkeys import BASE, PARTY, ask, ask_new, make_passkey, sign_in_with, told
from tests.access.people import enter, make_desk, make_operator
from tests.peers.authenticator import Authenticator, b64, unb64
from tocsin.access.ceremony import relying_party
from tocsin.access.limiter import SignInRefused
from tocsin.access.login import SignedIn
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
)
from tocsin.access.session import find_session
from tocsin.access.step_up import ProofNeeded
from tocsin.core.db import Database
from tocsin.core.event import replay_events
from tocsin.core.journal import read_journal

WRONG = SignInRefused("wrong")


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
        ("https://desk.example.org:443/", ("desk.example.org", "https://desk.example.org")),
        ("http://localhost:80", ("localhost", "http://localhost")),
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
