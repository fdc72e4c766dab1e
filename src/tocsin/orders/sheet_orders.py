"""Orders of a sheet by its headings, a row per line or per order; what a shop does otherwise is its shape."""

from functools import partial

from tocsin.core.errors import Refusal
from tocsin.core.money import MICRO, line_total_minor, minor_digits
from tocsin.orders.draft import Draft, Line, Method, Party, Payment, Totals
from tocsin.orders.importer import ImportOptions, Parsed, Source
from tocsin.orders.sheet_filling import fill_sheet, map_headings
from tocsin.orders.sheet_grouping import Columns, Group, check_options, parse_groups, refuse_cell
from tocsin.orders.sheet_reading import Row, Sheet, find_header, open_sheet, peek_text
from tocsin.orders.sheet_shape import Shape, read_refund, split_place, split_titles
from tocsin.orders.status_words import Status, read_method

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
_EACH_OWN = frozenset({
    *_LINE_FIELDS, "waybill", "carrier", "order_number", "line_id", "line_paid", "status", "refund", "kinds",
    "spec_other", "sku_other",
})  # fmt: skip
_HEAD = (
    "currency", "payment_method", "community", "pickup_point", "campaign", "merchant_note", "shop", "placed_at",
)  # fmt: skip
_TOTALS = (
    "goods", "payable", "paid", "shipping", "tax", "fees", "promotion", "coupon", "points", "adjustment",
    "admin_discount", "coupon_other", "before_discount",
)  # fmt: skip
_PARTY = (
    "receiver",
    "country",
    "province",
    "city",
    "district",
    "address",
    "postcode",
    "buyer_note",
    "address_other",
)
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
    """Reads sheets of one shape by their headings."""

    def __init__(self, shape: Shape) -> None:
        self.name, self.title, self._shape = shape.name, shape.title, shape

    def accepts(self, source: Source) -> int:
        """Return the shape's sureness for a text with a heading row that names the order number and what marks it."""
        shape = self._shape
        _, header = find_header(peek_text(source), shape.field_of, needed="order_number")
        return shape.sureness if header and shape.is_marked(header.cells) else 0

    def parse(self, source: Source, options: ImportOptions) -> Parsed:
        """Read the orders of a sheet; see `open_sheet` and `parse_groups` for what is refused."""
        heading = map_headings(options.columns, self._shape.field_of)
        sheet = fill_sheet(open_sheet(source, options, heading=heading, needed="order_number"), options)
        return parse_groups(sheet, _Builder(sheet, options, shape=self._shape).build, number="order_number")


