"""What is compared afterwards, read straight from the database: look-ups, papers, and their verdicts."""

import hashlib
import struct
from collections import Counter

from tests.peers.escpos_peer import EscposPeer, Paper
from tests.proofs.asking import Look
from tests.proofs.running import RunningDesk

_PAIR = struct.Struct(">QI")
_APPROVED = """
    SELECT job.id FROM print_job AS job
    JOIN verdict ON verdict.merchant_id = job.merchant_id AND verdict.id = job.verdict_id
    WHERE verdict.passed = 1 AND verdict.order_id = job.order_id AND verdict.revision = job.revision
      AND verdict.at_us <= job.started_at_us
"""


def recorded_looks(desk: RunningDesk) -> Counter[Look]:
    """Return the look-ups that the ledger holds, by kind and by what came back."""
    return Counter(
        (kind, tuple(_PAIR.unpack_from(hits, at) for at in range(0, len(hits), _PAIR.size)))
        for kind, hits in desk.rows("SELECT kind, hits FROM lookup")
    )


def job_of_codes(desk: RunningDesk) -> dict[str, int]:
    """Return which job each scan code's digest belongs to."""
    return {str(digest): int(job) for digest, job in desk.rows("SELECT code_digest, job_id FROM ticket_code")}


def job_on(paper: Paper, jobs: dict[str, int]) -> int:
    """Return the job that a paper's QR code belongs to; 0 where it can't be read or is unknown."""
    code = paper.codes().get("qr", "").rsplit("/", 1)[-1].upper()
    return jobs.get(hashlib.sha256(code.encode()).hexdigest(), 0)


def papers_by_job(desk: RunningDesk, peer: EscposPeer) -> Counter[int]:
    """Return how many papers the printer cut of each job, told by their QR codes."""
    jobs = job_of_codes(desk)
    return Counter(job_on(paper, jobs) for paper in peer.papers())


def approved_jobs(desk: RunningDesk) -> set[int]:
    """Return jobs whose sending stands on a passed verdict of their very revision, recorded before."""
    return {int(row[0]) for row in desk.rows(_APPROVED)}
