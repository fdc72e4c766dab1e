"""UBL: an OASIS UBL 2.1 Order an order, each an XML file of its own in one zip.

Source: OASIS Universal Business Language 2.1, UBL-Order-2.1.xsd (names, sequence and what is required).
"""

import re
from collections.abc import Iterable
from typing import BinaryIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from tocsin.core.clock import to_datetime
from tocsin.core.money import line_total_minor, plain_micro, plain_minor
from tocsin.orders.draft import Line, Order, Party

_ROOT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"'
    ' xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"'
    ' xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">'
)
# Source: XML 1.0, production 2 (Char): what no reader of XML accepts, not even as a reference.
_no_char = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_no_name = re.compile(r"[^\w.-]", re.ASCII)
# An order has at least one line there: one without goods says so, and the importer takes no line from it.
_NO_GOODS = (
    "<cac:OrderLine><cbc:Note>no goods</cbc:Note><cac:LineItem><cbc:ID>0</cbc:ID>"
    '<cbc:Quantity unitCode="C62">0</cbc:Quantity><cac:Item/></cac:LineItem></cac:OrderLine>'
)
_UNIT = "C62"  # Source: UN/ECE recommendation 20, "one"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


class UblFormat:
    """Writes a zip as a stream: member by member, so memory holds one order at a time."""

    name, title, media_type, suffix = "ubl", "UBL 2.1", "application/zip", ".zip"
    most = 100_000
    """The directory at a zip's end is kept in memory until then."""

    def write_orders(self, orders: Iterable[Order], out: BinaryIO) -> int:
        """Write the orders; return how many."""
        count = 0
        with ZipFile(out, "w", compression=ZIP_DEFLATED, compresslevel=5) as archive:
            for order in orders:
                name = f"{_no_name.sub('_', order.number) or order.id}.xml"
                member = ZipInfo(name, _LONG_AGO)
                member.compress_type = ZIP_DEFLATED
                archive.writestr(member, write_order(order))
                count += 1
        return count


def write_order(order: Order) -> str:
    """Return an order as a document of its own."""
    placed = to_datetime(order.placed_at_us or order.produced_at_us)
    totals, money = order.totals, order.currency
    parts = [
        _ROOT, _tag("UBLVersionID", "2.1"), _tag("ID", order.external_id or order.number),
        _tag("SalesOrderID", order.number), _tag("IssueDate", placed.date().isoformat()),
        _tag("IssueTime", placed.time().isoformat("seconds") + "Z"), _tag("Note", order.receiver.buyer_note),
        _tag("DocumentCurrencyCode", money), _tag("AccountingCost", order.campaign),
        "<cac:BuyerCustomerParty><cac:Party>", _party_name(order.receiver.name), _address("PostalAddress", order.receiver),
        _contact(order.receiver), "</cac:Party></cac:BuyerCustomerParty><cac:SellerSupplierParty><cac:Party>",
        _party_name(order.shop), "</cac:Party></cac:SellerSupplierParty>", _delivery(order),
        *(_allowance(minor, name, charge=charge, money=money) for minor, name, charge in (
            (totals.promotion_minor, "promotion", False), (totals.coupon_minor, "coupon", False),
            (totals.points_minor, "points", False), (totals.shipping_minor, "shipping", True), (totals.fees_minor, "fees", True),
        )),
        f"<cac:TaxTotal>{_amount('TaxAmount', totals.tax_minor, money)}</cac:TaxTotal>" if totals.tax_minor else "",
        "<cac:AnticipatedMonetaryTotal>", _amount("LineExtensionAmount", order.computed_goods_minor, money),
        _amount("PayableRoundingAmount", totals.adjustment_minor, money) if totals.adjustment_minor else "",
        _amount("PayableAmount", order.payable_minor, money), "</cac:AnticipatedMonetaryTotal>",
        *(_line(line, number, money) for number, line in enumerate(order.lines, 1)), "" if order.lines else _NO_GOODS,
        "</Order>\n",
    ]  # fmt: skip
    return "".join(parts)


def _line(line: Line, number: int, money: str) -> str:
    total = line.total_minor
    if total is None:
        total = line_total_minor(line.quantity_micro, line.unit_price_micro, money) - line.discount_minor
    quantity = f'<cbc:Quantity unitCode="{_UNIT}">{plain_micro(line.quantity_micro)}</cbc:Quantity>'
    price = f'<cbc:PriceAmount currencyID="{money}">{plain_micro(line.unit_price_micro)}</cbc:PriceAmount>'
    sku = f"<cac:SellersItemIdentification>{_tag('ID', line.sku)}</cac:SellersItemIdentification>"
    more = "".join(_property(name, value) for name, value in (("spec", line.spec), ("unit", line.unit)))
    return (
        f"<cac:OrderLine><cac:LineItem>{_tag('ID', line.line_id or str(number))}{quantity}"
        f"{_amount('LineExtensionAmount', total, money)}{_allowance(line.discount_minor, 'discount', charge=False, money=money)}"
        f"<cac:Price>{price}</cac:Price><cac:Item>{_tag('Name', line.title)}{sku if line.sku else ''}{more}</cac:Item>"
        "</cac:LineItem></cac:OrderLine>"
    )


def _delivery(order: Order) -> str:
    carrier = _party_name(order.carrier)
    waybill = _tag("TrackingID", order.waybill)
    to = _address("DeliveryAddress", order.receiver)
    by = f"<cac:CarrierParty>{carrier}</cac:CarrierParty>" if carrier else ""
    at = _tag("Description", order.community) + _tag("Name", order.pickup_point)
    at = f"<cac:DeliveryLocation>{at}</cac:DeliveryLocation>" if at else ""
    return f"<cac:Delivery>{waybill}{to}{at}{by}</cac:Delivery>" if waybill or to or at or by else ""


def _address(name: str, to: Party) -> str:
    country = f"<cac:Country>{_tag('IdentificationCode', to.country)}</cac:Country>" if to.country else ""
    parts = (
        _tag("CitySubdivisionName", to.district) + _tag("CityName", to.city) + _tag("PostalZone", to.postcode)
        + _tag("CountrySubentity", to.province)
    )  # fmt: skip
    line = f"<cac:AddressLine>{_tag('Line', to.address)}</cac:AddressLine>" if to.address else ""
    return f"<cac:{name}>{parts}{line}{country}</cac:{name}>"


def _contact(to: Party) -> str:
    return f"<cac:Contact>{_tag('Telephone', to.phone)}</cac:Contact>" if to.phone else ""


def _party_name(name: str) -> str:
    return f"<cac:PartyName>{_tag('Name', name)}</cac:PartyName>" if name else ""


def _property(name: str, value: str) -> str:
    named = f"{_tag('Name', name)}{_tag('Value', value)}"
    return f"<cac:AdditionalItemProperty>{named}</cac:AdditionalItemProperty>" if value else ""


def _allowance(minor: int, reason: str, *, charge: bool, money: str) -> str:
    if not minor:
        return ""
    sign = f"<cbc:ChargeIndicator>{'true' if charge else 'false'}</cbc:ChargeIndicator>"
    return f"<cac:AllowanceCharge>{sign}{_tag('AllowanceChargeReason', reason)}{_amount('Amount', minor, money)}</cac:AllowanceCharge>"


def _amount(name: str, minor: int, money: str) -> str:
    return f'<cbc:{name} currencyID="{money}">{plain_minor(minor, money)}</cbc:{name}>'


def _tag(name: str, text: str) -> str:
    return f"<cbc:{name}>{escape(_no_char.sub('?', text))}</cbc:{name}>" if text else ""


PLUGIN = UblFormat()
