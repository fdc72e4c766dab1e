"""The query language: what its texts mean, where they are wrong, and that each example of the docs is true."""

import re
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from tests.counter import open_counter
from tocsin.core.clock import DAY_US, day_bounds_us, now_us
from tocsin.core.db import Database
from tocsin.core.errors import Refusal
from tocsin.core.tenant import Shop, ShopMissing, create_shop
from tocsin.orders.draft import Party
from tocsin.orders.screen import Filter, count_rows, page_rows, read_filter
from tocsin.orders.store import load_order
from tocsin.orders.syntax import parse_query, plain_words
from tocsin.orders.syntax_fields import FIELDS, complete
from tocsin.orders.syntax_match import matches, subject_of
from tocsin.orders.syntax_meaning import Place, read_meaning

DOCS = Path(__file__).parents[2] / "docs" / "query.md"
EXAMPLES = [
    text.replace("\\|", "|")
    for row in re.findall(r"^\| (`.+?) \| [^|`]+ \|$", DOCS.read_text("utf-8"), re.MULTILINE)
    for text in re.findall(r"`([^`]+)`", row)
]
NOVEMBER_US = 1_795_320_000_000_000  # 2026-11-22 noon in Shanghai


def test_each_example_of_the_docs_is_read_and_asked(db: Database) -> None:
    assert len(EXAMPLES) > 30
    with open_counter(db) as counter:
        counter.take(placed_at_us=NOVEMBER_US, campaign="双十一", channel="taobao")
        counter.check()
        for text in EXAMPLES:
            if text in ("sort:amount-",):
                continue
            rows, _ = counter.ask(page_rows, wanted=Filter(query=text), after="", limit=5)
            assert counter.ask(count_rows, wanted=Filter(query=text)) == len(rows), text


SHOWN = (
    ("", "dcba"), ("state:held", "db"), ("状态:挂起", "db"), ("状态:已取消,已打印", "d"), ("-state:held", "ca"),
    ("held:check -state:cancelled", "b"), ("挂起:否", "ca"), ("finding:price_zero", "d"), ("支付:未支付", "b"),
    ("campaign:团购 OR fulfilment:shipped", "cb"), ("-(campaign:团购 或 fulfilment:shipped)", "da"),
    ("(campaign:团购 | channel:sheet) amount:>70", "cb"), ("amount:79.8..159.6", "cb"), ("amount:<79.8", "da"),
    ("amount:0", "d"), ("金额:>=159.6", "c"), ("currency:usd amount:0", ""), ("placed:2026-11-22", "b"),
    ("placed:2026-11-22..2026-11-23", "cb"), ("placed:>2026-11-22", "dc"), ("下单:<=2026-11-22", "ba"),
    ("placed:2026-11", "dcba"), ("placed:2025", ""), ("shop:WH", "d"), ("number:HF-*", "cba"), ("revision:1", "dcba"),
    ("revision:>1", ""), ("sku:pear-5", ""), ("name:李雷", "c"), ("电话:1199", "c"), ("商品:酥梨", "dcba"),
    ("李雷", "c"), ("李雷 state:produced", "c"), ("李雷 state:held", ""), ("name:李雷 OR state:held", "dcb"),
    ("-name:李雷 held:no", "a"), ("sort:amount", "dabc"), ("sort:amount-", "cbad"), ("sort:placed", "abcd"),
    ("排序:下单- state:held", "db"), ('"李雷"', "c"), ("paid:..2030", "c"),
)  # fmt: skip


