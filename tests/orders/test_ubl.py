"""UBL Order documents: the standard's own examples, and XML that is made to burst."""

from pathlib import Path

import pytest

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
