"""What each importer promises, asked of every one in the folder."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.errors import Refusal
from tocsin.orders import importer as contract
from tocsin.orders.format import every_format
from tocsin.orders.headings import HEADINGS
from tocsin.orders.importer import (
    FILE_LIMIT_BYTES,
    ImportOptions,
    Source,
    choose_importer,
    every_importer,
    parse_source,
)

NAMES = sorted(every_importer())
SAMPLES = {
    "sheet": "订单号,收货人,商品名称,数量,单价\nA1,张三,苹果,2,3.50\n",
    "shopify": "Name,Financial Status,Currency,Subtotal,Total,Lineitem quantity,Lineitem name,Lineitem price\n"
    "#1,paid,USD,5.00,5.00,1,Cup,5.00\n",
    "pasted": "张三 13800138000 广东省深圳市福田区莲花路1号 苹果×2",
    "shopify_json": '{"line_items": [{"title": "Cup", "quantity": 1, "price": "5.00"}], "financial_status": "paid", '
    '"name": "#1", "currency": "USD", "total_price": "5.00"}',
    "woocommerce": '{"line_items": [{"name": "Cup", "quantity": 1, "subtotal": "5.00", "total": "5.00"}], "id": 7, '
    '"status": "processing", "date_created_gmt": "2026-09-21T10:00:00", "billing": {}, "total": "5.00"}',
    "wechat": '{"order_id": "37", "status": 20, "create_time": 1790000000, "order_detail": {"product_infos": '
    '[{"title": "苹果", "sku_cnt": 2, "sale_price": 350}], "price_info": {"product_price": 700, "order_price": 700}}}',
    "youzan": '{"order_info": {"tid": "E1", "status": "TRADE_SUCCESS", "created": "2026-09-21 10:00:00"}, "pay_info": '
    '{"payment": "7.00"}, "orders": [{"title": "苹果", "num": 2, "price": "3.50"}]}',
    "taobao": '订单编号,宝贝标题,宝贝种类,宝贝总数量,买家应付货款\n"=""193""",苹果,1,2,7.00\n',
    "tmall": "子订单编号,主订单编号,标题,价格,购买数量\n2,1,苹果,3.50,2\n",
    "pinduoduo": "订单号,商品,商品总价(元),商品数量(件),商家实收金额(元)\nP1,苹果,7.00,2,7.00\n",
    "jd": "订单号,商品名称,订购数量,京东价,结算金额\nJ1,苹果,2,3.50,7.00\n",
    "alibaba1688": "订单号,货品标题,数量,实付款\nA1,苹果,2,7.00\n",
    "group_buy": "订单号,产品,单价,数量,小区,支付ID\n\tA1,苹果,3.50,2,阳光小区,4\n",
    "ubl": '<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2" xmlns:cac="urn:oasis:names:specification:'
    'ubl:schema:xsd:CommonAggregateComponents-2" xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasic'
    'Components-2"><cbc:ID>A1</cbc:ID><cac:OrderLine><cac:LineItem><cbc:Quantity>2</cbc:Quantity><cac:Item><cbc:Name>Cup'
    "</cbc:Name></cac:Item></cac:LineItem></cac:OrderLine></Order>",
    "orders_json": '{"external_id": "A1", "lines": [{"title": "苹果", "quantity": 2}]}',
}


def source(text, filename="orders", content_type=""):
    return Source(filename, content_type, text if isinstance(text, bytes) else text.encode())


