"""The ledger of look-ups: sealed, append-only, indexed by order, read by who may."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from tests.counter import open_counter
from tests.house import make_house
from tocsin.alarm.usage import usage
from tocsin.core.actor import NotAllowed
from tocsin.core.clock import SECOND_US, shift_clock
from tocsin.core.db import Database, Tx
from tocsin.core.statement import Statement, own
from tocsin.orders import lookup_index
from tocsin.orders.ledger import Asked, all_lookups, who_has_seen
from tocsin.orders.lookup import own_lookups, read_query, record_lookup
from tocsin.orders.lookup_index import index_lookups
from tocsin.orders.query import look_up_order, search_orders
from tocsin.orders.reveal import reveal_receiver


def test_lists_are_indexed_by_order_in_batches(db: Database) -> None:
    with open_counter(db) as counter:
        one, two = counter.take(), counter.take()
        for _ in range(3):
            search_orders(db, counter.actor, text="5678", door="web")
        look_up_order(db, counter.actor, number=one.number, door="web")
        seen = lambda order: [
            k.kind for k in counter.ask(who_has_seen, actor=counter.actor, order_id=order.order_id)
        ]
        index = lambda: index_lookups(db, counter.house.merchant_id, limit=3)
        assert (seen(one), seen(two)) == (["detail"], [])
        assert index() == 0  # the newest wait: an open transaction may still bring an earlier one
        try:
            shift_clock(8 * SECOND_US)
            assert (index(), index(), index()) == (3, 1, 0)
        finally:
            shift_clock(0)
        assert (seen(one), seen(two)) == (["detail", *["search"] * 3], ["search"] * 3)


def test_one_turn_indexes_few_of_many(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody else waits for the writer meanwhile; what a turn left, the next one takes."""
    assert lookup_index.INDEXED_AT_ONCE <= 1_000
    monkeypatch.setattr(lookup_index, "INDEXED_AT_ONCE", 3)
    monkeypatch.setattr(lookup_index, "_ROUND_ROWS", 12)
    pieces, add = list[int](), lookup_index._add

    def told(tx: Tx, **given: Any) -> None:
        pieces.append(len(given["pairs"]))
        add(tx, **given)

    monkeypatch.setattr(lookup_index, "_add", told)
    with open_counter(db) as counter:
        orders = counter.take(), counter.take()
        for _ in range(5):
            search_orders(
                db, counter.actor, text="5678", door="web"
            )  # each is two rows by order, and one of its own
        shift_clock(8 * SECOND_US)
        rests = list[float]()
        with monkeypatch.context() as watched:
            watched.setattr("tocsin.core.loop.time.sleep", rests.append)
            assert [index_lookups(db, counter.house.merchant_id) for _ in range(3)] == [4, 1, 0]
        assert len(rests) == (4 if db.dialect == "sqlite" else 0) and all(0 < rest <= 0.05 for rest in rests)
        assert pieces == [3, 3, 2, 4, 2, 1]  # by order, and of each shop once
        monkeypatch.setattr(lookup_index, "INDEXED_AT_ONCE", 1_000)
        monkeypatch.setattr(lookup_index, "_ORDERS_AT_ONCE", 1)
        search_orders(db, counter.actor, text="5678", door="web")
        shift_clock(16 * SECOND_US)
        assert index_lookups(db, counter.house.merchant_id) == 1
        assert pieces[6:] == [1, 1, 1], "a page or two for each order"
        for order in orders:
            assert len(counter.ask(who_has_seen, actor=counter.actor, order_id=order.order_id)) == 6


def test_what_two_processes_index_at_once_is_counted_once(make_db: Callable[[], Database]) -> None:
    db = make_db()
    with open_counter(db) as counter:
        counter.take()
        for _ in range(2):
            search_orders(db, counter.actor, text="5678", door="web")
        shift_clock(8 * SECOND_US)
        if db.dialect == "sqlite":  # it has one process and one writer
            return
        other, merchant_id = make_db(), counter.house.merchant_id
        assert index_lookups(db, merchant_id, limit=1) == 1  # the mark is there

        wait = partial(lookup_index._waiting, limit=10, begun_us=None)

        def while_it_is_indexed(tx: Tx) -> tuple[int, int]:
            return lookup_index._index_held(tx, wait=wait), index_lookups(other, merchant_id)

        assert db.write(merchant_id, while_it_is_indexed) == (1, 0)
        assert index_lookups(other, merchant_id) == 0


