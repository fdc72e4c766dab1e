"""Revising: from the finding back to the terminal."""

from functools import partial

import pytest

from tests.counter import BASE, Counter, open_counter
from tests.house import make_house
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.orders.amend import Amendment, NothingChanged, OrderMoved, PartyChanges, TotalsChanges
from tocsin.orders.draft import Totals
from tocsin.orders.stop import open_hold
from tocsin.orders.store import OrderMissing
from tocsin.tickets.device import remove_printer
from tocsin.tickets.hold import hold_order
from tocsin.tickets.job import jobs_of_order
from tocsin.tickets.print_queue import QueueMissing
from tocsin.tickets.revise import revise_order

WRONG = Totals(goods_minor=7980, payable_minor=7000, paid_minor=7980)
RIGHT = Amendment(totals=TotalsChanges(payable_minor=7980))


def revise(counter: Counter, order_id: int, amendment: Amendment = RIGHT, **given: object) -> object:
    """Revise an order at its first revision."""
    wanted = {
        "order_id": order_id,
        "seen": 1,
        "amendment": amendment,
        "reason": "改",
        "base_url": BASE,
        **given,
    }
    return counter.do(revise_order, **wanted)


def test_what_is_still_wrong_is_told_and_stays_held(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(totals=WRONG, payment="unpaid")
        revised = revise(counter, taken.order_id)
        assert revised.issued.revision == 2 and revised.requested is None
        assert [f.code for f in revised.verdict.errors()] == ["state"]
        (hold,) = counter.holds(taken.order_id)
        assert (hold.kind, hold.revision) == ("check", 2)


def test_holds_that_the_revision_answers_close_and_others_stay(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(totals=WRONG)
        for kind in ("conflict", "failed", "unknown"):
            counter.do(open_hold, order_id=taken.order_id, revision=1, kind=kind, reason="x")
        counter.do(hold_order, order_id=taken.order_id, reason="等客户")
        revised = revise(counter, taken.order_id)
        assert counter.kinds(taken.order_id) == ["manual", "unknown"]
        assert (revised.requested.result, revised.requested.holds) == ("held", ("unknown", "manual"))


def test_it_need_not_be_printed_again(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(totals=WRONG)
        assert revise(counter, taken.order_id, print_again=False).requested is None
        assert (
            counter.ask(jobs_of_order, order_id=taken.order_id) == [] and counter.kinds(taken.order_id) == []
        )


def test_without_a_printer_the_revision_is_made(db: Database) -> None:
    with open_counter(db) as counter:
        taken, gone = counter.take(totals=WRONG), counter.printer().id
        counter.do(remove_printer, printer_id=gone)
        with pytest.raises(QueueMissing):
            revise(counter, taken.order_id, queue_id=gone)
        assert counter.order(taken.order_id).revision == 1
        revised = revise(counter, taken.order_id)
        assert revised.requested is None and counter.order(taken.order_id).revision == 2


def test_the_refusals_of_amending_hold_here_too(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(totals=WRONG)
        with pytest.raises(NothingChanged):
            revise(counter, taken.order_id, Amendment())
        revise(counter, taken.order_id)
        with pytest.raises(OrderMoved):
            revise(counter, taken.order_id)
        assert len(counter.ask(jobs_of_order, order_id=taken.order_id)) == 1


def test_who_may_revise_and_only_his_own_merchants(db: Database) -> None:
    with open_counter(db) as counter:
        for role in ("owner", "manager", "clerk"):
            taken = counter.take(totals=WRONG)
            revise(Counter(counter.house, counter.peer, counter.house.actor(role)), taken.order_id)
        taken = counter.take(totals=WRONG)
        for role in ("checker", "auditor", "station"):
            with pytest.raises(NotAllowed):
                revise(Counter(counter.house, counter.peer, counter.house.actor(role)), taken.order_id)
        other = make_house(db, code="NJ")
        with pytest.raises(OrderMissing):
            revise(Counter(other, counter.peer, other.actor()), taken.order_id)


def test_a_conflict_is_decided_by_revising(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(external_id="E-1")
        counter.amend(taken.order_id, 1, Amendment(receiver=PartyChanges(phone="13900001111")))
        counter.take(external_id="E-1", price=50.0)
        assert counter.kinds(taken.order_id) == ["conflict"]
        change = partial(revise, counter, taken.order_id, Amendment(merchant_note="以改后的为准"))
        assert change(seen=2).requested.result == "queued"
        assert counter.kinds(taken.order_id) == []
