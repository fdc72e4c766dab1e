"""Events are read by position, each once, and never past a transaction that is still open."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from tocsin.core.db import Database, Tx
from tocsin.core.event import (
    append_event,
    event,
    latest_event_id,
    move_consumer,
    on_event,
    peek_events,
    replay_events,
    take_events,
)
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.statement import Statement, bind


def add(db: Database, kind: str, *, merchant_id: int = 1) -> None:
    db.write(merchant_id, lambda tx: append_event(tx, kind, subject_id=2**62, data={"n": 1}))


def take(db: Database, *, consumer: str = "c", limit: int = 200) -> list[str]:
    return [e.kind for e in db.write(0, lambda tx: take_events(tx, consumer, limit=limit))]


def replay(db: Database, after_id: int, *, merchant_id: int = 1) -> list[str]:
    return [e.kind for e in db.read(merchant_id, lambda tx: replay_events(tx, after_id=after_id))]


class Open:
    """A transaction that stays open on a thread of its own until it is told to end."""

    def __init__(self, db: Database, verb: Callable[[Tx], Any]) -> None:
        self._ready, self._end = threading.Event(), threading.Event()

        def run(tx: Tx) -> None:
            verb(tx)
            tx.settle()
            self._ready.set()
            self._end.wait(20)

        self._thread = threading.Thread(target=db.write, args=(1, run))
        self._thread.start()
        assert self._ready.wait(10)

    def commit(self) -> None:
        self._end.set()
        self._thread.join()


def test_one_that_fails_when_it_is_woken_keeps_nobody_asleep(db: Database) -> None:
    woken: list[str] = []

    def fail() -> None:
        raise RuntimeError("Event loop is closed")

    leave = [on_event(waker) for waker in (fail, lambda: woken.append("behind it"))]
    add(db, "a")
    for each in leave:
        each()
    assert woken == ["behind it"] and take(db) == ["a"]


def test_each_consumer_reads_each_event_once_in_order(db: Database) -> None:
    for kind in ("a", "b", "c"):
        add(db, kind)
    assert take(db, limit=2) == ["a", "b"]
    assert take(db) == ["c"] and take(db) == []
    assert take(db, consumer="other") == ["a", "b", "c"]


def test_a_consumer_that_fails_reads_the_same_events_again(db: Database) -> None:
    add(db, "a")

    def verb(tx: Tx) -> None:
        assert len(take_events(tx, "c")) == 1
        raise ValueError("failed at it")

    with pytest.raises(ValueError, match="failed"):
        db.write(0, verb)
    assert take(db) == ["a"]


def test_a_consumer_may_look_first_and_move_when_its_work_is_done(db: Database) -> None:
    for kind in ("a", "b", "c"):
        add(db, kind)
    seen = db.read(0, lambda tx: peek_events(tx, "c", limit=2))
    assert (
        [e.kind for e in seen]
        == ["a", "b"]
        == [e.kind for e in db.read(0, lambda tx: peek_events(tx, "c", limit=2))]
    )
    db.write(0, lambda tx: move_consumer(tx, "c", seen[-1]))
    assert take(db) == ["c"]


def test_an_event_tells_whose_and_what(db: Database) -> None:
    add(db, "order.produced", merchant_id=7)
    (found,) = db.write(0, lambda tx: take_events(tx, "c"))
    assert (found.merchant_id, found.subject_id, found.fields()) == (7, 2**62, {"n": 1})
    assert found.at_us > 0


def test_a_consumer_never_skips_a_transaction_that_commits_late(db: Database) -> None:
    if not isinstance(db, PostgresDatabase):
        add(db, "one writer: nothing commits late")
        assert len(take(db)) == 1
        return
    add(db, "first")
    late = Open(db, lambda tx: append_event(tx, "late", subject_id=1))
    add(db, "after")  # a higher id, committed sooner
    assert take(db) == ["first"], "not past the open transaction's horizon"
    assert replay(db, 0) == ["first"]
    late.commit()
    assert take(db) == ["late", "after"]
    assert replay(db, 0) == ["first", "late", "after"]


def test_a_browser_that_saw_the_newest_misses_no_late_one(db: Database) -> None:
    """An id lower than the last one seen, committed by a younger transaction, is replayed too."""
    if not isinstance(db, PostgresDatabase):
        add(db, "a")
        seen = db.read(1, latest_event_id)
        add(db, "b")
        assert replay(db, seen) == ["b"]
        return
    add(db, "first")
    older = Open(db, lambda tx: tx.run(_TOUCH))
    younger = Open(db, lambda tx: append_event(tx, "low id, late", subject_id=1))
    older_event = threading.Thread(target=older.commit)
    add(db, "high id, soon")
    assert db.read(1, latest_event_id) == ids(db, "first")
    older_event.start()
    older_event.join()
    seen = db.read(1, latest_event_id)
    assert seen == ids(db, "first"), "the younger one is still open"
    younger.commit()
    assert replay(db, seen) == ["low id, late", "high id, soon"]
    assert replay(db, ids(db, "low id, late")) == ["high id, soon"]


def test_two_consumers_of_one_name_share_the_events(db: Database) -> None:
    for n in range(40):
        add(db, str(n))
    got: list[str] = []
    gate = threading.Barrier(4)

    def work() -> None:
        gate.wait(10)
        while found := take(db, limit=7):
            got.extend(found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got, key=int) == [str(n) for n in range(40)]


def test_replay_is_the_merchants_own(db: Database) -> None:
    add(db, "mine")
    add(db, "theirs", merchant_id=2)
    assert replay(db, 0) == ["mine"] and replay(db, 0, merchant_id=2) == ["theirs"]
    assert db.read(1, latest_event_id) == ids(db, "theirs")


def test_wakers_are_woken_after_the_commit(db: Database) -> None:
    seen: list[list[str]] = []
    off = on_event(lambda: seen.append(take(db)))
    add(db, "a")
    off()
    add(db, "b")
    assert seen == [["a"]]


def test_without_events_the_newest_is_zero(db: Database) -> None:
    assert db.read(1, latest_event_id) == 0


_TOUCH = Statement[None](sa.update(event).where(event.c.id == -1).values(kind="x"))
_ID = Statement[tuple[int]](sa.select(event.c.id).where(event.c.kind == bind("kind", str)))


def ids(db: Database, kind: str) -> int:
    return int(db.read(1, lambda tx: tx.value(_ID, kind=kind)))
