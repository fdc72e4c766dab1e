"""Preferences: typed, revisioned, and two changes at once never overwrite each other."""

import threading

import pytest
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.actor import NotAllowed, desk_actor
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.core.preference import PreferenceMoved, change_preference, preference_revision, read_preference

MERCHANT, SHOP = 21, 5
OWNER = desk_actor(MERCHANT)


class Paper(Struct, frozen=True):
    width_mm: int = 80
    copies: int = 1


def read(db: Database, *, shop_id: int = 0) -> Paper:
    return db.read(MERCHANT, lambda tx: read_preference(tx, Paper, box="paper", shop_id=shop_id))


def change(db: Database, value: Paper, *, revision: int, shop_id: int = 0) -> int:
    return db.write(
        MERCHANT,
        lambda tx: change_preference(tx, OWNER, value, box="paper", revision=revision, shop_id=shop_id),
    )


def test_the_shops_choice_goes_before_the_merchants_before_the_default(db: Database) -> None:
    assert read(db, shop_id=SHOP) == Paper()
    change(db, Paper(width_mm=58), revision=0)
    assert read(db, shop_id=SHOP) == Paper(width_mm=58) == read(db)
    change(db, Paper(copies=2), revision=0, shop_id=SHOP)
    assert read(db, shop_id=SHOP) == Paper(copies=2) and read(db) == Paper(width_mm=58)


def test_a_change_against_an_old_revision_is_refused(db: Database) -> None:
    assert change(db, Paper(copies=2), revision=0) == 1
    with pytest.raises(PreferenceMoved) as refused:
        change(db, Paper(copies=3), revision=0)
    assert refused.value.data == {"box": "paper", "revision": 1} and read(db) == Paper(copies=2)
    assert change(db, Paper(copies=3), revision=1) == 2
    assert db.read(MERCHANT, lambda tx: preference_revision(tx, box="paper")) == 2
    assert [e.fields() for e in db.read(MERCHANT, read_journal)] == [{"revision": 2}, {"revision": 1}]


def test_of_many_at_once_one_is_saved(db: Database) -> None:
    outcomes: list[object] = []
    gate = threading.Barrier(4)

    def work(n: int) -> None:
        gate.wait(10)
        try:
            outcomes.append(change(db, Paper(copies=n), revision=0))
        except PreferenceMoved as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["1", "preference_moved", "preference_moved", "preference_moved"]


def test_who_may_not_change_settings_is_refused(db: Database) -> None:
    clerk = replace(OWNER, rights=frozenset({"amend"}))
    with pytest.raises(NotAllowed):
        db.write(MERCHANT, lambda tx: change_preference(tx, clerk, Paper(), box="paper", revision=0))
