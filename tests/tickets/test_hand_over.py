"""Hand-over: once per copy, by a current paper that came out; what nobody knew of has thereby come out."""

import pytest

from tests.counter import Counter, open_counter
from tests.tickets.test_claim import send
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.core.errors import Refusal
from tocsin.tickets.claim import claim_job
from tocsin.tickets.hand_over import hand_over, handed_over
from tocsin.tickets.hold import hold_order, settle_unknown
from tocsin.tickets.late import record_outcome
from tocsin.tickets.printer import PrintOutcome


def printed(counter: Counter, order_id: int, seen: int = 1, *, result: str = "printed") -> int:
    """Return the job of a paper that was sent, and of which a result is known."""
    assert counter.print(order_id, seen).result == "queued"
    return send(counter, result=result).job.id


def refusal(counter: Counter, job_id: int) -> str:
    with pytest.raises(Refusal) as told:
        counter.do(hand_over, job_id=job_id)
    return told.value.code


def test_it_is_recorded_once_and_the_other_paper_is_refused(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        first = printed(counter, order_id)
        made = counter.do(hand_over, job_id=first)
        assert counter.do(hand_over, job_id=first) == made, "the same paper again is no second hand-over"
        assert counter.ask(handed_over, order_id=order_id) == [made]
        second = printed(counter, order_id)
        assert refusal(counter, second) == "handed_over_already"
        assert len(counter.ask(handed_over, order_id=order_id)) == 1


def test_a_paper_of_unknown_outcome_has_come_out(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        job_id = printed(counter, order_id, result="unknown")
        assert counter.kinds(order_id) == ["unknown"]
        counter.do(hand_over, job_id=job_id)
        assert (counter.job(job_id).state, counter.kinds(order_id)) == ("printed", [])
        assert counter.order(order_id).desk_state == "printed"


def test_a_paper_given_away_while_it_was_being_sent_is_settled_when_it_is_seen_again(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        assert counter.print(order_id).result == "queued"
        device, merchant_id = counter.printer(), counter.house.merchant_id
        sending = counter.db.write(merchant_id, lambda tx: claim_job(tx, device=device))
        assert sending is not None
        made = counter.do(hand_over, job_id=sending.job.id)
        outcome = PrintOutcome(result="unknown", reason="stopped", bytes_left=True)
        counter.db.write(merchant_id, lambda tx: record_outcome(tx, job_id=sending.job.id, outcome=outcome))
        assert counter.do(hand_over, job_id=sending.job.id) == made
        assert (counter.job(sending.job.id).state, counter.kinds(order_id)) == ("printed", [])


def test_nothing_is_handed_over_by_a_paper_that_does_not_hold(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        waiting = counter.print(order_id).job_ids[0]
        assert refusal(counter, waiting) == "ticket_not_out"
        counter.run_spool()
        counter.wait_state(waiting, "printed")
        counter.spools.pop().stop()
        counter.do(hold_order, order_id=order_id, reason="等")
        assert refusal(counter, waiting) == "ticket_not_current", "HELD"
        other = counter.take(quantity=3).order_id
        old = printed(counter, other)
        counter.amend(other, 1)
        assert refusal(counter, old) == "ticket_not_current", "SUPERSEDED"
        third = counter.take(quantity=4).order_id
        gone = printed(counter, third, result="unknown")
        counter.do(hold_order, order_id=third, reason="等")
        assert refusal(counter, gone) == "ticket_not_current"
        assert counter.job(gone).state == "unknown", "what was refused has settled nothing"
        counter.do(settle_unknown, job_id=gone, came_out=False)
        assert refusal(counter, gone) == "ticket_not_out"
        auditor = Counter(counter.house, counter.peer, counter.house.actor("auditor"))
        with pytest.raises(NotAllowed):
            auditor.do(hand_over, job_id=waiting)
