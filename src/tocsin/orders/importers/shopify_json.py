"""Shopify's order as its Admin REST API and its webhooks write it: one order, a list, or an order per line.

The number of an order is its `name` (#1001), as in the orders export: either way it is the same order.
Source: Shopify Admin REST reference, Order.
"""

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
    text_of,
    within,
)

_PAYMENTS: dict[str, Payment] = {
    "pending": "unpaid", "unpaid": "unpaid", "partially_paid": "unpaid", "authorized": "authorised", "paid": "paid",
    "partially_refunded": "part_refunded", "refunded": "refunded", "voided": "closed", "expired": "closed",
}  # fmt: skip
_FULFILMENTS: dict[str, Fulfilment] = {
    "": "unfulfilled", "unfulfilled": "unfulfilled", "partial": "partial", "fulfilled": "shipped",
    "restocked": "returned",
}  # fmt: skip
_METHODS: tuple[tuple[str, Method], ...] = (
    ("cash on delivery", "cod"), ("(cod)", "cod"), ("alipay", "alipay"), ("wechat", "wechat"),
    ("shopify_payments", "card"), ("stripe", "card"), ("card", "card"), ("cash", "cash"), ("bank", "offline"),
    ("manual", "offline"),
)  # fmt: skip
_SETTLED = ("paid", "part_refunded", "refunded")


class ShopifyJsonImporter:
    """Reads Shopify's orders."""

    name, title = "shopify_json", "Shopify (JSON)"

    def accepts(self, source: Source) -> int:
        """Return 96 for JSON with the keys of an order."""
        return 96 if holds(source, "line_items", "financial_status") else 0

    def parse(self, source: Source, options: ImportOptions) -> Parsed:
        """Read each order; see `parse_documents` for what is refused."""
        return parse_documents(
            source, options, build=_build, marker="line_items", wraps=("orders", "order", "data"), platform=self.title
        )  # fmt: skip


def _build(doc: Doc, options: ImportOptions) -> Draft:
    currency = currency_of((text_of(doc, "currency") or options.currency).upper())
    financial, fulfilment = text_of(doc, "financial_status"), text_of(doc, "fulfillment_status")
    payment, state, test = _PAYMENTS.get(financial), _FULFILMENTS.get(fulfilment), doc.get("test") is True
    lines = each_of(doc, "line_items")
    ways = " ".join(text_of(one, "title", "code") for one in each_of(doc, "shipping_lines")).casefold()
    shipped = any(one.get("requires_shipping") is not False for one in lines)
    parcel = next((one for one in each_of(doc, "fulfillments") if text_of(one, "tracking_number")), {})
    return Draft(
        channel=options.channel or "shopify", shop=options.shop, external_id=text_of(doc, "name", "id"),
        external_status=f"{financial} / {fulfilment or 'unfulfilled'}{' (test)' if test else ''}",
        status_known=payment is not None and state is not None and not test, currency=currency,
        placed_at_us=instant_of(doc, "created_at", options.zone), placed_raw=text_of(doc, "created_at"),
        paid_at_us=instant_of(doc, "processed_at", options.zone) if payment in _SETTLED else None,
        source_version_us=instant_of(doc, "updated_at", options.zone), payment=payment or "unpaid",
        payment_method=_method(doc), fulfilment=state or "unfulfilled",
        cancelled=bool(text_of(doc, "cancelled_at")) or financial == "voided",
        delivery="pickup" if "pickup" in ways else "express" if shipped else "virtual",
        merchant_note="test" if test else "", receiver=_receiver(doc),
        carrier=text_of(parcel, "tracking_company"), waybill=text_of(parcel, "tracking_number"),
        lines=tuple(_line(one, currency) for one in lines), totals=_totals(doc, currency, settled=payment in _SETTLED),
    )  # fmt: skip


def _method(doc: Doc) -> Method:
    given = doc.get("payment_gateway_names")
    names = " ".join(name for name in given if isinstance(name, str)) if isinstance(given, list) else ""
    folded = (names or text_of(doc, "gateway")).casefold()
    return next((method for word, method in _METHODS if word in folded), "other" if folded else "")


def _totals(doc: Doc, currency: str, *, settled: bool) -> Totals:
    total, outstanding = minor_of(doc, "total_price", currency), minor_of(doc, "total_outstanding", currency)
    freight = minor_of(within(doc, "total_shipping_price_set", "shop_money"), "amount", currency)
    if freight is None:
        freight = sum(minor_of(one, "price", currency) or 0 for one in each_of(doc, "shipping_lines"))
    inclusive = doc.get("taxes_included") is True
    part = text_of(doc, "financial_status") == "partially_paid"
    return Totals(
        goods_minor=minor_of(doc, "total_line_items_price", currency), shipping_minor=freight,
        tax_minor=0 if inclusive else minor_of(doc, "total_tax", currency) or 0,
        fees_minor=(minor_of(within(doc, "current_total_duties_set", "shop_money"), "amount", currency) or 0)
        + (minor_of(doc, "total_tip_received", currency) or 0),
        promotion_minor=minor_of(doc, "total_discounts", currency) or 0, payable_minor=total,
        paid_minor=total - (outstanding or 0) if total is not None and (settled or part) else None,
    )  # fmt: skip


def _line(doc: Doc, currency: str) -> Line:
    shares = [minor_of(one, "amount", currency) or 0 for one in each_of(doc, "discount_allocations")]
    spec = text_of(doc, "variant_title")
    return Line(
        title=text_of(doc, "title", "name"), line_id=text_of(doc, "id"), sku=text_of(doc, "sku"),
        spec="" if spec == "Default Title" else spec, quantity_micro=micro_of(doc, "quantity") or 0,
        unit_price_micro=micro_of(doc, "price") or 0,
        discount_minor=sum(shares) or minor_of(doc, "total_discount", currency) or 0,
    )  # fmt: skip


def _receiver(doc: Doc) -> Party:
    part = within(doc, "shipping_address") or within(doc, "billing_address")
    customer = within(doc, "customer")
    return Party(
        name=name_of(part), country=text_of(part, "country_code", "country"),
        phone=text_of(part, "phone") or text_of(doc, "phone") or text_of(customer, "phone"),
        province=text_of(part, "province"), city=text_of(part, "city"), postcode=text_of(part, "zip"),
        address=", ".join(filter(None, (text_of(part, name) for name in ("address1", "address2", "company")))),
        buyer_note=text_of(doc, "note"),
    )  # fmt: skip


PLUGIN = ShopifyJsonImporter()
