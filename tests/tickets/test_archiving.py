"""Closed orders that nobody works on go into the archive, no other does, and every act on one brings it back."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from tests.counter import Counter, open_counter
from tests.house import make_draft, make_house
from tests.telling import assert_none
from tests.tickets.tallied import count_all, differences
from tocsin.core.clock import DAY_US, shift_clock
from tocsin.core.db import Database
from tocsin.core.event import replay_events
from tocsin.core.ident import made_by, older_maker
from tocsin.core.journal import read_journal
from tocsin.core.preference import change_preference
from tocsin.core.statement import Statement
from tocsin.orders.amend import cancel_order
from tocsin.orders.archive import (
    ArchiveDaysWrong,
    NotArchived,
    NotClosed,
    bring_back,
    change_archive_rules,
    put_back,
)
from tocsin.orders.ask import ask_orders
from tocsin.orders.campaign import Plan, add_campaign
from tocsin.orders.daily import MEANING
from tocsin.orders.intake import Taken
from tocsin.orders.mark import mark_order
from tocsin.orders.person import PrivacyRules
from tocsin.orders.retention import erase_old
from tocsin.orders.screen import Filter, count_rows, daily_filter, page_rows, read_filter, screen_orders
from tocsin.tickets import archiving
from tocsin.tickets.archiving import Archiver, archive_some
from tocsin.tickets.claim import claim_job
from tocsin.tickets.hold import hold_order, settle_unknown
from tocsin.tickets.job import jobs_of_order
from tocsin.tickets.late import record_outcome
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.spoil import spoil_paper

_ASK = Statement[None](sa.text(
    "INSERT INTO platform_request VALUES (:merchant_id, 7, :order_id, 1, 'receiver', '', 'asked', 0, 0, '', 0, '', '')"
))  # fmt: skip


class Archive:
    """A counter whose orders are a hundred days old."""

    def __init__(self, counter: Counter) -> None:
        self.counter, self.merchant_id = counter, counter.house.merchant_id

    def draft(self, n: int) -> dict[str, Any]:
        return {"external_id": f"E-{n}", "receiver": replace(make_draft().receiver, phone=f"1381234{n:04}")}

    def take(self, n: int, *, campaign: str = "", result: str = "printed", sent: bool = True) -> Taken:
        """Take an order in, let its paper come to an end, and send it."""
        counter = self.counter
        taken = counter.take(**self.draft(n), campaign=campaign)
        if result:
            assert counter.print(taken.order_id).job_ids
            claim = partial(claim_job, device=counter.printer())
            sending = counter.db.write(self.merchant_id, claim)
            assert sending is not None
            outcome = PrintOutcome(result=result, reason="told", bytes_left=True)  # type: ignore[arg-type]
            counter.db.write(
                self.merchant_id, partial(record_outcome, job_id=sending.job.id, outcome=outcome)
            )
        if sent:
            self.mark(taken, "shipped")
        return taken

    def mark(self, taken: Taken, fulfilment: str) -> None:
        self.counter.do(mark_order, order_id=taken.order_id, fulfilment=fulfilment, reason="发货")

    def states(self, *taken: Taken) -> list[str]:
        return [self.counter.order(one.order_id).desk_state for one in taken]

    def choose(self, days: int, revision: int = 0) -> None:
        self.counter.do(change_archive_rules, days=days, revision=revision)

    def sweep(self) -> None:
        archiver = Archiver(self.counter.db)
        while archiver.step():
            continue


@pytest.fixture
def archive(db: Database) -> Iterator[Archive]:
    """A counter a hundred days ago."""
    with open_counter(db) as counter, made_by(older_maker()):
        shift_clock(-100 * DAY_US)
        yield Archive(counter)


def test_what_is_closed_is_archived_and_nothing_else(archive: Archive) -> None:
    counter = archive.counter
    counter.do(add_campaign, plan=Plan(kind="flash_sale", title="秒杀", code="MS-1"))
    closed, other = archive.take(1, campaign="MS-1"), archive.take(2)
    cancelled = archive.take(3)
    counter.do(cancel_order, order_id=cancelled.order_id, reason="不要了")
    unsent, unprinted = archive.take(4, sent=False), archive.take(5, result="")
    asked = archive.take(12)
    counter.db.write(archive.merchant_id, lambda tx: tx.run(_ASK, order_id=asked.order_id))
    held, unknown = archive.take(6), archive.take(7, result="unknown")
    counter.do(hold_order, order_id=held.order_id, reason="等", until_us=None)
    waiting, settled = archive.take(8), archive.take(9, result="unknown")
    marked = archive.take(10, sent=False)
    shift_clock(-20 * DAY_US)
    job_id = counter.holds(settled.order_id)[0].job_id
    counter.do(settle_unknown, job_id=job_id, came_out=True)
    archive.mark(marked, "delivered")
    young = archive.take(11)
    counter.print(waiting.order_id)
    stays = (asked, cancelled, unsent, unprinted, held, unknown, waiting, settled, marked, young)
    before = archive.states(*stays)
    shift_clock(0)
    archive.sweep()
    assert archive.states(closed, other) == ["printed", "printed"], (
        "nobody has chosen that orders are archived"
    )
    for days in (-1, 29, 3651):
        with pytest.raises(ArchiveDaysWrong):
            archive.choose(days)
    archive.choose(90)
    count_all(counter.house)
    archive.sweep()
    assert archive.states(closed, other) == ["archived", "archived"]
    assert_none(differences(counter.house, live=True), "tallies follow an order into the archive")
    assert archive.states(*stays) == before and before[1] == "cancelled" and before[-3:] == ["printed"] * 3
    events = [
        one.subject_id for one in counter.ask(replay_events, after_id=0) if one.kind == "order.archived"
    ]
    assert events == [closed.order_id, other.order_id]
    (entry,) = [one for one in counter.ask(read_journal) if one.verb == "tickets.archive"]
    assert entry.fields()["orders"] == 2 and entry.actor_kind == "desk"
    shift_clock(80 * DAY_US)
    archive.sweep()
    assert archive.states(settled, marked, young) == ["archived"] * 3, "their days have passed as well"
    assert archive.states(waiting, unknown) == ["printed", "produced"], "one waits, of the other nobody knows"


def test_every_act_brings_an_order_back(archive: Archive) -> None:
    counter = archive.counter
    taken = [archive.take(n) for n in range(8)]
    amended, marked, held, again, _moved, printed, by_hand, spoiled = taken
    shift_clock(0)
    archive.choose(90)
    archive.sweep()
    assert archive.states(*taken) == ["archived"] * 8
    counter.amend(amended.order_id, 1)
    archive.mark(marked, "returned")
    counter.do(hold_order, order_id=held.order_id, reason="等", until_us=None)
    assert counter.take(**archive.draft(3)).result == "unchanged"
    assert archive.states(again) == ["archived"], "its source has said nothing new"
    assert counter.take(**archive.draft(3), quantity=3).result == "changed"
    assert counter.take(**archive.draft(4), payment="refunded").result == "moved"
    requested = counter.print(printed.order_id)
    assert requested.result == "queued"
    (job,) = counter.ask(jobs_of_order, order_id=spoiled.order_id)
    counter.do(spoil_paper, job_id=job.id)
    counter.do(bring_back, order_id=by_hand.order_id)
    states = archive.states(*taken)
    assert states == ["produced" if one in (amended, again) else "printed" for one in taken]
    with pytest.raises(NotArchived):
        counter.do(bring_back, order_id=by_hand.order_id)
    counter.do(put_back, order_id=by_hand.order_id)
    counter.do(bring_back, order_id=by_hand.order_id)
    with pytest.raises(NotClosed):
        counter.do(put_back, order_id=held.order_id)
    archive.sweep()
    assert "archived" not in archive.states(*taken), "each has changed just now"


def test_the_daily_list_leaves_the_archive_out_and_every_search_finds_it(archive: Archive) -> None:
    counter = archive.counter
    db, merchant_id = counter.db, archive.merchant_id
    taken = [archive.take(n, result="printed" if n % 2 else "", sent=bool(n % 2)) for n in range(6)]
    counter.do(cancel_order, order_id=taken[4].order_id, reason="不要了")
    assert counter.ask(daily_filter) == Filter()
    for one in (taken[1], taken[3]):
        counter.do(put_back, order_id=one.order_id)
    daily = counter.ask(daily_filter)
    assert counter.ask(read_filter, wanted=daily).meaning == MEANING, "it has a way of its own"
    shown, after = list[int](), ""
    while True:
        page = screen_orders(db, counter.actor, wanted=daily, door="page", after=after, limit=2)
        shown += [row.id for row in page.rows]
        after = page.next
        if not after:
            break
    living = [one.order_id for one in reversed(taken) if one not in (taken[1], taken[3])]
    assert shown == living and counter.ask(count_rows, wanted=daily) == 4
    assert [
        row.id
        for row in counter.ask(page_rows, wanted=Filter(query="-状态:已归档 sort:placed"), after="", limit=9)[
            0
        ]
    ] == living[::-1]
    asked = {text: {row.id for row in ask_orders(db, counter.actor, text=text, door="page").rows} for text in (
        "状态:已归档", taken[1].number, "13812340001", "payment:paid",
    )}  # fmt: skip
    archived, every = {taken[1].order_id, taken[3].order_id}, {one.order_id for one in taken}
    assert list(asked.values()) == [archived, {taken[1].order_id}, {taken[1].order_id}, every]
    shift_clock(0)
    counter.do(change_preference, value=PrivacyRules(keep_days=30), box="privacy", revision=0)
    erase_old(db, merchant_id)
    assert [counter.order(one, real=True).receiver.phone for one in archived] == ["", ""], (
        "retention finds it too"
    )


def test_a_walk_goes_on_where_it_was(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.tickets.archiving.WALKED", 2)
    taken = [archive.take(n, sent=n > 0) for n in range(3)]
    shift_clock(0)
    archive.choose(30)
    db, merchant_id = archive.counter.db, archive.merchant_id
    place = archive_some(db, merchant_id, after=0)
    assert place == taken[1].order_id and archive.states(*taken) == ["printed", "archived", "printed"]
    assert archive_some(db, merchant_id, after=place) == 0 and archive.states(*taken)[1:] == ["archived"] * 2


def test_a_fault_keeps_a_merchants_place_and_no_other_waiting(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_house(db).merchant_id, make_house(db, code="NJ").merchant_id
    walked: list[tuple[int, int]] = []
    broken = {first}

    def walk(_: Database, merchant_id: int, *, after: int) -> int:
        if merchant_id in broken and after:
            raise ValueError("his orders")
        walked.append((merchant_id, after))
        return after + 1 if after < 2 else 0

    monkeypatch.setattr(archiving, "archive_some", walk)
    step = Archiver(db).step
    assert [step(), step(), step()] == [2, 2, 1]
    with pytest.raises(ValueError, match="his orders"):
        step()
    assert walked == [(first, 0), *[(second, place) for place in (0, 1, 2)]]
    shift_clock(DAY_US)
    assert step() == 2 and walked[4:] == [(second, 0)], "who is whole begins anew each day"
    broken.clear()
    while step():
        continue
    assert walked[5:] == [(first, 1), (second, 1), (first, 2), (second, 2)]
