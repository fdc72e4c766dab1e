"""A queue works on after every fault of its database: nobody starts its threads again."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tocsin.core.db import Database
from tocsin.core.errors import DatabaseAway, OutcomeUnknown
from tocsin.core.event import take_events
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.queue import MAX_ATTEMPTS, Queue, queue_for, task
from tocsin.core.sqlite import SqliteDatabase

RAN: list[object] = []


@task("tests.faults")
def run(db: Database, merchant_id: int, payload: dict[str, object]) -> None:
    RAN.append(payload["n"])
    if payload.get("breaks"):
        raise ValueError("the task's own")


class Faulty:
    """Takes the place of a database's method: raises what it is given, one a call, then is as it was."""

    def __init__(self, honest: Callable[..., Any], faults: list[Exception | None]) -> None:
        self._honest, self._faults, self._lock = honest, faults, threading.Lock()

    def __call__(self, *args: Any, **options: Any) -> Any:
        with self._lock:
            fault = self._faults.pop(0) if self._faults else None
        if fault is not None:
            raise fault
        return self._honest(*args, **options)


@pytest.fixture(autouse=True)
def clean() -> None:
    RAN.clear()


@pytest.fixture
def queue(db: Database) -> Iterator[Queue]:
    """A quick queue with as many threads as the desk's own."""
    own = queue_for(db)
    made = type(own)(
        first_delay_seconds=0.02, stalled_seconds=1, poll_seconds=0.05, threads=own.threads, after_fault_seconds=0.02
    )  # fmt: skip
    yield made
    made.close()


def wait_until(done: Callable[[], object]) -> None:
    until = time.monotonic() + 15
    while not done():
        assert time.monotonic() < until, f"still not; ran: {RAN}"
        time.sleep(0.02)


@pytest.mark.parametrize("fault", [OSError("disk full"), DatabaseAway(), OutcomeUnknown()])
@pytest.mark.parametrize("method", ["state", "read", "write"])
def test_its_threads_outlive_whatever_the_database_raises(
    db: Database, queue: Queue, monkeypatch: pytest.MonkeyPatch, method: str, fault: Exception
) -> None:
    for n in range(2):
        db.write(1, lambda tx, n=n: queue.defer(tx, "tests.faults", payload={"n": n}, lock="one"))
    monkeypatch.setattr(db, method, Faulty(getattr(db, method), [fault] * 9))
    queue.open(db)
    threads = list(queue._working)
    wait_until(lambda: len(RAN) == 2)
    assert RAN == [0, 1] and all(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("breaks", [False, True])
def test_what_became_of_a_job_is_written_once_it_can_be(
    db: Database, monkeypatch: pytest.MonkeyPatch, *, breaks: bool
) -> None:
    """Of the queue that writes it by the desk's own transactions: no job runs again for that, none of its lock is held."""
    if not isinstance(db, SqliteDatabase):
        return
    queue, write = type(queue_for(db))(first_delay_seconds=0.02, after_fault_seconds=0.02), db.write
    payloads = ({"n": 0, "breaks": breaks}, {"n": 1})
    write(1, lambda tx: [queue.defer(tx, "tests.faults", payload=one, lock="one") for one in payloads])
    taking_up, claiming = None, None
    monkeypatch.setattr(db, "write", Faulty(write, [taking_up, claiming, *[OSError("disk full")] * 5]))
    queue.open(db)
    wait_until(lambda: 1 in RAN)
    queue.close()
    assert RAN == ([0] * MAX_ATTEMPTS if breaks else [0]) + [1]


def test_a_desk_that_stops_waits_for_no_database(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    if not isinstance(db, SqliteDatabase):
        return
    queue, write = type(queue_for(db))(), db.write
    write(1, lambda tx: queue.defer(tx, "tests.faults", payload={"n": 0}))
    monkeypatch.setattr(db, "write", Faulty(write, [None, None, *[OSError("disk full")] * 1_000]))
    queue.open(db)
    wait_until(lambda: RAN)
    began = time.monotonic()
    queue.close()
    assert time.monotonic() - began < 5


def test_one_whose_end_could_not_be_told_is_told_later(
    db: Database, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.write(3, lambda tx: queue.defer(tx, "tests.faults", payload={"n": 0}))
    if isinstance(db, PostgresDatabase):
        with db._pool.connection() as connection:
            connection.execute("UPDATE procrastinate_jobs SET status = 'doing', attempts = 4")
    else:
        left = "UPDATE job SET state = 'doing', worker = 'dead', attempts = 4"
        db._writer.run(lambda connection: connection.execute(left).rowcount)
    write = db.write
    monkeypatch.setattr(db, "write", Faulty(write, [DatabaseAway(), OSError("broken")]))
    queue.open(db)
    wait_until(lambda: db.read(3, queue.failed))
    (told,) = write(0, lambda tx: take_events(tx, "test"))
    assert told.fields() == {"task": "tests.faults", "fault": "WorkerDied"}
    assert RAN == []