def test_every_importer_has_a_sample_here():
    assert set(SAMPLES) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_importer_is_surest_of_its_own_sample(name):
    sample = source(SAMPLES[name])
    sureness = {other: every_importer()[other].accepts(sample) for other in NAMES}
    assert sureness[name] == max(sureness.values())
    assert 0 < sureness[name] <= 100
    assert choose_importer(sample).name == name
    assert every_importer()[name].title


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_gives_one_order_with_its_line_and_row(name):
    parsed = parse_source(source(SAMPLES[name]), ImportOptions(shop="north"), name)
    assert parsed.bad == ()
    (order,) = parsed.orders
    assert order.row == (2 if SAMPLES[name].count("\n") > 1 else 1)
    assert order.draft.channel in {name, name.partition("_")[0], name.removeprefix("alibaba"), "json"}
    assert order.draft.shop == "north"
    assert len(order.draft.lines) == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_channel_asked_for_is_the_draft_s(name):
    parsed = parse_source(source(SAMPLES[name]), ImportOptions(channel="market"), name)
    assert parsed.orders[0].draft.channel == "market"


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=600), where=st.integers(0, 80))
def test_no_bytes_raise_anything_but_a_refusal(name, data, where):
    sample = SAMPLES[name].encode()
    for made in (data, sample[:where] + data + sample[where:]):
        assert 0 <= every_importer()[name].accepts(source(made)) <= 100
        try:
            parsed = parse_source(source(made), ImportOptions(), name)
        except Refusal as refusal:
            assert "?" not in refusal.template()
            continue
        for each in parsed.orders:
            assert each.row >= 1
        for bad in parsed.bad:
            assert bad.row >= 1
            assert bad.reason.format(**bad.data)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=80, deadline=None)
@given(text=st.text(max_size=200), where=st.integers(0, 120))
def test_no_text_raises_anything_but_a_refusal_and_drafts_hold_no_control_characters(name, text, where):
    made = SAMPLES[name][:where] + text + SAMPLES[name][where:]
    try:
        parsed = parse_source(source(made.encode("utf-8", "surrogatepass")), ImportOptions(), name)
    except Refusal:
        return
    for order in parsed.orders:
        receiver = order.draft.receiver
        for field in (
            order.draft.external_id,
            receiver.name,
            receiver.address,
            *(x.title for x in order.draft.lines),
        ):
            assert all(character.isprintable() or character.isspace() for character in field)
            assert "\n" not in field


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_file_and_one_too_large_are_refused_before_they_are_read(name):
    with pytest.raises(contract.SourceEmpty):
        parse_source(source(b""), ImportOptions(), name)
    with pytest.raises(contract.SourceTooLarge):
        parse_source(source(b" " * (FILE_LIMIT_BYTES + 1)), ImportOptions(), name)


def test_what_nobody_recognises_is_refused_with_what_to_do():
    with pytest.raises(contract.FormatUnknown) as refused:
        choose_importer(source("nothing of the kind", "notes.txt"))
    assert "save it as CSV" in refused.value.message()
    with pytest.raises(contract.ImporterUnknown):
        parse_source(source("x"), ImportOptions(), "tablets")


def test_an_unknown_zone_or_currency_is_refused_before_any_row():
    for name in ("sheet", "shopify", "pasted"):
        for options in (ImportOptions(zone="Mars/Olympus"), ImportOptions(currency="XXQ")):
            with pytest.raises(Refusal):
                parse_source(source(SAMPLES[name]), options, name)


def test_the_guide_names_each_importer_format_and_heading():
    docs = Path(__file__).parent.parent.parent / "docs"
    told, files = (docs / "intake.md").read_text("utf-8"), (docs / "downloads.md").read_text("utf-8")
    assert [name for name in NAMES if f"(`{name}`)" not in told] == []
    assert [name for name in every_format() if f"(`{name}`)" not in files] == []
    assert [name for names in HEADINGS.values() for name in names if name not in told] == []


def test_the_examples_of_the_guide_are_read():
    told = (Path(__file__).parent.parent.parent / "docs" / "intake.md").read_text("utf-8")
    chat, order = re.findall(r"```(?:json)?\n(.*?)```", told, re.DOTALL)
    assert [
        each.draft.receiver.name for each in parse_source(source(chat), ImportOptions(), "pasted").orders
    ] == ["陈小丽", "李四"]
    parsed = parse_source(source(order), ImportOptions(), "orders_json")
    assert parsed.bad == ()
    assert parsed.orders[0].draft.totals.payable_minor == 1200
