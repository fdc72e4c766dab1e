"""The store: immutable revisions, merchants apart, personal data in one table only."""

import json
import re

import psycopg
import pytest
import sqlalchemy as sa

from tests.counter import open_counter
from tests.house import make_draft, make_house
from tocsin.core.db import Database
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.schema import metadata
from tocsin.core.statement import Statement
from tocsin.migrations.tables import all_tables
from tocsin.orders.amend import Amendment, PartyChanges, cancel_order
from tocsin.orders.draft import Party
from tocsin.orders.query import look_up_order, search_orders
from tocsin.orders.reveal import reveal_receiver
from tocsin.orders.screen import Filter, screen_orders
from tocsin.orders.store import OrderMissing, find_order_id, list_revisions, load_order, load_orders
from tocsin.tickets.hold import hold_order, release_hold

SECRET = Party(
    name="司马相如如", phone="13998761234", province="安徽省", city="合肥市", district="蜀山区",
    address="望江西路 9187 号梧桐苑 6 栋 1704 室", postcode="230088", buyer_note="请交给司马相如如,电话 13998761234,放门房",
)  # fmt: skip
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TELLING = ("司马相如", "相如", "13998761234", "98761234", "9187", "梧桐苑", "1704", "230088")


def dump(db: Database) -> dict[str, str]:
    """Return each table's rows as text, bytes as what they spell."""
    told = {}
    if isinstance(db, PostgresDatabase):
        with psycopg.connect(db.url, autocommit=True) as connection:
            names = [
                r[0]
                for r in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            ]
            rows = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}
    else:
        names = db.read(
            0, lambda tx: tx.rows(Statement(sa.text("SELECT name FROM sqlite_master WHERE type = 'table'")))
        )
        rows = {
            n: db.read(0, lambda tx, n=n: tx.rows(Statement(sa.text(f"SELECT * FROM {n}")))) for (n,) in names
        }
    for name, found in rows.items():
        values = [v for row in found for v in row]
        told[name] = "\n".join(
            v.decode("utf-8", "ignore") if isinstance(v, bytes) else str(v) for v in values
        )
    return told


def stands_in(word: str, text: str) -> bool:
    """Tell whether a word stands in a text; four digits alone and in no UUID, since each long id holds some four."""
    if len(word) != 4 or not word.isdigit():
        return word in text
    return bool(re.search(rf"(?<![0-9A-Za-z]){word}(?![0-9A-Za-z])", UUID.sub("", text)))


def test_personal_text_is_nowhere_in_clear(db: Database) -> None:
    with open_counter(db, copies=("merchant", "customer")) as counter:
        taken = counter.take(receiver=SECRET, external_id="E-1")
        owner = counter.actor
        for text in ("司马相如如", "相如", "13998761234", "1234"):
            assert [r.number for r in search_orders(db, owner, text=text, door="web").rows] == [
                taken.number
            ], text
        screen_orders(db, owner, wanted=Filter(), door="web")
        reveal_receiver(db, owner, order_id=taken.order_id, purpose="deliver", door="web")
        look_up_order(db, owner, number=taken.number, door="web")
        counter.amend(
            taken.order_id, 1, Amendment(receiver=PartyChanges(address="望江西路 9187 号梧桐苑 6 栋 1704 室东")),
            reason="司马相如如说在东边,回电 13998761234",
        )  # fmt: skip
        hold = counter.do(hold_order, order_id=taken.order_id, reason="等司马相如如回电 13998761234")
        counter.do(release_hold, hold_id=hold, reason="司马相如如 已回电")
        counter.acknowledge(taken.order_id)
        (job, _) = counter.print(taken.order_id, 2).job_ids
        counter.run_spool()
        counter.wait_state(job, "printed")
        counter.do(cancel_order, order_id=taken.order_id, reason="13998761234 打来取消")
        counter.check()
        told = dump(db)
        assert {"party", "print_job", "lookup", "event", "journal", "hold", "order_revision"} <= told.keys()
        assert any(name.startswith("order_search") and text for name, text in told.items())
        assert "司马***" in told["party"] and "139****1234" in told["order_head"]
        found = {(name, word) for name, text in told.items() for word in TELLING if stands_in(word, text)}
        assert found == set()
        assert counter.order(taken.order_id, revision=1, real=True).receiver == SECRET


