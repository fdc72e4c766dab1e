"""A platform's order: what the desk amends of it is asked of the platform, and answered by a person or by its own news."""

import pytest
from msgspec.structs import replace

from tests.counter import open_counter
from tests.house import make_draft
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.orders.amend import Amendment, PartyChanges, TotalsChanges
from tocsin.orders.intake import take_in
from tocsin.orders.platform import (
    PlatformRule,
    RequestMissing,
    answer_request,
    change_platform_rule,
    list_requests,
    open_requests,
)
from tocsin.orders.undo import NothingToUndo, UndoPrinted, undo_amendment

DRAFT = make_draft(external_id="E-7", channel="shopify")


def test_an_amended_receiver_or_price_is_asked_of_the_platform(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.do(take_in, draft=DRAFT).order_id
        own = counter.take(external_id="E-7", channel="manual").order_id
        counter.amend(own, 1, Amendment(totals=TotalsChanges(shipping_minor=500)))
        counter.amend(order_id, 1, Amendment(merchant_note="易碎"))
        assert counter.ask(list_requests, order_id=own) == counter.ask(list_requests, order_id=order_id) == []
        counter.amend(order_id, 2, Amendment(receiver=PartyChanges(phone="13911112222")))
        counter.amend(order_id, 3, Amendment(totals=TotalsChanges(shipping_minor=500)))
        asked = {one.part: one for one in counter.ask(open_requests, order_id=order_id)}
        assert {part: one.revision for part, one in asked.items()} == {"receiver": 3, "price": 4}
        assert counter.kinds(order_id) == [] and "1391111" not in repr(asked)
        refused = {"order_id": order_id, "request_id": asked["price"].id, "done": False, "reason": "平台不许"}
        counter.do(answer_request, **refused)
        with pytest.raises(RequestMissing):
            counter.do(answer_request, **refused)
        # The platform's own news brings what was asked for.
        news = replace(DRAFT, receiver=replace(DRAFT.receiver, phone="13911112222"))
        assert counter.do(take_in, draft=news).result == "conflict"
        states = {
            one.part: (one.state, one.ended_by) for one in counter.ask(list_requests, order_id=order_id)
        }
        assert states == {"receiver": ("done", "desk"), "price": ("refused", "owner")}
        told = [e.fields() for e in counter.ask(read_journal, subject=f"order:{order_id}") if "ask" in e.verb]
        assert [one["state"] for one in told] == ["done", "refused", "asked", "asked"]


def test_paper_waits_for_the_platform_where_the_merchant_says_so(db: Database) -> None:
    with open_counter(db) as counter:
        counter.do(change_platform_rule, chosen=PlatformRule(paper="wait"), revision=0)
        order_id = counter.do(take_in, draft=DRAFT).order_id
        counter.amend(order_id, 1, Amendment(receiver=PartyChanges(phone="13911112222")))
        assert counter.kinds(order_id) == ["manual"]
        counter.do(undo_amendment, order_id=order_id, seen=2, reason="错单")
        assert counter.kinds(order_id) == [], "what is again as the platform has it is not asked any more"
        (one,) = counter.ask(list_requests, order_id=order_id)
        assert one.state == "withdrawn"
        counter.do(undo_amendment, order_id=order_id, seen=3, reason="还是要改")
        (again,) = counter.ask(open_requests, order_id=order_id)
        counter.do(
            answer_request, order_id=order_id, request_id=again.id, done=True, reason="已改 13911112222"
        )
        assert counter.kinds(order_id) == []
        assert "13911112222" not in repr(counter.ask(list_requests, order_id=order_id))


def test_undoing_is_a_revision_and_says_what_becomes_of_paper(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.do(take_in, draft=DRAFT).order_id
        undo = {"order_id": order_id, "reason": "客户改主意"}
        with pytest.raises(NothingToUndo):
            counter.do(undo_amendment, seen=1, **undo)
        counter.amend(order_id, 1, Amendment(receiver=PartyChanges(address="长江路 8 号"), carrier="顺丰"))
        job = counter.print(order_id, 2)
        counter.run_spool()
        counter.wait_state(job.job_ids[0], "printed")
        with pytest.raises(UndoPrinted, match="AMENDED"):
            counter.do(undo_amendment, seen=2, **undo)
        assert counter.do(undo_amendment, seen=2, printed_too=True, **undo).revision == 3
        now = counter.order(order_id, real=True)
        assert (now.receiver.address, now.carrier, now.desk_state) == (DRAFT.receiver.address, "", "produced")
        taken = counter.do(take_in, draft=replace(DRAFT, carrier="中通"))
        assert taken.result == "changed", "what was undone is no amendment that the source could overwrite"
        source = counter.do(take_in, draft=make_draft(external_id="E-8")).order_id
        counter.do(take_in, draft=make_draft(external_id="E-8", price=5.0))
        with pytest.raises(NothingToUndo):  # what the source sent is no amendment of the desk
            counter.do(undo_amendment, order_id=source, seen=2, reason="r")
