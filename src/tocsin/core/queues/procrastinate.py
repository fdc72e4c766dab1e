"""The queue on PostgreSQL: Procrastinate, its jobs added on our connection in our transaction.

Its tables stand outside row-level security: a worker serves all merchants. Payloads hold ids only.
"""

import asyncio
import importlib.util
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from tocsin.core.db import DESK_ROLE, Database, Tx
from tocsin.core.errors import Outage
from tocsin.core.log import get_log
from tocsin.core.queue import (
    MAX_ATTEMPTS,
    TASKS,
    WORKER_DIED,
    Job,
    Queue,
    log_fault,
    require_task,
    tell_failed,
)
from tocsin.core.statement import Statement
from tocsin.core.telemetry import doing

if TYPE_CHECKING:
    import procrastinate
    from procrastinate.jobs import Job as TheirJob

_QUEUE = "tocsin"
_CONCURRENT_JOBS = 4
_TABLES = (
    "procrastinate_jobs",
    "procrastinate_workers",
    "procrastinate_events",
    "procrastinate_periodic_defers",
)
_SEQUENCES = tuple(f"{name}_id_seq" for name in _TABLES)
_log = get_log("queue")


def _read_schema() -> str:
    # Found without an import: a desk on SQLite migrates without loading Procrastinate.
    found = importlib.util.find_spec("procrastinate")
    assert found is not None, "procrastinate is a dependency"
    assert found.submodule_search_locations, "procrastinate is a package"
    # The driver takes % for a placeholder, even where it is given no parameters.
    return (
        Path(found.submodule_search_locations[0], "sql", "schema.sql").read_text("utf-8").replace("%", "%%")
    )


QUEUE_SCHEMA: list[str] = [
    _read_schema(),
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(_TABLES)} TO {DESK_ROLE}",
    f"GRANT USAGE ON SEQUENCE {', '.join(_SEQUENCES)} TO {DESK_ROLE}",
]

# Source: procrastinate/sql/schema.sql, procrastinate_defer_jobs_v1.
_DEFER = Statement[tuple[list[int]]](
    sa.text(
        "SELECT procrastinate_defer_jobs_v1(CAST(ARRAY[ROW(:queue, :task, 0, :lock, NULL, CAST(:args AS jsonb),"
        " CASE WHEN CAST(:at_us AS bigint) = 0 THEN NULL ELSE to_timestamp(CAST(:at_us AS bigint) / 1000000.0) END)]"
        " AS procrastinate_job_to_defer_v1[])) AS ids"
    ).columns(sa.column("ids"))
)
_FAILED = Statement(
    sa.text(
        "SELECT id, task_name AS task, CAST(args->'payload' AS text) AS payload, attempts FROM procrastinate_jobs"
        " WHERE status = 'failed' AND CAST(args->>'merchant_id' AS bigint) = :merchant_id ORDER BY id DESC"
    ).columns(*(sa.column(name) for name in ("id", "task", "payload", "attempts"))),
    Job,
)


