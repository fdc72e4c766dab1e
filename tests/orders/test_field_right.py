"""Field rights: what a role may not amend is refused by the verb, whichever door; sums that only follow are no change."""

import pytest
from msgspec.structs import replace

from tests.counter import Counter, open_counter
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.core.money import MICRO
from tocsin.core.preference import PreferenceMoved
from tocsin.orders.amend import Amendment, PartyChanges, TotalsChanges
from tocsin.orders.field_right import (
    GROUPS,
    FieldLocked,
    FieldRights,
    change_field_rights,
    group_of,
    locked_groups,
    read_field_rights,
)
from tocsin.orders.undo import undo_amendment
from tocsin.tickets.foresee import foresee_amendment


def act(counter: Counter, order_id: int, amendment: Amendment, *, role: str, seen: int = 1) -> object:
    counter.actor = counter.house.actor(role)
    return counter.amend(order_id, seen, amendment)


def test_a_locked_field_is_refused_and_what_only_follows_is_not(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        (line,) = counter.order(order_id).lines
        locked = FieldRights(clerk=("price", "sums", "receiver"), manager=("campaign",))
        counter.do(change_field_rights, chosen=locked, revision=0)
        cases = {
            "receiver": Amendment(receiver=PartyChanges(phone="13911112222")),
            "price": Amendment(lines=(replace(line, unit_price_micro=MICRO),)),
            "sums": Amendment(totals=TotalsChanges(payable_minor=1)),
        }
        added = Amendment(lines=(line, replace(line, line_id="", title="梨")))
        for group, amendment in [*cases.items(), ("price", replace(added, totals=TotalsChanges()))]:
            with pytest.raises(FieldLocked, match=group):
                act(counter, order_id, amendment, role="clerk")
            clerk = counter.house.actor("clerk")
            with pytest.raises(FieldLocked):
                counter.ask(foresee_amendment, actor=clerk, order_id=order_id, seen=1, amendment=amendment)
        with pytest.raises(FieldLocked, match="campaign"):
            act(counter, order_id, Amendment(campaign="x"), role="manager")
        three = Amendment(lines=(replace(line, quantity_micro=3 * MICRO),))
        act(counter, order_id, three, role="clerk")
        assert counter.order(order_id).payable_minor == 11970, "the sums followed the quantity"
        act(counter, order_id, cases["price"], role="manager", seen=2)
        counter.actor = counter.house.actor("clerk")
        with pytest.raises(FieldLocked):  # undoing is changing
            counter.do(undo_amendment, order_id=order_id, seen=3, reason="r")
        key = replace(counter.actor, kind="api_key", role="")
        assert counter.ask(locked_groups, actor=key) == set(locked.clerk)
        assert counter.ask(locked_groups, actor=replace(key, rights=key.rights | {"cancel"})) == {"campaign"}
        act(
            counter,
            order_id,
            Amendment(campaign="x", receiver=PartyChanges(name="李四")),
            role="owner",
            seen=3,
        )


def test_who_may_choose_and_against_which_revision(db: Database) -> None:
    with open_counter(db) as counter:
        clerk = counter.house.actor("clerk")
        assert counter.ask(lambda tx: locked_groups(tx, clerk)) == frozenset()
        with pytest.raises(NotAllowed):
            counter.db.write(
                clerk.merchant_id, lambda tx: change_field_rights(tx, clerk, FieldRights(), revision=0)
            )
        assert counter.do(change_field_rights, chosen=FieldRights(clerk=("price",)), revision=0) == 1
        with pytest.raises(PreferenceMoved):
            counter.do(change_field_rights, chosen=FieldRights(), revision=0)
        assert counter.ask(read_field_rights) == (FieldRights(clerk=("price",)), 1)


def test_each_field_has_its_group() -> None:
    found = {
        "receiver.phone": "receiver", "receiver.buyer_note": "notes", "merchant_note": "notes", "lines.3.quantity": "quantity",
        "lines.0.title": "goods", "lines.0.total": "price", "totals.payable": "sums", "waybill": "parcel", "lines.0": "goods",
    }  # fmt: skip
    assert {field: group_of(field) for field in found} == found and set(found.values()) < set(GROUPS)
