"""The fields of the query language: their names in English and Chinese, and the values that some of them choose from."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Literal

from msgspec import Struct

from tocsin.core.errors import Refusal

Kind = Literal[
    "choice", "text", "prefix", "search", "amount", "date", "number", "hold", "finding", "shop", "sort"
]


class FieldUnknown(Refusal):
    """There is no field “{field}” (character {place}): {near}"""

    kind, code = "invalid", "field_unknown"


class ValueUnknown(Refusal):
    """“{value}” is no {field} (character {place}): choose one of {values}"""

    kind, code = "invalid", "value_unknown"


class StarUseless(Refusal):
    """“{value}” (character {place}) has a * that finds nothing: only number and external take one, at their end; leave it out"""

    kind, code = "invalid", "star_useless"


class QueryField(Struct, frozen=True, kw_only=True):
    """A field: `column` of the order's head where it is one, and each value with its other spellings."""

    name: str
    kind: Kind
    chinese: tuple[str, ...]
    column: str = ""
    values: dict[str, tuple[str, ...]] = {}
    example: str = ""

    def read(self, text: str, *, place: int) -> str:
        """Return a choice by any of its spellings.

        Raises:
            ValueUnknown: it is none.
        """
        plain = text.lower()
        for value, spellings in self.values.items():
            if plain == value or plain in spellings:
                return value
        known = ", ".join(f"{value} {spellings[0]}" for value, spellings in self.values.items())
        raise ValueUnknown(value=text[:40], field=self.name, place=place, values=known)


_YES = {"yes": ("是", "y"), "no": ("否", "n")}
HOLDS = {
    "check": ("核对",), "acknowledge": ("待确认", "确认"), "later": ("稍后",), "unknown": ("未知", "结果未知"), "failed": ("失败", "打印失败"),
    "conflict": ("冲突",), "refund": ("退款",), "manual": ("手动", "人工"),
}  # fmt: skip
FIELDS = (
    QueryField(
        name="state", kind="choice", chinese=("状态",), column="desk_state",
        values={"produced": ("已生成", "待打印"), "printed": ("已打印",), "archived": ("已归档",), "cancelled": ("已取消", "canceled"), "held": ("挂起", "已挂起")},
    ),
    QueryField(name="held", kind="hold", chinese=("挂起",), values={**_YES, **HOLDS}),
    QueryField(name="finding", kind="finding", chinese=("问题", "核对结果"), example="sum_order"),
    QueryField(
        name="payment", kind="choice", chinese=("支付", "付款状态"), column="payment",
        values={"unpaid": ("未支付", "待付款"), "authorised": ("已授权", "authorized"), "paid": ("已支付", "已付款"), "part_refunded": ("部分退款",), "refunded": ("已退款",), "closed": ("已关闭",)},
    ),
    QueryField(
        name="fulfilment", kind="choice", chinese=("发货", "履约"), column="fulfilment",
        values={"unfulfilled": ("未发货", "待发货"), "partial": ("部分发货",), "shipped": ("已发货",), "delivered": ("已签收", "已送达"), "returned": ("已退回", "已退货")},
    ),
    QueryField(
        name="method", kind="choice", chinese=("支付方式",), column="payment_method",
        values={"wechat": ("微信",), "alipay": ("支付宝",), "card": ("银行卡",), "cod": ("货到付款",), "points": ("积分",), "cash": ("现金",), "offline": ("线下",), "other": ("其他",)},
    ),
    QueryField(
        name="delivery", kind="choice", chinese=("配送", "配送方式"), column="delivery",
        values={"express": ("快递",), "pickup": ("自提",), "local": ("同城",), "virtual": ("虚拟",), "prize": ("奖品",)},
    ),
    QueryField(name="channel", kind="text", chinese=("渠道",), column="channel", example="taobao"),
    QueryField(name="campaign", kind="text", chinese=("活动",), column="campaign", example="双十一"),
    QueryField(name="pickup", kind="text", chinese=("自提点",), column="pickup_point", example="东门"),
    QueryField(name="community", kind="text", chinese=("小区",), column="community", example="翠苑一区"),
    QueryField(
        name="group", kind="choice", chinese=("拼团", "成团"), column="group_state",
        values={"forming": ("拼团中", "未成团"), "formed": ("已成团",), "failed": ("拼团失败",)},
    ),
    QueryField(name="currency", kind="text", chinese=("币种",), column="currency", example="CNY"),
    QueryField(name="shop", kind="shop", chinese=("店铺", "门店"), column="shop_id", example="HF"),
    QueryField(name="number", kind="prefix", chinese=("单号", "订单号"), column="number", example="HF-20261122-*"),
    QueryField(name="external", kind="prefix", chinese=("平台单号", "外部单号"), column="external_id", example="2020*"),
    QueryField(name="name", kind="search", chinese=("姓名", "收货人"), example="王小明"),
    QueryField(name="phone", kind="search", chinese=("电话", "手机"), example="5678"),
    QueryField(name="sku", kind="search", chinese=("货号",), example="SKU-001"),
    QueryField(name="title", kind="search", chinese=("商品",), example="酥梨"),
    QueryField(name="amount", kind="amount", chinese=("金额", "应付"), column="payable_minor", example=">=100"),
    QueryField(name="placed", kind="date", chinese=("下单", "日期", "date"), column="placed_at_us", example="today"),
    QueryField(name="paid", kind="date", chinese=("付款", "付款时间"), column="paid_at_us", example="-7d"),
    QueryField(name="produced", kind="date", chinese=("生成",), column="produced_at_us", example="2026-11"),
    QueryField(name="revision", kind="number", chinese=("版本",), column="revision", example=">1"),
    QueryField(
        name="sort", kind="sort", chinese=("排序",),
        values={"newest": ("最新",), "placed": ("下单", "下单时间"), "amount": ("金额",)}, example="placed-",
    ),
)  # fmt: skip
_BARE = re.compile(r"[\w.*-]+")
_BY_NAME = {name: field for field in FIELDS for name in (field.name, *field.chinese)}


