"""The search box takes words and queries; both leave their look-up."""

import pytest

from tests.counter import open_counter
from tocsin.core.db import Database
from tocsin.core.errors import Refusal
from tocsin.orders.ask import ask_orders
from tocsin.orders.lookup import own_lookups


def test_words_are_searched_and_a_query_screens(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(payment="unpaid")
        for text, kind, hits in (
            ("王小明", "search", 1), ("5678 王小明", "search", 1), ("王小明 支付:未支付", "screen", 1), ("payment:paid", "screen", 0),
        ):  # fmt: skip
            page = ask_orders(db, counter.actor, text=text, door="test")
            assert [row.number for row in page.rows] == [taken.number] * hits, text
            newest = counter.ask(own_lookups, actor=counter.actor)[0]
            assert (newest.id, newest.kind, newest.count) == (page.lookup_id, kind, hits)
        with pytest.raises(Refusal) as refused:
            ask_orders(db, counter.actor, text="payment:", door="test")
        assert refused.value.data["place"] == 9
