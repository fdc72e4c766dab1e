"""Shopify's order export: 79 columns, a row per line, the order's own cells on its first row only.

Source: the header of Shopify's orders export; columns were added over the years and any may be missing.
"""

from functools import partial
from itertools import product

from msgspec import Struct

from tocsin.core.errors import Refusal
from tocsin.core.money import line_total_minor, minor_digits
from tocsin.orders.draft import Draft, Fulfilment, Line, Method, Party, Payment, Totals
from tocsin.orders.headings import plain_heading
from tocsin.orders.importer import ImportOptions, Parsed, Source
from tocsin.orders.sheet_grouping import Columns, Group, check_options, parse_groups, refuse_cell
from tocsin.orders.sheet_reading import Row, Sheet, find_header, open_sheet, peek_text

_HEAD = (
    "currency", "financial status", "fulfillment status", "shipping method", "payment method", "cancelled at",
    "created at", "notes",
)  # fmt: skip
_TOTALS = ("subtotal", "shipping", "taxes", "duties", "discount amount", "total", "outstanding balance")
_PARTY = (
    "name",
    "address1",
    "address2",
    "company",
    "city",
    "zip",
    "province",
    "province name",
    "country",
    "phone",
)
_LINE = ("lineitem name", "lineitem sku", "lineitem requires shipping")
_LINE_AMOUNTS = ("lineitem quantity", "lineitem price", "lineitem discount")
_FIELDS = frozenset({
    "name", "paid at", "phone", *_HEAD, *_TOTALS, *_LINE, *_LINE_AMOUNTS,
    *(f"{side} {part}" for side in ("shipping", "billing") for part in _PARTY),
})  # fmt: skip

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
    ("shopify payments", "card"), ("stripe", "card"), ("card", "card"), ("cash", "cash"), ("bank", "offline"),
    ("manual", "offline"),
)  # fmt: skip


class LineQuantityMissing(Refusal):
    """The line has no Lineitem quantity: export the orders again"""

    kind, code = "invalid", "line_quantity_missing"


class OrderTotalMissing(Refusal):
    """The first row of the order, with Total and the receiver, is not in the file: export the whole order"""

    kind, code = "invalid", "order_total_missing"


class _Money(Struct, frozen=True):
    """The amounts of a first row in minor units; blank ones are 0, but for `outstanding`."""

    subtotal: int
    shipping: int
    taxes: int
    duties: int
    discount: int
    total: int
    outstanding: int | None


class ShopifyImporter:
    """Reads Shopify's order export."""

    name, title = "shopify", "Shopify (orders export)"

    def accepts(self, source: Source) -> int:
        """Return 95 for a text with the headings Name, Financial Status and Lineitem name."""
        header = find_header(peek_text(source), _heading, needed="lineitem name")[1]
        return (
            95 if header and {"name", "financial status"} <= {_heading(cell) for cell in header.cells} else 0
        )

    def parse(self, source: Source, options: ImportOptions) -> Parsed:
        """Read the orders of an export; see `open_sheet` and `parse_groups` for what is refused."""
        sheet = open_sheet(source, options, heading=_heading, needed="name")
        return parse_groups(sheet, _Builder(sheet, options).build, number="name")