def find_field(name: str, *, place: int) -> QueryField:
    """Return a field by its English or Chinese name.

    Raises:
        FieldUnknown: there is none; it names one that is spelt like it.
    """
    found = _BY_NAME.get(name)
    if found is None:
        near = get_close_matches(name, _BY_NAME, n=1, cutoff=0.5)
        hint = f"{near[0]}?" if near else ", ".join(field.name for field in FIELDS)
        raise FieldUnknown(field=name[:40], place=place, near=hint)
    return found


def refuse_star(text: str, *, place: int) -> None:
    """Refuse a `*` at either end of a value where it stands for nothing: the query would find nothing, in silence.

    Raises:
        StarUseless
    """
    if text.startswith("*") or text.endswith("*"):
        raise StarUseless(value=text[:40], place=place)


def complete(
    text: str, *, chinese: bool, known: Mapping[str, Mapping[str, str]] | None = None
) -> list[tuple[str, str]]:
    """Return what may follow at the end of a text: each time the whole text with it, and what it is, at most twelve.

    Args:
        known: by field, values that the merchant has and what they are, such as the codes of his campaigns.
    """
    begun = text.rsplit(maxsplit=1)[-1] if text and not text[-1].isspace() else ""
    head, bare = text[: len(text) - len(begun)], begun.lstrip("-(（")
    lead = head + begun[: len(begun) - len(bare)]
    name, colon, value = bare.replace("：", ":").partition(":")
    if not colon:
        return [
            (f"{lead}{shown}:", field.name)
            for field in FIELDS
            if (shown := _spelt(field, name.lower(), chinese=chinese))
        ][:12]
    field = _BY_NAME.get(name.lower())
    if field is None:
        return []
    done, comma, last = value.rpartition(",")
    if own := (known or {}).get(field.name):
        return [
            (f"{lead}{name}:{done}{comma}{_quoted(choice)}", word)
            for choice, word in own.items()
            if any(one.lower().startswith(last.strip('"').lower()) for one in (choice, word))
        ][:12]
    return [
        (f"{lead}{name}:{done}{comma}{spellings[0] if chinese and spellings else choice}", spellings[0] if spellings else choice)
        for choice, spellings in field.values.items()
        if any(word.startswith(last.lower()) for word in (choice, *spellings))
    ][:12]  # fmt: skip


def _quoted(value: str) -> str:
    return value if _BARE.fullmatch(value) else f'"{value}"'


def _spelt(field: QueryField, begun: str, *, chinese: bool) -> str:
    """Return a field's name as it was begun, or nothing."""
    names = (*field.chinese, field.name) if chinese else (field.name, *field.chinese)
    return next((name for name in names if name.startswith(begun)), "")