class ProcrastinateQueue(Queue):
    """Procrastinate's functions to defer, its worker to run."""

    name, dialect = "procrastinate", "postgresql"

    def defer(self, tx: Tx, task: str, *, payload: dict[str, Any], at_us: int = 0, lock: str = "") -> None:
        """Add a job; see the contract."""
        require_task(task)
        args = msgspec.json.encode({"merchant_id": tx.merchant_id, "payload": payload}).decode()
        own_lock = f"{tx.merchant_id}:{lock}" if lock else None
        tx.value(_DEFER, queue=_QUEUE, task=task, lock=own_lock, args=args, at_us=at_us)

    def work(self, db: Database, stop: threading.Event) -> None:
        """Run due jobs until `stop`; a lost connection is made anew. See the contract."""
        import procrastinate
        import psycopg

        from tocsin.core.postgres import PostgresDatabase, desk_conninfo

        assert isinstance(db, PostgresDatabase)
        while not stop.is_set():
            if not _is_there(db):  # a pool of its own would ask ever more seldom
                stop.wait(self.poll_seconds)
                continue
            connector = procrastinate.PsycopgConnector(
                conninfo=desk_conninfo(db.url), min_size=1, max_size=_CONCURRENT_JOBS + 2
            )
            app = procrastinate.App(connector=connector)
            self._add_tasks(app, db)
            try:
                asyncio.run(self._serve(app, db, stop))
            except (procrastinate.exceptions.ConnectorException, psycopg.Error) as fault:
                _log.error("queue_lost_database", exc_info=fault)
            stop.wait(self.poll_seconds)

    def failed(self, tx: Tx) -> list[Job]:
        """Return the merchant's jobs that were given up."""
        return tx.rows(_FAILED)

    def _add_tasks(self, app: "procrastinate.App", db: Database) -> None:
        from procrastinate import BaseRetryStrategy, JobContext, RetryDecision

        queue = self

        class Growing(BaseRetryStrategy):
            def get_retry_decision(
                self, *, exception: BaseException, job: "TheirJob"
            ) -> RetryDecision | None:
                wait = queue.retry_seconds(job.attempts + 1)
                return None if wait is None else RetryDecision(retry_at=_from_now(wait))

        def run(context: JobContext, merchant_id: int, payload: dict[str, Any]) -> None:
            job = context.job
            try:
                with doing("task", job.task_name):
                    require_task(job.task_name)(db, merchant_id, payload)
            except Exception as fault:
                log_fault(job.task_name, fault, job_id=job.id or 0, attempts=job.attempts + 1)
                if job.attempts + 1 >= MAX_ATTEMPTS:
                    _tell(db, job, type(fault).__name__)
                raise

        for name in TASKS:
            app.task(name=name, queue=_QUEUE, pass_context=True, retry=Growing())(run)

    async def _serve(self, app: "procrastinate.App", db: Database, stop: threading.Event) -> None:
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(
                    queues=[_QUEUE], concurrency=_CONCURRENT_JOBS, install_signal_handlers=False,
                    fetch_job_polling_interval=self.poll_seconds, delete_jobs="successful",
                    update_heartbeat_interval=self.stalled_seconds / 3, stalled_worker_timeout=self.stalled_seconds,
                )
            )  # fmt: skip
            sweeper = asyncio.create_task(self._sweep(app, db))
            while not (  # noqa: ASYNC110 - `stop` is set by another thread
                stop.is_set() or worker.done() or sweeper.done()
            ):
                await asyncio.sleep(min(self.poll_seconds, 0.1))
            for running in (sweeper, worker):  # a cancelled worker first finishes the jobs in hand
                running.cancel()
            for ended in await asyncio.gather(sweeper, worker, return_exceptions=True):
                if isinstance(ended, Exception):
                    raise ended

    async def _sweep(self, app: "procrastinate.App", db: Database) -> None:
        while True:
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=self.stalled_seconds):
                await self._take_up(app, db, job)
            await asyncio.sleep(self.stalled_seconds / 3)

    async def _take_up(self, app: "procrastinate.App", db: Database, job: "TheirJob") -> None:
        from procrastinate.exceptions import ConnectorException
        from procrastinate.jobs import Status

        wait = self.retry_seconds(job.attempts + 1)
        try:
            if wait is None:
                await asyncio.to_thread(_tell, db, job, WORKER_DIED)
                await app.job_manager.finish_job(job=job, status=Status.FAILED, delete_job=False)
            else:
                await app.job_manager.retry_job(job=job, retry_at=_from_now(wait))
        except ConnectorException as fault:  # another worker took it up in the same moment
            _log.warning("stalled_job_moved", job_id=job.id, exc_info=fault)


def _is_there(db: Database) -> bool:
    try:
        return db.state().takes_changes()
    except Outage:  # whichever: it is asked again
        return False


def _tell(db: Database, job: "TheirJob", fault: str) -> None:
    merchant_id = job.task_kwargs["merchant_id"]
    assert isinstance(merchant_id, int)
    db.write(merchant_id, lambda tx: tell_failed(tx, job.id or 0, task=job.task_name, fault=fault))


def _from_now(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


PLUGIN = ProcrastinateQueue()
