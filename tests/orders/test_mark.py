"""Marks: payment and fulfilment are moved by hand, with a reason, and the check looks again."""

import threading
import time
from functools import partial

import pytest

from tests.house import make_draft, make_house
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database, Tx
from tocsin.core.journal import read_journal
from tocsin.orders.amend import OrderCancelled, ReasonMissing, cancel_order
from tocsin.orders.intake import take_in
from tocsin.orders.mark import MarkWrong, mark_order
from tocsin.orders.stop import open_holds
from tocsin.orders.store import load_order
from tocsin.tickets.check import check_new_revisions


def test_an_unpaid_order_is_marked_paid_and_its_hold_closes(db: Database) -> None:
    house = make_house(db)
    clerk = house.actor("clerk")
    taken = db.write(house.merchant_id, partial(take_in, actor=clerk, draft=make_draft(payment="unpaid")))
    check_new_revisions(db)
    assert len(db.read(house.merchant_id, lambda tx: open_holds(tx, order_id=taken.order_id))) == 1
    mark = partial(mark_order, actor=clerk, order_id=taken.order_id, payment="paid", reason="银行到账")
    assert db.write(house.merchant_id, mark).payment == "paid"
    order = db.read(house.merchant_id, lambda tx: load_order(tx, order_id=taken.order_id))
    assert (order.payment, order.totals.paid_minor, order.revision) == ("paid", 7980, 1) and order.paid_at_us
    check_new_revisions(db)
    assert not db.read(house.merchant_id, lambda tx: open_holds(tx, order_id=taken.order_id))
    with pytest.raises(MarkWrong):
        db.write(house.merchant_id, mark)
    entries = db.read(house.merchant_id, lambda tx: read_journal(tx, subject=f"order:{taken.order_id}"))
    assert [e.fields()["reason"] for e in entries if e.verb == "orders.mark"] == ["银行到账"]


def test_a_mark_needs_right_reason_and_a_living_order(db: Database) -> None:
    house = make_house(db)
    owner = house.actor()
    taken = db.write(house.merchant_id, partial(take_in, actor=owner, draft=make_draft()))
    mark = partial(mark_order, order_id=taken.order_id, fulfilment="shipped")
    with pytest.raises(NotAllowed):
        db.write(house.merchant_id, partial(mark, actor=house.actor("checker"), reason="x"))
    with pytest.raises(ReasonMissing):
        db.write(house.merchant_id, partial(mark, actor=owner, reason="  "))
    assert db.write(house.merchant_id, partial(mark, actor=owner, reason="发货")).fulfilment == "shipped"
    db.write(house.merchant_id, partial(cancel_order, actor=owner, order_id=taken.order_id, reason="取消"))
    with pytest.raises(OrderCancelled):
        db.write(house.merchant_id, partial(mark, actor=owner, reason="x"))


def test_a_mark_s_reason_repeats_nobody_in_the_journal(db: Database) -> None:
    house = make_house(db)
    clerk = house.actor("clerk")
    taken = db.write(house.merchant_id, partial(take_in, actor=clerk, draft=make_draft(payment="unpaid")))
    reason = "王小明 13812345678 已付"
    db.write(
        house.merchant_id,
        partial(mark_order, actor=clerk, order_id=taken.order_id, payment="paid", reason=reason),
    )
    entries = db.read(house.merchant_id, lambda tx: read_journal(tx, subject=f"order:{taken.order_id}"))
    assert [e.fields()["reason"] for e in entries if e.verb == "orders.mark"] == ["*** *** 已付"]


def test_two_marks_at_once_keep_both_axes(db: Database) -> None:
    house = make_house(db)
    clerk = house.actor("clerk")
    taken = db.write(house.merchant_id, partial(take_in, actor=clerk, draft=make_draft(payment="unpaid")))
    mark = partial(mark_order, actor=clerk, order_id=taken.order_id, reason="x")
    other = threading.Thread(target=lambda: db.write(house.merchant_id, partial(mark, fulfilment="shipped")))

    def first(tx: Tx) -> None:
        mark(tx, payment="paid")
        if tx.dialect == "postgresql":  # SQLite's writers stand in a row by themselves
            other.start()
            time.sleep(0.5)  # the other has begun, and waits for this transaction

    db.write(house.merchant_id, first)
    if not other.ident:
        other.start()
    other.join()
    order = db.read(house.merchant_id, lambda tx: load_order(tx, order_id=taken.order_id))
    assert (order.payment, order.fulfilment, order.totals.paid_minor) == ("paid", "shipped", 7980)


def test_an_order_that_is_cancelled_meanwhile_is_not_marked(db: Database) -> None:
    house = make_house(db)
    owner = house.actor()
    taken = db.write(house.merchant_id, partial(take_in, actor=owner, draft=make_draft()))
    refused: list[Exception] = []

    def late() -> None:
        try:
            db.write(
                house.merchant_id,
                partial(mark_order, actor=owner, order_id=taken.order_id, reason="x", fulfilment="shipped"),
            )
        except OrderCancelled as refusal:
            refused.append(refusal)

    other = threading.Thread(target=late)

    def cancel(tx: Tx) -> None:
        cancel_order(tx, owner, order_id=taken.order_id, reason="取消")
        other.start()
        time.sleep(0.5)

    db.write(house.merchant_id, cancel)
    other.join()
    order = db.read(house.merchant_id, lambda tx: load_order(tx, order_id=taken.order_id))
    assert (order.desk_state, order.fulfilment, len(refused)) == ("cancelled", "unfulfilled", 1)
