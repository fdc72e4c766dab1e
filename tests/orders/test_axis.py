"""Newest wins per axis, in whatever order news and documents arrive."""

import itertools
import random

import pytest

from tests.counter import Counter, open_counter
from tests.house import make_draft
from tocsin.core.db import Database
from tocsin.orders.axis import AxisNews
from tocsin.orders.intake import PAID_THOUGH_CLOSED, take_in, take_news
from tocsin.orders.waiting import list_come

SECOND = 1_000_000


def document(at: int, **changes: object):
    """What the shop's document says at a second."""
    return make_draft(external_id="E-1", channel="wechat", source_version_us=at * SECOND, **changes)


def news(at: int, **changes: object) -> AxisNews:
    return AxisNews(channel="wechat", external_id="E-1", at_us=at * SECOND, **changes)


def bring(counter: Counter, one: object) -> object:
    """Let a document or a piece of news arrive."""
    if isinstance(one, AxisNews):
        return counter.do(take_news, news=one)
    return counter.do(take_in, draft=one)


ARRIVALS = [
    document(1, payment="unpaid"),
    news(2, payment="paid", paid_minor=7980),
    document(3, payment="unpaid", price=50.0),
    document(4, payment="unpaid", price=60.0, fulfilment="unfulfilled"),
    news(5, fulfilment="shipped"),
]


@pytest.mark.parametrize("seed", range(3))
def test_the_outcome_does_not_depend_on_the_order_of_arrival(db: Database, seed: int) -> None:
    """A payment that the newer document has not heard of stays, an older document undoes nothing."""
    for turn, arrivals in enumerate(random.Random(seed).sample(list(itertools.permutations(ARRIVALS)), 3)):
        with open_counter(db, code=f"S{turn}") as counter:
            taken = [bring(counter, one) for one in (*arrivals, *arrivals)]
            order = counter.order(next(one for one in taken if one).order_id)
            assert (order.payment, order.fulfilment, order.payable_minor) == ("paid", "shipped", 12000)
            assert order.totals.paid_minor == 7980 and order.paid_at_us == 2 * SECOND
            assert counter.ask(list_come) == []
            assert order.desk_state == "produced" and counter.kinds(order.id) == []


def test_money_for_a_closed_order_is_held_whichever_comes_first(db: Database) -> None:
    closed, paid = document(9, payment="closed", cancelled=True), news(2, payment="paid", paid_minor=7980)
    for turn, arrivals in enumerate(((closed, paid, paid), (paid, closed, closed))):
        with open_counter(db, code=f"C{turn}") as counter:
            taken = [bring(counter, one) for one in arrivals]
            order = counter.order(next(one for one in taken if one).order_id)
            (hold,) = counter.holds(order.id)
            assert (order.payment, order.desk_state, hold.reason) == ("paid", "cancelled", PAID_THOUGH_CLOSED)


def test_a_refund_is_undone_by_no_older_payment_and_a_cancelling_by_newer_news_alone(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = bring(counter, document(1)).order_id
        results = [
            bring(counter, one).result
            for one in (
                news(5, payment="refunded"), news(3, payment="paid", paid_minor=1), news(4, cancelled=True),
                document(3, price=40.0), document(6, price=40.0, payment="refunded"),
            )
        ]  # fmt: skip
        assert results == ["moved", "unchanged", "moved", "changed", "moved"]
        order = counter.order(order_id)
        assert (order.payment, order.desk_state, order.revision) == ("refunded", "produced", 2)
