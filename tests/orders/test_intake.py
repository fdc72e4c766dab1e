"""Intake: once, whatever comes again; never over what the desk or a person has put right."""

import threading
from functools import partial

import pytest
from msgspec.structs import replace

from tests.counter import Counter, open_counter
from tests.house import make_draft
from tocsin.core.actor import NotAllowed
from tocsin.core.clock import DAY_US, now_us
from tocsin.core.db import Database
from tocsin.core.money import MICRO
from tocsin.core.tenant import ShopMissing
from tocsin.orders.amend import Amendment, PartyChanges, cancel_order
from tocsin.orders.axis import AxisNews
from tocsin.orders.draft import Line, Party, Totals
from tocsin.orders.intake import REOPENED, DraftWrong, foresee, take_in, take_news
from tocsin.orders.mark import mark_order
from tocsin.orders.query import search_orders
from tocsin.orders.screen import Filter, count_rows

RECEIVER = Party(name="王小明", phone="13812345678", address="黄山路 12 号 3 栋 402 室")


def test_one_order_comes_of_eight_threads(db: Database) -> None:
    with open_counter(db) as counter:
        told, faults = [], []
        barrier = threading.Barrier(8)

        def work() -> None:
            barrier.wait()
            try:
                told.append(counter.take(external_id="E-1"))
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=work) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert not faults
        assert sorted(t.result for t in told) == ["new"] + ["unchanged"] * 7
        assert len({(t.order_id, t.number) for t in told}) == 1 and told[0].number.endswith("-0001")
        assert counter.ask(count_rows, wanted=Filter()) == 1
        assert counter.take(external_id="E-2").number.endswith("-0002")


def test_changes_that_race_are_all_taken(db: Database) -> None:
    """Two sources of news and an amendment at once: no fault, and the head is the newest revision."""
    with open_counter(db) as counter:
        taken, faults = counter.take(external_id="E-1"), []

        def work(place: int) -> None:
            try:
                for turn in range(5):
                    counter.take(external_id="E-1", price=40.0 + place + turn / 10)
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=work, args=(place,)) for place in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert not faults
        assert counter.order(taken.order_id).revision == 21


def test_the_same_number_of_another_shop_or_channel_is_another_order(db: Database) -> None:
    with open_counter(db) as counter:
        ids = {counter.take(external_id="E-1", channel=channel).order_id for channel in ("test", "sheet")}
        ids |= {
            counter.take().order_id,
            counter.take().order_id,
        }  # without one, nothing tells that it came before
        assert len(ids) == 4


def test_what_comes_of_each_kind_of_news(db: Database) -> None:
    with open_counter(db) as counter:
        news = [
            ({}, "new"), ({}, "unchanged"),
            ({"payment": "refunded"}, "moved"), ({"payment": "refunded"}, "unchanged"),
            ({"payment": "refunded", "status_known": False}, "moved"),
            ({"price": 50.0, "source_version_us": 50}, "changed"),
            ({"price": 60.0, "source_version_us": 40}, "older"),
            ({"price": 50.0, "source_version_us": 60, "fulfilment": "shipped", "cancelled": True}, "moved"),
            ({"price": 50.0, "source_version_us": 60, "fulfilment": "shipped"}, "unchanged"),  # of the same second
            ({"price": 60.0, "source_version_us": 70, "cancelled": True}, "changed"),
            ({"price": 60.0}, "unchanged"),  # of no known time: it stays cancelled
        ]  # fmt: skip
        for changes, result in news:
            draft = make_draft(external_id="E-1", **changes)
            foreseen = db.read(counter.house.merchant_id, partial(foresee, draft=draft))
            assert counter.take(external_id="E-1", **changes).result == result == foreseen.result, changes
        order = counter.order(counter.take(external_id="E-1", source_version_us=1).order_id)
        assert (order.desk_state, order.revision, order.payable_minor) == ("cancelled", 3, 12000)
        assert (order.payment, order.fulfilment) == ("paid", "unfulfilled")
        assert counter.take(external_id="E-1", price=60.0, source_version_us=80).result == "moved"
        assert counter.order(order.id).desk_state == "produced"  # newer news says so
        counter.do(cancel_order, order_id=order.id, reason="不要了")
        assert counter.take(external_id="E-1", price=70.0, source_version_us=90).result == "conflict"
        assert counter.kinds(order.id) == ["conflict"] and counter.order(order.id).desk_state == "cancelled"


def test_a_name_that_is_only_spelled_as_its_language_does_is_no_change(db: Database) -> None:
    """An order that was taken in when names were put together first name first has its paper out: it stays."""
    with open_counter(db) as counter:
        take = lambda name, **more: counter.take(
            external_id="E-1", receiver=replace(RECEIVER, name=name), **more
        )
        assert take("小明 王").result == "new"
        assert take("王小明").result == "unchanged" and take("王小明").revision == 1
        assert take("王小明", payment="refunded").result == "moved"
        assert take("小明王").result == "changed", "another name"
        assert take("王小明", price=50.0).result == "changed"


