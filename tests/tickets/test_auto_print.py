"""Automatic printing by saved screen: what is asked for, what never is, and that nothing is asked twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.counter import BASE, Counter, open_counter
from tests.orders.test_second_person import add_people
from tests.tickets.test_hold import as_role, unknown_job
from tocsin.core import loop
from tocsin.core.actor import NotAllowed
from tocsin.core.clock import MINUTE_US, shift_clock
from tocsin.core.db import Database, Tx
from tocsin.core.event import Event, move_consumer
from tocsin.core.journal import read_journal
from tocsin.orders.amend import cancel_order
from tocsin.orders.draft import Order
from tocsin.orders.mark import mark_order
from tocsin.orders.saved_screen import ScreenMissing, drop_screen, save_screen
from tocsin.orders.screen import Filter
from tocsin.orders.watch_list import add_watch, remove_watch
from tocsin.tickets import auto_print as module
from tocsin.tickets.auto_print import (
    ASKED,
    ScreenNotShared,
    list_automatic,
    print_automatically,
    switch_off,
    switch_on,
)
from tocsin.tickets.check_choice import CheckPreference, choose_checks
from tocsin.tickets.device import remove_printer
from tocsin.tickets.hold import hold_order, release_hold, settle_unknown
from tocsin.tickets.job import jobs_of_order
from tocsin.tickets.print_queue import QueueMissing
from tocsin.tickets.radar import UNPRINTED_US, list_problems
from tocsin.tickets.terminal import ASKED_HELD, cancel_job

QUERY = "payment:paid held:no 王小明"


def save(counter: Counter, query: str = QUERY, *, shared: bool = True) -> int:
    """Save a screen; return its id."""
    made: int = counter.do(save_screen, name="新单", wanted=Filter(query=query), shared=shared)
    return made


def settle(counter: Counter) -> None:
    """Let the checks and the screens see what is new."""
    counter.check()
    while print_automatically(counter.db, base_url=BASE):
        continue


def again(counter: Counter) -> None:
    """Have every event told once more."""
    first = Event(id=0, horizon=0, merchant_id=0, kind="", subject_id=0, data="", at_us=0)
    counter.db.write(0, lambda tx: move_consumer(tx, module.CONSUMER, first))
    settle(counter)


def revisions(counter: Counter, order_id: int) -> list[int]:
    """Return of which revision each paper of an order was asked for."""
    return [job.revision for job in counter.ask(jobs_of_order, order_id=order_id)]


@contextmanager
def automatic(db: Database, query: str = QUERY) -> Iterator[Counter]:
    """Open a counter with a screen that prints by itself."""
    with open_counter(db) as counter:
        counter.do(switch_on, screen_id=save(counter, query))
        yield counter


def test_each_new_order_of_a_screen_is_asked_for_once(db: Database) -> None:
    with open_counter(db) as counter:
        counter.do(switch_on, screen_id=save(counter, "channel:none"))
        old, orders = counter.take(quantity=99).order_id, {}
        screen_id = save(counter)
        counter.do(switch_on, screen_id=screen_id)

        def take(name: str, **changes: Any) -> int:
            orders[name] = counter.take(quantity=len(orders) + 1, **changes).order_id
            return orders[name]

        take("right")
        take("not shown", payment="unpaid", payment_method="cod")
        take("wrong", lines=())
        take("shipped", fulfilment="shipped")
        counter.do(cancel_order, order_id=take("cancelled"), reason="客户取消")
        counter.do(mark_order, order_id=take("refunded"), reason="退款", payment="refunded")
        hold_id = counter.do(hold_order, order_id=take("held"), reason="等客户")
        counter.amend(take("amended"), 1)
        take("paid later", payment="unpaid")
        by_hand = counter.print(take("by hand"))
        counter.do(cancel_job, job_id=by_hand.job_ids[0])
        settle(counter)
        assert {name: revisions(counter, order_id) for name, order_id in orders.items()} == {
            "right": [1], "not shown": [], "wrong": [], "shipped": [], "cancelled": [], "refunded": [], "held": [],
            "amended": [2], "paid later": [], "by hand": [1],
        }  # fmt: skip
        kept = [counter.ask(read_journal, subject=f"order:{order_id}") for order_id in orders.values()]
        assert ASKED_HELD not in {entry.verb for entries in kept for entry in entries}, (
            "not asked for in vain"
        )
        counter.do(release_hold, hold_id=hold_id, reason="好了")
        counter.do(mark_order, order_id=orders["paid later"], reason="到账", payment="paid")
        settle(counter)
        assert [revisions(counter, orders[name]) for name in ("held", "paid later")] == [[1], [1]]
        before = {name: revisions(counter, order_id) for name, order_id in orders.items()}
        again(counter)
        assert before == {name: revisions(counter, order_id) for name, order_id in orders.items()}
        assert revisions(counter, old) == [], "what was there before is a person's"
        (asked,) = [
            entry for entry in counter.ask(read_journal, subject=f"order:{orders['right']}") if entry.verb == ASKED
        ]  # fmt: skip
        assert asked.fields() == {"screen": str(screen_id), "result": "queued"} and asked.actor_name == "desk"


def test_an_order_with_a_paper_is_printed_anew_by_hand_alone(db: Database) -> None:
    with automatic(db) as counter:
        orders = []
        for quantity, came_out in ((1, True), (2, False)):
            orders.append(order_id := counter.take(quantity=quantity).order_id)
            job_id = unknown_job(counter, order_id)
            settle(counter)
            counter.do(settle_unknown, job_id=job_id, came_out=came_out)
            counter.amend(order_id, 1)
        settle(counter)
        out, lost = orders
        assert (revisions(counter, out), revisions(counter, lost)) == ([1], [1]), "out, and held as failed"
        (failed,) = counter.holds(lost)
        counter.do(release_hold, hold_id=failed.id, reason="重来")
        settle(counter)
        again(counter)
        assert (revisions(counter, out), revisions(counter, lost)) == ([1], [2, 1])


def test_a_watched_order_waits_for_two_and_is_asked_for_once_it_is_watched_no_more(db: Database) -> None:
    with automatic(db) as counter:
        order_id = counter.take().order_id
        add_people(counter)
        watch_id = counter.do(add_watch, kind="phone", value="13812345678", reason="欠款")
        # As a notice alone: else the check would hold it for two to acknowledge.
        counter.do(choose_checks, chosen=CheckPreference(levels={"buyer": "I"}), revision=0)
        counter.check()
        settle(counter)
        again(counter)
        verbs = [entry.verb for entry in counter.ask(read_journal, subject=f"order:{order_id}")]
        assert (verbs.count("orders.watched_tried"), verbs.count(ASKED)) == (1, 0), "told once an hour"
        assert revisions(counter, order_id) == []
        try:
            shift_clock(UNPRINTED_US + MINUTE_US)
            assert [one.order_id for one in counter.ask(list_problems, kind="unprinted")] == [order_id], (
                "in sight"
            )
        finally:
            shift_clock(0)
        counter.do(remove_watch, watch_id=watch_id)
        again(counter)
        assert revisions(counter, order_id) == [1], "never left out for ever"


@pytest.mark.parametrize(("step", "asked"), [("write_journal", []), ("move_consumer", [1])])
def test_killed_at_either_step_nothing_is_lost_or_doubled(
    db: Database, monkeypatch: pytest.MonkeyPatch, step: str, asked: list[int]
) -> None:
    """Before the papers are there, and before the event is passed."""

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with automatic(db) as counter:
        order_id = counter.take().order_id
        counter.check()
        with monkeypatch.context() as killing:
            killing.setattr(module, step, killed)
            with pytest.raises(KeyboardInterrupt):
                print_automatically(db, base_url=BASE)
        assert revisions(counter, order_id) == asked
        settle(counter)
        assert revisions(counter, order_id) == [1]


def test_a_guard_that_is_gone_would_be_seen(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with automatic(db) as counter:
        order_id = counter.take().order_id
        settle(counter)
        monkeypatch.setattr(module, "_may_ask", lambda tx, order: not tx.value(module._ASKED, order_id=order.id, revision=1))  # fmt: skip
        again(counter)
        assert revisions(counter, order_id) == [1], "that it was asked for is enough by itself"
        monkeypatch.setattr(module, "_may_ask", lambda *_: True)
        monkeypatch.setattr(loop, "_PAUSES_SECONDS", ())
        with capture_logs() as logs:
            again(counter)
        assert [one["kind"] for one in logs if one["event"] == "event_passed_over"] == ["order.produced"]
        assert revisions(counter, order_id) == [1], "the database lets none be asked for twice"
        monkeypatch.setattr(module, "_ASK", module._LIST)
        again(counter)
        assert len(revisions(counter, order_id)) > 1


def test_many_at_once_are_asked_for_once_each(db: Database) -> None:
    with automatic(db) as counter:
        with ThreadPoolExecutor(4) as pool:
            orders = list(pool.map(lambda n: counter.take(quantity=n).order_id, range(1, 25)))
        counter.check()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: print_automatically(db, base_url=BASE), range(4)))
        settle(counter)
        assert [revisions(counter, order_id) for order_id in orders] == [[1]] * 24


def test_who_may_switch_what(db: Database) -> None:
    with open_counter(db) as counter:
        screen_id, own_id = save(counter), save(counter, shared=False)
        for role in ("clerk", "checker", "auditor", "station"):
            for verb in (switch_on, switch_off):
                with pytest.raises(NotAllowed):
                    as_role(counter, role).do(verb, screen_id=screen_id)
        with pytest.raises(ScreenNotShared):
            counter.do(switch_on, screen_id=own_id)
        with pytest.raises(ScreenMissing):
            counter.do(switch_on, screen_id=7)
        for role in ("manager", "owner"):
            as_role(counter, role).do(switch_on, screen_id=screen_id)
        (found,) = counter.ask(list_automatic)
        assert (found.name, found.by_name) == ("新单", "manager"), "who switched it on first"
        for _ in range(2):
            counter.do(switch_off, screen_id=screen_id)
        assert not counter.ask(list_automatic)
        order_id = counter.take().order_id
        counter.do(switch_on, screen_id=screen_id)
        counter.do(drop_screen, screen_id=screen_id)
        newer = counter.take(quantity=3).order_id
        settle(counter)
        assert not counter.ask(list_automatic), "a screen that is gone prints nothing"
        assert revisions(counter, order_id) == revisions(counter, newer) == []
        counter.do(remove_printer, printer_id=counter.printer().id)
        with pytest.raises(QueueMissing):
            counter.do(switch_on, screen_id=save(counter))


def test_one_that_cannot_be_asked_for_keeps_no_other_back(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with automatic(db) as counter, open_counter(db, code="NJ") as other:
        other.do(switch_on, screen_id=save(other, "finding:sum_order OR 王小明"))
        mine, theirs = counter.take().order_id, other.take().order_id
        counter.do(remove_printer, printer_id=counter.printer().id)
        settle(counter)
        assert (revisions(counter, mine), revisions(other, theirs)) == ([], [1])


def test_one_whose_data_is_broken_keeps_no_other_back(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with automatic(db) as counter, open_counter(db, code="NJ") as other:
        other.do(switch_on, screen_id=save(other))
        broken, sound, theirs = (
            counter.take().order_id,
            counter.take(quantity=3).order_id,
            other.take().order_id,
        )
        honest = module._may_ask

        def may_ask(tx: Tx, order: Order) -> bool:
            if order.id == broken:
                raise ArithmeticError("its data")
            return honest(tx, order)

        monkeypatch.setattr(module, "_may_ask", may_ask)
        monkeypatch.setattr(loop, "_PAUSES_SECONDS", ())
        settle(counter)
        asked = [revisions(counter, broken), revisions(counter, sound), revisions(other, theirs)]
        assert asked == [[], [1], [1]]