class _Builder:
    """Builds the draft of a group of rows; knows the positions of its sheet's columns."""

    def __init__(self, sheet: Sheet, options: ImportOptions, *, shape: Shape) -> None:
        check_options(options)
        self._options, self._has, self._shape = options, sheet.at.keys(), shape
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
        self._goods, self._goods_text = (
            columns(*_LINE_FIELDS),
            columns("title", "spec", "unit", "gift", "spec_other"),
        )
        self._sku, self._micros = columns("sku", "sku_other"), columns("quantity", "unit_price")
        self._amounts = columns("line_total", "line_discount")
        self._states, self._line_paid = columns("status", "refund"), columns("line_paid")
        self._line_id, self._kinds = columns("line_id"), columns("kinds")
        self._at = sheet.at

    def build(self, _number: str, group: Group) -> Draft:
        row, options = self._join(group), self._options
        currency, method_word, community, pickup_point, campaign, note, shop, placed_raw = self._head.texts(
            row
        )
        currency = currency.upper() or options.currency
        totals = self._read_totals(group, row, currency=currency)
        lines = self._read_lines(group, currency, totals)
        totals = self._shape.settle(totals, lines, currency=currency)
        placed_at_us, paid_at_us = self._times.instants(row, options.zone)
        (word, status), method = self._read_status(group), read_method(method_word)
        paid = paid_at_us is not None or bool(totals.paid_minor)
        carrier, waybill = self._read_parcel(group)
        return Draft(
            channel=options.channel or self._shape.channel,
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
            delivery="pickup" if community or pickup_point else "express",
            campaign=campaign,
            community=community,
            pickup_point=pickup_point,
            merchant_note=note,
            carrier=carrier,
            waybill=waybill,
            receiver=self._read_party(row, community),
            lines=lines,
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

    def _read_status(self, group: Group) -> tuple[str, Status | None]:
        """Return the words of the rows and what they say; where rows say different things nothing is known."""
        pairs = list(dict.fromkeys(pair for row in group if any(pair := self._states.texts(row))))
        words = list(dict.fromkeys(word for word, _ in pairs if word))
        word = "；".join(words)
        status = self._shape.read_status(word) if len(words) < 2 else None
        refunds = [refund for _, refund in pairs]
        if status is None or not any(refunds):
            return word, status
        refunded = read_refund(refunds, status)
        return (word, refunded) if refunded else ("；".join([word, *filter(None, refunds)]), None)

    def _read_totals(self, group: Group, row: Row, *, currency: str) -> Totals:
        try:
            minor_digits(currency)
        except Refusal as refusal:
            refuse_cell(row, "currency", refusal)
        goods, payable, paid, *others = self._totals.amounts(row, currency)
        shipping, tax, fees, promotion, coupon, points, adjustment, admin_discount, other, before = (
            each or 0 for each in others
        )
        if paid is None and "line_paid" in self._has:
            paid = sum(self._line_paid.amounts(each, currency)[0] or 0 for each in group)
        if before and payable is not None and not promotion:
            promotion = max(before - payable, 0)
        # a shop writes a discount as 10.00 or as -10.00: both lower the price
        return Totals(
            goods_minor=goods, shipping_minor=shipping, tax_minor=tax, fees_minor=fees, promotion_minor=abs(promotion),
            coupon_minor=abs(coupon) + abs(other), points_minor=abs(points), adjustment_minor=adjustment - admin_discount,
            payable_minor=payable, paid_minor=paid,
        )  # fmt: skip

    def _read_party(self, row: Row, community: str) -> Party:
        name, country, province, city, district, address, postcode, note, other = self._party.texts(row)
        address = address or other
        phone, phone_other = self._phones.exacts(row)
        if self._shape.split_place and not province:
            (province, city, district, address), postcode = split_place(address, postcode)
        return Party(
            name=name, phone=phone or phone_other, country=country or "CN", province=province, city=city,
            district=district, address=f"{community} {address}".strip() if community else address, postcode=postcode,
            buyer_note=note,
        )  # fmt: skip

    def _read_lines(self, group: Group, currency: str, totals: Totals) -> tuple[Line, ...]:
        filled = [row for row in group if any(self._goods.texts(row))]
        if self._shape.joined_titles and len(filled) == 1 and totals.goods_minor is not None:
            (title, *_), (kinds,) = self._goods_text.texts(filled[0]), self._kinds.texts(filled[0])
            quantity, _ = self._micros.micros(filled[0])
            parts = split_titles(title, kinds, quantity_micro=quantity, goods_minor=totals.goods_minor)
            if parts:
                return tuple(
                    Line(title=part, unit_price_micro=_derived_price(filled[0], minor, MICRO, currency=currency))
                    for part, minor in parts
                )  # fmt: skip
        # one line and no price column: the declared goods are that line's
        goods = totals.goods_minor
        if goods is None and self._shape.payable_is_goods and not totals.shipping_minor:
            goods = totals.payable_minor
        only = goods if len(filled) == 1 and not self._has & {"unit_price", "line_total"} else None
        return tuple([self._read_line(row, currency, only) for row in filled])

    def _read_line(self, row: Row, currency: str, only: int | None) -> Line:
        title, spec, unit, gift, other = self._goods_text.texts(row)
        sku, sku_other = self._sku.exacts(row)
        sku, spec = sku or sku_other, spec or other
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
        if total is not None and discount is None and self._shape.discount_from_total:
            discount = max(line_total_minor(quantity, price, currency) - total, 0)
        (line_id,) = self._line_id.exacts(row)
        return Line(
            title=title or sku, line_id=line_id, sku=sku, spec=spec, unit=unit, quantity_micro=quantity, unit_price_micro=price,
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
