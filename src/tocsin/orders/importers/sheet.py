"""Any sheet with known headings: CSV in UTF-8 or GB18030, a row per line or per order."""

from tocsin.core.errors import Refusal
from tocsin.core.money import MICRO, minor_digits
from tocsin.orders.draft import Draft, Line, Party, Payment, Totals
from tocsin.orders.headings import field_of
from tocsin.orders.importer import ImportOptions, Parsed, Source
from tocsin.orders.sheet_grouping import Cells, Group, parse_groups, refuse_cell
from tocsin.orders.sheet_reading import Row, find_header, open_sheet, peek_text
from tocsin.orders.status_words import Status, read_method, read_status

_LINE_FIELDS = ("title", "sku", "spec", "unit", "unit_price", "quantity", "line_discount", "line_total", "gift")
_EACH_OWN = frozenset({*_LINE_FIELDS, "waybill", "carrier", "order_number"})
_YES = frozenset({"是", "y", "yes", "true", "1", "赠品"})


class RowsDisagree(Refusal):
    """The rows of this order disagree in the column of “{field}”: make them the same, or give the rows different order numbers"""

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
        return parse_groups(sheet, _Builder(Cells(sheet, options), options).build, number="order_number")


class _Builder:
    """Builds the draft of a group of rows."""

    def __init__(self, cells: Cells, options: ImportOptions) -> None:
        self._cells, self._options = cells, options
        self._shared = [field for field in cells.has if field not in _EACH_OWN]
        self._priced = bool({"unit_price", "line_total"} & set(cells.has))

    def build(self, number: str, group: Group) -> Draft:
        row, cells = self._head(group), self._cells
        currency = cells.text(row, "currency").upper() or self._options.currency
        totals = self._totals(row, currency)
        paid_at_us = cells.instant(row, "paid_at")
        word = cells.text(row, "status")
        status = read_status(word) if word else Status()
        method = read_method(cells.text(row, "payment_method"))
        return Draft(
            channel=self._options.channel or "sheet",
            shop=cells.text(row, "shop") or self._options.shop,
            external_id=cells.exact(row, "order_number") or number,
            external_status=word,
            status_known=status is not None,
            currency=currency,
            placed_at_us=cells.instant(row, "placed_at"),
            placed_raw=cells.text(row, "placed_at"),
            paid_at_us=paid_at_us,
            payment=_payment(status, method == "cod", paid=paid_at_us is not None or bool(totals.paid_minor)),
            payment_method=method,
            fulfilment=status.fulfilment if status else "unfulfilled",
            cancelled=status.cancelled if status else False,
            delivery="pickup" if cells.text(row, "community") and not cells.text(row, "address") else "express",
            campaign=cells.text(row, "campaign"),
            merchant_note=cells.text(row, "merchant_note"),
            carrier=self._each(group, "carrier"),
            waybill=self._each(group, "waybill"),
            receiver=self._receiver(row),
            lines=self._lines(group, currency, totals),
            totals=totals,
        )

    def _head(self, group: Group) -> Row:
        """Return the order's own cells: of the first row, filled from later ones, which must not disagree."""
        first = group[0]
        if len(group) == 1:
            return first
        head, cells = list(first.cells), self._cells
        for field in self._shared:
            at = cells.position(field)
            for row in group[1:]:
                if row.cells[at] and row.cells[at] != head[at]:
                    if head[at]:
                        refuse_cell(row, field, RowsDisagree(field=field))
                    head[at] = row.cells[at]
        return Row(first.line, head)

    def _each(self, group: Group, field: str) -> str:
        found = [self._cells.exact(row, field) for row in group]
        return found[0] if len(found) == 1 else ", ".join(dict.fromkeys(filter(None, found)))

    def _totals(self, row: Row, currency: str) -> Totals:
        try:
            minor_digits(currency)
        except Refusal as refusal:
            refuse_cell(row, "currency", refusal)
        amount = self._cells.amount
        # a shop writes a discount as 10.00 or as -10.00; both lower the price
        promotion, coupon, points = (
            abs(amount(row, field, currency) or 0) for field in ("promotion", "coupon", "points")
        )
        return Totals(
            goods_minor=amount(row, "goods", currency),
            shipping_minor=amount(row, "shipping", currency) or 0,
            tax_minor=amount(row, "tax", currency) or 0,
            fees_minor=amount(row, "fees", currency) or 0,
            promotion_minor=promotion,
            coupon_minor=coupon,
            points_minor=points,
            adjustment_minor=(amount(row, "adjustment", currency) or 0)
            - (amount(row, "admin_discount", currency) or 0),
            payable_minor=amount(row, "payable", currency),
            paid_minor=amount(row, "paid", currency),
        )

    def _receiver(self, row: Row) -> Party:
        cells = self._cells
        return Party(
            name=cells.text(row, "receiver"),
            phone=cells.exact(row, "phone") or cells.exact(row, "phone_other"),
            country=cells.text(row, "country") or "CN",
            province=cells.text(row, "province"),
            city=cells.text(row, "city"),
            district=cells.text(row, "district"),
            address=" ".join(filter(None, (cells.text(row, "community"), cells.text(row, "address")))),
            postcode=cells.text(row, "postcode"),
            buyer_note=cells.text(row, "buyer_note"),
        )

    def _lines(self, group: Group, currency: str, totals: Totals) -> tuple[Line, ...]:
        filled = [row for row in group if any(self._cells.text(row, field) for field in _LINE_FIELDS)]
        # one line and no price column: the declared goods are that line's
        only = totals.goods_minor if len(filled) == 1 and not self._priced else None
        return tuple(self._line(row, currency, only) for row in filled)

    def _line(self, row: Row, currency: str, only: int | None) -> Line:
        cells = self._cells
        quantity = cells.micro(row, "quantity")
        if quantity is None:
            quantity = MICRO if "quantity" not in cells.has else refuse_cell(row, "quantity", QuantityMissing())
        total, discount = cells.amount(row, "line_total", currency), cells.amount(row, "line_discount", currency) or 0
        price, title = cells.micro(row, "unit_price"), cells.text(row, "title") or cells.text(row, "sku")
        if not title:
            refuse_cell(row, "title", TitleMissing())
        if price is None:
            price = _derived_price(row, only if total is None else total + discount, quantity, currency=currency)
        return Line(
            title=title, sku=cells.exact(row, "sku"), spec=cells.text(row, "spec"), unit=cells.text(row, "unit"),
            quantity_micro=quantity, unit_price_micro=price, discount_minor=discount, total_minor=total,
            gift=cells.text(row, "gift").casefold() in _YES,
        )  # fmt: skip


def _payment(status: Status | None, cod: bool, *, paid: bool) -> Payment:
    if status is not None and status.payment is not None and not (status.payment == "paid" and cod):
        return "paid" if paid and status.payment == "unpaid" else status.payment
    if paid:
        return "paid"
    return "closed" if status is not None and status.cancelled else "unpaid"


def _derived_price(row: Row, total_minor: int | None, quantity_micro: int, *, currency: str) -> int:
    """Return the unit price in millionths that makes a line total, rounded half up."""
    if total_minor is None or not quantity_micro:
        refuse_cell(row, "unit_price", PriceMissing())
    price, rest = divmod(total_minor * 10 ** (12 - minor_digits(currency)), quantity_micro)
    return price + (2 * rest >= quantity_micro)


PLUGIN = SheetImporter()
