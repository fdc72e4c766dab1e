"""重打, 补打 and 改单: what a paper says of those before it, by what became of them."""

from functools import partial

import pytest

from tests.counter import Counter, open_counter
from tests.tickets.test_hold import as_role
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.tickets.claim import claim_job
from tocsin.tickets.hold import release_hold, settle_unknown
from tocsin.tickets.job import JobMissing, read_content
from tocsin.tickets.late import record_outcome
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.spoil import PaperNotOut, spoil_paper

# What became of each paper of one revision and copy, and what the next one says: (reprint, replaces).
HISTORIES = {
    "": (0, 0), "out": (1, 0), "lost": (0, 1), "torn": (0, 1), "nothing left": (0, 0), "out lost": (1, 0),
    "lost out": (1, 0), "lost lost": (0, 2), "torn lost": (0, 2), "out torn": (2, 0), "torn nothing": (0, 1), "lost torn": (0, 2),
}  # fmt: skip


def end(counter: Counter, outcome: str, *, job_id: int) -> None:
    """Have the printer and a person say what became of a paper."""
    run = partial(counter.db.write, counter.house.merchant_id)
    device = counter.printer()
    run(lambda tx: claim_job(tx, device=device))
    result = {"out": "printed", "torn": "printed", "lost": "unknown", "nothing": "failed"}[outcome]
    told = PrintOutcome(result=result, reason="unconfirmed", permanent=True)  # type: ignore[arg-type]
    run(lambda tx: record_outcome(tx, job_id=job_id, outcome=told))
    if outcome == "lost":
        counter.do(settle_unknown, job_id=job_id, came_out=False)
    if outcome == "torn":
        counter.do(spoil_paper, job_id=job_id)
    for hold in counter.holds(counter.job(job_id).order_id):
        counter.do(release_hold, hold_id=hold.id, reason="再来")


def test_the_next_paper_says_what_became_of_those_before_it(db: Database) -> None:
    with open_counter(db) as counter:
        said = {}
        for quantity, history in enumerate(HISTORIES, 1):
            order_id = counter.take(quantity=quantity).order_id
            for outcome in history.removesuffix(" left").split():
                (job_id,) = counter.print(order_id).job_ids
                end(counter, outcome, job_id=job_id)
            job = counter.job(counter.print(order_id).job_ids[0])
            content = counter.ask(read_content, job_id=job.id)
            assert (content.reprint_no, content.replaces) == (job.reprint_no, job.replaces)
            said[history] = (job.reprint_no, job.replaces)
            end(counter, "out", job_id=job.id)
            counter.amend(order_id, 1)
            (anew,) = counter.print(order_id, 2).job_ids
            fresh = counter.job(anew)
            assert (fresh.reprint_no, fresh.replaces, fresh.amended_from) == (0, 0, 1), history
            end(counter, "out", job_id=anew)
        assert said == HISTORIES


def test_only_a_paper_that_is_out_is_spoiled(db: Database) -> None:
    with open_counter(db) as counter:
        (job_id,) = counter.print(counter.take().order_id).job_ids
        with pytest.raises(PaperNotOut):
            counter.do(spoil_paper, job_id=job_id)
        with pytest.raises(JobMissing):
            counter.do(spoil_paper, job_id=7)
        end(counter, "torn", job_id=job_id)
        with pytest.raises(NotAllowed):
            as_role(counter, "auditor").do(spoil_paper, job_id=job_id)
        counter.do(spoil_paper, job_id=job_id)
        assert (counter.job(job_id).state, counter.job(job_id).reason) == ("printed", "spoiled")
