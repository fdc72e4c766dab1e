"""Our JSON in and out: the wire shape, its edges, and a bad order beside good ones."""

import json
import unicodedata

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.errors import Refusal
from tocsin.core.money import AmountUnreadable
from tocsin.orders import wire
from tocsin.orders.draft import Draft, Line, Party, Totals
from tocsin.orders.importer import ROW_LIMIT, ImportOptions, Source, TooManyRows, parse_source
from tocsin.orders.importers.orders_json import JsonUnreadable
from tocsin.orders.sheet_cells import EARLIEST_US, LATEST_US
from tocsin.orders.wire import LineIn, OrderIn, draft_from_in, draft_to_in

ORDER = {
    "external_id": "A1", "channel": "app", "placed_at": "2024-05-01T10:00:00", "zone": "Asia/Shanghai",
    "payment": "paid", "payment_method": "wechat",
    "receiver": {"name": "张三", "phone": "13800138000", "address": "莲花路1号"},
    "lines": [{"title": "苹果", "quantity": 2, "unit_price": "3.50", "total": "7.00"}],
    "totals": {"goods": "7.00", "shipping": "5", "payable": "12.00"},
}  # fmt: skip


def parse(data, **options):
    raw = (
        data
        if isinstance(data, bytes)
        else data.encode()
        if isinstance(data, str)
        else json.dumps(data).encode()
    )
    return parse_source(Source("orders.json", "application/json", raw), ImportOptions(**options))


def test_one_object_a_list_and_json_lines_give_the_same_drafts():
    one = parse(ORDER).orders[0].draft
    assert parse([ORDER]).orders[0].draft == one
    assert parse(json.dumps(ORDER, indent=2)).orders[0].draft == one
    two = parse("\ufeff" + json.dumps(ORDER) + "\n\n" + json.dumps(ORDER) + "\n").orders
    assert [order.row for order in two] == [1, 3]
    assert {order.draft for order in two} == {one}
    assert one.totals == Totals(goods_minor=700, shipping_minor=500, payable_minor=1200)
    assert one.placed_at_us == 1_714_528_800_000_000
    assert one.lines == (
        Line(title="苹果", quantity_micro=2_000_000, unit_price_micro=3_500_000, total_minor=700),
    )


def test_options_fill_in_what_the_order_leaves_out():
    draft = parse({"lines": []}, channel="shop-app", shop="north", currency="JPY").orders[0].draft
    assert (draft.channel, draft.shop, draft.currency) == ("shop-app", "north", "JPY")


def test_a_bad_order_of_a_list_is_named_by_its_line_and_the_good_ones_come_in():
    text = json.dumps([ORDER, {**ORDER, "payment": "maybe"}, ORDER], indent=1, ensure_ascii=False)
    parsed = parse(text)
    assert len(parsed.orders) == 2
    (bad,) = parsed.bad
    assert bad.row > 1
    assert text.split("\n")[bad.row - 1].strip() == "{"
    assert "$.payment" in bad.data["problem"]
    assert json.loads(bad.raw)["payment"] == "maybe"


EDGES = {
    "integers beyond 64 bits": (
        '{"lines": [{"title": "x", "quantity": 99999999999999999999999}]}',
        "number_unreadable",
    ),
    "integers of thousands of digits": ('{"lines": [{"title": "x", "quantity": ' + "9" * 5000 + "}]}", None),
    "a lone surrogate": ('{"external_id": "\\ud800"}', None),
    "NUL": ('{"external_id": "a\\u0000b"}', "text_unsafe"),
    "a duplicate key": ('{"external_id": "a", "external_id": "b"}', "key_twice"),
    "a duplicate key inside": ('{"receiver": {"name": "a", "name": "b"}}', "key_twice"),
    "NaN": ('{"lines": [{"title": "x", "quantity": NaN}]}', "order_not_readable"),
    "an amount as a number": ('{"totals": {"goods": 1.5}}', "order_not_readable"),
    "an unknown key": ('{"color": "red"}', "order_not_readable"),
    "a deep nest": ("[" + "[" * 100_000 + "]" * 100_000 + "]", None),
    "an empty amount": ('{"totals": {"goods": ""}}', "amount_unreadable"),
    "an endless exponent": ('{"totals": {"goods": "1e999999999"}}', "amount_unreadable"),
    "a wrong time": ('{"placed_at": "yesterday"}', "instant_unreadable"),
    "a wrong zone": ('{"placed_at": "2024-01-01", "zone": "Mars/X"}', "zone_unknown"),
    "a wrong currency": ('{"currency": "QQQ"}', "currency_unknown"),
    "a long text": (json.dumps({"external_id": "x" * 8001}), "text_too_long"),
    "too many lines": (json.dumps({"lines": [{"title": "x"}] * 1001}), "too_many_lines"),
    "a broken line": ("{broken", "order_not_readable"),
}


