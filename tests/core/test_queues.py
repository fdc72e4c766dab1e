"""Every queue meets the contract, on its own database."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import msgspec
import pytest

from tocsin.core.db import Database
from tocsin.core.event import Event, take_events
from tocsin.core.plugins import load_plugins
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.queue import MAX_ATTEMPTS, TASKS, Queue, QueueUnfit, TaskUnknown, queue_for, task
from tocsin.core.sqlite import SqliteDatabase

RAN: list[tuple[int, dict[str, object]]] = []
FAULTS: list[Exception] = []
BUSY: list[int] = []
MOST_BUSY: list[int] = []


@task("tests.note")
def note(db: Database, merchant_id: int, payload: dict[str, object]) -> None:
    RAN.append((merchant_id, payload))


@task("tests.fail")
def fail(db: Database, merchant_id: int, payload: dict[str, object]) -> None:
    RAN.append((merchant_id, payload))
    if FAULTS:
        raise FAULTS.pop()


@task("tests.slow")
def slow(db: Database, merchant_id: int, payload: dict[str, object]) -> None:
    BUSY.append(1)
    MOST_BUSY.append(len(BUSY))
    time.sleep(0.1)
    BUSY.pop()
    RAN.append((merchant_id, payload))


@pytest.fixture(autouse=True)
def clean() -> None:
    for found in (RAN, FAULTS, BUSY, MOST_BUSY):
        found.clear()


@pytest.fixture
def queue(db: Database) -> Queue:
    """A quick queue of the kind that fits the database."""
    return type(queue_for(db))(first_delay_seconds=0.02, stalled_seconds=1, poll_seconds=0.05)


@pytest.fixture
def working(db: Database, queue: Queue) -> Iterator[Queue]:
    queue.open(db)
    yield queue
    queue.close()


def wait_until(done: Callable[[], object], *, seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, f"still not after {seconds} s; ran: {RAN}"
        time.sleep(0.02)


def test_each_database_has_exactly_one_queue() -> None:
    assert sorted(q.dialect for q in load_plugins("core.queues").values()) == ["postgresql", "sqlite"]
    assert {name: q.name for name, q in load_plugins("core.queues").items()} == {
        "embedded": "embedded",
        "procrastinate": "procrastinate",
    }


def test_a_database_that_no_queue_fits_is_refused() -> None:
    stranger = Database()
    stranger.dialect = "oracle"
    with pytest.raises(QueueUnfit):
        queue_for(stranger)


def test_a_job_runs_with_its_merchant_and_payload(db: Database, working: Queue) -> None:
    big = 2**62 + 1
    db.write(41, lambda tx: working.defer(tx, "tests.note", payload={"id": big, "name": "50 % 梨"}))
    wait_until(lambda: RAN)
    assert RAN == [(41, {"id": big, "name": "50 % 梨"})]


def test_a_job_of_a_rolled_back_change_never_runs(db: Database, working: Queue) -> None:
    def verb(tx: object) -> None:
        working.defer(tx, "tests.note", payload={"of": "the lost change"})
        raise ValueError("changed my mind")

    with pytest.raises(ValueError, match="changed my mind"):
        db.write(1, verb)
    db.write(1, lambda tx: working.defer(tx, "tests.note", payload={"of": "the kept change"}))
    wait_until(lambda: RAN)
    time.sleep(0.2)
    assert RAN == [(1, {"of": "the kept change"})]


def test_a_job_waits_for_no_long_one_before_it(db: Database) -> None:
    """A message of the alarm does not stand behind an export: as the desk's own queue is set."""
    queue = type(queue_for(db))(poll_seconds=0.05, threads=queue_for(db).threads)
    db.write(1, lambda tx: [queue.defer(tx, "tests.slow", payload={"n": n}) for n in range(3)])
    queue.open(db)
    try:
        wait_until(lambda: BUSY)
        db.write(1, lambda tx: queue.defer(tx, "tests.note", payload={}))
        wait_until(lambda: len(RAN) == 4)
    finally:
        queue.close()
    assert max(MOST_BUSY) >= 2


def test_a_job_waits_for_its_instant(db: Database, working: Queue) -> None:
    asked = time.monotonic()
    db.write(1, lambda tx: working.defer(tx, "tests.note", payload={}, at_us=tx.now_us + 600_000))
    wait_until(lambda: RAN)
    assert time.monotonic() - asked > 0.5


def test_a_job_is_taken_up_at_once_not_at_the_next_look(db: Database) -> None:
    lazy = type(queue_for(db))(poll_seconds=20)
    lazy.open(db)
    time.sleep(0.6)  # it has looked once and found nothing
    db.write(1, lambda tx: lazy.defer(tx, "tests.note", payload={}))
    wait_until(lambda: RAN, seconds=5)
    if isinstance(db, SqliteDatabase):
        lazy._woken.set()
    lazy.close()


def test_an_unknown_task_is_refused_when_it_is_asked_for(db: Database, queue: Queue) -> None:
    with pytest.raises(TaskUnknown, match=r"tests\.nobody"):
        db.write(1, lambda tx: queue.defer(tx, "tests.nobody", payload={}))


def test_a_failed_attempt_is_repeated_later(db: Database, working: Queue) -> None:
    FAULTS.extend([ValueError("once"), ValueError("twice")])
    db.write(1, lambda tx: working.defer(tx, "tests.fail", payload={"n": 1}))
    wait_until(lambda: len(RAN) == 3)
    time.sleep(0.2)
    assert len(RAN) == 3, "a job that succeeded runs no more"
    assert db.read(1, working.failed) == []


