"""SIGKILL of the server and of a worker beside it while papers are at the printer: what each job's fate is told to be."""

from typing import Any

from tests.proofs.audit import find_lost_rows, find_resent, find_twice
from tests.proofs.kill import Reign
from tests.proofs.ledger import approved_jobs, papers_by_job
from tests.proofs.running import Beside, Ground, wait_until
from tocsin.core.clock import SECOND_US, now_us

_STALE = """
    SELECT job.id FROM print_job AS job
    JOIN order_revision AS newer ON newer.merchant_id = job.merchant_id AND newer.order_id = job.order_id
     AND newer.revision = job.revision + 1
    WHERE job.started_at_us IS NOT NULL AND newer.at_us < job.started_at_us
"""
_UNSEEN = """
    SELECT job.id, job.state, job.reason FROM print_job AS job WHERE
      (job.state = 'unknown' AND NOT EXISTS (SELECT 1 FROM hold WHERE hold.merchant_id = job.merchant_id
        AND hold.job_id = job.id AND hold.kind = 'unknown' AND hold.closed_at_us IS NULL))
      OR (job.state IN ('failed', 'expired') AND job.settled_by = '' AND NOT EXISTS (SELECT 1 FROM hold
        WHERE hold.merchant_id = job.merchant_id AND hold.job_id = job.id AND hold.kind = 'failed'))
"""
_TOLD = "SELECT id, ended_at_us FROM print_job WHERE state = 'unknown' AND reason = 'stopped' AND ended_at_us >= {}"
_SENDING = "SELECT id FROM print_job WHERE state = 'sending' AND started_at_us < {}"
_PATIENCE_SECONDS = 25.0


class PrintReign(Reign):
    """A desk killed while it prints; on PostgreSQL with a worker beside it, which is killed in turn."""

    def __init__(self, ground: Ground, engine: str, *, seed: int) -> None:
        super().__init__(ground, engine, seed=seed)
        self.worker: Beside | None = None
        self.worker_kills = 0
        self.shown_seconds = list[float]()

    def begin(self, *, fault: str = "") -> None:
        """Set the desk up, and its worker."""
        super().begin(fault=fault)
        if self.desk.database_url:
            self.worker = Beside(self.desk, "worker")
            self._start_worker()

    def end_and_begin(self, *, fault: str = "") -> None:
        """Kill the server, or the worker every other time; note how long its papers take to be told unknown."""
        killed_us = now_us()
        if self.worker and self.kills % 2:
            self.kills, self.worker_kills = self.kills + 1, self.worker_kills + 1
            self.worker.kill()
            self._start_worker()
            self._note_told(killed_us, since_us=killed_us)
            return
        caught = set(self.caught)
        super().end_and_begin(fault=fault)
        # Where nobody is left who could tell, it counts from when somebody is there again.
        self._note_told(killed_us, since_us=killed_us if self.worker else now_us())
        if self.worker:
            self.caught = caught  # the worker may have had the paper, and may tell of it

    def _note_told(self, killed_us: int, *, since_us: int) -> None:
        """Wait until the fate of all that was being sent is told, and note how long that took."""
        wait_until(
            lambda: not self.desk.rows(_SENDING.format(killed_us)),
            seconds=_PATIENCE_SECONDS,
            step_seconds=0.05,
        )
        told = self.desk.rows(_TOLD.format(killed_us))
        self.shown_seconds += [max(0.0, (ended_us - since_us) / SECOND_US) for _, ended_us in told]

    def end(self, *, patience_seconds: float = 120) -> dict[str, Any]:
        """Return the figures of the kill proof, and what this one asks for."""
        found = super().end(patience_seconds=patience_seconds)
        papers, approved = papers_by_job(self.desk, self.peer), approved_jobs(self.desk)
        by_desk = self.desk.rows("SELECT id FROM print_job WHERE state = 'printed' AND settled_by = ''")
        gone = [f"job {job} counts as printed" for (job,) in by_desk if not papers[int(job)]]
        lost = find_lost_rows(self.desk, self.client, self.kept)
        unseen = [f"job {job} is {state} ({reason})" for job, state, reason in self.desk.rows(_UNSEEN)]
        shown = sorted(self.shown_seconds) or [0.0]
        again = find_twice(self.desk, self.peer, self.kept) + find_resent(self.desk, self.caught)
        return {
            **found, "worker_kills": self.worker_kills, "silent_loss": len(gone) + len(lost) + len(unseen),
            "auto_reprint": len(again), "unchecked_paper": sum(n for job, n in papers.items() if job and job not in approved),
            "stale_paper": len(self.desk.rows(_STALE)), "unknown_shown_p99_s": round(shown[int(len(shown) * 0.99)], 3),
            "told_unknown": len(self.shown_seconds),
            "said": [*found["said"][:6], *gone[:3], *lost[:3], *unseen[:3], *again[:3], *self.kept.unexpected[:3]],
        }  # fmt: skip

    def close(self) -> None:
        """End what was begun."""
        if self.worker:
            self.worker.kill()
        super().close()

    def _start_worker(self) -> None:
        if self.worker:
            where = ["--database-url", self.desk.database_url, "--data-dir", str(self.desk.folder / "data")]
            self.worker.start("worker", *where)


def run_print_kills(ground: Ground, engine: str, *, kills: int, seed: int, fault: str = "") -> dict[str, Any]:
    """Kill so often; every other time while a paper is at the printer."""
    reign = PrintReign(ground, engine, seed=seed)
    try:
        reign.begin(fault=fault)
        for n in range(kills):
            reign.kill(at_paper=n % 2 == 0, fault=fault)
        wait_until(reign.has_tried_all, seconds=60)
        if reign.worker:
            reign.worker.kill()
        return reign.end()
    finally:
        reign.close()
