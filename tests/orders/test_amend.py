"""Amending: against the revision that was seen, never over another's change, never a mask over the real text."""

import threading

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from tests.counter import Counter, open_counter
from tests.house import make_house
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.core.money import MICRO
from tocsin.core.statement import Statement, bind, own
from tocsin.orders.amend import (
    Amendment,
    MaskedValue,
    NothingChanged,
    OrderCancelled,
    OrderMoved,
    PartyChanges,
    ReasonMissing,
    TotalsChanges,
    amend_order,
    cancel_order,
    compare_orders,
)
from tocsin.orders.draft import Line, Totals
from tocsin.orders.preview import preview_amendment
from tocsin.orders.store import OrderMissing, list_revisions
from tocsin.orders.table import order_revision

_BODY = Statement[tuple[str]](
    sa.select(order_revision.c.body).where(own(order_revision), order_revision.c.order_id == bind("order_id"))
)


def in_threads(count: int, work: object) -> None:
    """Run work(place) in so many threads at once."""
    threads = [threading.Thread(target=work, args=(place,)) for place in range(count)]  # type: ignore[arg-type]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]


def test_no_amendment_overwrites_another(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        told: list[tuple[str, int, str]] = []

        def work(place: int) -> None:
            for turn in range(25):
                seen = counter.order(taken.order_id).revision
                note = f"{place}-{turn}"
                try:
                    issued = counter.amend(taken.order_id, seen, Amendment(merchant_note=note), note)
                    told.append(("made", issued.revision, note))
                except OrderMoved as moved:
                    told.append(("moved", int(moved.data["present"]), note))

        in_threads(8, work)
        made = {revision: note for what, revision, note in told if what == "made"}
        assert len(told) == 200 and len(made) == sum(what == "made" for what, _, _ in told)
        assert any(what == "moved" for what, _, _ in told)
        kept = {r.revision: r.reason for r in counter.ask(list_revisions, order_id=taken.order_id)}
        assert kept == {1: "intake: test", **made}
        assert counter.order(taken.order_id).merchant_note == made[max(made)]


def test_a_cancellation_is_never_undone_by_an_amendment_in_flight(db: Database) -> None:
    with open_counter(db) as counter:
        orders = [counter.take().order_id for _ in range(8)]
        told: list[object] = []

        def work(place: int) -> None:
            for order_id in orders:
                try:
                    if place % 2:
                        counter.do(cancel_order, order_id=order_id, reason="客户取消")
                    else:
                        counter.amend(order_id, 1, reason=str(place))
                except (OrderMoved, OrderCancelled) as refused:
                    told.append(refused)

        in_threads(4, work)
        assert {counter.order(order_id).desk_state for order_id in orders} == {"cancelled"}
        assert len(told) >= 16


def test_a_stale_amendment_tells_what_is_there(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        counter.amend(taken.order_id, 1)
        with pytest.raises(OrderMoved, match="revision 2 now, you saw 1"):
            counter.amend(taken.order_id, 1)
        with pytest.raises(OrderMoved):
            counter.ask(
                preview_amendment, actor=counter.actor, order_id=taken.order_id, seen=1, amendment=Amendment()
            )
        assert counter.order(taken.order_id).revision == 2


def test_a_mask_is_never_written_over_the_real_text(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        masked = counter.order(taken.order_id).receiver
        same = PartyChanges(**{name: getattr(masked, name) for name in masked.__struct_fields__})
        with pytest.raises(NothingChanged):
            counter.amend(taken.order_id, 1, Amendment(receiver=same))
        counter.amend(taken.order_id, 1, Amendment(receiver=same, carrier="顺丰"))
        assert counter.order(taken.order_id, real=True).receiver.phone == "13812345678"
        for field, value in (
            ("phone", "139****5678"),
            ("name", "李*"),
            ("address", "某路***"),
            ("name", "李＊"),
        ):
            with pytest.raises(MaskedValue, match=f"receiver.{field}"):
                counter.amend(taken.order_id, 2, Amendment(receiver=PartyChanges(**{field: value})))
        assert counter.order(taken.order_id, real=True).receiver.address == "黄山路 12 号 3 栋 402 室"


def test_changes_are_told_line_by_line_and_masked(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        before = counter.order(taken.order_id, real=True)
        lines = (
            Line(title="宣纸", line_id="x", quantity_micro=MICRO, unit_price_micro=MICRO),
            Line(title="毛笔", quantity_micro=MICRO, unit_price_micro=2 * MICRO),
        )
        change = Amendment(
            lines=lines, receiver=PartyChanges(name="李四", phone="13900001111"), campaign="团购"
        )
        seen = counter.ask(
            preview_amendment, actor=counter.actor, order_id=taken.order_id, seen=1, amendment=change
        )
        told = {c.field: (c.before, c.after) for c in seen.changes}
        assert told["receiver.name"] == ("王**", "李*") and told["receiver.phone"] == (
            "138****5678",
            "139****1111",
        )
        assert told["lines.1.title"] == ("砀山酥梨 5 斤装", "毛笔")
        assert told["lines.x"] == ("", "宣纸") and told["totals.payable_minor"] == ("7980", "300")
        assert (seen.payable_after_minor, seen.currency, seen.seen) == (300, "CNY", 1)
        assert counter.order(taken.order_id).revision == 1
        counter.amend(taken.order_id, 1, change)
        after = counter.order(taken.order_id, real=True)
        assert tuple(compare_orders(before, after)) == seen.changes and after.payable_minor == 300


def test_a_typed_payable_stands_and_a_typed_charge_is_added(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        for seen, totals, payable in (
            (1, TotalsChanges(payable_minor=5000), 5000),
            (2, TotalsChanges(shipping_minor=1000), 8980),
            (3, TotalsChanges(coupon_minor=980, points_minor=500, adjustment_minor=-500), 7000),
        ):
            counter.amend(taken.order_id, seen, Amendment(totals=totals))
            assert counter.order(taken.order_id).payable_minor == payable
        assert counter.order(taken.order_id).totals == Totals(
            goods_minor=7980, shipping_minor=1000, coupon_minor=980, points_minor=500, adjustment_minor=-500, payable_minor=7000,
            paid_minor=7980,
        )  # fmt: skip


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_reason_is_wanted(db: Database, reason: str) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        with pytest.raises(ReasonMissing):
            counter.amend(taken.order_id, 1, reason=reason)
        with pytest.raises(ReasonMissing):
            counter.do(cancel_order, order_id=taken.order_id, reason=reason)


def test_a_cancelled_order_stays_as_it_is(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        counter.do(cancel_order, order_id=taken.order_id, reason=" 客户取消 ")
        with pytest.raises(OrderCancelled):
            counter.amend(taken.order_id, 1)
        with pytest.raises(OrderCancelled):
            counter.do(cancel_order, order_id=taken.order_id, reason="再来")
        entry = counter.ask(read_journal, subject=f"order:{taken.order_id}")[0]
        assert (entry.verb, entry.fields(), entry.actor_name) == (
            "orders.cancel",
            {"reason": "客户取消"},
            "owner",
        )


def test_only_who_may_amends_and_cancels(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        may = {"amend": {"owner", "manager", "clerk"}, "cancel": {"owner", "manager"}}
        for role in ("auditor", "checker", "station", "clerk", "manager", "owner"):
            as_role = Counter(counter.house, counter.peer, counter.house.actor(role))
            seen = counter.order(taken.order_id).revision
            change = Amendment(carrier=role)
            acts = {
                "amend": lambda r=as_role, s=seen, c=change: (
                    r.ask(preview_amendment, actor=r.actor, order_id=taken.order_id, seen=s, amendment=c),
                    r.do(amend_order, order_id=taken.order_id, seen=s, amendment=c, reason="x"),
                ),
                "cancel": lambda r=as_role: r.do(cancel_order, order_id=counter.take().order_id, reason="x"),
            }
            for right, act in acts.items():
                if role in may[right]:
                    act()
                else:
                    with pytest.raises(NotAllowed):
                        act()


def test_another_merchant_has_no_such_order(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        other = make_house(db, code="NJ")
        stranger = Counter(other, counter.peer, other.actor())
        with pytest.raises(OrderMissing):
            stranger.amend(taken.order_id, 1)
        with pytest.raises(OrderMissing):
            stranger.do(cancel_order, order_id=taken.order_id, reason="x")


def test_a_preview_tells_nobody_whether_he_guessed_right(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(merchant_note="老客户，另打 13900001111")
        clerk = counter.house.actor("clerk", actor_id=5)

        def told(**typed: str) -> list[tuple[str, str, str]]:
            note = {"merchant_note": typed.pop("note")} if "note" in typed else {}
            change = Amendment(receiver=PartyChanges(**typed), **note)
            found = counter.ask(
                preview_amendment, actor=clerk, order_id=taken.order_id, seen=1, amendment=change
            )
            return [(one.field, one.before, one.after) for one in found.changes]

        for phone in ("13800005678", "13812345678"):
            assert told(phone=phone) == [("receiver.phone", "138****5678", "138****5678")]
        for name in ("王大明", "王小明"):
            assert told(name=name) == [("receiver.name", "王**", "王**")]
        for guess in ("13812345678", "13800005678"):
            assert told(buyer_note=guess) == [("receiver.buyer_note", "", "138****5678")]
        for note in ("老客户，另打 13900001111", "老客户，另打 13911111111"):
            masked = "老客户，另打 139****1111"
            assert told(note=note) == [("merchant_note", masked, masked)]
        assert told(phone="138****5678", note="老客户，另打 139****1111") == [], "a mask left as it was"


def test_the_merchant_s_note_is_sealed_and_shown_masked(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(merchant_note="王小明 另打 13900001111")
        assert counter.order(taken.order_id).merchant_note == "*** 另打 139****1111"
        assert counter.order(taken.order_id, real=True).merchant_note == "王小明 另打 13900001111"
        body = counter.ask(lambda tx: tx.value(_BODY, order_id=taken.order_id))
        assert "totals" in body and "13900001111" not in body
        with pytest.raises(NothingChanged):
            counter.amend(taken.order_id, 1, Amendment(merchant_note="*** 另打 139****1111"))
        with pytest.raises(MaskedValue, match="merchant_note"):
            counter.amend(taken.order_id, 1, Amendment(merchant_note="另打 139****1111"))
        counter.amend(taken.order_id, 1, Amendment(carrier="顺丰", merchant_note="*** 另打 139****1111"))
        counter.amend(taken.order_id, 2, Amendment(merchant_note="请早送"))
        before, after = (counter.order(taken.order_id, revision=r, real=True) for r in (2, 3))
        (change,) = compare_orders(before, after)
        assert (change.before, change.after) == ("*** 另打 139****1111", "请早送")


def test_what_was_paid_undeclared_stays_paid_when_more_becomes_payable(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        counter.check()
        assert counter.order(order_id).totals.paid_minor is None
        counter.amend(order_id, 1)
        assert counter.order(order_id).totals.paid_minor is None, "nothing of the money changed"
        line = replace(counter.order(order_id).lines[0], quantity_micro=20 * MICRO)
        counter.amend(order_id, 2, Amendment(lines=(line,)))
        counter.amend(order_id, 3, Amendment(totals=TotalsChanges(shipping_minor=100)))
        order = counter.order(order_id)
        assert (order.totals.paid_minor, order.payable_minor) == (7980, 79900)
        assert "paid_amount" in [one.code for one in counter.print(order_id, 4).findings]
        wrong = counter.take(quantity=3, totals=Totals(goods_minor=11970, payable_minor=9000)).order_id
        counter.amend(wrong, 1, Amendment(recalculate=True))
        assert counter.order(wrong).totals.paid_minor is None, "a sum that is mended is no new price"
        counter.amend(wrong, 2, Amendment(totals=TotalsChanges(shipping_minor=100)))
        assert counter.order(wrong).totals.paid_minor == 11970
