"""The ledger as it is read: by operator, door, shop, day and text; who has seen an order; what has changed since."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.counter import Counter, open_counter
from tests.orders.test_download import make as make_download
from tocsin.core.clock import DAY_US, SECOND_US, now_us, shift_clock
from tocsin.core.db import Database
from tocsin.core.tenant import create_shop, list_shops
from tocsin.orders.amend import cancel_order
from tocsin.orders.export import Export, begin_export
from tocsin.orders.handed import Handed, files_with, sizes_of
from tocsin.orders.ledger import Asked, all_lookups, names_of_people, who_has_seen
from tocsin.orders.lookup import NEWEST, Lookup, LookupMissing, own_lookups, record_lookup
from tocsin.orders.lookup_index import index_lookups
from tocsin.orders.mark import mark_order
from tocsin.orders.query import look_up_order, search_orders
from tocsin.orders.reveal import reveal_receiver
from tocsin.orders.screen import Filter, screen_orders
from tocsin.orders.since import Since, find_changes


def index(counter: Counter, *, days: int = 0) -> None:
    """Let the index catch up, some seconds later."""
    shift_clock(days * DAY_US + 8 * SECOND_US)
    index_lookups(counter.db, counter.house.merchant_id)
    shift_clock(0)


def kinds(rows: list[Lookup]) -> list[tuple[str, str]]:
    return [(row.door, row.kind) for row in rows]


def test_the_ledger_is_read_by_operator_door_shop_day_and_text(db: Database) -> None:
    with open_counter(db) as counter:
        db.write(
            counter.house.merchant_id, partial(create_shop, code="NJ", name="南京店", zone="Asia/Shanghai")
        )
        here, there = counter.take(), counter.take(external_id="NJ-1", shop="NJ")
        clerk, merchant_id = counter.house.actor("clerk", actor_id=5), counter.house.merchant_id
        look_up_order(db, clerk, number=here.number, door="page")
        old = now_us()
        shift_clock(3 * DAY_US)
        look_up_order(db, clerk, number=there.number, door="api")
        search_orders(db, counter.actor, text="5678", door="page")
        screen_orders(db, counter.actor, wanted=Filter(query="支付:已支付"), door="page")
        index(counter, days=3)
        shops = {one.code: one.id for one in db.read(merchant_id, _shops)}
        every = [("page", "screen"), ("page", "search"), ("api", "detail"), ("page", "detail")]
        for asked, expected in (
            (Asked(), every), (Asked(actor_id=5), every[2:]), (Asked(door="api"), every[2:3]), (Asked(door="scan"), []),
            (Asked(actor_id=5, door="page"), every[3:]), (Asked(text="5678"), every[1:2]), (Asked(text="567"), []),
            (Asked(text="支付:已支付"), every[:1]), (Asked(shop_id=shops["NJ"]), every[:3]), (Asked(since_us=old + DAY_US), every[:3]),
            (Asked(until_us=old + DAY_US), every[3:]), (Asked(shop_id=shops["HF"], actor_id=5), every[3:]),
            (Asked(shop_id=shops["NJ"], text="5678", door="page", actor_id=1, since_us=old), every[1:2]),
        ):  # fmt: skip
            found = counter.ask(all_lookups, actor=counter.actor, asked=asked)
            assert kinds(found) == expected, asked
            for place, row in enumerate(found):  # each page goes on where the one before ended
                after = counter.ask(all_lookups, actor=counter.actor, asked=asked, before=row.id, limit=1)
                assert kinds(after) == expected[place + 1 : place + 2], asked
        assert counter.ask(names_of_people, actor=counter.actor) == []


def test_who_has_seen_an_order_counts_lists_prints_and_files(db: Database, tmp_path: Path) -> None:
    with open_counter(db) as counter:
        one, other = counter.take(), counter.take(external_id="E-2", payment="unpaid", quantity=3)
        merchant_id = counter.house.merchant_id
        reveal_receiver(db, counter.actor, order_id=one.order_id, purpose="deliver", door="page")
        counter.check()
        assert counter.print(one.order_id).result == "queued"
        make_download(counter.house, tmp_path, wanted=Filter(query="payment:paid"), real=True, reason="对账")
        begin = partial(begin_export, actor=counter.actor, wanted=Filter(), format_name="jsonl", real=False, reason="", columns=(), door="api")  # fmt: skip
        begun = db.write(merchant_id, begin)
        list(Export(db, merchant_id, wanted=Filter(), format_name="jsonl", real=False, columns=(), begun=begun))  # fmt: skip
        search_orders(db, counter.actor, text="5678", door="page")
        index(counter)
        seen = counter.ask(who_has_seen, actor=counter.actor, order_id=one.order_id)
        files = [("api", "download"), ("page", "download"), ("download", "download")]
        assert kinds(seen) == [("page", "search"), *files, ("terminal", "print"), ("page", "reveal")]
        real = "name,phone,province,city,district,address"
        assert [row.fields for row in seen] == ["", "", "real", "real", real, "name,phone,address"]
        assert kinds(counter.ask(who_has_seen, actor=counter.actor, order_id=other.order_id)) == [("page", "search"), files[0]]  # fmt: skip
        pages, before = [], NEWEST
        while page := counter.ask(
            who_has_seen, actor=counter.actor, order_id=one.order_id, before=before, limit=2
        ):
            pages += page
            before = page[-1].id
        assert pages == seen
        sizes = counter.ask(sizes_of, lookup_ids=[row.of_id for row in seen if row.of_id])
        assert sorted(sizes.values()) == [1, 2]


def test_a_file_of_many_orders_is_kept_in_pieces_and_each_is_found(db: Database, monkeypatch: Any) -> None:
    monkeypatch.setattr("tocsin.orders.handed.SPAN_ORDERS", 4)
    with open_counter(db) as counter:
        handed, first = Handed(), 5 << 48
        ids = [first + step * 7 for step in range(-6, 6)]
        handed.add((order_id, place + 1) for place, order_id in enumerate(ids))
        begin = partial(begin_export, actor=counter.actor, wanted=Filter(), format_name="csv", real=False, reason="", columns=(), door="api")  # fmt: skip
        lookup_id = db.write(counter.house.merchant_id, begin).lookup_id
        handed.keep(db, counter.house.merchant_id, lookup_id=lookup_id)
        held = lambda order_id: counter.ask(lambda tx: list(files_with(tx, order_id=order_id)))
        assert [held(order_id) for order_id in ids] == [[lookup_id]] * 12
        assert held(ids[3] + 1) == held(ids[0] - 1) == held(ids[-1] + 1) == []
        assert counter.ask(sizes_of, lookup_ids=[lookup_id]) == {lookup_id: 12}


def fates(since: Since) -> list[str]:
    return [*("new" for _ in since.new), *(each.fate for each in since.orders)]


def test_what_has_changed_since_a_look_up(db: Database) -> None:
    with open_counter(db) as counter:
        one, two, three = (counter.take(external_id=f"E-{n}", payment="unpaid") for n in range(3))
        wanted = Filter(query="支付:未支付")
        last = lambda: counter.ask(own_lookups, actor=counter.actor, limit=1)[0]
        screen_orders(db, counter.actor, wanted=wanted, door="page")
        screened = last()
        search_orders(db, counter.actor, text="5678", door="page")
        searched = last()
        look_up_order(db, counter.actor, number=one.number, door="page")
        opened = last()
        changes = partial(find_changes, db, counter.actor, door="page")
        assert fates(changes(lookup_id=screened.id)) == ["same"] * 3
        counter.amend(three.order_id, 1)
        counter.do(mark_order, order_id=two.order_id, payment="paid", reason="到账")
        counter.do(cancel_order, order_id=one.order_id, reason="不要了")
        four = counter.take(external_id="E-4", payment="unpaid")
        found = changes(lookup_id=screened.id)
        assert fates(found) == ["new", "changed", "gone", "changed"] and found.new[0].number == four.number
        assert found.orders[2].axes == ("produced", "unpaid", "unfulfilled")
        assert found.orders[2].now is not None and found.orders[2].now.desk_state == "cancelled"
        assert fates(changes(lookup_id=searched.id)) == ["new", "changed", "changed", "changed"]
        alone = changes(lookup_id=opened.id)
        assert (fates(alone), alone.again) == (["changed"], False)
        assert last().kind == "since", "what it shows is a look-up too"
        with pytest.raises(LookupMissing):
            find_changes(db, counter.house.actor(actor_id=9), lookup_id=screened.id, door="page")
        without = counter.do(_record_without_states)
        assert fates(changes(lookup_id=without)) == ["same"]


def test_a_page_further_down_is_compared_with_itself(db: Database) -> None:
    with open_counter(db) as counter:
        for n in range(4):
            counter.take(external_id=f"E-{n}")
        first = screen_orders(db, counter.actor, wanted=Filter(), door="page", limit=2)
        second = screen_orders(db, counter.actor, wanted=Filter(), door="page", after=first.next, limit=2)
        counter.take(external_id="E-5")
        found = find_changes(db, counter.actor, lookup_id=second.lookup_id, door="page")
        assert fates(found) == ["same", "same"]


def _record_without_states(tx: Any, actor: Any) -> int:
    row = own_lookups(tx, actor, limit=1)[0]
    return record_lookup(tx, actor, door="page", kind="detail", query="x", pairs=row.pairs())


def _shops(tx: Any) -> Any:
    return list_shops(tx)
