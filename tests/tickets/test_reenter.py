"""What a hold kept from paper: told for many orders at once."""

from typing import Any

import pytest

from tests.counter import open_counter
from tocsin.core.db import Database, Tx
from tocsin.orders.draft import Order
from tocsin.orders.stop import open_holds_of
from tocsin.tickets.hold import hold_order
from tocsin.tickets.reenter import printing_on_release


def test_what_a_release_prints_is_told_for_many_orders_by_as_few_statements_as_for_one(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        orders, run, asked = list[Order](), Tx._execute, list[int]()
        for quantity in range(1, 7):
            orders.append(counter.order(counter.take(quantity=quantity).order_id))
            counter.do(hold_order, order_id=orders[-1].id, reason="x")
            if quantity % 2:
                counter.print(orders[-1].id)
        holds = counter.ask(open_holds_of, order_ids=[order.id for order in orders])

        def count(tx: Tx, statement: Any, params: Any) -> Any:
            asked.append(1)
            return run(tx, statement, params)

        monkeypatch.setattr(Tx, "_execute", count)
        tell = lambda few: counter.db.read(
            counter.house.merchant_id, lambda tx: printing_on_release(tx, counter.actor, few, orders=orders)
        )
        assert tell(holds[:1]) is not None and (one := len(asked))
        printing = tell(holds)
        assert len(asked) - one == one
        assert {hold.order_id for hold in holds if hold.id in printing} == {order.id for order in orders[::2]}
