"""Receivers go when nobody has worked on their order for so long; old look-ups go; what the law keeps stays."""

from tests.counter import open_counter
from tests.orders.planted import HIM
from tocsin.core.clock import DAY_US, shift_clock
from tocsin.core.db import Database
from tocsin.core.preference import change_preference
from tocsin.orders.legal import hold_by_law
from tocsin.orders.lookup import own_lookups
from tocsin.orders.person import PrivacyRules
from tocsin.orders.query import look_up_order
from tocsin.orders.retention import erase_old, purge_ledger


def test_old_receivers_and_look_ups_go(db: Database) -> None:
    with open_counter(db) as counter:
        merchant_id, name = (
            counter.house.merchant_id,
            lambda taken: counter.order(taken.order_id, real=True).receiver.name,
        )
        shift_clock(-400 * DAY_US)
        old, kept = counter.take(receiver=HIM), counter.take(external_id="kept")
        look_up_order(db, counter.actor, number=old.number, door="page")
        counter.do(hold_by_law, order_id=kept.order_id, reason="纠纷")
        shift_clock(0)
        assert erase_old(db, merchant_id) == 0, "nobody has chosen that receivers go"
        counter.do(change_preference, value=PrivacyRules(keep_days=180), box="privacy", revision=0)
        young = counter.take(receiver=HIM, external_id="young")
        look_up_order(db, counter.actor, number=old.number, door="page")
        assert [erase_old(db, merchant_id) for _ in range(2)] == [1, 0]
        assert [name(each) for each in (old, kept, young)] == ["", "王小明", HIM.name]
        assert [db.write(merchant_id, purge_ledger) for _ in range(2)] == [1, 0]
        assert len(counter.ask(own_lookups, actor=counter.actor)) == 1
