"""An order whose check breaks is held, and keeps nobody else's from being checked, on both databases."""

import msgspec
import psycopg
import pytest

from tests.counter import Counter, open_counter
from tests.house import make_draft, make_house
from tests.tickets.test_check import VERDICTS
from tocsin.core.db import Database, Tx
from tocsin.core.errors import DatabaseAway
from tocsin.core.sqlite import engine
from tocsin.orders.campaign_ask import Asked
from tocsin.orders.draft import Order
from tocsin.orders.intake import take_in
from tocsin.tickets import check, unchecked
from tocsin.tickets.check import check_new_revisions
from tocsin.tickets.queue_setup import pause_queue
from tocsin.tickets.recheck import recheck


def break_check(monkeypatch: pytest.MonkeyPatch, order_id: int, fault: Exception) -> None:
    """Have whatever is asked for an order's check end in a fault."""

    def ask(tx: Tx, order: Order) -> Asked:
        if order.id == order_id:
            raise fault
        return Asked()

    monkeypatch.setattr(check, "ask_campaign", ask)


def findings(counter: Counter, order_id: int) -> list[tuple[str, str]]:
    """Return kind and reason of each open hold, and that its finding says so."""
    found = []
    for hold in counter.holds(order_id):
        (told,) = msgspec.json.decode(hold.findings)
        assert (told["code"], told["data"]["error"]) == ("check_broken", hold.reason)
        found.append((hold.kind, hold.reason))
    return found


def test_a_check_that_breaks_holds_its_order_and_stops_nobody(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        broken, other = counter.take().order_id, make_house(db, code="NB")
        good = db.write(other.merchant_id, lambda tx: take_in(tx, other.actor(), make_draft())).order_id
        break_check(monkeypatch, broken, DatabaseAway())
        with pytest.raises(DatabaseAway):
            counter.check()
        assert counter.kinds(broken) == [], "an outage is of all orders: they wait for its end"
        break_check(monkeypatch, broken, ArithmeticError())
        counter.check()
        assert findings(counter, broken) == [("check", "ArithmeticError")]
        assert len(db.read(other.merchant_id, lambda tx: tx.rows(VERDICTS, id=good))) == 1
        assert check_new_revisions(db) == 0, "its events are over"
        assert recheck(db) == 0 and findings(counter, broken) == [("check", "ArithmeticError")]
        monkeypatch.undo()
        assert recheck(db) == 1 and counter.kinds(broken) == [], "the hold goes when its reason has"


def full_file() -> Exception:
    fault = engine.OperationalError("database or disk is full")
    fault.sqlite_errorcode = 13
    return fault


@pytest.mark.parametrize("fault", [full_file(), psycopg.errors.DiskFull()], ids=["sqlite", "server"])
def test_a_full_database_is_no_orders_fault(
    db: Database, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        break_check(monkeypatch, order_id, fault)
        with pytest.raises(type(fault)):
            check_new_revisions(db)
        break_check(monkeypatch, order_id, ArithmeticError())
        monkeypatch.setattr(unchecked, "_hold", lambda *_, **__: (_ for _ in ()).throw(fault))
        with pytest.raises(type(fault)):
            check_new_revisions(db)
        monkeypatch.undo()
        assert check_new_revisions(db) > 0 and counter.kinds(order_id) == [], (
            "it is checked once there is room"
        )


def test_one_that_waits_for_paper_is_held_where_its_check_breaks(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        waits = counter.take().order_id
        counter.do(pause_queue, queue_id=counter.printer().id, paused=True)
        assert counter.print(waits).result == "queued"
        break_check(monkeypatch, waits, ArithmeticError())
        assert recheck(db) == 0 and findings(counter, waits) == [("check", "ArithmeticError")]
