"""Screens: each filter, keyset pages, bounded counts, saved screens."""

from datetime import date
from functools import partial

import msgspec
import pytest

from tests.counter import open_counter
from tests.house import make_house
from tocsin.core.actor import NotAllowed
from tocsin.core.clock import MINUTE_US, day_bounds_us
from tocsin.core.db import Database
from tocsin.core.errors import Refusal
from tocsin.core.tenant import create_shop
from tocsin.orders import screen as module
from tocsin.orders.lookup import own_lookups, read_query
from tocsin.orders.saved_screen import (
    ScreenMissing,
    drop_screen,
    get_screen,
    list_screens,
    open_with,
    opening_screen,
    save_screen,
)
from tocsin.orders.screen import Filter, count_rows, page_rows, read_filter, screen_orders
from tocsin.orders.screen_query import Fields, filter_of, kept_filter, query_of
from tocsin.orders.syntax_dates import DateUnreadable
from tocsin.orders.syntax_meaning import Span


def test_each_condition_keeps_what_it_names(db: Database) -> None:
    with open_counter(db) as counter:
        db.write(
            counter.house.merchant_id,
            lambda tx: create_shop(tx, code="WH", name="芜湖店", zone="Asia/Shanghai"),
        )
        day = lambda n: day_bounds_us(date(2026, 3, n), "Asia/Shanghai")[0]
        made = {
            "a": counter.take(placed_at_us=day(1)),
            "b": counter.take(placed_at_us=day(2) - 1, quantity=3, payment="unpaid", campaign="团购"),
            "c": counter.take(placed_at_us=day(2), quantity=4, fulfilment="shipped", channel="sheet"),
            "d": counter.take(placed_at_us=day(3), quantity=5, price=0.0, shop="WH", cancelled=True),
        }
        counter.check()
        for wanted, letters in (
            (Fields(), "dcba"),
            (Fields(state="cancelled"), "d"),
            (Fields(payment="unpaid"), "b"),
            (Fields(fulfilment="shipped"), "c"),
            (Fields(held="yes"), "dba"),
            (Fields(held="no"), "c"),
            (Fields(held="check"), "db"),
            (Fields(held="manual"), ""),
            (Fields(finding="state"), "db"),
            (Fields(finding="price_zero"), "d"),
            (Fields(date_from="2026-03-02"), "dc"),
            (Fields(date_to="2026-03-01"), "ba"),
            (Fields(date_from="2026-03-01", date_to="2026-03-02"), "cba"),
            (Fields(date_from="2026-03-01", shop="WH"), "d"),
            (Fields(amount_min_minor=7981, amount_max_minor=15960), "cb"),
            (Fields(amount_max_minor=0), "d"),
            (Fields(campaign="团购"), "b"),
            (Fields(channel="sheet"), "c"),
            (Fields(shop="WH", state="cancelled", held="yes", finding="price_zero"), "d"),
            (Fields(shop="HF", held="check"), "b"),
            (Fields(query="state:cancelled OR payment:unpaid", held="yes"), "db"),
        ):
            wanted = counter.ask(filter_of, fields=wanted)
            page = screen_orders(db, counter.actor, wanted=wanted, door="web")
            told = "".join(next(k for k, v in made.items() if v.order_id == row.id) for row in page.rows)
            assert told == letters, (wanted, told)
            assert counter.ask(count_rows, wanted=wanted) == len(told)


