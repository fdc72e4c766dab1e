"""Jobs: frozen, sealed, told apart by state, never another merchant's."""

import pytest
import sqlalchemy as sa

from tests.counter import Counter, open_counter
from tests.house import make_house
from tocsin.core.db import Database
from tocsin.core.statement import Statement
from tocsin.core.vault import SealBroken
from tocsin.tickets.content import content_digest
from tocsin.tickets.job import (
    JobMissing,
    end_job,
    get_job,
    jobs_of_batch,
    jobs_of_order,
    list_jobs,
    read_content,
)
from tocsin.tickets.marks import Marks, marks
from tocsin.tickets.terminal import cancel_job


def test_a_job_freezes_what_its_paper_says(db: Database) -> None:
    with open_counter(db, copies=("merchant", "customer")) as counter:
        taken = counter.take()
        ids = counter.print(taken.order_id).job_ids
        real, masked = (counter.ask(read_content, job_id=job_id) for job_id in ids)
        assert (real.receiver_phone, masked.receiver_phone) == ("13812345678", "138****5678")
        assert counter.job(ids[0]).content_digest == content_digest(real) != content_digest(masked)
        counter.amend(taken.order_id, 1)
        assert counter.ask(read_content, job_id=ids[0]) == real
        sealed = Statement(sa.text("SELECT sealed_content FROM print_job ORDER BY id"))
        blobs = [bytes(row[0]) for row in counter.ask(lambda tx: tx.rows(sealed))]
        assert all(b"13812345678" not in blob and taken.number.encode() not in blob for blob in blobs)
        swap = Statement(sa.text("UPDATE print_job SET sealed_content = (SELECT sealed_content FROM print_job p WHERE p.id = :other) WHERE id = :job"))  # fmt: skip
        db.write(counter.house.merchant_id, lambda tx: tx.run(swap, other=ids[0], job=ids[1]))
        with pytest.raises(SealBroken):  # a content belongs to its own job
            counter.ask(read_content, job_id=ids[1])


def test_jobs_are_listed_newest_first_by_state_order_and_batch(db: Database) -> None:
    with open_counter(db) as counter:
        taken = [counter.take(quantity=n) for n in (1, 2, 3)]
        ids = [counter.print(t.order_id).job_ids[0] for t in taken]
        counter.do(cancel_job, job_id=ids[1])
        told = lambda **k: [job.id for job in counter.ask(list_jobs, **k)]
        assert told() == ids[::-1] and told(limit=1) == ids[2:] and told(before=ids[1]) == ids[:1]
        assert told(state="queued") == [ids[2], ids[0]] and told(state="cancelled", before=ids[1]) == []
        assert [j.id for j in counter.ask(jobs_of_order, order_id=taken[0].order_id)] == ids[:1]
        assert [j.id for j in counter.ask(jobs_of_batch, batch_id=counter.job(ids[2]).batch_id)] == ids[2:]


def test_a_job_ends_once(db: Database) -> None:
    with open_counter(db) as counter:
        job = counter.print(counter.take().order_id).job_ids[0]
        end = lambda came_from, state: db.write(
            counter.house.merchant_id, lambda tx: end_job(tx, job_id=job, came_from=came_from, state=state)
        )
        assert [end(("sending",), "printed"), end(("sending", "queued"), "failed"), end(("queued",), "printed")] == [
            False, True, False,
        ]  # fmt: skip
        assert counter.job(job).state == "failed" and counter.job(job).last_outcome() is None


def test_jobs_of_another_merchant_are_missing(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        job = counter.print(taken.order_id).job_ids[0]
        other = make_house(db, code="NJ")
        stranger = Counter(other, counter.peer, other.actor())
        for verb in (get_job, read_content):
            with pytest.raises(JobMissing):
                stranger.ask(verb, job_id=job)
        assert stranger.ask(list_jobs) == stranger.ask(list_jobs, state="queued") == []
        assert stranger.ask(jobs_of_order, order_id=taken.order_id) == []
        assert stranger.ask(marks, order_id=taken.order_id, revision=1, copy="merchant") == Marks()
        assert not db.write(
            other.merchant_id, lambda tx: end_job(tx, job_id=job, came_from=("queued",), state="failed")
        )
