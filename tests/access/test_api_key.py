"""API keys: scoped, shown once, revoked at once."""

from collections.abc import Iterator
from functools import partial

import pytest

from tests.access.people import ELSEWHERE, HOME, Desk, enter, enter_as, make_desk, make_operator, signals_of
from tests.core.test_gather import carry
from tocsin.access.api_key import (
    KeyMissing,
    KeyScopeRefused,
    create_api_key,
    find_api_key,
    list_api_keys,
    revoke_api_key,
)
from tocsin.access.limiter import SignInRefused
from tocsin.access.operator import restore_operator, suspend_operator
from tocsin.access.operator_role import change_role
from tocsin.core import clock
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.db import Database
from tocsin.core.writer import Writer


@pytest.fixture(autouse=True)
def true_clock() -> Iterator[None]:
    yield
    clock.shift_clock(0)


def make_key(db: Database, owner: Actor, *scopes: str) -> str:
    return db.write(
        owner.merchant_id,
        lambda tx: create_api_key(tx, owner, name="wms", scopes=frozenset(scopes or ("query",))),
    )


def keyed(db: Database) -> tuple[Desk, Actor, str]:
    desk = make_desk(db)
    owner = enter(db, desk.owner).actor
    return desk, owner, make_key(db, owner, "query", "amend")


def test_a_key_has_its_scopes_and_no_more(db: Database) -> None:
    desk, owner, secret = keyed(db)
    actor = find_api_key(db, secret, address=HOME)
    assert isinstance(actor, Actor)
    assert (actor.kind, actor.name, actor.merchant_id) == ("api_key", "wms", desk.merchant_id)
    assert actor.rights == {"query", "amend"}
    listed = db.read(desk.merchant_id, lambda tx: list_api_keys(tx, owner))
    assert [(k.id, k.scopes) for k in listed] == [(actor.id, '["amend","query"]')]
    assert listed[0].prefix in secret and listed[0].last_used_us


def test_wrong_keys_that_come_at_once_are_one_commit_where_one_writer_serves_all(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each had kept the carrier of all merchants for a commit of its own."""
    _, _, secret = keyed(db)
    wrong = [secret[:-1] + ("A" if secret[-1] != "A" else "B")] * 8
    committed, commit = list[Writer](), Writer._commit_group
    monkeypatch.setattr(Writer, "_commit_group", lambda self: (committed.append(self), commit(self)))
    found = carry(*(partial(find_api_key, db, one, address=HOME) for one in wrong))
    assert found == [SignInRefused("wrong")] * 8
    assert len(committed) == (1 if db.dialect == "sqlite" else 0)
    assert [one.kind for one in signals_of(db, 0)] == ["credential_wrong"] * 8


def test_the_last_use_is_written_at_most_once_a_minute(db: Database) -> None:
    desk, owner, secret = keyed(db)

    def used() -> int | None:
        find_api_key(db, secret, address=HOME)
        return db.read(desk.merchant_id, lambda tx: list_api_keys(tx, owner))[0].last_used_us

    first = used()
    assert used() == first
    clock.shift_clock(61 * clock.SECOND_US)
    assert (used() or 0) > (first or 0)


def test_a_revoked_key_opens_nothing_from_then_on(db: Database) -> None:
    desk, owner, secret = keyed(db)
    actor = find_api_key(db, secret, address=HOME)
    assert isinstance(actor, Actor)
    db.write(desk.merchant_id, lambda tx: revoke_api_key(tx, owner, key_id=actor.id))
    assert find_api_key(db, secret, address=HOME) == SignInRefused("wrong")
    assert [(s.kind, s.subject, s.operator_id, s.address) for s in signals_of(db, desk.merchant_id)][-1:] == [
        ("revoked_used", f"api_key:{actor.id}", owner.id, HOME)
    ]
    with pytest.raises(KeyMissing):
        db.write(desk.merchant_id, lambda tx: revoke_api_key(tx, owner, key_id=actor.id))


def test_a_key_sleeps_while_its_maker_is_suspended(db: Database) -> None:
    desk, owner, secret = keyed(db)
    make_operator(db, desk, "owner", name="second")
    second = enter(db, "second").actor
    db.write(desk.merchant_id, lambda tx: suspend_operator(tx, second, operator_id=owner.id))
    assert find_api_key(db, secret, address=HOME) == SignInRefused("wrong")
    db.write(desk.merchant_id, lambda tx: restore_operator(tx, second, operator_id=owner.id))
    assert isinstance(find_api_key(db, secret, address=HOME), Actor)


@pytest.mark.parametrize(("role", "left"), [("checker", {"query"}), ("clerk", {"query", "amend"})])
def test_a_key_has_no_right_that_its_maker_has_lost(db: Database, role: str, left: set[str]) -> None:
    desk, owner, _ = keyed(db)
    secret = make_key(db, owner, "query", "amend", "download_real")
    make_operator(db, desk, "owner", name="second")
    second = enter(db, "second").actor
    db.write(desk.merchant_id, lambda tx: change_role(tx, second, operator_id=owner.id, role=role))
    actor = find_api_key(db, secret, address=HOME)
    assert isinstance(actor, Actor) and actor.rights == left


def test_wrong_keys_spend_the_budget_of_their_address_and_a_right_one_still_opens(db: Database) -> None:
    _, _, secret = keyed(db)
    wrong = [find_api_key(db, secret[:-2] + f"{n:02}", address=ELSEWHERE) for n in range(22)]
    assert [w.code for w in wrong if isinstance(w, SignInRefused)] == ["wrong"] * 20 + ["locked"] * 2
    assert isinstance(wrong[-1], SignInRefused) and 0 < wrong[-1].retry_after_seconds <= 300
    assert isinstance(find_api_key(db, secret, address=ELSEWHERE), Actor)
    assert find_api_key(db, "", address=HOME) == SignInRefused("wrong")


@pytest.mark.parametrize(
    "scopes", [(), ("operators",), ("device",), ("download_real_reason",), ("everything",)]
)
def test_a_key_gets_no_right_that_its_maker_lacks_or_that_makes_operators(
    db: Database, scopes: tuple[str, ...]
) -> None:
    owner = enter(db, make_desk(db).owner).actor
    with pytest.raises(KeyScopeRefused):
        db.write(
            owner.merchant_id, lambda tx: create_api_key(tx, owner, name="wms", scopes=frozenset(scopes))
        )


@pytest.mark.parametrize("role", ["manager", "clerk", "checker", "auditor"])
def test_keys_are_the_owners(db: Database, role: str) -> None:
    desk, _, _ = keyed(db)
    actor = enter_as(db, desk, role)
    for verb in (
        lambda tx: create_api_key(tx, actor, name="x", scopes=frozenset({"query"})),
        lambda tx: list_api_keys(tx, actor),
        lambda tx: revoke_api_key(tx, actor, key_id=1),
    ):
        with pytest.raises(NotAllowed):
            db.write(desk.merchant_id, verb)


def test_a_key_of_another_merchant_is_missing(db: Database) -> None:
    _, _, secret = keyed(db)
    actor = find_api_key(db, secret, address=HOME)
    assert isinstance(actor, Actor)
    stranger = enter(db, make_desk(db, "别家").owner).actor
    with pytest.raises(KeyMissing):
        db.write(stranger.merchant_id, lambda tx: revoke_api_key(tx, stranger, key_id=actor.id))
    assert db.read(stranger.merchant_id, lambda tx: list_api_keys(tx, stranger)) == []
