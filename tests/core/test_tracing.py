"""Traces: what each request did is told of itself, whoever's thread did it; who looks for work all day is not told of."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from tests.core.test_gather import carry
from tests.house import House, make_house
from tests.proofs.running import wait_until
from tests.spans import Collector
from tests.spans import collector as collector
from tocsin.core import tracing
from tocsin.core.db import Database, Tx
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.loop import Loop
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.sqlite import SqliteDatabase
from tocsin.core.telemetry import doing, watch
from tocsin.core.tenant import _SHOPS, list_merchants, list_shops
from tocsin.core.tracing import Traces


@contextmanager
def traced(collector: Collector, *, share: float = 1.0) -> Iterator[None]:
    """Trace what is done within; all is sent at its end."""
    traces = Traces(collector.url, version="1", share=share)
    watch(traces, slow_ms=0)
    try:
        yield
    finally:
        watch(slow_ms=0)
        traces.stop()


def take_steps(name: str, *found: int, look: Callable[[], object]) -> None:
    """Have a loop take steps that look at something and find so much, and then one that finds nothing."""
    left, done = [*found, 0], threading.Event()

    def step() -> int:
        look()
        if len(left) == 1:
            done.set()
        return left.pop(0) if left else 0

    loop = Loop(name, step, idle_seconds=60)
    loop.start()
    assert done.wait(10)
    loop.stop()


def test_a_loop_that_finds_nothing_sends_nothing_and_one_that_works_is_told_with_what_it_did(
    db: Database, collector: Collector
) -> None:
    with traced(collector):
        take_steps("quiet", look=lambda: db.read(0, list_merchants))
        take_steps("busy", 3, 1, look=lambda: db.read(0, list_merchants))
    assert collector.roots() == ["step busy"] * 2
    first, *_ = collector.spans
    told = {span.name for span in collector.spans if span.trace_id == first.trace_id}
    assert told == {"step busy", "read core.tenant", "statement core.tenant"}


def test_of_a_step_with_too_much_to_keep_the_first_is_kept_and_the_step_itself(
    db: Database, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "_KEPT_MOST", 3)
    with traced(collector):
        take_steps("busy", 1, look=lambda: [db.read(0, list_merchants) for _ in range(4)])
    assert len(collector.spans) == 4 and collector.roots() == ["step busy"]


def test_a_step_that_fails_is_told_and_a_look_of_nobody_s_begins_no_trace(
    db: Database, collector: Collector
) -> None:
    with traced(collector):
        with pytest.raises(ValueError, match="own"), doing("step", "failing"):
            db.read(0, list_merchants)
            raise ValueError("own")
        db.read(0, list_merchants)
        make_house(db)
    assert collector.roots() == ["step failing"]


def test_of_a_share_nothing_else_is_sent(db: Database, collector: Collector) -> None:
    with traced(collector, share=0.0):
        take_steps("busy", 1, look=lambda: db.read(0, list_merchants))
        with doing("request", "one"):
            make_house(db)
    assert not collector.spans


def note(tx: Tx, house: House, n: int) -> None:
    """Add to the journal, ask something, tell an event."""
    write_journal(tx, house.actor(), verb="test.note", subject=f"note:{n}")
    list_shops(tx)
    append_event(tx, f"noted.{n}", subject_id=n)


def tells_its_own(collector: Collector, db: Database, *, root: str, n: int) -> None:
    """Assert that a request has its verb, the verb its statements, and the event that came of it."""
    mine = collector.within(root)
    by_id = {span.span_id: span.name for span in mine}
    above = {span.name: by_id.get(span.parent_span_id, "") for span in mine}
    added = "statement" if db.dialect == "sqlite" else "added"
    assert above[f"write {__name__}"] == root
    for name in (f"{added} core.journal", f"{added} core.event", "statement core.tenant"):
        assert above[name] == f"write {__name__}", above
    told = [event.name for span in mine for event in span.events]
    assert told == [f"event noted.{n}"]


@pytest.mark.parametrize("adds", [False, True])
def test_what_is_gathered_is_told_of_its_own_request(db: Database, collector: Collector, adds: bool) -> None:
    house = make_house(db)

    def ask(n: int) -> None:
        with doing("request", f"r{n}"):
            db.ask(house.merchant_id, _SHOPS)
            verb = partial(note, house=house, n=n)
            db.write_together(house.merchant_id, verb, adds=adds)

    with traced(collector):
        carry(*(partial(ask, n) for n in range(3)))
    assert collector.roots() == ["request r0", "request r1", "request r2"]
    for n in range(3):
        tells_its_own(collector, db, root=f"request r{n}", n=n)
        asked = "statement" if db.dialect == "sqlite" else "read"
        assert f"{asked} core.tenant" in {span.name for span in collector.within(f"request r{n}")}


def test_what_is_carried_by_who_came_before_is_told_of_its_own_request(
    db: Database, collector: Collector
) -> None:
    house, held, waits = make_house(db), threading.Event(), threading.Event()

    def hold(_: Tx) -> None:
        waits.set()
        assert held.wait(10)

    def ask(n: int, verb: Callable[[Tx], None]) -> None:
        with doing("request", f"r{n}"):
            db.write_together(house.merchant_id, verb, adds=True)

    def waiting() -> int:
        if isinstance(db, PostgresDatabase):
            return len(db._together.of(house.merchant_id)._waiting)
        assert isinstance(db, SqliteDatabase)
        return db.waiting()

    with traced(collector):
        threads = [threading.Thread(target=ask, args=(0, hold))]
        threads += [
            threading.Thread(target=ask, args=(n, partial(note, house=house, n=n))) for n in range(1, 4)
        ]
        threads[0].start()
        assert waits.wait(10)
        for n, thread in enumerate(threads[1:], 1):
            thread.start()
            assert wait_until(lambda n=n: waiting() == n, seconds=10, step_seconds=0.001)
        held.set()
        for thread in threads:
            thread.join(10)
    assert collector.roots() == [f"request r{n}" for n in range(4)]
    for n in range(1, 4):
        tells_its_own(collector, db, root=f"request r{n}", n=n)
