"""Youzan (有赞): the answer of `youzan.trade.get`, a list of trades, or a trade per line; amounts in yuan, times in China.

Personal fields may come as ciphertext of the shop (`$…$1$`): they count as masked, so that no ticket carries them.
Source: doc.youzanyun.com, youzan.trade.get.
"""

import re

from tocsin.orders.draft import Delivery, Draft, Fulfilment, Line, Method, Party, Payment, Totals
from tocsin.orders.importer import ImportOptions, Parsed, Source
from tocsin.orders.platform_json import (
    Doc,
    each_of,
    holds,
    instant_of,
    micro_of,
    minor_of,
    parse_documents,
    text_of,
    within,
)

_ZONE = "Asia/Shanghai"
_FULFILMENTS: dict[str, Fulfilment] = {
    "WAIT_BUYER_PAY": "unfulfilled", "TRADE_PAID": "unfulfilled", "WAIT_CONFIRM": "unfulfilled",
    "WAIT_SELLER_SEND_GOODS": "unfulfilled", "WAIT_BUYER_CONFIRM_GOODS": "shipped", "TRADE_SUCCESS": "delivered",
    "TRADE_CLOSED": "unfulfilled",
}  # fmt: skip
_DELIVERIES: dict[str, Delivery] = {"0": "express", "1": "pickup", "2": "local", "9": "virtual"}
_METHODS: tuple[tuple[str, Method], ...] = (
    ("WEIXIN", "wechat"), ("WX", "wechat"), ("ALIPAY", "alipay"), ("CARD", "card"), ("BANK", "card"), ("COD", "cod"),
    ("PEERPAY", "other"), ("POINT", "points"), ("CASH", "cash"),
)  # fmt: skip
_REFUNDING = {"1", "11"}
_CIPHER = re.compile(r"\$.+\$\d+\$")
_MASK = "***"


class YouzanImporter:
    """Reads the trades of Youzan."""

    name, title = "youzan", "Youzan (JSON)"

    def accepts(self, source: Source) -> int:
        """Return 96 for JSON with the keys of a trade."""
        return 96 if holds(source, "order_info", "pay_info", "orders") else 0

    def parse(self, source: Source, options: ImportOptions) -> Parsed:
        """Read each trade; see `parse_documents` for what is refused."""
        return parse_documents(
            source, options, build=_build, marker="order_info",
            wraps=("response", "data", "trade", "full_order_info_list", "full_order_info"), platform=self.title,
        )  # fmt: skip


def _build(doc: Doc, options: ImportOptions) -> Draft:
    info, status = within(doc, "order_info"), text_of(within(doc, "order_info"), "status")
    refund, paid_at_us = text_of(info, "refund_state"), instant_of(info, "pay_time", _ZONE)
    payment, method = (
        _payment(info, paid=paid_at_us is not None),
        _method(text_of(info, "pay_type_str", "pay_type")),
    )
    parcel = next(iter(each_of(doc, "delivery_order")), {})
    return Draft(
        channel=options.channel or "youzan", shop=options.shop, external_id=text_of(info, "tid"),
        external_status=f"{status} 退款中" if refund in _REFUNDING else status,
        # A group that has not formed, or an order that nobody accepted yet, is not to be packed.
        status_known=status in _FULFILMENTS and status != "WAIT_CONFIRM" and refund not in _REFUNDING,
        placed_at_us=instant_of(info, "created", _ZONE), placed_raw=text_of(info, "created"), paid_at_us=paid_at_us,
        source_version_us=instant_of(info, "update_time", _ZONE), payment=payment, payment_method=method,
        fulfilment=_FULFILMENTS.get(status, "unfulfilled"), cancelled=status == "TRADE_CLOSED",
        delivery=_DELIVERIES.get(text_of(info, "express_type"), "express"), campaign=_campaign(doc),
        merchant_note=text_of(within(doc, "remark_info"), "trade_memo"),
        carrier=text_of(parcel, "express_name"), waybill=text_of(parcel, "express_no"), receiver=_receiver(doc),
        lines=tuple(_line(one) for one in each_of(doc, "orders")),
        totals=_totals(doc, settled=payment in ("paid", "part_refunded", "refunded")),
    )  # fmt: skip


def _payment(info: Doc, *, paid: bool) -> Payment:
    status, refund = text_of(info, "status"), text_of(info, "refund_state")
    if refund == "12" or text_of(info, "close_type") == "2":
        return "refunded"
    if refund == "2":
        return "part_refunded"
    if status == "TRADE_CLOSED":
        return "paid" if paid else "closed"
    return "paid" if paid else "unpaid"


def _method(word: str) -> Method:
    return next((method for part, method in _METHODS if part in word.upper()), "other" if word else "")


def _totals(doc: Doc, *, settled: bool) -> Totals:
    pay, promotion = within(doc, "pay_info"), within(doc, "order_promotion")
    payment = minor_of(pay, "payment", "CNY")
    reduced = [minor_of(promotion, name, "CNY") or 0 for name in ("item_discount_fee", "order_discount_fee")]
    return Totals(
        goods_minor=minor_of(pay, "total_fee", "CNY"), shipping_minor=minor_of(pay, "post_fee", "CNY") or 0,
        promotion_minor=sum(reduced), adjustment_minor=minor_of(promotion, "adjust_fee", "CNY") or 0,
        payable_minor=payment, paid_minor=payment if settled else None,
    )  # fmt: skip


def _line(doc: Doc) -> Line:
    goods, paid = minor_of(doc, "total_fee", "CNY"), minor_of(doc, "payment", "CNY")
    return Line(
        title=text_of(doc, "title"), line_id=text_of(doc, "oid"), sku=text_of(doc, "outer_sku_id", "outer_item_id", "sku_id"),
        spec=_spec(text_of(doc, "sku_properties_name")), quantity_micro=micro_of(doc, "num") or 0,
        unit_price_micro=micro_of(doc, "price") or 0,
        discount_minor=goods - paid if goods is not None and paid is not None else 0, total_minor=paid,
        gift=doc.get("is_present") is True or text_of(doc, "is_present") == "1",
    )  # fmt: skip


def _spec(text: str) -> str:
    """Return the words of a specification that comes as a JSON list of {k, v}."""
    words = re.findall(r'"k"\s*:\s*"([^"]*)"[^}]*?"v"\s*:\s*"([^"]*)"', text)
    return "；".join(f"{key}:{value}" for key, value in words) or text


def _campaign(doc: Doc) -> str:
    promotion = within(doc, "order_promotion")
    found = [*each_of(promotion, "order"), *each_of(promotion, "item")]
    return next(
        (name for one in found if (name := text_of(one, "promotion_title", "promotion_type_name"))), ""
    )


def _receiver(doc: Doc) -> Party:
    place = within(doc, "address_info")
    return Party(
        name=_open(text_of(place, "receiver_name")), phone=_open(text_of(place, "receiver_tel")),
        province=text_of(place, "delivery_province"), city=text_of(place, "delivery_city"),
        district=text_of(place, "delivery_district"), address=_open(text_of(place, "delivery_address")),
        postcode=text_of(place, "delivery_postal_code"), buyer_note=text_of(within(doc, "remark_info"), "buyer_message"),
    )  # fmt: skip


def _open(text: str) -> str:
    return _MASK if _CIPHER.fullmatch(text) else text


PLUGIN = YouzanImporter()
