"""Late results: what took a paper tells afterwards; it lands on its job, whenever it comes, and sends nothing again."""

from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from tests.counter import Counter, open_counter
from tocsin.core.clock import SECOND_US, shift_clock
from tocsin.core.db import Database
from tocsin.tickets.claim import claim_job
from tocsin.tickets.errand import take_result
from tocsin.tickets.hold import settle_unknown
from tocsin.tickets.late import find_taken, record_late, record_outcome
from tocsin.tickets.lease import lease_station
from tocsin.tickets.printer import PrintOutcome

TAKEN = PrintOutcome(result="taken", bytes_left=True, remote="C-7", answer_seconds=60)
OUT = PrintOutcome(result="printed", bytes_left=True)


def give(counter: Counter, remote: str = "C-7", **changes: Any) -> tuple[int, int]:
    """Give one paper to a cloud; return its order and its job."""
    order_id = counter.take(**changes).order_id
    job, device = counter.print(order_id).job_ids[0], counter.printer()
    run(counter, lambda tx: lease_station(tx, holder="first"))
    run(counter, lambda tx: claim_job(tx, device=device))
    assert run(counter, lambda tx: record_outcome(tx, job_id=job, outcome=replace(TAKEN, remote=remote)))
    return order_id, job


def run(counter: Counter, verb: Any) -> Any:
    """Run a verb that takes no actor."""
    return counter.db.write(counter.house.merchant_id, verb)


def pass_time(counter: Counter, seconds: int) -> None:
    """Let time pass and a new process take the station over."""
    shift_clock(seconds * SECOND_US)
    try:
        assert run(counter, lambda tx: lease_station(tx, holder="second", takes_over=True))
    finally:
        shift_clock(0)


def test_a_cloud_that_names_its_paper_as_a_station_s_way_gives_it_to_no_station(db: Database) -> None:
    with open_counter(db) as counter:
        _, job = give(counter, remote="station:5:9")
        told = partial(take_result, station_id=5, command_id=9, job_id=job)
        for outcome in (OUT, None):
            assert not run(counter, partial(told, outcome=outcome))
        assert counter.job(job).state == "sending"


@pytest.mark.parametrize("said", ["printed", "failed", "unknown"])
def test_a_taken_paper_stays_with_its_cloud_until_that_tells(db: Database, said: Any) -> None:
    with open_counter(db) as counter:
        order_id, job = give(counter)
        pass_time(counter, 0)  # its process died: the cloud has it all the same
        assert counter.job(job).state == "sending" and counter.holds(order_id) == []
        printer = counter.printer()
        assert counter.ask(find_taken, printer_id=printer.id, remote="C-8") is None
        assert counter.ask(find_taken, printer_id=printer.id, remote="C-7") == job
        assert run(counter, lambda tx: record_late(tx, job_id=job, outcome=PrintOutcome(result=said)))
        assert counter.job(job).state == said
        assert counter.kinds(order_id) == ([] if said == "printed" else [said])
        assert run(counter, lambda tx: claim_job(tx, device=printer)) is None  # never sent again
        assert not run(counter, lambda tx: record_outcome(tx, job_id=job, outcome=TAKEN))


def test_past_its_time_it_is_unknown_and_a_later_answer_settles_it_or_what_a_person_said_is_held(
    db: Database,
) -> None:
    with open_counter(db) as counter:
        order_id, job = give(counter)
        pass_time(counter, 59)
        assert counter.job(job).state == "sending"
        pass_time(counter, 61)
        assert (counter.job(job).state, counter.job(job).reason) == ("unknown", "no_answer")
        assert counter.kinds(order_id) == ["unknown"]
        late = counter.ask(find_taken, printer_id=counter.printer().id, remote="C-7")
        assert late == job
        failed = PrintOutcome(result="failed")
        assert not run(counter, lambda tx: record_late(tx, job_id=job, outcome=failed))  # a person looks
        assert run(counter, lambda tx: record_late(tx, job_id=job, outcome=OUT))
        assert counter.job(job).reason == "told_late" and counter.kinds(order_id) == []
        assert counter.order(order_id).desk_state == "printed"
        _, other = give(counter, quantity=3)
        pass_time(counter, 61)
        counter.do(settle_unknown, job_id=other, came_out=False)
        assert not run(counter, lambda tx: record_late(tx, job_id=other, outcome=failed, surely=True))
        assert run(counter, lambda tx: record_late(tx, job_id=other, outcome=OUT)), "two papers may lie about"
        found = counter.job(other)
        assert (found.state, found.reason, found.settled_by) == (
            "printed",
            "came_after_all",
            counter.actor.name,
        )
        assert [hold.reason for hold in counter.holds(found.order_id) if hold.kind == "failed"][-1:] == [
            "came_after_all"
        ]
        assert not run(counter, lambda tx: record_late(tx, job_id=other, outcome=OUT)), "said once"