def test_each_screen_is_recorded_with_what_it_showed(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        page = screen_orders(db, counter.actor, wanted=Filter(query="state:produced"), door="web")
        (kept,) = counter.ask(own_lookups, actor=counter.actor)
        assert (kept.id, kept.kind, kept.pairs()) == (page.lookup_id, "screen", [(taken.order_id, 1)])
        assert counter.ask(read_query, found=kept) == '{"query":"state:produced"}'


def test_pages_by_day_and_by_id_follow_each_other(db: Database) -> None:
    with open_counter(db) as counter:
        ids = [counter.take(placed_at_us=1_700_000_000_000_000 + (n // 2) * 1000).order_id for n in range(7)]
        for wanted in (Filter(), Filter(query="placed:2023-11-01.. sort:placed-")):
            seen, after = list[int](), ""
            while True:
                rows, after = counter.ask(page_rows, wanted=wanted, after=after, limit=3)
                seen += [row.id for row in rows]
                if not after:
                    break
            assert seen == ids[::-1]


@pytest.mark.parametrize("after", ["x", "²", "-5", "--5", "1.2.3", "9" * 40, "1.", ".1", "1.2", "٣"])
def test_a_place_that_is_none_begins_at_the_newest(db: Database, after: str) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        rows, _ = counter.ask(page_rows, wanted=Filter(), after=after, limit=5)
        assert [row.id for row in rows] == [taken.order_id]


@pytest.mark.parametrize("text", ["2026-13-01", "some day", "2026-02-30", "1"])
def test_a_date_that_is_none_is_refused(db: Database, text: str) -> None:
    with open_counter(db) as counter, pytest.raises(DateUnreadable):
        screen_orders(db, counter.actor, wanted=Filter(query=query_of({"date_from": text})), door="web")


def test_counts_stop(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_counter(db) as counter:
        for _ in range(5):
            counter.take()
        monkeypatch.setattr(module, "COUNT_MOST", 3)
        assert counter.ask(count_rows, wanted=Filter()) == 4


def test_screens_are_kept_shared_and_dropped(db: Database) -> None:
    with open_counter(db) as counter:
        one, two = counter.house.actor("clerk", actor_id=5), counter.house.actor("clerk", actor_id=6)
        run = lambda verb, **k: db.write(counter.house.merchant_id, partial(verb, **k))
        wanted = Filter(query="held:yes amount:1..")
        mine = run(save_screen, actor=one, name=" 异常 ", wanted=wanted, shared=False)
        shared = run(save_screen, actor=one, name="全部", wanted=Filter(), shared=True)
        names = lambda actor: {s.name for s in run(list_screens, actor=actor)}
        assert (names(one), names(two)) == ({"异常", "全部"}, {"全部"})
        assert run(lambda tx: get_screen(tx, one, screen_id=mine).saved_filter(tx)) == wanted
        for act in (get_screen, drop_screen):
            with pytest.raises(ScreenMissing):
                run(act, actor=two, screen_id=mine)
        with pytest.raises(ScreenMissing):
            run(drop_screen, actor=two, screen_id=shared)
        run(drop_screen, actor=one, screen_id=shared)
        assert names(two) == set()
        other = make_house(db, code="NJ")
        with pytest.raises(ScreenMissing):
            db.read(
                other.merchant_id, lambda tx: get_screen(tx, other.actor("clerk", actor_id=5), screen_id=mine)
            )


@pytest.mark.parametrize(
    ("kept", "query"),
    [
        ({}, ""),
        ({"query": "state:held OR state:printed"}, "state:held OR state:printed"),
        ({"query": "a OR b", "shop": "HF"}, "shop:HF (a OR b)"),
        ({"query": "a 排序:amount", "shop": "HF", "date_to": "2026-11-01"}, "shop:HF placed:..2026-11-01 a 排序:amount"),
        ({"held": "yes", "amount_min_minor": 100}, "held:yes amount:1.00.."),
        ({"date_from": "2026-11-01", "date_to": "2026-11-01", "currency": "JPY", "amount_max_minor": 5}, "currency:JPY placed:2026-11-01 amount:..5 sort:placed-"),
        ({"campaign": 'a "b" (c', "channel": "-x"}, 'campaign:"a  b  (c" channel:"-x"'),
    ],
)  # fmt: skip
def test_a_filter_that_was_kept_as_fields_is_a_query(
    db: Database, kept: dict[str, object], query: str
) -> None:
    with open_counter(db) as counter:
        wanted = counter.ask(kept_filter, kept=msgspec.json.encode(kept).decode())
        assert wanted.query == query
        counter.ask(count_rows, wanted=wanted)


def test_a_query_that_names_one_shop_is_read_there(db: Database) -> None:
    with open_counter(db) as counter:
        make = partial(create_shop, code="TK", name="東京", zone="Asia/Tokyo", currency="JPY")
        db.write(counter.house.merchant_id, make)
        ask = lambda query: counter.ask(read_filter, wanted=Filter(query=query))
        here, there = ask("placed:2026-03-01 amount:5"), ask("shop:TK placed:2026-03-01 amount:5")
        assert (here.shop, there.shop) == ("", "TK")
        days = [next(one for one in asked.meaning.parts if isinstance(one, Span)) for asked in (here, there)]
        assert days[0].low - days[1].low == 60 * MINUTE_US, "a day begins an hour earlier in Tokyo"
        assert "Equal(column='currency', values=('JPY',))" in str(there.meaning)
        assert "values=('USD',)" in str(ask("shop:TK amount:5 currency:USD").meaning)


def test_a_screen_keeps_its_columns_and_can_be_the_opening_one(db: Database) -> None:
    with open_counter(db) as counter:
        one, checker = counter.house.actor("clerk", actor_id=5), counter.house.actor("checker", actor_id=6)
        run = lambda verb, **k: db.write(counter.house.merchant_id, partial(verb, **k))
        made = run(save_screen, actor=one, name="x", wanted=Filter(query="状态:挂起"), shared=False, columns=("campaign", "goods"))  # fmt: skip
        assert run(get_screen, actor=one, screen_id=made).shown_columns() == ("campaign", "goods")
        assert run(opening_screen, actor=one) is None
        run(open_with, actor=one, screen_id=made)
        assert run(opening_screen, actor=one).id == made and run(opening_screen, actor=checker) is None
        with pytest.raises(ScreenMissing):
            run(open_with, actor=checker, screen_id=made)
        with pytest.raises(NotAllowed):
            run(save_screen, actor=checker, name="x", wanted=Filter(), shared=True)
        with pytest.raises(Refusal):
            run(save_screen, actor=one, name="x", wanted=Filter(query="stat:x"), shared=False)
        run(drop_screen, actor=one, screen_id=made)
        assert run(opening_screen, actor=one) is None