@pytest.mark.parametrize("case", EDGES)
def test_an_edge_is_a_bad_row_with_a_reason_and_never_a_crash(case):
    text, code = EDGES[case]
    try:
        parsed = parse(text + "\n" + json.dumps(ORDER)) if not text.startswith("[") else parse(text)
    except JsonUnreadable:
        assert text.startswith("[")
        return
    (bad,) = parsed.bad
    assert bad.row == 1
    assert code in {None, bad.code}
    assert bad.reason.format(**bad.data)
    assert [order.draft.external_id for order in parsed.orders] in ([], ["A1"])


def test_the_field_of_a_wrong_value_is_named_by_its_path():
    order = OrderIn(lines=(LineIn(title="x"), LineIn(title="y", quantity="two")))
    with pytest.raises(AmountUnreadable) as refused:
        draft_from_in(order, ImportOptions())
    assert refused.value.data["field"] == "lines[1].quantity"


@pytest.mark.parametrize(
    "text",
    [
        '{"payment": "王小明\' 138"}',
        '{"lines": [{"title": "x", "unit\\u0060王小明": "138"}]}',
        '{"王小明138": 1}',
    ],
)
def test_what_is_wrong_is_said_without_the_value(text):
    (bad,) = parse(text).bad
    assert bad.code == "order_not_readable" and not set("王小明138") & set(bad.data["problem"])
    assert "`qty`" in parse('{"lines": [{"title": "x", "qty": 1}]}').bad[0].data["problem"]


def test_a_list_or_object_that_is_broken_as_a_whole_is_refused():
    for text in ('[{"external_id": "a"}, ', '{\n  "external_id": \n', "[1, 2"):
        with pytest.raises(JsonUnreadable):
            parse(text)


def test_too_many_orders_are_refused():
    with pytest.raises(TooManyRows):
        parse("{]\n" * (ROW_LIMIT + 1))


def test_control_characters_go_and_text_is_one_line():
    draft = draft_from_in(
        OrderIn(merchant_note="a\u202eb\nc", receiver=wire.ReceiverIn(name=" e\u0301 ")), ImportOptions()
    )
    assert draft.merchant_note == "ab c"
    assert draft.receiver.name == "é"


text = st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=12).map(
    lambda each: unicodedata.normalize("NFC", each).strip()
)
amount = st.integers(-(10**12), 10**12)
lines = st.builds(
    Line, title=text, sku=text, spec=text, unit=text, line_id=text, quantity_micro=amount, unit_price_micro=amount,
    discount_minor=amount, total_minor=st.none() | amount, gift=st.booleans(),
)  # fmt: skip
totals = st.builds(Totals, goods_minor=st.none() | amount, tax_minor=amount, paid_minor=st.none() | amount)
instant = st.none() | st.integers(EARLIEST_US, LATEST_US - 1)
drafts = st.builds(
    Draft, channel=text.filter(bool), external_id=text, shop=text.filter(bool), currency=st.sampled_from(["CNY", "JPY", "KWD"]),
    placed_at_us=instant, paid_at_us=instant, source_version_us=instant, payment=st.sampled_from(["unpaid", "refunded"]),
    cancelled=st.booleans(), status_known=st.booleans(), receiver=st.builds(Party, name=text, buyer_note=text),
    lines=st.lists(lines, max_size=4).map(tuple), totals=totals,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(drafts)
def test_a_draft_goes_out_as_json_and_comes_back_the_same(draft):
    raw = msgspec.json.encode(draft_to_in(draft))
    parsed = parse(raw)
    assert parsed.bad == ()
    back = parsed.orders[0].draft
    assert msgspec.structs.replace(back, placed_raw="") == draft


def test_every_refusal_of_the_wire_names_a_field():
    for order in (OrderIn(currency="QQQ"), OrderIn(placed_at="x"), OrderIn(external_id="\x00")):
        with pytest.raises(Refusal) as refused:
            draft_from_in(order, ImportOptions())
        assert refused.value.data["field"] in {"currency", "placed_at", "external_id"}


def test_the_wire_shape_has_a_schema_for_the_api():
    (_,), components = msgspec.json.schema_components([OrderIn])
    assert set(components) >= {"OrderIn", "LineIn", "ReceiverIn", "TotalsIn"}


def test_what_was_stripped_is_told_by_its_field():
    order = {**ORDER, "merchant_note": "a\u202eb", "lines": [{"title": "x"}, {"title": "y\u0007"}]}
    draft = parse({**order, "receiver": {"name": "张\u2066三", "address": "1\n2\u200b"}}).orders[0].draft
    assert draft.stripped == ("merchant_note", "receiver.name", "lines.1.title")
    assert parse(ORDER).orders[0].draft.stripped == ()
