"""WooCommerce's order as its REST API v3 and its webhooks write it: one order, a list, or an order per line.

`date_…_gmt` are UTC without an offset. Amounts of lines are without tax, whatever the shop shows.
Source: woocommerce-rest-api-docs, orders.
"""

from msgspec import Struct

from tocsin.orders.draft import Draft, Fulfilment, Line, Method, Party, Payment, Totals
from tocsin.orders.importer import ImportOptions, Parsed, Source
from tocsin.orders.platform_json import (
    Doc,
    currency_of,
    each_of,
    holds,
    instant_of,
    micro_of,
    minor_of,
    name_of,
    parse_documents,
    share_micro,
    text_of,
    within,
)


class _State(Struct, frozen=True):
    payment: Payment
    fulfilment: Fulfilment = "unfulfilled"
    cancelled: bool = False


_STATES = {
    "pending": _State("unpaid"), "on-hold": _State("unpaid"), "failed": _State("unpaid"),
    "processing": _State("paid"), "completed": _State("paid", "shipped"), "refunded": _State("refunded"),
    "cancelled": _State("closed", cancelled=True), "trash": _State("closed", cancelled=True),
}  # fmt: skip
_METHODS: dict[str, Method] = {
    "": "", "cod": "cod", "bacs": "offline", "cheque": "offline", "stripe": "card", "paypal": "other",
    "alipay": "alipay", "wechat": "wechat", "wechatpay": "wechat", "woocommerce_payments": "card",
}  # fmt: skip
_ADDRESS = ("first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode")


class WooCommerceImporter:
    """Reads WooCommerce's orders."""

    name, title = "woocommerce", "WooCommerce (REST JSON)"

    def accepts(self, source: Source) -> int:
        """Return 96 for JSON with the keys of an order."""
        return 96 if holds(source, "line_items", "date_created_gmt", "billing") else 0

    def parse(self, source: Source, options: ImportOptions) -> Parsed:
        """Read each order; see `parse_documents` for what is refused."""
        return parse_documents(
            source, options, build=_build, marker="line_items", wraps=("orders", "order", "data"), platform=self.title
        )  # fmt: skip


def _build(doc: Doc, options: ImportOptions) -> Draft:
    currency = currency_of((text_of(doc, "currency") or options.currency).upper())
    status, method = text_of(doc, "status"), text_of(doc, "payment_method").casefold()
    state = _STATES.get(status, _State("unpaid"))
    paid_at_us = _instant(doc, "date_paid", options)
    payment = _payment(doc, state, currency=currency, at_door=method == "cod" and paid_at_us is None)
    paid = payment in ("paid", "part_refunded", "refunded")
    return Draft(
        channel=options.channel or "woocommerce", shop=options.shop, external_id=text_of(doc, "id", "number"),
        external_status=status, status_known=status in _STATES, currency=currency,
        placed_at_us=_instant(doc, "date_created", options), placed_raw=text_of(doc, "date_created_gmt", "date_created"),
        paid_at_us=paid_at_us, source_version_us=_instant(doc, "date_modified", options), payment=payment,
        payment_method=_METHODS.get(method, "other"), fulfilment=state.fulfilment, cancelled=state.cancelled,
        delivery="pickup" if _is_pickup(doc) else "express", receiver=_receiver(doc),
        lines=tuple(_line(one, currency) for one in each_of(doc, "line_items")),
        totals=_totals(doc, currency, paid=paid),
    )  # fmt: skip


def _instant(doc: Doc, name: str, options: ImportOptions) -> int | None:
    found = instant_of(doc, f"{name}_gmt", "UTC")
    return instant_of(doc, name, options.zone) if found is None else found


def _payment(doc: Doc, state: _State, *, currency: str, at_door: bool) -> Payment:
    if at_door and state.payment == "paid":
        return "unpaid"
    returned = -sum(minor_of(one, "total", currency) or 0 for one in each_of(doc, "refunds"))
    if state.payment == "paid" and returned > 0:
        return "part_refunded"
    if state.cancelled and text_of(doc, "date_paid_gmt", "date_paid") and not returned:
        return "paid"  # the money is there, and the order is not: the desk must see both
    return "refunded" if state.cancelled and returned > 0 else state.payment


def _totals(doc: Doc, currency: str, *, paid: bool) -> Totals:
    lines, fees = (
        each_of(doc, "line_items"),
        [minor_of(one, "total", currency) or 0 for one in each_of(doc, "fee_lines")],
    )
    payable = minor_of(doc, "total", currency)
    return Totals(
        goods_minor=sum(minor_of(one, "subtotal", currency) or 0 for one in lines),
        shipping_minor=minor_of(doc, "shipping_total", currency) or 0,
        tax_minor=minor_of(doc, "total_tax", currency) or 0, fees_minor=sum(fee for fee in fees if fee > 0),
        adjustment_minor=sum(fee for fee in fees if fee < 0),
        coupon_minor=minor_of(doc, "discount_total", currency) or 0, payable_minor=payable,
        paid_minor=payable if paid else None,
    )  # fmt: skip


def _line(doc: Doc, currency: str) -> Line:
    quantity = micro_of(doc, "quantity") or 0
    before, after = minor_of(doc, "subtotal", currency) or 0, minor_of(doc, "total", currency)
    spec = "；".join(
        text for one in each_of(doc, "meta_data")
        if (text := text_of(one, "display_value", "value")) and not text_of(one, "key").startswith("_")
    )  # fmt: skip
    return Line(
        title=text_of(doc, "name"), line_id=text_of(doc, "id"), sku=text_of(doc, "sku"), spec=spec,
        quantity_micro=quantity, unit_price_micro=share_micro(before, quantity, currency),
        discount_minor=0 if after is None else before - after, total_minor=after,
    )  # fmt: skip


def _is_pickup(doc: Doc) -> bool:
    ways = {text_of(one, "method_id") for one in each_of(doc, "shipping_lines")}
    return bool(ways) and ways <= {"local_pickup", "pickup_location"}


def _receiver(doc: Doc) -> Party:
    billing, shipping = within(doc, "billing"), within(doc, "shipping")
    part = shipping if any(text_of(shipping, name) for name in _ADDRESS) else billing
    return Party(
        name=name_of(part),
        phone=text_of(part, "phone") or text_of(billing, "phone"), country=text_of(part, "country"),
        province=text_of(part, "state"), city=text_of(part, "city"), postcode=text_of(part, "postcode"),
        address=", ".join(filter(None, (text_of(part, name) for name in ("address_1", "address_2", "company")))),
        buyer_note=text_of(doc, "customer_note"),
    )  # fmt: skip


PLUGIN = WooCommerceImporter()
