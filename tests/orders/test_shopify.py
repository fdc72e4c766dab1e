"""Shopify's orders export, over five orders made up with its 79 headings."""

from pathlib import Path

from tocsin.core.clock import to_datetime
from tocsin.orders.importer import ImportOptions, Source, parse_source

FILE = Path(__file__).parent.parent / "data" / "shopify" / "orders_export.csv"


def parse(text, **options):
    return parse_source(Source("orders_export.csv", "text/csv", text.encode()), ImportOptions(**options))


def drafts():
    parsed = parse(FILE.read_text("utf-8"))
    assert parsed.bad == ()
    return {order.draft.external_id: order.draft for order in parsed.orders}


def computed_payable(draft):
    totals = draft.totals
    before = totals.goods_minor + totals.shipping_minor + totals.tax_minor + totals.fees_minor
    return before - totals.discounts_minor() + totals.adjustment_minor


def test_the_file_has_shopify_s_79_headings_and_gives_five_orders():
    assert len(FILE.read_text("utf-8").splitlines()[0].split(",")) == 79
    assert sorted(drafts()) == ["#1001", "#1002", "#1003", "#1004", "#1005"]


def test_goods_are_before_discounts_and_the_sums_agree():
    for draft in drafts().values():
        gross = sum(line.quantity_micro * line.unit_price_micro for line in draft.lines)
        scale = 10**12 if draft.currency == "JPY" else 10**10
        assert draft.totals.goods_minor == gross // scale
        assert computed_payable(draft) == draft.totals.payable_minor


def test_order_columns_come_from_the_first_row_and_lines_from_each():
    draft = drafts()["#1001"]
    assert [(line.sku, line.quantity_micro) for line in draft.lines] == [
        ("POT-G", 2_000_000),
        ("CUP", 3_000_000),
    ]
    assert (draft.totals.goods_minor, draft.totals.promotion_minor, draft.totals.tax_minor) == (
        9000,
        1000,
        640,
    )
    assert draft.receiver.postcode == "10001"
    assert (draft.receiver.country, draft.receiver.phone) == ("US", "+1 212 555 0100")
    assert draft.receiver.address == "1 Sample Street, Apt 4"
    assert draft.receiver.buyer_note == "Leave at the door"
    assert (draft.payment, draft.payment_method, draft.totals.paid_minor) == ("paid", "card", 9140)


def test_tax_inside_the_prices_is_not_added_and_a_line_s_own_discount_is():
    draft = drafts()["#1002"]
    assert draft.totals.tax_minor == 0
    assert (draft.totals.goods_minor, draft.totals.promotion_minor) == (5000, 500)
    assert draft.lines[0].title == 'Lamp, "brass"'
    assert to_datetime(draft.placed_at_us).isoformat() == "2024-05-02T07:29:00+00:00"


def test_the_axes_follow_financial_and_fulfilment_status():
    found = {key: (d.payment, d.fulfilment, d.cancelled, d.status_known) for key, d in drafts().items()}
    assert found["#1002"] == ("paid", "shipped", False, True)
    assert found["#1003"] == ("part_refunded", "shipped", False, True)
    assert found["#1004"] == ("closed", "unfulfilled", True, True)
    assert found["#1005"] == ("unpaid", "unfulfilled", False, False)


def test_what_needs_no_shipping_is_virtual_and_goes_to_the_billing_name():
    draft = drafts()["#1003"]
    assert draft.delivery == "virtual"
    assert (draft.receiver.name, draft.receiver.phone) == ("Cy Demo", "+1 416 555 0100")


def test_missing_columns_are_tolerated():
    text = "Name,Financial Status,Total,Lineitem quantity,Lineitem name,Lineitem price\n#7,paid,5.00,1,Cup,5.00\n"
    (order,) = parse(text, currency="USD").orders
    assert order.draft.totals.payable_minor == 500
    assert order.draft.receiver.name == ""
    assert order.draft.fulfilment == "unfulfilled"


def test_an_order_whose_first_row_is_missing_or_whose_cell_is_wrong_is_kept_out_whole():
    head = "Name,Financial Status,Currency,Subtotal,Total,Lineitem quantity,Lineitem name,Lineitem price\n"
    cases = {
        "order_total_missing": "#1,,,,,1,Cup,5.00\n",
        "number_unreadable": "#1,paid,USD,5.00,5.00,1,Cup,5.00\n#1,,,,,1,Cup,five\n",
        "line_quantity_missing": "#1,paid,USD,5.00,5.00,,Cup,5.00\n",
        "currency_unknown": "#1,paid,QQQ,5.00,5.00,1,Cup,5.00\n",
    }
    for code, rows in cases.items():
        parsed = parse(head + rows)
        assert parsed.orders == ()
        assert {bad.code for bad in parsed.bad} == {code}
        assert [bad.row for bad in parsed.bad] == list(range(2, 2 + rows.count("\n")))


def test_a_discount_on_the_freight_is_told_from_one_on_the_goods_by_the_sums():
    head = "Name,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,Lineitem quantity,"
    head += "Lineitem name,Lineitem price\n"
    (order,) = parse(head + "#1,paid,USD,20.00,5.00,0,20.00,5.00,1,Cup,20.00\n").orders
    assert (order.draft.totals.goods_minor, order.draft.totals.promotion_minor) == (2000, 500)
    (order,) = parse(head + "#1,paid,USD,20.00,0.00,0,20.00,5.00,1,Cup,20.00\n").orders
    assert (order.draft.totals.goods_minor, order.draft.totals.promotion_minor) == (2000, 0)


def test_sums_that_agree_in_no_reading_are_left_for_the_check_to_find():
    head = "Name,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,Lineitem quantity,"
    head += "Lineitem name,Lineitem price\n"
    (order,) = parse(head + "#1,paid,USD,20.00,5.00,0,99.00,0,1,Cup,20.00\n").orders
    assert computed_payable(order.draft) != order.draft.totals.payable_minor


def test_a_line_beyond_what_is_stored_keeps_its_order_out_alone():
    head = "Name,Financial Status,Currency,Subtotal,Total,Lineitem quantity,Lineitem name,Lineitem price\n"
    huge = "#1,paid,USD,5.00,5.00,9000000000000,Cup,9000000000000\n"
    assert [(bad.row, bad.code) for bad in parse(head + huge).bad] == [(2, "amount_too_large")]


def test_what_was_stripped_is_told_by_its_field():
    head = "Name,Financial Status,Currency,Total,Shipping Name,Notes,Lineitem quantity,Lineitem name,Lineitem price\n"
    rows = "#1,paid,USD,9.00,A\u202edam,\u2066x,1,Cup,5.00\n#1,,,,,,1,P\u2067ot,4.00\n"
    (order,) = parse(head + rows).orders
    assert order.draft.stripped == ("receiver.name", "receiver.buyer_note", "lines.1.title")