def test_a_job_that_keeps_failing_is_given_up_and_visible(db: Database, working: Queue) -> None:
    FAULTS.extend(ValueError("王小明") for _ in range(20))
    db.write(5, lambda tx: working.defer(tx, "tests.fail", payload={"batch": 9}))
    wait_until(lambda: db.read(5, working.failed), seconds=25)
    (given_up,) = db.read(5, working.failed)
    assert (given_up.task, given_up.attempts) == ("tests.fail", MAX_ATTEMPTS) and len(RAN) == MAX_ATTEMPTS
    assert msgspec.json.decode(given_up.payload) == {"batch": 9}
    assert db.read(6, working.failed) == [], "another merchant's failures are not his to see"
    told: list[Event] = db.write(0, lambda tx: take_events(tx, "test"))
    assert [(e.kind, e.merchant_id, e.subject_id, e.fields()) for e in told] == [
        ("job.failed", 5, given_up.id, {"task": "tests.fail", "fault": "ValueError"})
    ]


def test_the_wait_grows_and_ends(queue: Queue) -> None:
    waits = [queue.retry_seconds(n) for n in range(1, MAX_ATTEMPTS + 1)]
    assert waits[-1] is None and all(a < b for a, b in pairwise(waits[:-1]))


def test_jobs_of_one_lock_run_one_after_the_other_in_order(db: Database, queue: Queue) -> None:
    for n in range(4):
        db.write(1, lambda tx, n=n: queue.defer(tx, "tests.slow", payload={"n": n}, lock="shop:1"))
    stop = threading.Event()
    threads = [threading.Thread(target=queue.work, args=(db, stop)) for _ in range(2)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(RAN) == 4)
    stop.set()
    for thread in threads:
        thread.join()
    assert [payload["n"] for _, payload in RAN] == [0, 1, 2, 3] and max(MOST_BUSY) == 1


def test_another_merchants_lock_of_the_same_name_holds_nobody_up(db: Database, queue: Queue) -> None:
    for merchant_id in (1, 2):
        db.write(merchant_id, lambda tx: queue.defer(tx, "tests.slow", payload={}, lock="shop"))
    stop = threading.Event()
    threads = [threading.Thread(target=queue.work, args=(db, stop)) for _ in range(2)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(RAN) == 2)
    stop.set()
    for thread in threads:
        thread.join()
    assert max(MOST_BUSY) == 2


def test_close_lets_the_job_in_hand_finish(db: Database, queue: Queue) -> None:
    db.write(1, lambda tx: queue.defer(tx, "tests.slow", payload={}))
    queue.open(db)
    wait_until(lambda: BUSY)
    queue.close()
    assert len(RAN) == 1


DYING = """
import os, signal, sys, threading
from pathlib import Path
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.queue import queue_for, task
from tocsin.core.sqlite import SqliteDatabase
from tocsin.core.vault import Vault
@task("tests.note")
def die(db, merchant_id, payload):
    os.kill(os.getpid(), signal.SIGKILL)
where, vault = sys.argv[1], Vault(b"k" * 32)
db = PostgresDatabase(where, vault) if "://" in where else SqliteDatabase(Path(where), vault)
type(queue_for(db))(stalled_seconds=1, poll_seconds=0.05).work(db, threading.Event())
"""


def test_a_dead_workers_job_is_taken_up_again(make_db: Callable[[], Database]) -> None:
    db = make_db()
    queue = type(queue_for(db))(first_delay_seconds=0.02, stalled_seconds=1, poll_seconds=0.05)
    db.write(3, lambda tx: queue.defer(tx, "tests.note", payload={"n": 7}))
    where = db.url if isinstance(db, PostgresDatabase) else str(db.path)
    db.close()
    died = subprocess.run(
        [sys.executable, "-c", DYING, where], env={**os.environ, "PYTHONPATH": "src"}, timeout=60
    )
    assert died.returncode == -signal.SIGKILL
    db = make_db()
    queue.open(db)
    wait_until(lambda: RAN, seconds=25)
    queue.close()
    assert RAN == [(3, {"n": 7})]


def test_a_job_whose_workers_keep_dying_is_given_up(db: Database, queue: Queue) -> None:
    db.write(3, lambda tx: queue.defer(tx, "tests.note", payload={}))
    if isinstance(db, SqliteDatabase):
        left = "UPDATE job SET state = 'doing', worker = 'dead', attempts = 4"
        db._writer.run(lambda connection: connection.execute(left).rowcount)
    else:
        assert isinstance(db, PostgresDatabase)
        with db._pool.connection() as connection:
            connection.execute("UPDATE procrastinate_jobs SET status = 'doing', attempts = 4")
    queue.open(db)
    wait_until(lambda: db.read(3, queue.failed))
    queue.close()
    assert RAN == []
    (told,) = db.write(0, lambda tx: take_events(tx, "test"))
    assert told.fields() == {"task": "tests.note", "fault": "WorkerDied"}


def test_the_worker_outlives_a_lost_connection(db: Database, working: Queue) -> None:
    if isinstance(db, PostgresDatabase):
        time.sleep(0.5)
        with db._pool.connection() as connection:
            connection.execute("RESET ROLE")
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            connection.execute("SET ROLE tocsin_desk")
    db.write(1, lambda tx: working.defer(tx, "tests.note", payload={}))
    wait_until(lambda: RAN, seconds=30)


def test_tasks_are_registered_by_name() -> None:
    assert TASKS["tests.note"] is note