@pytest.mark.parametrize("table", ["order_revision", "order_line"])
@pytest.mark.parametrize("act", ["UPDATE {} SET revision = revision + 5", "DELETE FROM {}"])
def test_revisions_and_lines_cannot_be_changed(db: Database, table: str, act: str) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        statement = Statement[None](sa.text(act.format(table)))
        with pytest.raises(Exception, match=r"append-only|permission denied"):
            db.write(counter.house.merchant_id, lambda tx: tx.run(statement))
        assert len(counter.order(taken.order_id, revision=1).lines) == 1


def test_every_table_of_a_merchant_is_led_by_him() -> None:
    all_tables()
    for table in metadata.tables.values():
        if not table.info.get("directory"):
            assert table.primary_key.columns.keys()[0] == "merchant_id", table.name


def test_an_order_is_found_by_number_and_id_and_past_revisions_stay(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        counter.amend(taken.order_id, 1)
        for written in (taken.number, f" {taken.number}\x00", str(taken.order_id)):
            assert counter.ask(find_order_id, number=written) == taken.order_id
        for unknown in ("", "HF-20200101-0001", "0", "9" * 30, "²", "\ud800"):
            with pytest.raises(OrderMissing):
                counter.ask(find_order_id, number=unknown)
        assert [counter.order(taken.order_id, revision=n).carrier for n in (0, 1, 2)] == [
            "顺丰 1",
            "",
            "顺丰 1",
        ]
        assert counter.order(taken.order_id, revision=1).head_revision == 2
        with pytest.raises(OrderMissing):
            counter.order(taken.order_id, revision=3)


def test_many_are_loaded_in_the_order_asked(db: Database) -> None:
    with open_counter(db) as counter:
        ids = [counter.take(quantity=n).order_id for n in (1, 2, 3)]
        asked = [ids[2], 5, ids[0], ids[1]]
        loaded = counter.ask(load_orders, order_ids=asked, real=True)
        assert [order.id for order in loaded] == [ids[2], ids[0], ids[1]]
        assert loaded == [counter.order(order_id, real=True) for order_id in (ids[2], ids[0], ids[1])]


def test_orders_of_another_merchant_are_missing(db: Database) -> None:
    with open_counter(db) as counter:
        taken, other = counter.take(), make_house(db, code="HF")
        with pytest.raises(OrderMissing):
            db.read(other.merchant_id, lambda tx: load_order(tx, order_id=taken.order_id))
        with pytest.raises(OrderMissing):
            db.read(other.merchant_id, lambda tx: find_order_id(tx, number=taken.number))
        assert db.read(other.merchant_id, lambda tx: load_orders(tx, order_ids=[taken.order_id])) == []
        assert db.read(other.merchant_id, lambda tx: list_revisions(tx, order_id=taken.order_id)) == []


def test_a_draft_comes_back_as_it_went_in(db: Database) -> None:
    with open_counter(db) as counter:
        draft = make_draft(
            external_id="E-9", campaign="团购", carrier="顺丰", waybill="SF1", merchant_note="加急", delivery="local",
            placed_at_us=1_700_000_000_000_000, paid_at_us=1_700_000_001_000_000, fulfilment="partial",
            external_status="待发货", status_known=False,
        )  # fmt: skip
        order = counter.order(counter.take(**{n: getattr(draft, n) for n in draft.__struct_fields__ if n not in ("lines", "totals", "receiver", "shop")}).order_id, real=True)  # fmt: skip
        kept = {name: getattr(order, name) for name in draft.__struct_fields__ if hasattr(order, name)}
        wanted = {name: getattr(draft, name) for name in kept}
        del kept["lines"], wanted["lines"], kept["shop"], wanted["shop"]
        assert kept == wanted and order.shop == "HF"
        assert json.loads(json.dumps(order.lines[0].title)) == draft.lines[0].title
