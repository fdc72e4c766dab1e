"""Shift handover: what is handed over, frozen; two persons sign; one hand-over of a place at a time; merchants apart."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from tests.access.people import PASSWORD, WRONG, Desk, enter, make_desk, make_operator
from tests.access.seats import Seat, clerk_at, make_seat
from tests.counter import Counter, open_counter
from tests.house import House, make_draft
from tocsin.access.assertion import Where
from tocsin.access.limiter import SignInRefused
from tocsin.access.login import SignedIn
from tocsin.access.proof import Proof
from tocsin.access.session import find_session
from tocsin.core import clock
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Database
from tocsin.core.errors import Refusal
from tocsin.core.journal import read_journal
from tocsin.core.statement import Statement, own
from tocsin.core.tenant import get_shop
from tocsin.orders.draft import Totals
from tocsin.orders.intake import take_in
from tocsin.orders.table import order_head
from tocsin.tickets.hold import hold_order
from tocsin.tickets.shift import begin_shift, offer_shift, take_back_shift, take_over_shift
from tocsin.tickets.shift_count import Cash, count_shift
from tocsin.tickets.shift_record import get_handover, list_handovers
from tocsin.tickets.shift_sign import (
    Browser,
    Entered,
    Signed,
    sign_in_at_shift,
    sign_into_shift,
    sign_out_of_shift,
)
from tocsin.tickets.shift_state import running_shifts, waits_for

THERE = Where(None, "192.0.2.7")


def begin(db: Database, actor: Actor) -> int:
    shop = db.read(actor.merchant_id, get_shop)
    return db.write(actor.merchant_id, lambda tx: begin_shift(tx, actor, shop_id=shop.id))


def offer(db: Database, actor: Actor, shift_id: int, **more: Any) -> None:
    db.write(
        actor.merchant_id, lambda tx: offer_shift(tx, actor, shift_id=shift_id, method="password", **more)
    )


def take(db: Database, actor: Actor, shift_id: int) -> int:
    return db.write(
        actor.merchant_id, lambda tx: take_over_shift(tx, actor, shift_id=shift_id, method="password")
    )


def refused(run: Any) -> str:
    with pytest.raises(Refusal) as caught:
        run()
    return caught.value.code


def at_desk(db: Database) -> tuple[Desk, Seat, SignedIn, SignedIn]:
    """Return a desk, a seat, and two clerks of whom the first sits there and the second at his own place."""
    desk = make_desk(db)
    seat = make_seat(db, desk)
    out = clerk_at(db, desk, seat, name="wang", pin="")
    make_operator(db, desk, "clerk", name="li")
    return desk, seat, out, enter(db, "li")


def test_both_sign_and_the_record_stands(db: Database) -> None:
    desk, seat, out, came = at_desk(db)
    shift_id = begin(db, out.actor)
    assert refused(lambda: begin(db, out.actor)) == "shift_running"
    phone = enter(db, "wang")
    assert refused(lambda: take(db, came.actor, shift_id)) == "shift_otherwise"
    where = Where(None, "192.0.2.7", desk=seat.token, session_id=out.actor.session_id)
    wrong = sign_out_of_shift(db, out.actor, Proof(WRONG), where=where, token=out.token, shift_id=shift_id)
    assert isinstance(wrong, SignInRefused)
    done = sign_out_of_shift(
        db, out.actor, Proof(PASSWORD), where=where, token=out.token, shift_id=shift_id, note="看一下\n后厨"
    )  # fmt: skip
    assert isinstance(done, Signed) and find_session(db, done.token, desk=seat.token) is not None
    assert find_session(db, out.token, desk=seat.token) is None, "the token of before"
    signs = lambda who, password=PASSWORD: sign_into_shift(
        db, who.actor, Proof(password), where=THERE, token=who.token, shift_id=shift_id
    )  # fmt: skip
    assert refused(lambda: signs(phone)) == "shift_signed_twice"
    assert isinstance(signs(came, WRONG), SignInRefused)
    taken = signs(came)
    assert isinstance(taken, Signed) and taken.record_id
    assert find_session(db, done.token, desk=seat.token) is None, "who left is signed out there"
    assert find_session(db, phone.token) is not None, "and stays where he is otherwise"
    record = db.read(desk.merchant_id, lambda tx: get_handover(tx, came.actor, handover_id=taken.record_id))
    assert (record.out_name, record.in_name, record.sessions_ended) == ("wang", "li", 1)
    assert record.is_whole() and record.note_is_whole() and record.note == "看一下\n后厨"
    (running,) = db.read(desk.merchant_id, running_shifts)
    assert (running.operator_name, running.state, running.desk_id) == ("li", "open", seat.desk.id)
    verbs = [
        one.verb
        for one in db.read(desk.merchant_id, lambda tx: read_journal(tx, subject=f"shift:{shift_id}"))
    ]
    assert verbs == ["tickets.take_over_shift", "tickets.offer_shift", "tickets.begin_shift"]
    assert refused(lambda: signs(came)) == "shift_otherwise"


def test_who_comes_signs_on_the_screen_of_who_leaves(db: Database) -> None:
    desk, seat, out, _ = at_desk(db)
    shift_id = begin(db, out.actor)
    offer(db, out.actor, shift_id)
    other = make_desk(db, "别家")
    where = Where(None, "192.0.2.7", desk=seat.token, session_id=out.actor.session_id)
    signs = lambda name, password=PASSWORD: sign_in_at_shift(
        db, out.actor, Proof(password), name=name, where=where, browser=Browser(out.token), shift_id=shift_id
    )  # fmt: skip
    assert refused(lambda: signs("wang")) == "shift_signed_twice"
    for name, password in (("li", WRONG), ("nobody", PASSWORD), (other.owner, PASSWORD)):
        assert isinstance(signs(name, password), SignInRefused), name
    done = signs("li")
    assert isinstance(done, Entered)
    found = find_session(db, done.session.token, desk=seat.token)
    assert found is not None and found.name == "li" and find_session(db, out.token, desk=seat.token) is None
    (running,) = db.read(desk.merchant_id, running_shifts)
    assert running.operator_name == "li"


def test_what_was_offered_is_taken_back_and_offered_to_one(db: Database) -> None:
    desk, _, out, came = at_desk(db)
    make_operator(db, desk, "auditor", name="audit")
    make_operator(db, desk, "checker", name="third")
    auditor, third, owner = enter(db, "audit").actor, enter(db, "third").actor, enter(db, desk.owner).actor
    shift_id = begin(db, out.actor)
    back = lambda who: db.write(desk.merchant_id, lambda tx: take_back_shift(tx, who, shift_id=shift_id))
    assert refused(lambda: offer(db, came.actor, shift_id)) == "shift_not_yours"
    assert refused(lambda: offer(db, out.actor, shift_id, note="x" * 1001)) == "shift_note_long"
    assert refused(lambda: back(out.actor)) == "shift_otherwise"
    offer(db, out.actor, shift_id, to_id=came.actor.id)
    assert refused(lambda: take(db, third, shift_id)) == "shift_for_other"
    assert refused(lambda: back(came.actor)) == "shift_not_yours"
    back(out.actor)
    assert refused(lambda: take(db, came.actor, shift_id)) == "shift_otherwise"
    offer(
        db, owner, shift_id
    )  # who has gone without a word: a manager signs for him, and does not take it over
    assert refused(lambda: take(db, owner, shift_id)) == "shift_signed_twice"
    with pytest.raises(NotAllowed):
        take(db, auditor, shift_id)
    (offered,) = db.read(desk.merchant_id, running_shifts)
    assert [waits_for(offered, who) for who in (out.actor, owner, auditor, third)] == [
        False,
        False,
        False,
        True,
    ]
    assert take(db, third, shift_id)


def test_two_hand_overs_at_once_are_one(db: Database) -> None:
    desk, _, out, came = at_desk(db)
    make_operator(db, desk, "checker", name="third")
    third = enter(db, "third").actor

    def tried(run: Any) -> str:
        try:
            run()
        except Refusal as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(8) as pool:
        begun = list(pool.map(lambda _: tried(lambda: begin(db, out.actor)), range(8)))
        assert sorted(begun) == ["done"] + ["shift_running"] * 7
        (running,) = db.read(desk.merchant_id, running_shifts)
        offered = list(pool.map(lambda _: tried(lambda: offer(db, out.actor, running.id)), range(8)))
        assert sorted(offered) == ["done"] + ["shift_otherwise"] * 7
        taken = list(pool.map(lambda who: tried(lambda: take(db, who, running.id)), [came.actor, third] * 4))
    assert sorted(taken) == ["done"] + ["shift_otherwise"] * 7
    assert len(db.read(desk.merchant_id, lambda tx: list_handovers(tx, came.actor))) == 1


def test_merchants_are_apart(db: Database) -> None:
    _, _, out, came = at_desk(db)
    shift_id = begin(db, out.actor)
    offer(db, out.actor, shift_id)
    stranger = enter(db, make_desk(db, "别家").owner).actor
    assert refused(lambda: take(db, stranger, shift_id)) == "shift_missing"
    record = take(db, came.actor, shift_id)
    assert db.read(stranger.merchant_id, running_shifts) == []
    assert db.read(stranger.merchant_id, lambda tx: list_handovers(tx, stranger)) == []
    shows = lambda: db.read(stranger.merchant_id, lambda tx: get_handover(tx, stranger, handover_id=record))
    assert refused(shows) == "handover_missing"


def test_the_figures_are_those_of_the_shift(db: Database) -> None:
    with open_counter(db) as counter:
        early = counter.take(quantity=5)
        counter.check()
        clock.shift_clock(10 * MINUTE_US)
        from_us = clock.now_us()
        cod = make_draft(
            payment="unpaid",
            payment_method="cod",
            price=10,
            quantity=1,
            totals=Totals(goods_minor=1000, payable_minor=1000),
        )
        orders = [counter.take(), counter.do(_take, draft=cod), counter.take(quantity=3)]
        counter.check()
        counter.amend(orders[2].order_id, 1)
        counter.check()
        counter.do(hold_order, order_id=early.order_id, reason="x", until_us=None)
        counter.do(hold_order, order_id=orders[2].order_id, reason="x", until_us=None)
        counter.run_spool()
        jobs = [counter.print(one.order_id).job_ids[0] for one in orders[:2]]
        serials = [counter.wait_state(job, "printed").serial for job in jobs]
        counter.spools.pop().stop()
        (waits,) = counter.print(orders[0].order_id, copies=("customer",)).job_ids
        found = _figures(counter, from_us)
        numbers = [counter.order(one.order_id).number for one in orders]
        assert (found.issued.count, found.issued.first, found.issued.last) == (3, numbers[0], numbers[2])
        assert (found.printed.count, found.printed.first, found.printed.last) == (2, *serials)
        assert (found.amended, found.unknown, found.queued) == (1, 0, 1)
        assert [(one.kind, one.count) for one in found.holds] == [("manual", 2)] and found.held_count() == 2
        assert [one.serial for one in found.papers] == [counter.job(waits).serial]
        assert found.cash == (Cash("printed", "CNY", 1, 1000),) and found.posture == "calm"
        later = _figures(counter, clock.now_us() + MINUTE_US)
        assert (later.issued.count, later.printed.count, later.amended, later.cash) == (0, 0, 0, ())
        assert later.held_count() == 2, "what is held is handed on, whenever it began"
        elsewhere = counter.ask(_count, shop_id=7, from_us=from_us)
        assert (elsewhere.issued.count, elsewhere.holds, elsewhere.papers, elsewhere.cash) == (0, (), (), ())


def test_amounts_that_no_sum_can_hold_stop_no_shift(db: Database) -> None:
    with open_counter(db) as counter:
        goods = [Totals(goods_minor=1000 * n, payable_minor=1000 * n) for n in (1, 2, 3)]
        drafts = [
            make_draft(payment="unpaid", payment_method="cod", price=10, quantity=n, totals=each)
            for n, each in enumerate(goods, start=1)
        ]
        orders = [counter.do(_take, draft=draft) for draft in drafts]
        counter.check()
        counter.run_spool()
        for one in orders:
            counter.wait_state(counter.print(one.order_id).job_ids[0], "printed")
        vast = Statement[None](sa.update(order_head).where(own(order_head)), sets=("payable_minor",))
        db.write(counter.house.merchant_id, lambda tx: tx.run(vast, payable_minor=2**62 - 1))
        (cash,) = _figures(counter, 0).cash
        assert (cash.count, cash.minor) == (3, 2**62)


def _take(tx: Any, *, actor: Actor, draft: Any) -> Any:
    return take_in(tx, actor, draft)


def _count(tx: Any, *, shop_id: int, from_us: int) -> Any:
    return count_shift(tx, shop_id=shop_id, from_us=from_us, until_us=tx.now_us)


def _figures(counter: Counter, from_us: int) -> Any:
    house: House = counter.house
    return counter.ask(_count, shop_id=house.shop.id, from_us=from_us)
