"""Searching: by what people type, through keyed tokens that hold no text."""

import pytest
import sqlalchemy as sa

from tests.counter import open_counter
from tests.house import make_draft
from tocsin.core.db import Database
from tocsin.core.money import MICRO
from tocsin.core.statement import Statement
from tocsin.orders.amend import Amendment, PartyChanges
from tocsin.orders.draft import Line, Party
from tocsin.orders.query import search_orders
from tocsin.orders.search import order_tokens, split_terms

RECEIVER = Party(name="欧阳娜娜", phone="+86 139-0000-1234", address="x")
LINES = (
    Line(title="Yunnan 普洱茶 357g 生", sku="茶砖普洱-357", unit_price_micro=MICRO, quantity_micro=MICRO),
)


@pytest.mark.parametrize(
    "text",
    [
        "{number}", "#{number}", "13900001234", "139 0000 1234", "+86 139-0000-1234", "1234", "00001234", "欧阳娜娜", "娜娜",
        "欧阳", "娜", "欧阳 1234", "TB-778899", "tb-778899", "778899", "茶砖普洱-357", "普洱茶", "yunnan", "357g", "生",
        "普洱 欧阳 8899", "{id}",
    ],
)  # fmt: skip
def test_found(db: Database, text: str) -> None:
    with open_counter(db) as counter:
        taken = counter.take(external_id="TB-778899", receiver=RECEIVER, lines=LINES)
        counter.take(external_id="TB-1", quantity=3)
        asked = text.format(number=taken.number, id=taken.number[-4:])
        rows = search_orders(db, counter.actor, text=asked, door="web").rows
        assert taken.number in [row.number for row in rows]


@pytest.mark.parametrize(
    "text",
    [
        "娜欧",
        "欧娜",
        "阳欧阳",
        "1390000",
        "234",
        "普茶",
        "欧阳 5555",
        "13900001235",
        "*",
        "茶普洱",
        "欧阳娜娜娜",
    ],
)
def test_not_found(db: Database, text: str) -> None:
    with open_counter(db) as counter:
        counter.take(external_id="TB-778899", receiver=RECEIVER, lines=LINES)
        assert search_orders(db, counter.actor, text=text, door="web").rows == ()


def test_the_index_follows_the_head(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        counter.amend(taken.order_id, 1, Amendment(receiver=PartyChanges(name="李建国", phone="13711112222")))
        hits = lambda text: len(search_orders(db, counter.actor, text=text, door="web").rows)
        assert [hits(text) for text in ("李建国", "2222", "王小明", "5678", taken.number)] == [1, 1, 0, 0, 1]


def test_the_index_holds_digests_only(db: Database) -> None:
    """No token of an order, whichever, stands in the index as it is; one merchant's are not another's."""
    with open_counter(db) as one, open_counter(db, code="HF") as other:
        for counter in (one, other):
            counter.take(external_id="TB-778899", receiver=RECEIVER, lines=LINES)
        if db.dialect == "postgresql":
            read = Statement(sa.text("SELECT tokens::text FROM order_search"))
            found = [
                set(c.ask(lambda tx: tx.rows(read))[0][0].replace("'", "").split()) for c in (one, other)
            ]
            assert not found[0] & found[1] and len(found[0]) == len(found[1]) > 20
            assert all(len(token) == 20 for token in found[0])
        blob = Statement(
            sa.text(
                "SELECT block FROM order_search_data"
                if db.dialect == "sqlite"
                else "SELECT tokens::text FROM order_search"
            )
        )
        stored = b"".join(
            bytes(r[0]) if isinstance(r[0], bytes) else r[0].encode()
            for r in one.ask(lambda tx: tx.rows(blob))
        )
        plain = order_tokens(
            "HF-20261122-0001", make_draft(external_id="TB-778899", receiver=RECEIVER, lines=LINES)
        )
        assert len(plain) > 20 and len(stored) > 200
        # Short runs of digits stand in any row of hexadecimal digests by chance.
        words = [token[1:] for token in plain if len(token) > 8 or not token.isascii()]
        assert [word for word in words if word.encode() in stored] == []


def test_terms_are_few_and_short() -> None:
    assert split_terms("a b c d e f g h") == list("abcdef")
    assert split_terms("#A1  ＃") == ["a1", "＃"]
    assert split_terms("138 1234 5678") == ["13812345678"] and split_terms("1234 5678") == ["1234", "5678"]
    assert len(split_terms("王" * 5000)[0]) == 200
