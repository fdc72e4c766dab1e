"""WeChat shop (微信小店): the answer of `order/get`, an order, a list, or an order per line; amounts in 分.

A status is never a proof: where it and the rest disagree, and while a refund is asked for, the order arrives held.
Source: developers.weixin.qq.com, channels-shop-order, `order/get`.
"""

from msgspec import Struct

from tocsin.core.clock import to_datetime
from tocsin.core.money import MICRO
from tocsin.orders.draft import Draft, Fulfilment, Line, Party, Payment, Totals
from tocsin.orders.importer import ImportOptions, Parsed, Source
from tocsin.orders.platform_json import (
    Doc,
    cents_of,
    each_of,
    holds,
    micro_of,
    parse_documents,
    second_of,
    text_of,
    within,
)


class _State(Struct, frozen=True):
    payment: Payment
    fulfilment: Fulfilment = "unfulfilled"
    cancelled: bool = False


_STATES = {
    "10": _State("unpaid"), "20": _State("paid"), "21": _State("paid", "partial"), "30": _State("paid", "shipped"),
    "100": _State("paid", "delivered"), "200": _State("refunded", cancelled=True), "250": _State("closed", cancelled=True),
}  # fmt: skip
_MICRO_OF_CENT = MICRO // 100
_VIRTUAL_WAYS = {"1", "3"}


class WechatImporter:
    """Reads the orders of a WeChat shop."""

    name, title = "wechat", "WeChat shop (JSON)"

    def accepts(self, source: Source) -> int:
        """Return 96 for JSON with the keys of an order."""
        return 96 if holds(source, "order_detail", "product_infos") else 0

    def parse(self, source: Source, options: ImportOptions) -> Parsed:
        """Read each order; see `parse_documents` for what is refused."""
        return parse_documents(
            source, options, build=_build, marker="order_detail", wraps=("orders", "order", "data"), platform=self.title
        )  # fmt: skip


def _build(doc: Doc, options: ImportOptions) -> Draft:
    detail, status = within(doc, "order_detail"), text_of(doc, "status")
    state, products = _STATES.get(status, _State("unpaid")), each_of(detail, "product_infos")
    paid_at_us, refunding = second_of(within(detail, "pay_info"), "pay_time"), _is_refunding(doc)
    settled = state.payment in ("paid", "refunded") or (state.payment == "closed" and paid_at_us is not None)
    closed_paid = state.payment == "closed" and paid_at_us is not None
    prices, delivery = within(detail, "price_info"), within(detail, "delivery_info")
    parcel = next(iter(each_of(delivery, "delivery_product_info")), {})
    return Draft(
        channel=options.channel or "wechat", shop=options.shop, external_id=text_of(doc, "order_id"),
        external_status=f"{status} 售后中" if refunding else status,
        status_known=status in _STATES and not refunding and not closed_paid,
        placed_at_us=second_of(doc, "create_time"), placed_raw=text_of(doc, "create_time"), paid_at_us=paid_at_us,
        source_version_us=second_of(doc, "update_time"), payment=_payment(state, products, closed_paid=closed_paid),
        payment_method="wechat" if settled else "", fulfilment=state.fulfilment, cancelled=state.cancelled,
        delivery="virtual" if text_of(delivery, "deliver_method") in _VIRTUAL_WAYS else "express",
        merchant_note=_note(detail), carrier=text_of(parcel, "delivery_name", "delivery_id"),
        waybill=text_of(parcel, "waybill_id"), receiver=_receiver(detail), lines=tuple(_line(one) for one in products),
        totals=_totals(prices, settled=settled),
    )  # fmt: skip


def _is_refunding(doc: Doc) -> bool:
    return text_of(within(doc, "aftersale_detail"), "on_aftersale_order_cnt") not in ("", "0")


def _payment(state: _State, products: list[Doc], *, closed_paid: bool) -> Payment:
    if closed_paid:
        return "paid"
    if state.payment != "paid":
        return state.payment
    bought, returned = (
        sum(micro_of(one, name) or 0 for one in products) for name in ("sku_cnt", "finish_aftersale_sku_cnt")
    )
    return "paid" if not returned else "refunded" if returned >= bought else "part_refunded"


def _totals(prices: Doc, *, settled: bool) -> Totals:
    payable = cents_of(prices, "order_price")
    return Totals(
        goods_minor=cents_of(prices, "product_price"), shipping_minor=cents_of(prices, "freight") or 0,
        promotion_minor=cents_of(prices, "discounted_price") or 0, points_minor=cents_of(prices, "deduction_price") or 0,
        adjustment_minor=-(cents_of(prices, "change_down_price") or 0), payable_minor=payable,
        paid_minor=payable if settled else None,
    )  # fmt: skip


def _line(doc: Doc) -> Line:
    spec = "；".join(
        f"{text_of(one, 'attr_key')}:{text_of(one, 'attr_value')}" for one in each_of(doc, "sku_attrs")
    )
    gift = bool(each_of(within(doc, "free_gift_info"), "main_product_list"))
    return Line(
        title=text_of(doc, "title"), line_id=text_of(doc, "sku_id"), sku=text_of(doc, "sku_code", "out_sku_id", "sku_id"),
        spec=spec, quantity_micro=micro_of(doc, "sku_cnt") or 0,
        unit_price_micro=(cents_of(doc, "sale_price") or 0) * _MICRO_OF_CENT, gift=gift,
    )  # fmt: skip


def _receiver(detail: Doc) -> Party:
    place = within(detail, "delivery_info", "address_info")
    more = within(place, "tel_number_ext_info")
    virtual = text_of(more, "virtual_tel_number") or text_of(place, "virtual_order_tel_number")
    by_virtual = bool(virtual) and text_of(place, "use_tel_number") == "1"
    return Party(
        name=text_of(place, "user_name"),
        phone=virtual if by_virtual else text_of(place, "tel_number") or text_of(more, "real_tel_number"),
        province=text_of(place, "province_name"), city=text_of(place, "city_name"), district=text_of(place, "county_name"),
        address=" ".join(filter(None, (text_of(place, "detail_info"), text_of(place, "house_number")))),
        postcode=text_of(place, "postal_code"), buyer_note=text_of(within(detail, "ext_info"), "customer_notes"),
    )  # fmt: skip


def _note(detail: Doc) -> str:
    """Return the merchant's note, with the day until which a virtual phone number reaches the buyer."""
    more = within(detail, "delivery_info", "address_info", "tel_number_ext_info")
    until_us = second_of(more, "virtual_tel_expire_time")
    told = f"虚拟号至 {to_datetime(until_us, 'Asia/Shanghai'):%Y-%m-%d %H:%M}" if until_us else ""
    return "；".join(filter(None, (text_of(within(detail, "ext_info"), "merchant_notes"), told)))


PLUGIN = WechatImporter()
