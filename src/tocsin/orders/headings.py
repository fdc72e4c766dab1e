"""The headings under which sheets of Chinese and English shops keep each neutral field."""

import re
import unicodedata

# The order within a field is its rank: where two columns name the same field, the earlier one is read.
HEADINGS: dict[str, tuple[str, ...]] = {
    "order_number": (
        "订单号", "订单编号", "主订单编号", "订单id", "单号", "交易单号", "order number", "order no", "order no.",
        "order id", "order", "external id", "external_id",
    ),
    "placed_at": (
        "下单时间", "订单创建时间", "买家下单时间", "创建时间", "订单时间", "下单日期", "订单成交时间", "成交时间",
        "placed at", "placed_at", "created at", "order date", "order time", "date",
    ),
    "status": ("订单状态", "状态", "交易状态", "status", "order status", "external_status"),
    "payment_method": ("支付方式", "付款方式", "payment method", "payment_method"),
    "paid_at": ("支付时间", "付款时间", "订单付款时间", "买家付款时间", "付款确认时间", "paid at", "paid_at"),
    "goods": ("商品总额", "商品总价", "商品金额合计", "货款", "买家应付货款", "goods", "goods total", "subtotal"),
    "shipping": ("运费", "邮费", "运费金额", "买家应付邮费", "配送费", "shipping", "freight", "shipping fee"),
    "tax": ("税费", "税额", "税金", "tax", "taxes"),
    "fees": ("服务费", "买家服务费", "包装费", "手续费", "fees", "fee"),
    "promotion": ("促销优惠", "活动优惠", "店铺优惠折扣", "店铺优惠", "优惠金额", "优惠", "promotion", "discount"),
    "coupon": ("优惠券抵扣", "优惠券", "平台优惠折扣", "平台优惠", "天猫卡券抵扣", "coupon", "coupon discount"),
    "points": ("积分抵扣", "积分抵现", "集分宝抵扣", "points", "points discount"),
    "admin_discount": ("后台调整", "后台优惠", "管理员优惠", "admin discount"),
    "adjustment": ("金额调整", "调价", "改价", "adjustment"),
    "payable": ("应付金额", "应付", "订单金额", "订单总额", "总金额", "实付款", "payable", "order total", "total"),
    "paid": (
        "实付金额", "已付金额", "支付金额", "买家实际支付金额", "买家实付金额", "用户实付金额", "paid",
        "paid amount", "amount paid",
    ),
    "currency": ("币种", "货币", "currency"),
    "receiver": ("收货人", "收货人姓名", "收件人", "收件人姓名", "客户姓名", "姓名", "receiver", "recipient", "name"),
    "phone": (
        "联系手机", "收货人手机", "收货人电话", "手机号", "手机号码", "手机", "联系电话", "收件人电话", "联系方式", "电话",
        "固定电话", "phone", "mobile", "telephone",
    ),
    "country": ("国家", "country"),
    "province": ("省", "省份", "province", "state"),
    "city": ("市", "城市", "city"),
    "district": ("区", "区县", "区/县", "县区", "district", "county"),
    "address": (
        "修改后的收货地址", "详细地址", "收货地址", "收件地址", "收货人地址", "客户地址", "地址", "address",
        "street address",
    ),
    "community": ("小区", "社区", "community"),
    "pickup_point": ("自提点", "提货点", "自提地点", "pickup point", "pickup_point"),
    "postcode": ("邮编", "邮政编码", "postcode", "zip", "postal code"),
    "buyer_note": ("买家留言", "留言", "买家备注", "订单备注", "buyer note", "buyer_note", "customer note"),
    "merchant_note": ("商家备注", "卖家备注", "备注", "merchant note", "merchant_note", "note"),
    "carrier": ("物流公司", "快递公司", "承运商", "carrier", "courier"),
    "waybill": ("物流单号", "快递单号", "运单号", "waybill", "tracking number"),
    "campaign": ("活动", "活动名称", "团购", "campaign"),
    "shop": ("店铺名称", "店铺", "shop", "store"),
    "title": (
        "商品名称", "商品", "商品标题", "宝贝标题", "货品标题", "产品", "产品名称", "品名", "标题", "title", "item",
        "product", "product name", "item name", "goods name",
    ),
    "sku": (
        "商品编码", "商家编码", "商家编码-规格维度", "货号", "外部系统编号", "商品id", "sku", "item code", "product code",
    ),
    "spec": ("规格", "商品规格", "商品属性", "颜色尺码", "spec", "variant", "options"),
    "unit": ("单位", "unit"),
    "unit_price": ("单价", "价格", "商品单价", "京东价", "售价", "unit price", "unit_price", "price"),
    "quantity": (
        "数量", "购买数量", "订购数量", "商品数量", "件数", "宝贝总数量", "quantity", "qty",
    ),
    "line_discount": ("行优惠", "商品优惠", "单品优惠", "line discount", "line_discount"),
    "line_total": ("行金额", "小计", "总价", "商品小计", "line total", "line_total", "amount"),
    "gift": ("赠品", "是否赠品", "gift"),
}  # fmt: skip

_unit_tail = re.compile(r"[(（](元|件|cny|rmb|¥)[)）]$")
_known: dict[str, str] = {}
for _field, _names in HEADINGS.items():
    for _rank, _name in enumerate(_names):
        _known.setdefault(_name, f"{_field}:{_rank}")


def plain_heading(heading: str) -> str:
    """Return a heading as it is compared: NFKC, lower case, single spaces, without a unit in parentheses."""
    text = " ".join(unicodedata.normalize("NFKC", heading).casefold().split())
    return _unit_tail.sub("", text.lstrip("*")).strip()


def field_of(heading: str) -> str:
    """Return the neutral field of a heading with its rank (`phone:2`), or "" for an unknown one."""
    return _known.get(plain_heading(heading), "")
