"""Opening texts: the fields that were asked for and no other, as many as the shop allows, for as long as it allows."""

import pytest

from tests.counter import Counter, open_counter
from tocsin.core import clock
from tocsin.core.clock import now_us
from tocsin.core.db import Database
from tocsin.core.party import Party
from tocsin.orders.lookup import own_lookups, read_query
from tocsin.orders.lookup_index import index_lookups
from tocsin.orders.reveal import (
    FIELDS,
    FieldNotMasked,
    RevealRules,
    RevealRulesWrong,
    RevealsUsedUp,
    change_reveal_rules,
    reveal_receiver,
    show_open,
)

REAL = Party(name="欧阳娜娜", phone="13812345678", city="合肥市", address="黄山路 12 号 3 栋", postcode="230031", buyer_note="门口 13812345678")  # fmt: skip


def shown(counter: Counter, order_id: int) -> list[str]:
    """Return which fields the actor has open."""
    order = counter.order(order_id)
    return sorted(counter.ask(show_open, actor=counter.actor, order=order)[1])


def test_only_the_asked_fields_are_real(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take(receiver=REAL, merchant_note="找欧阳娜娜").order_id
        masked = counter.order(order_id)
        for field, names in FIELDS.items():
            found = reveal_receiver(
                db, counter.actor, order_id=order_id, purpose="deliver", door="web", fields=[field]
            )
            assert found.receiver is not None
            for name in Party.__struct_fields__:
                source = REAL if name in names else masked.receiver
                assert getattr(found.receiver, name) == getattr(source, name), (field, name)
            assert (found.merchant_note == "找欧阳娜娜") is (field == "note")
        with pytest.raises(FieldNotMasked):
            reveal_receiver(db, counter.actor, order_id=order_id, purpose="deliver", door="web", fields=())
        kept = [row.fields for row in counter.ask(own_lookups, actor=counter.actor)]
        assert kept == ["buyer_note,merchant_note", "address,postcode", "phone", "name"]
        assert shown(counter, order_id) == sorted(FIELDS)
        counter.amend(order_id, 1)
        assert shown(counter, order_id) == [], "a new revision was not opened"


def test_as_many_an_hour_and_as_long_as_the_shop_allows(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        order_id, began = counter.take().order_id, now_us() // 3_600_000_000 * 3_600_000_000 + 7_200_000_000
        for wrong in (RevealRules(seconds=9), RevealRules(seconds=601), RevealRules(per_hour=-1)):
            with pytest.raises(RevealRulesWrong):
                counter.do(change_reveal_rules, rules=wrong, revision=0)
        counter.do(change_reveal_rules, rules=RevealRules(seconds=10, per_hour=2), revision=0)

        def ask(at_us: int) -> None:
            monkeypatch.setattr(clock, "now_us", lambda: at_us)
            reveal_receiver(
                db,
                counter.actor,
                order_id=order_id,
                purpose="deliver",
                door="web",
                fields=["phone"],
                said="x",
            )

        ask(began)
        ask(began + 20_000_000)
        with pytest.raises(RevealsUsedUp, match="2 texts"):
            ask(began + 25_000_000)
        kinds = [row.kind for row in counter.ask(own_lookups, actor=counter.actor)]
        assert kinds == ["denied", "reveal", "reveal"]
        assert shown(counter, order_id) == ["phone"]
        monkeypatch.setattr(clock, "now_us", lambda: began + 30_000_000)
        assert shown(counter, order_id) == [], "ten seconds are over"
        ask(began + 3_600_000_000)
        newest = counter.ask(own_lookups, actor=counter.actor)[0]
        assert counter.ask(read_query, found=newest).endswith(" x")
        monkeypatch.setattr(clock, "now_us", lambda: began + 3_700_000_000)
        index_lookups(db, counter.house.merchant_id)
        ask(began + 3_700_000_001)  # the ledger's index counts none of them again
