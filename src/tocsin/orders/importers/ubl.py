"""UBL 2.1 Order documents: one order, or several in one root; entities and document types are refused unread.

Source: OASIS UBL 2.1 (ISO/IEC 19845), Order-2; Peppol BIS Order Only 3.
"""

import re
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from tocsin.core.errors import Refusal
from tocsin.core.money import MICRO, line_total_minor
from tocsin.orders.draft import Draft, Line, Party, Totals
from tocsin.orders.importer import (
    BadRow,
    ImportOptions,
    Parsed,
    ParsedOrder,
    Source,
    bad_row,
    check_source,
    show_name,
)
from tocsin.orders.sheet_cells import clean_text, read_amount, read_instant, read_micro
from tocsin.orders.sheet_grouping import check_options

_ORDER = "urn:oasis:names:specification:ubl:schema:xsd:Order-2"
_SPACES = {
    "a": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "b": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
_LIMIT_BYTES = 8 << 20
_SECONDS = re.compile(r"(?<=:\d\d)\.\d+")
# Source: UN/ECE Recommendation 20; a piece is written as none.
_UNITS = {"H87": "", "C62": "", "EA": "", "KGM": "kg", "GRM": "g", "LTR": "l", "MTR": "m", "XBX": "箱"}


class UblUnreadable(Refusal):
    """{filename} is not well-formed XML (line {line}, column {column}): export the order again"""

    kind, code = "invalid", "ubl_unreadable"


class UblEntities(Refusal):
    """{filename} declares a document type or entities, which no order does: it was not read"""

    kind, code = "invalid", "ubl_entities"


class UblNoOrder(Refusal):
    """{filename} is XML, but no UBL Order: choose another file"""

    kind, code = "invalid", "ubl_no_order"


class UblTooLarge(Refusal):
    """{filename} is larger than {limit_mib} MiB, which no order document is: split it"""

    kind, code = "invalid", "ubl_too_large"


class UblImporter:
    """Reads `Order` documents."""

    name, title = "ubl", "UBL 2.1 Order (XML)"

    def accepts(self, source: Source) -> int:
        """Return 95 for XML that names the namespace of orders."""
        begin = source.data[:4096]
        is_xml = begin.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")
        return 95 if is_xml and _ORDER.encode() in begin else 0

    def parse(self, source: Source, options: ImportOptions) -> Parsed:
        """Read each order of the document.

        Raises:
            UblUnreadable, UblEntities, UblNoOrder: it is not well-formed, declares entities, or holds no order.
            UblTooLarge: above 8 MiB.
        """
        check_source(source)
        check_options(options)
        orders: list[ParsedOrder] = []
        bad: list[BadRow] = []
        for place, each in enumerate(_orders_of(source), 1):
            try:
                orders.append(ParsedOrder(place, _draft(each, options)))
            except Refusal as refusal:
                number = _text(each, "b:ID")
                bad.append(bad_row(refusal, place, field=str(refusal.data.get("field", "")), raw=number))
        return Parsed(orders=tuple(orders), bad=tuple(bad))


def _orders_of(source: Source) -> list[Element]:
    name = show_name(source)
    if len(source.data) > _LIMIT_BYTES:
        raise UblTooLarge(filename=name, limit_mib=_LIMIT_BYTES >> 20)
    try:
        root: Element = fromstring(source.data, forbid_dtd=True)
    except DefusedXmlException:
        raise UblEntities(filename=name) from None
    except (ParseError, ValueError, LookupError) as wrong:
        line, column = getattr(wrong, "position", (0, 0))
        raise UblUnreadable(filename=name, line=line, column=column) from None
    orders = [root] if root.tag == f"{{{_ORDER}}}Order" else root.findall(f"{{{_ORDER}}}Order")
    if not orders:
        raise UblNoOrder(filename=name)
    return orders


def _draft(order: Element, options: ImportOptions) -> Draft:
    currency = _text(order, "b:DocumentCurrencyCode").upper() or options.currency
    placed = " ".join(filter(None, (_text(order, "b:IssueDate"), _text(order, "b:IssueTime"))))
    items = order.findall("a:OrderLine/a:LineItem", _SPACES)
    lines = tuple(_line(each, currency) for each in items if not _is_nothing(each))
    return Draft(
        channel=options.channel or "ubl",
        shop=options.shop,
        external_id=_text(order, "b:ID"),
        currency=currency,
        placed_at_us=read_instant(_SECONDS.sub("", placed), options.zone),
        placed_raw=placed,
        receiver=_receiver(order),
        lines=lines,
        totals=_totals(order, currency, lines),
    )


def _receiver(order: Element) -> Party:
    buyer, delivery = order.find("a:BuyerCustomerParty", _SPACES), order.find("a:Delivery", _SPACES)
    place = _find(delivery, "a:DeliveryLocation/a:Address", "a:DeliveryAddress")
    if place is None:
        place = _find(buyer, "a:Party/a:PostalAddress")
    contact = _find(buyer, "a:DeliveryContact", "a:Party/a:Contact")
    company = _text(buyer, "a:Party/a:PartyName/b:Name")
    street = (_text(place, f"b:{part}") for part in ("StreetName", "BuildingNumber", "AdditionalStreetName"))
    plain = (clean_text(line.text or "") for line in _all(place, "a:AddressLine/b:Line"))
    notes = (clean_text(note.text or "") for note in order.findall("b:Note", _SPACES))
    return Party(
        name=_text(contact, "b:Name") or company, phone=_text(contact, "b:Telephone"),
        country=_text(place, "a:Country/b:IdentificationCode").upper() or "CN",
        province=_text(place, "b:CountrySubentity"), city=_text(place, "b:CityName"),
        district=_text(place, "b:District") or _text(place, "b:CitySubdivisionName"),
        address=" ".join(filter(None, (*street, *plain))), postcode=_text(place, "b:PostalZone"),
        buyer_note="; ".join(filter(None, notes)),
    )  # fmt: skip


def _is_nothing(item: Element) -> bool:
    """Tell a line that stands for none: UBL has no order without one."""
    return _text(item, "b:ID") == _text(item, "b:Quantity") == "0" and not _text(item, "a:Item")


def _line(item: Element, currency: str) -> Line:
    quantity = read_micro(_text(item, "b:Quantity"))
    price = read_micro(_text(item, "a:Price/b:PriceAmount")) or 0
    base = read_micro(_text(item, "a:Price/b:BaseQuantity")) or MICRO
    unit = item.find("b:Quantity", _SPACES)
    code = "" if unit is None else unit.get("unitCode", "")
    quantity = MICRO if quantity is None else quantity
    price = price if base == MICRO else price * MICRO // base
    total = read_amount(_text(item, "b:LineExtensionAmount"), currency)
    properties = (
        f"{_text(each, 'b:Name')}: {_text(each, 'b:Value')}"
        for each in item.findall("a:Item/a:AdditionalItemProperty", _SPACES)
    )
    sku = _text(item, "a:Item/a:SellersItemIdentification/b:ID")
    title = _text(item, "a:Item/b:Name") or _text(item, "a:Item/b:Description") or sku
    return Line(
        title=title, line_id=_text(item, "b:ID"), sku=sku or _text(item, "a:Item/a:StandardItemIdentification/b:ID"),
        spec="; ".join(properties), unit=_UNITS.get(code, clean_text(code)), quantity_micro=quantity,
        unit_price_micro=price, total_minor=total, discount_minor=_allowed(item, currency),
    )  # fmt: skip


def _allowed(item: Element, currency: str) -> int:
    """Return a line's allowances less its charges; a line whose sum differs otherwise is for the check to show."""
    allowed = 0
    for each in item.findall("a:AllowanceCharge", _SPACES):
        amount = read_amount(_text(each, "b:Amount"), currency) or 0
        allowed += -amount if _text(each, "b:ChargeIndicator") == "true" else amount
    return max(allowed, 0)


def _totals(order: Element, currency: str, lines: tuple[Line, ...]) -> Totals:
    def amount(path: str) -> int:
        return read_amount(_text(order, path), currency) or 0

    total = "a:AnticipatedMonetaryTotal/b:"
    goods = sum(line_total_minor(line.quantity_micro, line.unit_price_micro, currency) for line in lines)
    net = read_amount(_text(order, f"{total}LineExtensionAmount"), currency)
    payable = read_amount(_text(order, f"{total}PayableAmount"), currency)
    reduced = sum(line.discount_minor for line in lines)
    allowance, charge = amount(f"{total}AllowanceTotalAmount"), amount(f"{total}ChargeTotalAmount")
    prepaid, rounding = amount(f"{total}PrepaidAmount"), amount(f"{total}PayableRoundingAmount")
    tax, net_goods = amount("a:TaxTotal/b:TaxAmount"), goods - reduced
    whole = net_goods - allowance + charge + rounding
    # whether what is payable holds the tax, the sums tell
    taxed = tax if payable is not None and payable + prepaid == whole + tax else 0
    return Totals(
        goods_minor=goods if net in (None, net_goods) else net, fees_minor=charge, tax_minor=taxed,
        promotion_minor=allowance + reduced, adjustment_minor=rounding,
        payable_minor=None if payable is None else payable + prepaid, paid_minor=prepaid or None,
    )  # fmt: skip


def _find(element: Element | None, *paths: str) -> Element | None:
    for path in paths:
        if element is not None and (found := element.find(path, _SPACES)) is not None:
            return found
    return None


def _all(element: Element | None, path: str) -> list[Element]:
    return [] if element is None else element.findall(path, _SPACES)


def _text(element: Element | None, path: str) -> str:
    found = None if element is None else element.find(path, _SPACES)
    return "" if found is None else clean_text("".join(found.itertext()))


PLUGIN = UblImporter()
