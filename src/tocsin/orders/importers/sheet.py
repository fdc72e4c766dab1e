"""Any sheet with known headings: CSV in UTF-8 or GB18030, a row per line or per order."""

from functools import partial

from tocsin.core.errors import Refusal
from tocsin.core.money import MICRO, minor_digits
from tocsin.orders.draft import Draft, Line, Method, Party, Payment, Totals
from tocsin.orders.headings import field_of
from tocsin.orders.importer import ImportOptions, Parsed, Source
from tocsin.orders.sheet_grouping import Columns, Group, check_options, parse_groups, refuse_cell
from tocsin.orders.sheet_reading import Row, Sheet, find_header, open_sheet, peek_text
from tocsin.orders.status_words import Status, read_method, read_status

_LINE_FIELDS = (
    "title",
    "sku",
    "spec",
    "unit",
    "unit_price",
    "quantity",
    "line_discount",
    "line_total",
    "gift",
)
_EACH_OWN = frozenset({*_LINE_FIELDS, "waybill", "carrier", "order_number"})
_HEAD = (
    "currency", "status", "payment_method", "community", "campaign", "merchant_note", "shop", "placed_at",
)  # fmt: skip
_TOTALS = (
    "goods", "payable", "paid", "shipping", "tax", "fees", "promotion", "coupon", "points", "adjustment",
    "admin_discount",
)  # fmt: skip
_PARTY = ("receiver", "country", "province", "city", "district", "address", "postcode", "buyer_note")
_YES = frozenset({"是", "y", "yes", "true", "1", "赠品"})


class RowsDisagree(Refusal):
    """The rows of this order disagree in “{field}”: make them the same, or give them different order numbers"""

    kind, code = "invalid", "rows_disagree"


class QuantityMissing(Refusal):
    """The goods have no quantity: write how many"""

    kind, code = "invalid", "quantity_missing"


class PriceMissing(Refusal):
    """The goods have neither a unit price nor a line total: write one of them"""

    kind, code = "invalid", "price_missing"


class TitleMissing(Refusal):
    """The row has a quantity or a price but no goods: write the goods' name"""

    kind, code = "invalid", "title_missing"


class SheetImporter:
    """Reads sheets by their headings."""

    name, title = "sheet", "Sheet (CSV)"

    def accepts(self, source: Source) -> int:
        """Return 60 for a text with a heading row that names the order number."""
        return 60 if find_header(peek_text(source), field_of, needed="order_number")[1] else 0

    def parse(self, source: Source, options: ImportOptions) -> Parsed:
        """Read the orders of a sheet; see `open_sheet` and `parse_groups` for what is refused."""
        sheet = open_sheet(source, options, heading=field_of, needed="order_number")
        return parse_groups(sheet, _Builder(sheet, options).build, number="order_number")