class _Builder:
    """Builds the draft of an order's rows; knows the positions of its sheet's columns."""

    def __init__(self, sheet: Sheet, options: ImportOptions) -> None:
        check_options(options)
        self._options, columns = options, partial(Columns, sheet)
        self._head, self._totals, self._times = (
            columns(*_HEAD),
            columns(*_TOTALS),
            columns("created at", "paid at"),
        )
        self._line, self._quantities, self._discounts = (
            columns(*_LINE), columns("lineitem quantity", "lineitem price"), columns("lineitem discount"),
        )  # fmt: skip
        self._shipping, self._billing = (
            columns(*(f"{side} {part}" for part in _PARTY)) for side in ("shipping", "billing")
        )
        self._ids = columns("phone", "shipping phone", "billing phone")

    def build(self, number: str, group: Group) -> Draft:
        row, options = next((row for row in group if self._head.texts(row)[1]), group[0]), self._options
        currency, financial, fulfilment, shipping_method, method, cancelled, created, notes = (
            self._head.texts(row)
        )
        currency = currency.upper() or options.currency
        money = self._read_money(row, currency)
        placed_at_us, paid_at_us = self._times.instants(row, options.zone)
        lines = tuple(self._read_line(each, currency) for each in group if self._has_line(each))
        shipped = any(
            self._line.texts(each)[2].casefold() != "false" for each in group if self._has_line(each)
        )
        payment, state = _PAYMENTS.get(financial.casefold()), _FULFILMENTS.get(fulfilment.casefold())
        return Draft(
            channel=options.channel or "shopify",
            shop=options.shop,
            external_id=number,
            external_status=f"{financial} / {fulfilment or 'unfulfilled'}",
            status_known=payment is not None and state is not None,
            currency=currency,
            placed_at_us=placed_at_us,
            placed_raw=created,
            paid_at_us=paid_at_us,
            payment=payment or "unpaid",
            payment_method=_method(method),
            fulfilment=state or "unfulfilled",
            cancelled=bool(cancelled) or financial.casefold() == "voided",
            delivery="pickup"
            if "pickup" in shipping_method.casefold()
            else "express"
            if shipped
            else "virtual",
            receiver=self._read_party(row, notes),
            lines=lines,
            totals=_balance(money, lines, currency, paid=payment == "paid" or financial == "partially_paid"),
        )

    def _has_line(self, row: Row) -> bool:
        return any(self._line.texts(row)[:2])

    def _read_money(self, row: Row, currency: str) -> _Money:
        try:
            minor_digits(currency)
        except Refusal as refusal:
            refuse_cell(row, "currency", refusal)
        subtotal, shipping, taxes, duties, discount, total, outstanding = self._totals.amounts(row, currency)
        if total is None:
            refuse_cell(row, "total", OrderTotalMissing())
        return _Money(
            subtotal or 0, shipping or 0, taxes or 0, duties or 0, abs(discount or 0), total, outstanding
        )

    def _read_line(self, row: Row, currency: str) -> Line:
        title, sku, _ = self._line.texts(row)
        quantity, price = self._quantities.micros(row)
        if quantity is None:
            refuse_cell(row, "lineitem quantity", LineQuantityMissing())
        (discount,) = self._discounts.amounts(row, currency)
        return Line(
            title=title or sku, sku=sku, quantity_micro=quantity, unit_price_micro=price or 0,
            discount_minor=discount or 0,
        )  # fmt: skip

    def _read_party(self, row: Row, notes: str) -> Party:
        to_billing = not any(self._shipping.texts(row))
        parts = (self._billing if to_billing else self._shipping).texts(row)
        name, address1, address2, company, city, postcode, province, province_name, country, phone = parts
        order_phone, _, billing_phone = self._ids.exacts(row)
        return Party(
            name=name, phone=phone or order_phone or billing_phone, country=country or "",
            province=province_name or province, city=city, postcode=postcode, buyer_note=notes,
            address=", ".join(filter(None, (address1, address2, company))),
        )  # fmt: skip


def _heading(heading: str) -> str:
    text = plain_heading(heading)
    return text if text in _FIELDS else ""


def _method(text: str) -> Method:
    folded = text.casefold()
    return next((method for word, method in _METHODS if word in folded), "other" if text else "")


def _balance(money: _Money, lines: tuple[Line, ...], currency: str, *, paid: bool) -> Totals:
    """Return the totals as the desk counts them: goods before discounts, then the discounts.

    Shopify's Subtotal is after discounts; Discount Amount may or may not hold the lines' own discounts or one on
    the freight, and prices may hold the tax. Which, the file doesn't say: the first reading whose sums agree is
    taken, and where none agrees the plain one, whose difference the check then shows.
    """
    gross = sum(line_total_minor(line.quantity_micro, line.unit_price_micro, currency) for line in lines)
    own = sum(line.discount_minor for line in lines)
    readings = [
        (money.subtotal + money.discount, money.discount),
        (money.subtotal + money.discount + own, money.discount + own),
        (money.subtotal, money.discount),
        (money.subtotal, 0),
    ]
    goods, promotion, tax = next(
        (
            (goods, promotion, tax)
            for (goods, promotion), tax in product(readings, (money.taxes, 0))
            if goods == gross and goods + money.shipping + tax + money.duties - promotion == money.total
        ),
        (*readings[0], money.taxes),
    )
    return Totals(
        goods_minor=goods, shipping_minor=money.shipping, tax_minor=tax, fees_minor=money.duties,
        promotion_minor=promotion, payable_minor=money.total,
        paid_minor=money.total - money.outstanding if paid and money.outstanding is not None else None,
    )  # fmt: skip


PLUGIN = ShopifyImporter()
