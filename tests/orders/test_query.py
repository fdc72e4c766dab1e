"""Looking up: recorded before the data leaves, masked unless a purpose is given."""

import pytest

from tests.counter import open_counter
from tests.house import make_house
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.orders import query
from tocsin.orders.ledger import all_lookups
from tocsin.orders.lookup import own_lookups, read_query
from tocsin.orders.query import look_up_order, search_orders
from tocsin.orders.reveal import PurposeMissing, reveal_receiver
from tocsin.orders.screen import Filter, screen_orders
from tocsin.orders.store import OrderMissing


class LedgerDown(Exception):
    """The ledger can't be written."""


def test_no_data_without_its_record(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that can't be written: nothing is returned, by any of the doors' verbs."""
    with open_counter(db) as counter:
        taken, owner = counter.take(), counter.actor

        def broken(*_: object, **__: object) -> int:
            raise LedgerDown

        monkeypatch.setattr(query, "record_lookup", broken)
        monkeypatch.setattr("tocsin.orders.screen.record_lookup", broken)
        monkeypatch.setattr("tocsin.orders.reveal.record_lookup", broken)
        for ask in (
            lambda: look_up_order(db, owner, number=taken.number, door="web"),
            lambda: search_orders(db, owner, text="5678", door="web"),
            lambda: reveal_receiver(db, owner, order_id=taken.order_id, purpose="deliver", door="web"),
            lambda: screen_orders(db, owner, wanted=Filter(), door="web"),
        ):
            with pytest.raises(LedgerDown):
                ask()


def test_a_denied_reveal_leaves_its_trace(db: Database) -> None:
    with open_counter(db) as counter:
        taken, clerk = counter.take(), counter.house.actor("clerk", actor_id=9)
        shown = reveal_receiver(db, clerk, order_id=taken.order_id, purpose="deliver", door="web")
        assert (shown.allowed, shown.receiver) == (False, None)
        (kept,) = counter.ask(own_lookups, actor=clerk)
        assert (kept.kind, kept.purpose, kept.door, kept.pairs()) == (
            "denied",
            "deliver",
            "web",
            [(taken.order_id, 1)],
        )
        entry = counter.ask(read_journal, subject=f"order:{taken.order_id}")[0]
        assert (entry.verb, entry.actor_id, entry.fields()) == (
            "orders.denied",
            9,
            {"purpose": "deliver", "fields": "address,name,note,phone"},
        )


@pytest.mark.parametrize(
    ("role", "free", "with_finding"),
    [
        ("owner", True, True), ("manager", True, True), ("clerk", False, True), ("checker", False, True),
        ("auditor", False, False), ("station", False, False),
    ],
)  # fmt: skip
def test_who_may_see_the_real_text(db: Database, role: str, free: bool, with_finding: bool) -> None:
    with open_counter(db) as counter:
        good, wrong = counter.take(), counter.take(quantity=3, payment="unpaid")
        counter.check()
        actor = counter.house.actor(role)
        reveal = lambda order, purpose: reveal_receiver(
            db, actor, order_id=order.order_id, purpose=purpose, door="web"
        )
        assert reveal(good, "deliver").allowed is free
        assert reveal(good, "finding").allowed is free  # nothing was found on it
        shown = reveal(wrong, "finding")
        assert shown.allowed is with_finding
        assert shown.receiver is None or shown.receiver.phone == "13812345678"
        assert reveal(wrong, "deliver").allowed is free
        kinds = [k.kind for k in counter.ask(own_lookups, actor=actor)]
        assert kinds.count("reveal") + kinds.count("denied") == 4


def test_a_purpose_is_wanted(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        for purpose in ("", "curious"):
            with pytest.raises(PurposeMissing):
                reveal_receiver(db, counter.actor, order_id=taken.order_id, purpose=purpose, door="web")
        assert counter.ask(own_lookups, actor=counter.actor) == []


def test_an_order_is_shown_masked_at_each_revision(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        counter.amend(taken.order_id, 1)
        for revision, wanted in ((0, 2), (1, 1), (2, 2)):
            order = look_up_order(db, counter.actor, number=taken.number, door="api", revision=revision)
            assert (order.revision, order.masked, order.receiver.phone) == (wanted, True, "138****5678")
        assert [k.pairs()[0][1] for k in counter.ask(own_lookups, actor=counter.actor)] == [2, 1, 2]


def test_pages_follow_each_other(db: Database) -> None:
    with open_counter(db) as counter:
        numbers = [counter.take().number for _ in range(7)]
        seen, after = list[str](), ""
        while True:
            page = search_orders(db, counter.actor, text="5678", door="web", after=after, limit=3)
            seen += [row.number for row in page.rows]
            if not (after := page.next):
                break
        assert seen == numbers[::-1]
        for odd in ("²", "-1", "x", "9" * 40, "1.5"):
            rows = search_orders(db, counter.actor, text="5678", door="web", after=odd, limit=3).rows
            assert [row.number for row in rows] == numbers[:3:-1]


@pytest.mark.parametrize("role", ["owner", "manager", "clerk", "checker", "auditor"])
def test_who_may_query(db: Database, role: str) -> None:
    with open_counter(db) as counter:
        taken, actor = counter.take(), counter.house.actor(role)
        assert search_orders(db, actor, text=taken.number, door="web").rows
        assert look_up_order(db, actor, number=taken.number, door="web").number == taken.number


def test_a_station_may_not_and_nothing_is_kept(db: Database) -> None:
    with open_counter(db) as counter:
        taken, station = counter.take(), counter.house.actor("station")
        for ask in (
            lambda: look_up_order(db, station, number=taken.number, door="web"),
            lambda: search_orders(db, station, text=taken.number, door="web"),
            lambda: screen_orders(db, station, wanted=Filter(), door="web"),
        ):
            with pytest.raises(NotAllowed):
                ask()
        assert counter.ask(all_lookups, actor=counter.actor) == []


def test_another_merchant_finds_nothing(db: Database) -> None:
    with open_counter(db) as counter:
        taken, other = counter.take(), make_house(db, code="HF")
        stranger = other.actor()
        for text in (taken.number, "13812345678", "王小明", "LI-5", "5678"):
            assert search_orders(db, stranger, text=text, door="web").rows == ()
        with pytest.raises(OrderMissing):
            look_up_order(db, stranger, number=taken.number, door="web")
        with pytest.raises(OrderMissing):
            reveal_receiver(db, stranger, order_id=taken.order_id, purpose="deliver", door="web")


def test_whatever_is_asked_is_kept_and_answered(db: Database) -> None:
    with open_counter(db) as counter:
        for text in ("", "\ud800", "\x00", "'; DROP TABLE", "a" * 5000, "AND OR NOT *", '"', "王" * 300):
            assert search_orders(db, counter.actor, text=text, door="web").rows == ()
        kept = counter.ask(own_lookups, actor=counter.actor)
        assert len(kept) == 8 and counter.ask(read_query, found=kept[4]) == "'; DROP TABLE"


def test_a_number_that_is_not_there_is_recorded_as_a_miss(db: Database) -> None:
    with open_counter(db) as counter:
        taken, clerk = counter.take(merchant_note="打 13900001111"), counter.house.actor("clerk", actor_id=9)
        for number, revision in (("13812345678", 0), (taken.number, 7)):
            with pytest.raises(OrderMissing):
                look_up_order(db, clerk, number=number, door="web", revision=revision)
        missed = counter.ask(own_lookups, actor=clerk)
        assert [(one.kind, one.count) for one in missed] == [("detail", 0), ("detail", 0)]
        assert [counter.ask(read_query, found=one) for one in missed] == [taken.number, "13812345678"]
        shown = reveal_receiver(db, counter.actor, order_id=taken.order_id, purpose="deliver", door="web")
        assert shown.merchant_note == "打 13900001111"
