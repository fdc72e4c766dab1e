"""Acknowledgements that last: of a receiver for his next orders, of a habit as an offer to ask no more."""

from msgspec.structs import replace

from tests.counter import Counter, open_counter
from tocsin.core.clock import DAY_US, shift_clock
from tocsin.core.db import Database
from tocsin.orders.draft import Party
from tocsin.tickets.check import check_order
from tocsin.tickets.forget import forget_papers
from tocsin.tickets.habit import habits
from tocsin.tickets.hold import acknowledge_findings

HIM = Party(
    name="王小明", phone="13812345678", province="安徽省", city="合肥市", district="蜀山区", address="黄山路"
)


def ordered(counter: Counter, receiver: Party = HIM, *, quantity: int = 2) -> int:
    order_id: int = counter.take(receiver=receiver, quantity=quantity).order_id
    counter.check()
    return order_id


def acknowledge(counter: Counter, order_id: int, *codes: str, keep: bool = False) -> None:
    counter.do(acknowledge_findings, order_id=order_id, revision=1, codes=codes, keep=keep)


def test_it_is_not_asked_again_of_the_same_receiver_and_is_of_any_other(db: Database) -> None:
    with open_counter(db) as counter:
        first = ordered(counter)
        assert counter.kinds(first) == ["acknowledge"]
        acknowledge(counter, first, "address_short")
        assert counter.kinds(ordered(counter, quantity=3)) == ["acknowledge"], "of this order alone"
        acknowledge(counter, ordered(counter, quantity=4), "address_short", keep=True)
        again = ordered(counter, quantity=5)
        assert counter.kinds(again) == [] and counter.do(check_order, order_id=again).passed
        moved = ordered(counter, replace(HIM, address="长江路"), quantity=6)
        other = ordered(counter, replace(HIM, phone="13812345679"), quantity=7)
        assert counter.kinds(moved) == counter.kinds(other) == ["acknowledge"]
        masked = replace(HIM, name="王*", phone="138****5678")
        acknowledge(counter, ordered(counter, masked, quantity=9), "address_short", keep=True)
        alike = counter.do(check_order, order_id=ordered(counter, masked, quantity=10))
        assert "address_short" in {one.code for one in alike.unacknowledged}, (
            "another may be behind the same mask"
        )
        try:
            shift_clock(401 * DAY_US)
            assert counter.kinds(ordered(counter, quantity=8)) == ["acknowledge"], "not for ever"
        finally:
            shift_clock(0)


def test_what_is_about_the_order_is_never_remembered(db: Database) -> None:
    with open_counter(db) as counter:
        acknowledge(counter, ordered(counter, quantity=2000), "quantity_large", "address_short", keep=True)
        again = ordered(counter, quantity=3000)
        assert [finding.code for finding in counter.do(check_order, order_id=again).unacknowledged] == [
            "quantity_large"
        ]


def test_a_warning_that_is_always_acknowledged_is_offered_as_a_notice(db: Database) -> None:
    with open_counter(db) as counter:
        for quantity in range(2, 22):
            order_id = counter.take(receiver=HIM, quantity=quantity).order_id
            counter.do(check_order, order_id=order_id)
            if quantity < 21:
                acknowledge(counter, order_id, "address_short")
        assert counter.ask(habits) == [], "nineteen of nineteen are too few"
        acknowledge(counter, order_id, "address_short")
        (found,) = counter.ask(habits)
        assert (found.code, found.asked, found.acknowledged, found.percent) == ("address_short", 20, 20, 100)


def test_it_goes_with_the_receiver_of_its_order(db: Database) -> None:
    with open_counter(db) as counter:
        kept = ordered(counter)
        acknowledge(counter, kept, "address_short", keep=True)
        assert counter.kinds(ordered(counter, quantity=3)) == []
        counter.db.write(counter.house.merchant_id, lambda tx: forget_papers(tx, kept))
        assert counter.kinds(ordered(counter, quantity=4)) == ["acknowledge"]
