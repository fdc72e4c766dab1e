"""The queue in the embedded database: one table.

One process holds the folder's lock, so a job that another process began is a dead worker's.
The table is there on PostgreSQL too, empty: one history of the schema for both.
"""

import secrets
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.clock import SECOND_US
from tocsin.core.db import Database, Tx
from tocsin.core.ident import new_id
from tocsin.core.log import get_log
from tocsin.core.queue import WORKER_DIED, Job, Queue, log_fault, require_task, tell_failed
from tocsin.core.schema import big, directory_table, text
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.telemetry import doing

job = directory_table(
    "job", big("id"), big("merchant_id"), text("task"), text("payload"), text("lock"), text("state"), big("due_at_us"),
    big("attempts"), text("worker"), text("fault"), key=("id",),
)  # fmt: skip
sa.Index("ix_job_state_due_at_us", job.c.state, job.c.due_at_us)
sa.Index("ix_job_merchant_id_lock", job.c.merchant_id, job.c.lock)

# Another process's work is told from ours by this word.
_PROCESS = secrets.token_hex(8)
_log = get_log("queue")


class _Claimed(Struct, frozen=True):
    id: int
    merchant_id: int
    task: str
    payload: str
    attempts: int


_CLAIMED = (job.c.id, job.c.merchant_id, job.c.task, job.c.payload, job.c.attempts)
_other = job.alias("other")
_before = sa.or_(_other.c.state == "doing", sa.and_(_other.c.state == "todo", _other.c.id < job.c.id))
_held = sa.exists().where(_other.c.merchant_id == job.c.merchant_id, _other.c.lock == job.c.lock, _before)
_due = (
    sa.select(job.c.id)
    .where(job.c.state == "todo", job.c.due_at_us <= bind("now_us"), sa.or_(job.c.lock == "", ~_held.correlate(job)))
    .order_by(job.c.due_at_us, job.c.id).limit(1)
)  # fmt: skip
_ADD = insert_into(job)
_DUE = Statement[tuple[int]](_due)
_CLAIM = Statement(
    sa.update(job).where(job.c.id == _due.scalar_subquery()).values(state="doing", worker=bind("process", str))
    .returning(*_CLAIMED),
    _Claimed,
)  # fmt: skip
_LEFT = Statement(
    sa.select(*_CLAIMED).where(job.c.state == "doing", job.c.worker != bind("process", str)), _Claimed
)
_DONE = Statement[None](sa.delete(job).where(job.c.id == bind("b_id")))
_AGAIN = Statement[None](
    sa.update(job).where(job.c.id == bind("b_id")), sets=("state", "due_at_us", "attempts", "worker", "fault")
)
_FAILED = Statement(
    sa.select(job.c.id, job.c.task, job.c.payload, job.c.attempts)
    .where(own(job), job.c.state == "failed").order_by(job.c.id.desc()),
    Job,
)  # fmt: skip


class EmbeddedQueue(Queue):
    """Claims jobs by UPDATE … RETURNING on the writer thread; woken after the commit that added one."""

    name, dialect = "embedded", "sqlite"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._woken = threading.Event()

    def defer(self, tx: Tx, task: str, *, payload: dict[str, Any], at_us: int = 0, lock: str = "") -> None:
        """Add a job; see the contract."""
        require_task(task)
        tx.run(
            _ADD, id=new_id(), task=task, payload=msgspec.json.encode(payload).decode(), lock=lock, state="todo",
            due_at_us=at_us or tx.now_us, attempts=0, worker="", fault="",
        )  # fmt: skip
        tx.after_commit(self._woken.set)

    def work(self, db: Database, stop: threading.Event) -> None:
        """Run due jobs until `stop`; see the contract."""
        db.write(0, self._take_up_left)
        while not stop.is_set():
            self._woken.clear()
            claimed = self._claim(db)
            if claimed is None:
                self._woken.wait(self.poll_seconds)
            else:
                self._end(db, claimed, outcome=self._run(db, claimed), stop=stop)

    def failed(self, tx: Tx) -> list[Job]:
        """Return the merchant's jobs that were given up."""
        return tx.rows(_FAILED)

    def _claim(self, db: Database) -> _Claimed | None:
        # An idle worker only reads: the writer is for those who change something.
        if db.read(0, lambda tx: tx.value(_DUE, now_us=tx.now_us)) is None:
            return None
        found = db.write(0, lambda tx: tx.rows(_CLAIM, process=_PROCESS, now_us=tx.now_us))
        return found[0] if found else None

    def _run(self, db: Database, claimed: _Claimed) -> Callable[[Tx], object]:
        """Run a job; return what writes what became of it."""
        try:
            payload = msgspec.json.decode(claimed.payload, type=dict[str, Any])
            with doing("task", claimed.task):
                require_task(claimed.task)(db, claimed.merchant_id, payload)
        except Exception as fault:  # noqa: BLE001 - whatever a task raises is its failure, not the worker's
            log_fault(claimed.task, fault, job_id=claimed.id, attempts=claimed.attempts + 1)
            return partial(self._put_back, claimed=claimed, fault=type(fault).__name__)
        return lambda tx: tx.run(_DONE, b_id=claimed.id)

    def _end(
        self, db: Database, claimed: _Claimed, *, outcome: Callable[[Tx], object], stop: threading.Event
    ) -> None:
        # Until it is written: a job that stays ours is taken up by nobody, and holds all that come after it by their lock.
        while True:
            try:
                db.write(claimed.merchant_id, outcome)
            except Exception as fault:  # noqa: BLE001 - a full disk has room again at some time
                _log.error("job_end_unwritten", task=claimed.task, job_id=claimed.id, exc_info=fault)
            else:
                return
            if stop.wait(self.after_fault_seconds):
                return  # the next process takes it up

    def _put_back(self, tx: Tx, *, claimed: _Claimed, fault: str) -> None:
        attempts = claimed.attempts + 1
        wait = self.retry_seconds(attempts)
        tx.run(
            _AGAIN, b_id=claimed.id, state="failed" if wait is None else "todo", attempts=attempts, worker="",
            due_at_us=tx.now_us + int((wait or 0) * SECOND_US), fault=fault,
        )  # fmt: skip
        if wait is None:
            tell_failed(tx, claimed.id, task=claimed.task, fault=fault)

    def _take_up_left(self, tx: Tx) -> None:
        for claimed in tx.rows(_LEFT, process=_PROCESS):
            self._put_back(tx, claimed=claimed, fault=WORKER_DIED)


PLUGIN = EmbeddedQueue(threads=4)