def test_each_query_shows_what_it_says(db: Database) -> None:
    with open_counter(db) as counter:
        db.write(
            counter.house.merchant_id,
            lambda tx: create_shop(tx, code="WH", name="芜湖店", zone="Asia/Shanghai"),
        )
        day = lambda n: day_bounds_us(date(2026, 11, n), "Asia/Shanghai")[0]
        to = Party(name="李雷", phone="13700001199", address="长江路 1 号 2 栋 101 室")
        made = {
            "a": counter.take(placed_at_us=day(21), quantity=1),
            "b": counter.take(placed_at_us=day(22), quantity=2, payment="unpaid", campaign="团购"),
            "c": counter.take(
                placed_at_us=day(23),
                quantity=4,
                fulfilment="shipped",
                channel="sheet",
                receiver=to,
                paid_at_us=day(23),
            ),
            "d": counter.take(placed_at_us=day(24), quantity=5, price=0.0, shop="WH", cancelled=True),
        }
        counter.check()
        letter = {taken.order_id: letter for letter, taken in made.items()}
        for query, letters in SHOWN:
            rows, _ = counter.ask(page_rows, wanted=Filter(query=query), after="", limit=9)
            told = "".join(letter[row.id] for row in rows)
            assert told == letters, (query, told)
            assert counter.ask(count_rows, wanted=Filter(query=query)) == len(told), query
            seen, after = "", ""
            for _ in range(9):
                rows, after = counter.ask(page_rows, wanted=Filter(query=query), after=after, limit=1)
                seen += "".join(letter[row.id] for row in rows)
                if not after:
                    break
            assert seen == letters, (query, seen)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("state:hold", "value_unknown", 7), ("  stat:held", "field_unknown", 3), ('a "b', "query_unreadable", 3),
        ("(a", "query_unreadable", 3), ("a)", "query_unreadable", 2), ("state:", "query_unreadable", 7), ("amount:abc", "value_unreadable", 8),
        ("placed:2026-13-01", "date_unreadable", 8), ("placed:soon", "date_unreadable", 8), ("revision:x", "value_unreadable", 10),
        ("(sort:placed OR a)", "sort_misplaced", 2), ("sort:placed sort:amount", "sort_misplaced", 13), ("phone:12", "value_unreadable", 7),
        ("a" * 501, "query_too_long", None), ("(" * 9 + "a" + ")" * 9, "query_too_long", None), ("a " * 41, "query_too_long", None),
        ("-" * 30 + "a", "query_too_long", None), ("shop:XX", "shop_missing", None), ("状态:挂", "value_unknown", 4),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_its_place(text: str, code: str, place: int | None) -> None:
    with pytest.raises(Refusal) as refused:
        read(text)
    assert (refused.value.code, refused.value.data.get("place")) == (code, place), refused.value


def test_a_near_field_is_named() -> None:
    with pytest.raises(Refusal, match="campaign"):
        read("campain:x")


def read(text: str) -> None:
    """Read a text without a database."""

    def find_shop(code: str) -> Shop:
        if code:
            raise ShopMissing(shop=code)
        return Shop(1, "HF", "", "Asia/Shanghai", "CNY", 0)

    read_meaning(parse_query(text), Place(now_us(), find_shop))


def test_words_alone_go_to_the_search() -> None:
    assert plain_words(parse_query("王小明 5678")) == "王小明 5678"
    assert plain_words(parse_query("王小明 state:held")) == plain_words(parse_query("")) == ""


def test_what_may_follow_is_offered_in_the_readers_language() -> None:
    assert [text for text, _ in complete("王 sta", chinese=False)] == ["王 state:"]
    assert complete("-状", chinese=True) == [("-状态:", "state")]
    assert [text for text, _ in complete("state:ca", chinese=False)] == ["state:cancelled"]
    assert ("状态:已生成,挂起", "挂起") in complete("状态:已生成,", chinese=True)
    assert complete("nofield:", chinese=False) == [] and len(complete("", chinese=False)) == 12
    assert {field.kind for field in FIELDS if field.values} == {"choice", "hold", "sort"}


def test_one_order_in_memory_answers_as_the_database_does(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(placed_at_us=now_us() - DAY_US // 2, quantity=4)
        order = counter.ask(partial(load_order, order_id=taken.order_id, real=True))
        for text in EXAMPLES:
            asked = counter.ask(read_filter, wanted=Filter(query=text))
            assert matches(asked.meaning, subject_of(order)) == bool(
                counter.ask(count_rows, wanted=Filter(query=text))
            ), text
