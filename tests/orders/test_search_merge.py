"""The search index in few parts: merged in steps, by one who gives way; what is found stays what it was."""

from functools import partial

import pytest
import sqlalchemy as sa

from tests.house import make_draft, make_house
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.statement import Statement
from tocsin.orders.intake import take_in
from tocsin.orders.query import search_orders
from tocsin.orders.search_merge import choose_when_to_merge, merge_loops, merge_step, tend_index

# A page's id begins with its part's; what is below stands for the whole index.
_PARTS = Statement[int](sa.text("SELECT count(DISTINCT id >> 37) FROM order_search_data WHERE id >= 1 << 37"))


def _parts(tx: Tx) -> int:
    return int(tx.value(_PARTS))


def test_parts_are_merged_in_steps_and_every_order_is_still_found(db: Database) -> None:
    house = make_house(db)
    if db.dialect != "sqlite":
        assert merge_loops(db) == []
        return
    db.write(DIRECTORY_SCOPE, choose_when_to_merge)
    numbers = [
        db.write(house.merchant_id, partial(take_in, actor=house.actor(), draft=make_draft(external_id=f"M-{n}"))).number
        for n in range(12)
    ]  # fmt: skip
    before, steps = db.read(DIRECTORY_SCOPE, _parts), 0
    assert before >= 4
    while db.write(DIRECTORY_SCOPE, merge_step):
        steps += 1
    assert steps and db.read(DIRECTORY_SCOPE, _parts) <= 2
    assert tend_index(db) == 0, "nothing is left to do"
    for number in numbers:
        assert [row.number for row in search_orders(db, house.actor(), text=number, door="t").rows] == [
            number
        ]


def test_who_waits_for_the_writer_goes_before(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[int]()
    monkeypatch.setattr(db, "waiting", lambda: 1)
    monkeypatch.setattr(db, "write", lambda *_: asked.append(1))
    assert tend_index(db) == 1 and not asked, "it is tried again soon"
    waits = iter([1, 0])
    monkeypatch.setattr(db, "waiting", lambda: next(waits))
    assert [tend_index(db), tend_index(db)] == [1, 0] and asked == [1]
