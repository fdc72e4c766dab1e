"""One-time links work once, for a day."""

from collections.abc import Iterator

import pytest

from tests.access.people import HOME, PASSWORD, attempt, enter, make_desk, signals_of
from tests.access.test_limiter import all_at_once
from tocsin.access import owner_link
from tocsin.access.limiter import SignInRefused
from tocsin.access.operator import NameTaken, has_owner
from tocsin.access.operator_invite import whose_invitation
from tocsin.access.owner_link import (
    LIFE_US,
    OwnerCreated,
    create_owner_link,
    link_is_open,
    offer_owner_link,
    redeem_owner_link,
)
from tocsin.access.password import PasswordNamed, PasswordShort
from tocsin.access.recovery import count_recovery_codes
from tocsin.core import clock
from tocsin.core.db import Database
from tocsin.core.tenant import create_merchant


@pytest.fixture(autouse=True)
def true_clock() -> Iterator[None]:
    yield
    clock.shift_clock(0)


def make_link(db: Database) -> tuple[int, str]:
    merchant_id = db.write(0, lambda tx: create_merchant(tx, name="梨园果业"))
    return merchant_id, db.write(merchant_id, lambda tx: create_owner_link(tx, merchant_id))


def redeem(
    db: Database, token: str, *, name: str = "boss", password: str = PASSWORD
) -> OwnerCreated | SignInRefused:
    return redeem_owner_link(db, token, name=name, display_name="老板", password=password, address=HOME)


def test_a_link_creates_the_owner_once(db: Database) -> None:
    merchant_id, token = make_link(db)
    assert link_is_open(db, token, address=HOME)
    made = redeem(db, token)
    assert isinstance(made, OwnerCreated) and made.merchant_id == merchant_id
    actor = enter(db, "boss").actor
    assert (actor.role, actor.name, actor.id) == ("owner", "老板", made.operator_id)
    assert len(set(made.recovery_codes)) == 10
    assert db.read(merchant_id, lambda tx: count_recovery_codes(tx, operator_id=made.operator_id)) == 10
    assert not link_is_open(db, token, address=HOME)
    assert redeem(db, token, name="thief") == SignInRefused("wrong")
    assert attempt(db, "thief", password=PASSWORD) == SignInRefused("wrong")


def test_a_new_link_voids_the_one_before_until_there_is_an_owner(db: Database) -> None:
    merchant_id, first = make_link(db)
    second = db.write(merchant_id, lambda tx: create_owner_link(tx, merchant_id))
    assert not db.read(merchant_id, has_owner)
    assert redeem(db, first) == SignInRefused("wrong")
    assert isinstance(redeem(db, second), OwnerCreated) and db.read(merchant_id, has_owner)


def test_of_ten_at_once_one_becomes_owner(db: Database) -> None:
    _, token = make_link(db)
    made = all_at_once([lambda n=n: redeem(db, token, name=f"boss {n}") for n in range(10)])
    assert sum(isinstance(m, OwnerCreated) for m in made) == 1
    assert all(m.code in ("wrong", "locked") for m in made if isinstance(m, SignInRefused))


def test_who_opens_the_page_of_a_made_up_link_is_counted_and_of_a_used_one_is_not(db: Database) -> None:
    merchant_id, first = make_link(db)
    second = db.write(merchant_id, lambda tx: create_owner_link(tx, merchant_id))
    for _ in range(3):
        assert not link_is_open(db, first, address=HOME)
    assert signals_of(db, 0) == []
    for n in range(11):
        assert not link_is_open(db, f"made up {n}", address=HOME)
        assert whose_invitation(db, f"made up {n}", address=HOME) == ("", "")
    assert [s.outcome for s in signals_of(db, 0)] == ["wrong"] * 20 + ["locked"] * 2
    assert {s.method for s in signals_of(db, 0)} == {"link"}
    assert link_is_open(db, second, address=HOME), "a right one is not guessed"


def test_what_won_t_do_leaves_the_link_open(db: Database) -> None:
    _, token = make_link(db)
    with pytest.raises(PasswordShort):
        redeem(db, token, password="short")
    with pytest.raises(PasswordNamed):
        redeem(db, token, password="我在梨园果业上班已经七年多了真的")
    desk = make_desk(db)
    with pytest.raises(NameTaken):
        redeem(db, token, name=desk.owner)
    assert isinstance(redeem(db, token), OwnerCreated)


def test_a_link_ends_after_a_day_and_a_made_up_one_opens_nothing(db: Database) -> None:
    _, token = make_link(db)
    clock.shift_clock(LIFE_US + clock.SECOND_US)
    assert redeem(db, token) == SignInRefused("wrong")
    assert redeem(db, "made up") == SignInRefused("wrong")


def test_made_up_links_spend_the_budget_of_their_address(db: Database) -> None:
    codes = [redeem(db, f"made up {n}").code for n in range(22)]
    assert codes == ["wrong"] * 20 + ["locked"] * 2


def test_a_link_used_while_the_new_password_is_hashed_is_not_used_again(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    merchant_id, token = make_link(db)
    hash_ = owner_link.hash_password

    def hash_and_lose(password: str) -> str:
        db.write(merchant_id, lambda tx: create_owner_link(tx, merchant_id))  # voids the one before
        return hash_(password)

    monkeypatch.setattr(owner_link, "hash_password", hash_and_lose)
    assert redeem(db, token) == SignInRefused("wrong")
    assert not db.read(merchant_id, has_owner)


def test_an_open_link_is_left_alone_and_an_old_one_is_replaced(db: Database) -> None:
    merchant_id, first = make_link(db)
    assert db.write(merchant_id, lambda tx: offer_owner_link(tx, merchant_id)) == ""
    assert link_is_open(db, first, address=HOME)
    clock.shift_clock(LIFE_US + clock.SECOND_US)
    second = db.write(merchant_id, lambda tx: offer_owner_link(tx, merchant_id))
    assert isinstance(redeem(db, second), OwnerCreated)


def test_of_two_that_start_at_once_one_offers_a_link(db: Database) -> None:
    merchant_id = db.write(0, lambda tx: create_merchant(tx, name="梨园果业"))
    offer = lambda: db.write(merchant_id, lambda tx: offer_owner_link(tx, merchant_id))
    (token,) = [made for made in all_at_once([offer] * 6) if made]
    assert link_is_open(db, token, address=HOME)
