"""A conflict between desk and source is released by who may amend, and prints."""

from tests.counter import BASE, open_counter
from tocsin.core.db import Database
from tocsin.orders.amend import Amendment, PartyChanges
from tocsin.tickets.hold import release_hold


def test_a_conflict_is_released_by_who_may_amend(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(external_id="E-1")
        counter.amend(taken.order_id, 1, Amendment(receiver=PartyChanges(phone="13900001111")))
        counter.take(external_id="E-1", price=50.0)
        (hold,) = counter.holds(taken.order_id)
        assert counter.print(taken.order_id, 2).holds == ("conflict",)
        released = counter.do(release_hold, hold_id=hold.id, reason="以改后的为准", base_url=BASE)
        assert hold.kind == "conflict" and released.requested.result == "queued"