def test_what_was_looked_up_is_counted_for_each_person(db: Database) -> None:
    with open_counter(db) as counter:
        one, _ = counter.take(), counter.take()
        search_orders(db, counter.actor, text="5678", door="web")
        look_up_order(db, counter.actor, number=one.number, door="web")
        reveal_receiver(db, counter.actor, order_id=one.order_id, purpose="deliver", door="web")
        shift_clock(8 * SECOND_US)
        index_lookups(db, counter.house.merchant_id)
        kinds = Statement[tuple[str, str, int]](
            sa.select(usage.c.who, usage.c.kind, usage.c.amount).where(own(usage)).order_by(usage.c.kind)
        )
        who = f"operator:{counter.actor.id}"
        assert counter.ask(lambda tx: tx.rows(kinds)) == [(who, "lookups_many", 3), (who, "reveals_many", 1)]


def test_the_ledger_is_read_by_who_may(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        clerk, other = counter.house.actor("clerk", actor_id=5), counter.house.actor("checker", actor_id=6)
        for actor in (clerk, other, clerk):
            look_up_order(db, actor, number=taken.number, door="web")
        assert [k.actor_id for k in counter.ask(own_lookups, actor=clerk)] == [5, 5]
        for role in ("owner", "manager", "auditor"):
            reader = counter.house.actor(role, actor_id=99)
            assert [k.actor_id for k in counter.ask(all_lookups, actor=reader)] == [5, 6, 5]
            kept = counter.ask(all_lookups, actor=reader, asked=Asked(actor_id=6))
            assert [k.actor_name for k in kept] == ["checker"]
            earlier = counter.ask(all_lookups, actor=reader, asked=Asked(), before=kept[0].id, limit=5)
            assert earlier[0].id < kept[0].id
        for reader in (clerk, other):
            with pytest.raises(NotAllowed):
                counter.ask(all_lookups, actor=reader)
            with pytest.raises(NotAllowed):
                counter.ask(who_has_seen, actor=reader, order_id=taken.order_id)


def test_what_was_asked_is_sealed_and_told_apart_by_digest(db: Database) -> None:
    with open_counter(db) as counter:
        ids = [
            counter.do(record_lookup, door="web", kind="search", query=text, pairs=[(7, 2), (2**62, 2**31)])
            for text in ("王小明", "王小明", "李四")
        ]
        kept = counter.ask(own_lookups, actor=counter.actor)
        assert (
            [k.id for k in kept] == ids[::-1]
            and kept[0].pairs() == [(7, 2), (2**62, 2**31)]
            and kept[0].count == 2
        )
        assert [counter.ask(read_query, found=k) for k in kept] == ["李四", "王小明", "王小明"]
        rows = counter.ask(
            lambda tx: tx.rows(
                Statement(sa.text("SELECT query_digest, sealed_query FROM lookup ORDER BY id"))
            )
        )
        assert rows[0][0] == rows[1][0] != rows[2][0] and rows[0][1] != rows[1][1]
        assert all("王小明".encode() not in bytes(sealed) for _, sealed in rows)


@pytest.mark.parametrize("act", ["UPDATE lookup SET count = 0", "DELETE FROM lookup"])
def test_the_ledger_cannot_be_rewritten(db: Database, act: str) -> None:
    with open_counter(db) as counter:
        counter.do(record_lookup, door="web", kind="search", query="x", pairs=[])
        before = counter.ask(own_lookups, actor=counter.actor)
        try:  # PostgreSQL's wall hides young rows from who would delete them, it does not complain
            assert db.write(counter.house.merchant_id, lambda tx: tx.run(Statement(sa.text(act)))) == 0
        except Exception as refused:
            assert re.search(r"append-only|permission denied", str(refused)), refused
        assert counter.ask(own_lookups, actor=counter.actor) == before != []


def test_ledgers_of_two_merchants_are_apart(db: Database) -> None:
    with open_counter(db) as counter:
        taken, other = counter.take(), make_house(db, code="NJ")
        look_up_order(db, counter.actor, number=taken.number, door="web")
        stranger = other.actor()
        assert db.read(other.merchant_id, lambda tx: own_lookups(tx, stranger)) == []
        assert db.read(other.merchant_id, lambda tx: all_lookups(tx, stranger)) == []
        assert (
            db.read(other.merchant_id, lambda tx: who_has_seen(tx, stranger, order_id=taken.order_id)) == []
        )
