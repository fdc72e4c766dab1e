"""UBL Order documents: the standard's own examples, and XML that is made to burst."""

from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from msgspec.structs import replace

from tests.orders.ubl_shape import faults_of
from tests.web.sample_parts import order
from tocsin.orders.draft import Line, Party, Totals
from tocsin.orders.formats.ubl import write_order
from tocsin.orders.importer import ImportOptions, Source, choose_importer, parse_source
from tocsin.orders.importers.ubl import UblEntities, UblNoOrder, UblUnreadable

DATA = Path(__file__).parent.parent / "data" / "ubl"


def read(data):
    return parse_source(Source("order.xml", "application/xml", data), ImportOptions(), "ubl")


def test_the_standard_s_example_is_an_order():
    data = (DATA / "UBL-Order-2.1-Example.xml").read_bytes()
    assert choose_importer(Source("order.xml", "", data)).name == "ubl"
    (found,) = read(data).orders
    draft = found.draft
    assert (draft.external_id, draft.currency, draft.placed_raw) == ("34", "SEK", "2010-01-20 12:30:00Z")
    party = draft.receiver
    assert (party.name, party.phone, party.country, party.city) == (
        "Eva Johnsson",
        "1234356",
        "SE",
        "Stockholm",
    )
    assert [(line.sku, line.quantity_micro, line.unit_price_micro, line.total_minor) for line in draft.lines] == [
        ("SItemNo001", 120_000_000, 50_000_000, 600_000), ("SItemNo011", 15_000_000, 15_000_000, 22_500),
    ]  # fmt: skip
    totals = draft.totals
    assert (totals.goods_minor, totals.fees_minor, totals.promotion_minor) == (622_500, 10_000, 10_000)
    assert (totals.payable_minor, totals.tax_minor) == (622_500, 0), "what is payable holds no tax"


def test_an_example_that_does_not_add_up_keeps_its_sums_for_the_check():
    (found,) = read((DATA / "UBL-Order-2.0-Example.xml").read_bytes()).orders
    line = found.draft.lines[0]
    assert (line.quantity_micro, line.unit_price_micro, line.total_minor, line.discount_minor) == (
        100_000_000, 100_000_000, 10_000, 0,
    )  # fmt: skip


_LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
)


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (_LAUGHS + b"]><x>&j;</x>", UblEntities),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', UblEntities),
        (b"<x><y></x>", UblUnreadable),
        (b"<x/>", UblNoOrder),
    ],
)
def test_what_is_no_order_is_refused_unread(data, refusal):
    with pytest.raises(refusal):
        read(data)


FULL = order(
    campaign="团购", carrier="顺丰", waybill="SF1", currency="CNY", external_id="X<&>1",
    receiver=Party(
        name="王<小>明 & \x0b", phone="138", province="安徽省", city="合肥市", district="蜀山区", address="1 号", postcode="230000",
        buyer_note="]]>",
    ),
    totals=Totals(
        goods_minor=1, shipping_minor=1, tax_minor=2, fees_minor=3, promotion_minor=4, coupon_minor=5, points_minor=6,
        adjustment_minor=-7, payable_minor=8, paid_minor=9,
    ),
    lines=(
        Line(title="酥梨", sku="LI-5", spec="5 斤", unit="箱", quantity_micro=2_500_000, unit_price_micro=1_234_567, discount_minor=3,
             total_minor=5),
        Line(title=""),
    ),
)  # fmt: skip
SHAPES = {
    "full": FULL, "no lines": replace(FULL, lines=()), "nobody": replace(FULL, receiver=Party(country=""), shop="", carrier=""),
    "yen": replace(FULL, currency="JPY"), "never placed": replace(FULL, placed_at_us=None, external_id=""),
    "no amounts": replace(FULL, totals=Totals()), "virtual": replace(FULL, delivery="virtual", waybill="", receiver=Party()),
}  # fmt: skip


@pytest.mark.parametrize("path", sorted(DATA.glob("*.xml")), ids=lambda path: path.stem)
def test_the_standard_s_own_examples_fit_our_table_of_its_sequences(path):
    assert faults_of(fromstring(path.read_bytes())) == []


@pytest.mark.parametrize("shape", SHAPES)
def test_what_we_write_fits_the_sequences_of_the_standard(shape):
    assert faults_of(fromstring(write_order(SHAPES[shape]))) == []


def test_an_element_out_of_place_doubled_wanting_or_unknown_would_be_seen():
    good = write_order(FULL)
    for old, new, fault in (
        ("<cac:Price>", "<cac:Item/><cac:Price>", "out of sequence"),
        ("<cbc:UBLVersionID>2.1</cbc:UBLVersionID>", "", ""),
        ("<cbc:ID>X", "<cbc:ID>Y</cbc:ID><cbc:ID>X", "comes again"),
        ("<cbc:IssueDate>", "<cbc:Issued/><cbc:IssueDate>", "is not in it"),
        ("<cac:AddressLine><cbc:Line>1 号</cbc:Line>", "<cac:AddressLine>", "is wanting"),
        (' currencyID="CNY"', "", "no currencyID"),
    ):
        assert old in good, old
        faults = faults_of(fromstring(good.replace(old, new, 1)))
        assert any(fault in one for one in faults) if fault else faults == [], (old, faults)


def test_an_order_without_goods_reads_back_without_a_line():
    (back,) = read(write_order(SHAPES["no lines"]).encode()).orders
    assert back.draft.lines == () and back.draft.external_id == "X<&>1"