def test_a_source_whose_clock_is_years_ahead_bars_no_later_news(db: Database) -> None:
    with open_counter(db) as counter:
        ahead = now_us() + 400 * DAY_US
        taken = counter.take(external_id="E-1", source_version_us=ahead)
        counter.do(
            take_news, news=AxisNews(channel="test", external_id="E-1", at_us=ahead, fulfilment="shipped")
        )
        assert counter.take(external_id="E-1", source_version_us=ahead).result == "unchanged"
        later = {
            "source_version_us": now_us() + 1_000_000,
            "fulfilment": "returned",
            "price": 50.0,
            "cancelled": True,
        }
        assert counter.take(external_id="E-1", **later).result == "changed"
        order = counter.order(taken.order_id)
        assert (order.desk_state, order.payable_minor, order.fulfilment) == ("cancelled", 10000, "returned")


@pytest.mark.parametrize("price", [39.9, 50.0])
def test_what_a_person_cancelled_is_not_opened_again_by_its_shop(db: Database, price: float) -> None:
    """Also where the shop cancelled it as well, and took that back: it is held, for a person to decide."""
    with open_counter(db) as counter:
        take = partial(counter.take, external_id="E-1")
        taken = take(source_version_us=1)
        counter.do(cancel_order, order_id=taken.order_id, reason="不要了")
        assert take(source_version_us=2, cancelled=True).result == "moved"
        later = {"source_version_us": 3, "price": price}
        foreseen = counter.ask(foresee, draft=make_draft(external_id="E-1", **later))
        assert take(**later).result == foreseen.result == ("moved" if price == 39.9 else "conflict")
        order = counter.order(taken.order_id)
        assert (order.desk_state, order.revision) == ("cancelled", 1)
        assert REOPENED in [hold.reason for hold in counter.holds(taken.order_id)]


