"""The words of shops for the state of an order, on the axes payment, fulfilment, cancelled.

A word that is not here is never guessed: its order arrives held, with the word kept.
"""

from msgspec import Struct

from tocsin.orders.draft import Fulfilment, Method, Payment


class Status(Struct, frozen=True):
    """What a status word says; payment None is: see the other columns."""

    payment: Payment | None = None
    fulfilment: Fulfilment = "unfulfilled"
    cancelled: bool = False


_words: dict[Status, str] = {
    Status("unpaid"): "待付款 未付款 待支付 未支付 等待买家付款 等待付款 unpaid pending",
    Status("paid"): (
        "待发货 已付款 已支付 待出库 等待发货 待配货 已付款,待发货 买家已付款,等待卖家发货 已成团,待发货 等待出库 paid processing"
    ),
    Status("paid", "partial"): "部分发货 partial partially_shipped",
    Status("paid", "shipped"): (
        "已发货 待收货 卖家已发货,等待买家确认 已发货,待签收 已出库 等待确认收货 配送中 shipped fulfilled"
    ),
    Status("paid", "delivered"): "已完成 交易成功 已收货 已签收 已发货,已签收 待评价 completed delivered",
    Status("refunded"): "已退款 退款成功 全额退款 refunded",
    Status("part_refunded"): "部分退款 part_refunded",
    Status(
        None, "unfulfilled", True
    ): "已关闭 已取消 交易关闭 交易取消 无效订单 订单关闭 closed cancelled canceled",
}
STATUSES: dict[str, Status] = {"": Status()} | {
    word: status for status, words in _words.items() for word in words.split()
}

METHODS: dict[str, Method] = {
    "": "", "未支付": "", "微信": "wechat", "微信支付": "wechat", "wechat": "wechat", "支付宝": "alipay",
    "alipay": "alipay", "银行卡": "card", "信用卡": "card", "在线支付": "other", "card": "card",
    "货到付款": "cod", "cod": "cod", "cash on delivery": "cod", "积分": "points", "积分支付": "points",
    "points": "points", "现金": "cash", "cash": "cash", "线下支付": "offline", "银行转账": "offline",
    "公司转账": "offline", "对公转账": "offline", "offline": "offline",
}  # fmt: skip


def read_status(word: str) -> Status | None:
    """Return what a status word says, None for an unknown one."""
    return STATUSES.get(word.casefold().replace("，", ",").replace(" ", ""))


def read_method(word: str) -> Method:
    """Return the payment method of a word; one that is not known is `other`."""
    return METHODS.get(word.casefold(), "other")
