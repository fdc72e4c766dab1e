"""The source changes what the desk amended: three versions are shown, each field is chosen, nothing is kept for longer."""

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from tests.counter import Counter, open_counter
from tests.house import make_draft
from tocsin.core import clock
from tocsin.core.clock import now_us
from tocsin.core.db import Database
from tocsin.core.money import MICRO
from tocsin.core.statement import Statement
from tocsin.orders.amend import Amendment, MaskedValue, OrderMoved, PartyChanges, ReasonMissing
from tocsin.orders.conflict import (
    KEPT_US,
    ConflictGone,
    forget_conflict,
    meet_source,
    resolve_conflict,
    show_conflict,
    sweep_conflicts,
)
from tocsin.orders.draft import Line, Order
from tocsin.orders.intake import take_in
from tocsin.orders.merge import SideMissing, merge_orders, three_ways
from tocsin.orders.produce import Issued
from tocsin.orders.table import conflict_draft
from tocsin.orders.undo import undo_amendment
from tocsin.tickets.revise import revise_order

_KEPT = Statement[tuple[int, bytes]](sa.select(conflict_draft.c.person_id, conflict_draft.c.sealed))
AT_SOURCE = make_draft(external_id="E-1", channel="taobao")
BEFORE = AT_SOURCE.receiver


def quarrel(counter: Counter, *, kinds: bool = True) -> Order:
    """Return an order whose phone, note and quantity the desk amended, and whose phone and address the source changed."""
    order_id = counter.do(take_in, draft=AT_SOURCE).order_id
    line = replace(counter.order(order_id).lines[0], quantity_micro=3 * MICRO)
    counter.amend(order_id, 1, Amendment(
        receiver=PartyChanges(phone="13911112222"), merchant_note="先打电话", lines=(line,)
    ))  # fmt: skip
    now = replace(AT_SOURCE, receiver=replace(BEFORE, phone="13733334444", address="长江路 8 号 2 栋"))
    taken = counter.do(take_in, draft=now)
    assert taken.result == "conflict" and (not kinds or counter.kinds(order_id) == ["conflict"])
    return counter.order(order_id, real=True)


def resolve(counter: Counter, order: Order, **given: object) -> Issued:
    made: Issued = counter.do(resolve_conflict, **{
        "order_id": order.id, "seen": order.revision, "reason": "客户确认", "picks": {"receiver.phone": "source"}, **given
    })  # fmt: skip
    return made


def test_what_went_back_to_the_sources_content_is_changed_by_it_again(db: Database) -> None:
    """An amendment that was undone is no quarrel: nothing of the desk is left to be overwritten."""
    with open_counter(db) as counter:
        order_id = counter.do(take_in, draft=AT_SOURCE).order_id
        counter.amend(order_id, 1, Amendment(receiver=PartyChanges(phone="13911112222")))
        counter.do(undo_amendment, order_id=order_id, seen=2, reason="改回")
        now = replace(AT_SOURCE, receiver=replace(BEFORE, address="长江路 8 号 2 栋"))
        taken = counter.do(take_in, draft=now)
        assert (taken.result, taken.revision) == ("changed", 4)
        assert counter.order(order_id, real=True).receiver.address == "长江路 8 号 2 栋"
        counter.amend(order_id, 4, Amendment(merchant_note="先打电话"))
        assert counter.do(take_in, draft=AT_SOURCE).result == "conflict", (
            "an amendment that stands is still guarded"
        )


def test_three_versions_are_shown_and_what_collides_is_chosen(db: Database) -> None:
    with open_counter(db) as counter:
        order = quarrel(counter)
        found = counter.ask(show_conflict, actor=counter.actor, order_id=order.id)
        ways = {way.field: (way.base, way.mine, way.theirs, way.side) for way in found.ways}
        assert ways["receiver.phone"] == ("138****5678", "139****2222", "137****4444", "")
        assert ways["merchant_note"] == ("", "先打电话", "", "mine")
        assert ways["receiver.address"][3] == "theirs" and "8 号" not in ways["receiver.address"][2]
        assert ways["lines.1.quantity_micro"][3] == "mine" and [w for w in ways.values() if not w[3]] == [
            ways["receiver.phone"]
        ]
        with pytest.raises(SideMissing, match=r"receiver\.phone"):
            resolve(counter, order, picks={})
        with pytest.raises(ReasonMissing):
            resolve(counter, order, reason=" ")
        with pytest.raises(OrderMoved):
            resolve(counter, order, seen=1)
        assert resolve(counter, order).revision == 3
        now = counter.order(order.id, real=True)
        assert (now.receiver.phone, now.receiver.address) == ("13733334444", "长江路 8 号 2 栋")
        assert (now.merchant_note, now.payable_minor, counter.kinds(order.id)) == ("先打电话", 11970, [])
        assert counter.ask(lambda tx: tx.rows(_KEPT)) == []
        with pytest.raises(ConflictGone):
            counter.ask(show_conflict, actor=counter.actor, order_id=order.id)