def test_news_that_changes_and_cancels_at_once_cancels(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(external_id="E-1")
        assert counter.take(external_id="E-1", price=50.0, cancelled=True).result == "changed"
        order = counter.order(taken.order_id)
        assert (order.desk_state, order.revision) == ("cancelled", 2)
        counter.check()
        assert counter.kinds(taken.order_id) == ["check"]


def test_a_desks_amendment_is_not_overwritten_and_held_once(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(external_id="E-1")
        counter.amend(taken.order_id, 1, Amendment(receiver=PartyChanges(phone="13900001111")))
        assert [counter.take(external_id="E-1", price=p).result for p in (50.0, 60.0, 60.0)] == [
            "conflict", "conflict", "unchanged",
        ]  # fmt: skip
        order = counter.order(taken.order_id, real=True)
        assert (order.receiver.phone, order.payable_minor, order.revision) == ("13900001111", 7980, 2)
        assert counter.kinds(taken.order_id) == ["conflict"]


def test_a_mask_from_the_source_keeps_the_real_text(db: Database) -> None:
    with open_counter(db) as counter:
        take = lambda **k: counter.take(external_id="E-1", receiver=Party(**k))
        first = counter.take(external_id="E-1", receiver=RECEIVER)
        assert take(name="王**", phone="138****5678", address="黄山路***").result == "unchanged"
        assert take(name="王*", phone="138********", address=RECEIVER.address).result == "unchanged"
        assert take(name="王**", phone="138****5678", address="望江路 1 号").result == "changed"
        real = counter.order(first.order_id, real=True).receiver
        assert real == Party(name="王小明", phone="13812345678", address="望江路 1 号")
        for _ in range(2):  # somebody else, whom the source hides: a person fetches the real text
            taken = take(name="李**", phone="138****5678", address="望江路 1 号")
            assert counter.order(first.order_id, real=True).receiver == real
            counter.check()
            assert counter.kinds(first.order_id) == ["conflict"]
        assert taken.result == "unchanged"
        assert take(name="李四", phone="13812345678", address="望江路 1 号").result == "changed"
        assert counter.order(first.order_id, real=True).receiver.name == "李四"
        assert counter.kinds(first.order_id) == [], "the source has said it plainly"


def test_a_mask_of_many_stars_is_looked_at_at_once(db: Database) -> None:
    """The text of a mask is from outside, and this is inside the transaction that writes."""
    with open_counter(db) as counter:
        take = lambda address: counter.take(external_id="E-1", receiver=replace(RECEIVER, address=address))
        first, real = take("a" * 60), lambda: counter.order(first.order_id, real=True).receiver.address
        assert take("*a" * 12 + "*").result == "unchanged"
        assert take("a*a*a").result == "unchanged" and take("a***").result == "unchanged"
        assert take("*a" * 20 + "*b").result == "conflict" and real() == "a" * 60
        assert take("a" * 60).result == "moved" and counter.kinds(first.order_id) == [], (
            "it stands so already"
        )
        take("abcabc")
        for mask, fits in [
            ("ab*bc", True),
            ("abc*abc", False),
            ("a*c*c", True),
            ("*abcabc", False),
            ("a*ca*a*", False),
        ]:
            take("abcabc")
            assert (take(mask).result == "unchanged") is fits, mask


def test_what_a_person_marked_stays_until_the_source_says_something_else_of_it(db: Database) -> None:
    with open_counter(db) as counter:
        source = {"external_id": "E-1", "payment": "unpaid", "external_status": "待付款"}
        taken = counter.take(**source)
        counter.do(mark_order, order_id=taken.order_id, reason="cash at the door", payment="paid")
        marked = counter.order(taken.order_id)
        assert counter.take(**source).result == "unchanged"
        assert counter.take(**{**source, "fulfilment": "shipped"}).result == "moved"
        order = counter.order(taken.order_id)
        assert (order.payment, order.fulfilment) == ("paid", "shipped")
        assert (order.totals.paid_minor, order.paid_at_us) == (marked.payable_minor, marked.paid_at_us)
        assert counter.take(**{**source, "fulfilment": "shipped", "payment": "refunded"}).result == "moved"
        assert counter.order(taken.order_id).payment == "refunded"


def test_an_unknown_status_arrives_held(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(external_id="E-1", status_known=False, external_status="风控中")
        counter.check()
        (hold,) = counter.holds(taken.order_id)
        assert hold.kind == "check" and "风控中" == counter.order(taken.order_id).external_status


HUGE = 2**63


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("lines", {"lines": (Line(title="x"),) * 1001}),
        ("external_id", {"external_id": "E" * 101}),
        ("currency", {"currency": "RENMINBI"}),
        ("lines.0.quantity_micro", {"lines": (Line(title="x", quantity_micro=HUGE),)}),
        (
            "lines",
            {"lines": (Line(title="x", quantity_micro=MICRO * 10**8, unit_price_micro=MICRO * 10**8),) * 5},
        ),
        ("totals.payable_minor", {"totals": Totals(payable_minor=-HUGE)}),
        ("totals", {"totals": Totals(shipping_minor=HUGE - 1, tax_minor=HUGE - 1)}),
        ("totals", {"totals": Totals(goods_minor=HUGE - 1, shipping_minor=HUGE - 1, payable_minor=1)}),
        (
            "totals",
            {"totals": Totals(promotion_minor=HUGE - 1, coupon_minor=1 - HUGE, points_minor=HUGE - 1)},
        ),
        ("lines", {"lines": (Line(title="x", discount_minor=HUGE // 2),) * 2}),
        ("paid_at_us", {"paid_at_us": HUGE}),
    ],
)
def test_what_no_order_can_hold_is_refused(db: Database, field: str, changes: dict[str, object]) -> None:
    with open_counter(db) as counter:
        with pytest.raises(DraftWrong, match=f"The field {field} is wrong"):
            counter.take(**changes)
        with pytest.raises(DraftWrong, match=f"The field {field} is wrong"):
            db.read(counter.house.merchant_id, partial(foresee, draft=make_draft(**changes)))
        assert counter.ask(count_rows, wanted=Filter()) == 0
        with pytest.raises(ShopMissing):
            counter.take(shop="XX")


def test_hidden_characters_in_keys_do_not_make_two_orders(db: Database) -> None:
    with open_counter(db) as counter:
        assert counter.take(external_id="E-1").result == "new"
        assert counter.take(external_id="E\u200b-\x001").result in ("unchanged", "changed")
        assert len(search_orders(db, counter.actor, text="E-1", door="t").rows) == 1


def test_only_who_may_takes_in(db: Database) -> None:
    with open_counter(db) as counter:
        for role in ("owner", "manager", "clerk"):
            Counter(counter.house, counter.peer, counter.house.actor(role)).take()
        for role in ("checker", "auditor", "station"):
            with pytest.raises(NotAllowed):
                Counter(counter.house, counter.peer, counter.house.actor(role)).take()


def test_one_merchants_external_number_is_not_anothers(db: Database) -> None:
    with open_counter(db) as one, open_counter(db, code="NJ") as other:
        assert [c.take(external_id="E-1").result for c in (one, other)] == ["new", "new"]
        assert one.take(external_id="E-1").order_id != other.take(external_id="E-1").order_id
        with pytest.raises(ShopMissing):
            db.write(
                other.house.merchant_id, partial(take_in, actor=other.actor, draft=make_draft(shop="HF"))
            )