class _Builder:
    """Builds the draft of a group of rows; knows the positions of its sheet's columns."""

    def __init__(self, sheet: Sheet, options: ImportOptions) -> None:
        check_options(options)
        self._options, self._has = options, sheet.at.keys()
        self._shared = tuple(field for field in sheet.at if field not in _EACH_OWN)
        columns = partial(Columns, sheet)
        self._repeated = columns(*self._shared)
        self._head, self._ids, self._times = (
            columns(*_HEAD),
            columns("order_number"),
            columns("placed_at", "paid_at"),
        )
        self._totals, self._party = columns(*_TOTALS), columns(*_PARTY)
        self._phones, self._parcel = columns("phone", "phone_other"), columns("carrier", "waybill")
        self._goods, self._goods_text = columns(*_LINE_FIELDS), columns("title", "spec", "unit", "gift")
        self._sku, self._micros = columns("sku"), columns("quantity", "unit_price")
        self._amounts = columns("line_total", "line_discount")
        self._at = sheet.at

    def build(self, _number: str, group: Group) -> Draft:
        row, options = self._join(group), self._options
        currency, word, method_word, community, campaign, note, shop, placed_raw = self._head.texts(row)
        currency = currency.upper() or options.currency
        totals = self._read_totals(row, currency)
        placed_at_us, paid_at_us = self._times.instants(row, options.zone)
        status, method = read_status(word), read_method(method_word)
        paid = paid_at_us is not None or bool(totals.paid_minor)
        carrier, waybill = self._read_parcel(group)
        return Draft(
            channel=options.channel or "sheet",
            shop=shop or options.shop,
            external_id=self._ids.exacts(row)[0],
            external_status=word,
            status_known=status is not None,
            currency=currency,
            placed_at_us=placed_at_us,
            placed_raw=placed_raw,
            paid_at_us=paid_at_us,
            payment=_payment(status or Status(), method, paid=paid),
            payment_method=method,
            fulfilment=status.fulfilment if status else "unfulfilled",
            cancelled=status.cancelled if status else False,
            delivery="pickup" if community else "express",
            campaign=campaign,
            community=community,
            merchant_note=note,
            carrier=carrier,
            waybill=waybill,
            receiver=self._read_party(row, community),
            lines=self._read_lines(group, currency, totals),
            totals=totals,
        )

    def _join(self, group: Group) -> Row:
        """Return the order's own cells: of the first row, filled from later ones, which must not disagree."""
        first = group[0]
        whole = self._repeated.texts(first)
        if len(group) == 1 or all(self._repeated.texts(row) == whole for row in group):
            return first
        head = list(first.cells)
        for field in self._shared:
            at = self._at[field]
            for row in group:
                if row.cells[at] and row.cells[at] != head[at]:
                    if head[at]:
                        refuse_cell(row, field, RowsDisagree(field=field))
                    head[at] = row.cells[at]
        return Row(first.line, tuple(head))

    def _read_parcel(self, group: Group) -> tuple[str, str]:
        """Return carrier and waybill; an order sent in several parcels names each once."""
        if len(group) == 1:
            carrier, waybill = self._parcel.exacts(group[0])
            return carrier, waybill
        found = [self._parcel.exacts(row) for row in group]
        carriers, waybills = ({row[n]: None for row in found if row[n]} for n in (0, 1))
        return ", ".join(carriers), ", ".join(waybills)

    def _read_totals(self, row: Row, currency: str) -> Totals:
        try:
            minor_digits(currency)
        except Refusal as refusal:
            refuse_cell(row, "currency", refusal)
        goods, payable, paid, *others = self._totals.amounts(row, currency)
        shipping, tax, fees, promotion, coupon, points, adjustment, admin_discount = (
            each or 0 for each in others
        )
        # a shop writes a discount as 10.00 or as -10.00: both lower the price
        return Totals(
            goods_minor=goods, shipping_minor=shipping, tax_minor=tax, fees_minor=fees, promotion_minor=abs(promotion),
            coupon_minor=abs(coupon), points_minor=abs(points), adjustment_minor=adjustment - admin_discount,
            payable_minor=payable, paid_minor=paid,
        )  # fmt: skip

    def _read_party(self, row: Row, community: str) -> Party:
        name, country, province, city, district, address, postcode, note = self._party.texts(row)
        phone, phone_other = self._phones.exacts(row)
        return Party(
            name=name, phone=phone or phone_other, country=country or "CN", province=province, city=city,
            district=district, address=f"{community} {address}".strip() if community else address, postcode=postcode,
            buyer_note=note,
        )  # fmt: skip

    def _read_lines(self, group: Group, currency: str, totals: Totals) -> tuple[Line, ...]:
        filled = [row for row in group if any(self._goods.texts(row))]
        # one line and no price column: the declared goods are that line's
        only = (
            totals.goods_minor if len(filled) == 1 and not self._has & {"unit_price", "line_total"} else None
        )
        return tuple([self._read_line(row, currency, only) for row in filled])

    def _read_line(self, row: Row, currency: str, only: int | None) -> Line:
        title, spec, unit, gift = self._goods_text.texts(row)
        (sku,) = self._sku.exacts(row)
        quantity, price = self._micros.micros(row)
        total, discount = self._amounts.amounts(row, currency)
        if not title and not sku:
            refuse_cell(row, "title", TitleMissing())
        if quantity is None:
            quantity = (
                MICRO if "quantity" not in self._has else refuse_cell(row, "quantity", QuantityMissing())
            )
        if price is None:
            whole = only if total is None else total + (discount or 0)
            price = _derived_price(row, whole, quantity, currency=currency)
        return Line(
            title=title or sku, sku=sku, spec=spec, unit=unit, quantity_micro=quantity, unit_price_micro=price,
            discount_minor=discount or 0, total_minor=total, gift=gift.casefold() in _YES,
        )  # fmt: skip


def _payment(status: Status, method: Method, *, paid: bool) -> Payment:
    """Return the payment axis; goods sent for cash on delivery are not paid because they were sent."""
    if status.payment == "paid" and method == "cod" and not paid:
        return "unpaid"
    if status.payment is not None and status.payment != "unpaid":
        return status.payment
    if paid:
        return "paid"
    return "closed" if status.cancelled else "unpaid"


def _derived_price(row: Row, total_minor: int | None, quantity_micro: int, *, currency: str) -> int:
    """Return the unit price in millionths that makes a line total, rounded half up."""
    if total_minor is None or not quantity_micro:
        refuse_cell(row, "unit_price", PriceMissing())
    price, rest = divmod(total_minor * int(10 ** (12 - minor_digits(currency))), quantity_micro)
    return price + (2 * rest >= quantity_micro)


PLUGIN = SheetImporter()
