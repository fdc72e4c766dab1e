"""The queue's contract: jobs for batches, imports and exports; never one per order, never printing.

A job is added in the transaction of the change that asks for it, so both happen or neither does.
It runs at least once: a task is written so that a second run does no harm. Its payload holds ids
and choices, never personal data.
"""

import threading
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from tocsin.core.db import Database, Tx
from tocsin.core.errors import Outage, Refusal
from tocsin.core.event import append_event
from tocsin.core.log import get_log
from tocsin.core.plugins import load_plugins

Task = Callable[[Database, int, dict[str, Any]], None]
TASKS: dict[str, Task] = {}
MAX_ATTEMPTS = 5
WORKER_DIED = "WorkerDied"
_log = get_log("queue")


class TaskUnknown(Refusal):
    """There is no task “{task}”: the box that declares it is not loaded"""

    kind, code = "broken", "task_unknown"


class QueueUnfit(Refusal):
    """No queue fits a {dialect} database: choose SQLite or PostgreSQL as database_url"""

    kind, code = "broken", "queue_unfit"


class Job(Struct, frozen=True):
    """A job that was given up after `attempts` runs; `payload` is JSON."""

    id: int
    task: str
    payload: str
    attempts: int


def task(name: str) -> Callable[[Task], Task]:
    """Register a function of (database, merchant, payload) as a task, such as `orders.download`."""

    def register(function: Task) -> Task:
        TASKS[name] = function
        return function

    return register


class Queue:
    """What every queue promises.

    Args:
        first_delay_seconds: wait before the second attempt; each further wait is four times longer.
        stalled_seconds: silence after which a worker counts as dead and its jobs are taken up again.
        poll_seconds: longest time that a due job waits when no wake-up comes.
        threads: so many work at a time: a message of the alarm does not wait behind an export.
        after_fault_seconds: rest after a fault of the database, before it is asked again.
    """

    name: str
    dialect: str

    def __init__(
        self,
        *,
        first_delay_seconds: float = 5,
        stalled_seconds: float = 30,
        poll_seconds: float = 0.5,
        threads: int = 1,
        after_fault_seconds: float = 1,
    ) -> None:
        self.first_delay_seconds, self.stalled_seconds = first_delay_seconds, stalled_seconds
        self.poll_seconds, self.threads = poll_seconds, threads
        self.after_fault_seconds = after_fault_seconds
        self._stop, self._working = threading.Event(), []  # type: threading.Event, list[threading.Thread]

    def defer(self, tx: Tx, task: str, *, payload: dict[str, Any], at_us: int = 0, lock: str = "") -> None:
        """Add a job of the transaction's merchant, to run at an instant or at once.

        Jobs of one merchant with the same `lock` run one after the other, in the order they were added.

        Raises:
            TaskUnknown: nothing is registered under the name.
        """
        raise NotImplementedError

    def work(self, db: Database, stop: threading.Event) -> None:
        """Run due jobs, until `stop`; take up what dead workers left; end after the job in hand."""
        raise NotImplementedError

    def failed(self, tx: Tx) -> list[Job]:
        """Return the merchant's jobs that were given up, the newest first."""
        raise NotImplementedError

    def open(self, db: Database) -> None:
        """Begin to work in threads of its own, which outlive whatever the database meets."""
        self._stop = threading.Event()
        for _ in range(self.threads):
            working = threading.Thread(target=self._work_on, args=(db, self._stop), name="queue", daemon=True)
            working.start()
            self._working.append(working)

    def close(self) -> None:
        """End the threads after the jobs in hand."""
        self._stop.set()
        while self._working:
            self._working.pop().join()

    def _work_on(self, db: Database, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self.work(db, stop)
            except Outage as away:
                _log.warning("queue_waits", code=away.code)
            except Exception as fault:  # noqa: BLE001 - nobody would start the thread again
                _log.error("queue_failed", exc_info=fault)
            stop.wait(self.after_fault_seconds)

    def retry_seconds(self, attempts: int) -> float | None:
        """Return the wait after so many failed attempts, or None: give up."""
        return None if attempts >= MAX_ATTEMPTS else self.first_delay_seconds * 4 ** (attempts - 1)


def require_task(name: str) -> Task:
    """Return a registered task.

    Raises:
        TaskUnknown: nothing is registered under the name.
    """
    if name not in TASKS:
        raise TaskUnknown(task=name)
    return TASKS[name]


def tell_failed(tx: Tx, job_id: int, *, task: str, fault: str) -> None:
    """Make a job that was given up visible as an event `job.failed`; the fault is told by its class alone."""
    append_event(tx, "job.failed", subject_id=job_id, data={"task": task, "fault": fault})


def log_fault(task: str, fault: BaseException, *, job_id: int, attempts: int) -> None:
    """Log that a job's attempt failed."""
    _log.error("job_attempt_failed", task=task, job_id=job_id, attempts=attempts, exc_info=fault)


def queue_for(db: Database) -> Queue:
    """Return the queue that fits a database.

    Raises:
        QueueUnfit: none does.
    """
    return find_queue(db.dialect)


def find_queue(dialect: str) -> Queue:
    """Return the queue that fits an engine.

    Raises:
        QueueUnfit: none does.
    """
    for found in load_plugins("core.queues").values():
        if found.dialect == dialect:
            assert isinstance(found, Queue)
            return found
    raise QueueUnfit(dialect=dialect)