def test_all_of_the_desk_kept_makes_no_revision_and_the_source_that_agrees_ends_it(db: Database) -> None:
    with open_counter(db) as counter:
        order = quarrel(counter)
        desk = {"receiver.phone": "desk", "receiver.address": "desk"}
        assert resolve(counter, order, picks=desk).revision == 2 and counter.kinds(order.id) == []
        line = replace(order.lines[0], total_minor=None)
        again = replace(
            AT_SOURCE, receiver=order.receiver, lines=order.lines, totals=order.totals, merchant_note=order.merchant_note
        )  # fmt: skip
        other = replace(again, merchant_note="又变了", lines=(line,))
        assert counter.do(take_in, draft=other).result == "conflict"
        assert counter.kinds(order.id) == ["conflict"]
        counter.do(take_in, draft=again)
        assert counter.kinds(order.id) == [], "the source brings what the desk has"
        # From here on the source is followed again.
        assert counter.do(take_in, draft=replace(again, carrier="顺丰")).result == "changed"


def test_what_was_brought_is_sealed_and_goes_with_the_hold_the_person_or_time(db: Database) -> None:
    with open_counter(db) as counter:
        order = quarrel(counter)
        ((_, sealed),) = counter.ask(lambda tx: tx.rows(_KEPT))
        assert "长江路".encode() not in sealed and b"13733334444" not in sealed
        assert counter.do(lambda tx, **_: forget_conflict(tx, order_id=order.id)) == 1
        with pytest.raises(ConflictGone):
            resolve(counter, order)
        assert counter.kinds(order.id) == ["conflict"], "the hold stays: a person still has to decide"
        base = {"order_id": order.id, "base_revision": 1}
        counter.do(meet_source, draft=replace(AT_SOURCE, carrier="中通"), **base)
        assert counter.do(lambda tx, **_: sweep_conflicts(tx)) == 0
        clock.shift_clock(KEPT_US + 1)
        assert now_us() and counter.do(lambda tx, **_: sweep_conflicts(tx)) == 1
        counter.do(meet_source, draft=replace(AT_SOURCE, carrier="圆通"), **base)
        counter.do(
            revise_order,
            order_id=order.id,
            seen=2,
            amendment=Amendment(carrier="顺丰"),
            reason="定了",
            base_url="http://x",
        )
        assert "conflict" not in counter.kinds(order.id) and counter.ask(lambda tx: tx.rows(_KEPT)) == []


def test_lines_are_merged_by_their_id_and_sums_follow(db: Database) -> None:
    with open_counter(db) as counter:
        base = counter.order(counter.take().order_id, real=True)
        (first,) = base.lines
        pear = Line(title="梨", line_id="7", unit_price_micro=5 * MICRO, total_minor=500)
        silk = Line(title="丝", line_id="8", unit_price_micro=9 * MICRO, total_minor=900)

        def summed(*lines: Line) -> Order:
            goods = sum(line.quantity_micro * line.unit_price_micro // MICRO // 10_000 for line in lines)
            totals = replace(base.totals, goods_minor=goods, payable_minor=goods)
            return replace(
                base, lines=lines, totals=totals, payable_minor=goods, computed_payable_minor=goods
            )

        dear = replace(first, unit_price_micro=50 * MICRO)
        three = replace(first, quantity_micro=3 * MICRO)
        theirs, mine = summed(dear, pear), summed(three, silk)
        assert [way.field for way in three_ways(base, theirs, mine) if not way.side] == []
        merged = merge_orders(base, theirs, mine, picks={})
        assert [line.title for line in merged.lines] == [first.title, "梨", "丝"]
        assert (merged.lines[0].unit_price_micro, merged.lines[0].quantity_micro) == (50 * MICRO, 3 * MICRO)
        assert merged.totals.payable_minor == 15000 + 500 + 900
        # One took the line out, the other changed it: a person chooses between the whole line and none.
        gone = summed(pear)
        ways = {way.field: way.side for way in three_ways(base, gone, summed(three, pear))}
        assert ways["lines.1"] == ""
        kept = merge_orders(base, gone, summed(three, pear), picks={"lines.1": "mine"})
        assert {line.line_id for line in kept.lines} == {"1", "7"}
        assert len(merge_orders(base, gone, summed(three, pear), picks={"lines.1": "theirs"}).lines) == 1


def test_a_mask_from_the_source_is_never_written_over_the_real_text(db: Database) -> None:
    with open_counter(db) as counter:
        order = quarrel(counter)
        hidden = replace(order.receiver, phone="139****2222", name="王**", address="某路**")
        counter.do(take_in, draft=replace(AT_SOURCE, receiver=hidden))
        ways = {
            way.field: way.side
            for way in counter.ask(show_conflict, actor=counter.actor, order_id=order.id).ways
        }
        assert "receiver.name" not in ways and ways["receiver.phone"] == "theirs", "it fits what the desk has"
        with pytest.raises(MaskedValue, match=r"receiver\.address"):
            resolve(counter, order, picks={})
        assert resolve(counter, order, picks={"receiver.address": "desk"}).revision == 2
