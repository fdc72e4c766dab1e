"""Holds: rows with a kind, counted at the head, closed once; the one guard sees each."""

import threading

import pytest

from tests.counter import open_counter, wait_for
from tests.house import make_house
from tocsin.core.db import Database
from tocsin.core.event import peek_events
from tocsin.core.journal import read_journal
from tocsin.orders.screen import Filter, screen_orders
from tocsin.orders.stop import (
    HoldMissing,
    close_hold,
    count_held,
    due_holds,
    get_hold,
    list_holds,
    open_hold,
    open_holds,
    open_holds_of,
    page_holds,
)


def test_a_hold_opens_counts_and_closes_once(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        ids = [
            counter.do(open_hold, order_id=order_id, revision=1, kind=kind, reason="x")
            for kind in ("manual", "failed")
        ]
        heads = lambda: screen_orders(db, counter.actor, wanted=Filter(query="held:yes"), door="t").rows
        assert [row.holds_open for row in heads()] == [2] and counter.ask(count_held) == 1
        closed: list[bool] = []
        first = counter.ask(get_hold, hold_id=ids[0])
        work = lambda: closed.append(
            counter.do(lambda tx, actor: close_hold(tx, actor, first, reason="done"))
        )
        threads = [threading.Thread(target=work) for _ in range(6)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert sorted(closed) == [False] * 5 + [True]
        assert [row.holds_open for row in heads()] == [1] and counter.kinds(order_id) == ["failed"]
        with pytest.raises(HoldMissing):
            counter.ask(get_hold, hold_id=ids[0])
        counter.do(lambda tx, actor: close_hold(tx, actor, counter_hold(tx, order_id), reason="done"))
        assert heads() == () and counter.ask(count_held) == 0
        told = counter.ask(list_holds, order_id=order_id)
        assert [(h.kind, h.closed_reason, h.closed_by) for h in told] == [("failed", "done", "owner"), ("manual", "done", "owner")]  # fmt: skip


def counter_hold(tx: object, order_id: int) -> object:
    """Return the one open hold of an order."""
    (found,) = open_holds(tx, order_id=order_id)  # type: ignore[arg-type]
    return found


def test_each_hold_and_release_is_told(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        counter.do(open_hold, order_id=order_id, revision=1, kind="manual", reason="13812345678 回电")
        counter.do(lambda tx, actor: close_hold(tx, actor, counter_hold(tx, order_id), reason="x"))
        verbs = [e.verb for e in counter.ask(read_journal, subject=f"order:{order_id}")]
        assert verbs[:2] == ["orders.release", "orders.hold"]
        peek = lambda: [
            e.kind for e in db.read(0, lambda tx: peek_events(tx, "t")) if e.subject_id == order_id
        ]
        # On PostgreSQL an event is seen once no transaction that is older is open, of any database of the server.
        wait_for(lambda: len(peek()) == 3)
        assert peek() == ["order.produced", "order.held", "order.released"]


def test_a_page_never_cuts_an_orders_holds(db: Database) -> None:
    with open_counter(db) as counter:
        orders = [counter.take().order_id for _ in range(4)]
        for order_id in orders:
            for kind in ("manual", "failed", "later"):
                counter.do(open_hold, order_id=order_id, revision=1, kind=kind, reason="x")
        seen, before = [], 2**63 - 1
        while page := counter.ask(page_holds, before=before, limit=4):
            seen += [(hold.order_id, hold.kind) for hold in page]
            before = page[-1].order_id
        assert seen == [(o, kind) for o in orders[::-1] for kind in ("manual", "failed", "later")]
        assert len(counter.ask(open_holds_of, order_ids=orders[:2])) == 6


FAR_US = 7_000_000_000_000_000  # in the year 2191


def test_later_holds_fall_due(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        for until, kind in ((1, "later"), (1, "manual"), (FAR_US, "later")):
            counter.do(open_hold, order_id=order_id, revision=1, kind=kind, reason="x", until_us=until)
        assert [(h.kind, h.until_us) for h in counter.ask(due_holds)] == [("later", 1)]


def test_holds_of_another_merchant_are_missing(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        hold_id = counter.do(open_hold, order_id=order_id, revision=1, kind="later", reason="x", until_us=1)
        found, other = counter.ask(get_hold, hold_id=hold_id), make_house(db, code="NJ")
        ask = lambda verb, **k: db.read(other.merchant_id, lambda tx: verb(tx, **k))
        assert (
            ask(open_holds, order_id=order_id) == ask(list_holds, order_id=order_id) == ask(page_holds) == []
        )
        assert ask(open_holds_of, order_ids=[order_id]) == ask(due_holds) == [] and ask(count_held) == 0
        with pytest.raises(HoldMissing):
            ask(get_hold, hold_id=hold_id)
        assert not db.write(other.merchant_id, lambda tx: close_hold(tx, other.actor(), found, reason="x"))
        assert counter.kinds(order_id) == ["later"]
