"""Sample contexts of the pages of connections."""

from tests.web.sample_parts import T0, Context, shell

_ROW = {
    "id": 7, "kind": "WeChat shop 微信小店", "name": "徽州好物旗舰店", "shop": "合肥店", "state": "active", "last_at_us": T0,
    "last_result": "fetching", "fault": "", "fault_at_us": None, "refused": 0, "rotated_at_us": T0,
}  # fmt: skip
_ROWS = [
    _ROW,
    {**_ROW, "id": 6, "kind": "Shopify", "name": "pears", "last_result": "moved", "fault": "signature_wrong", "fault_at_us": T0, "refused": 3},
    {**_ROW, "id": 5, "kind": "WooCommerce", "name": "web", "state": "paused", "last_at_us": None, "last_result": ""},
]  # fmt: skip
_FIELDS = [
    {"name": "app_id", "label": "AppID", "hint": "The shop's own, such as wx…", "secret": False, "required": True, "long": False, "made": False},
    {"name": "token", "label": "Token", "hint": "Message push settings: the same there and here", "secret": True, "required": False, "long": False, "made": True},
]  # fmt: skip
_LIST: Context = {
    "shell": shell("/settings/connections", "settings"), "connections": _ROWS, "kind": "wechat", "fields": _FIELDS, "form": {},
    "kinds": {"shopify": "Shopify", "woocommerce": "WooCommerce", "wechat": "WeChat shop 微信小店", "youzan": "Youzan 有赞"},
    "shops": {"HF": "合肥店", "BJ": "北京店"}, "errors": {},
}  # fmt: skip
_ONE: Context = {
    "shell": shell("/settings/connections/7", "settings"), "connection": _ROW, "errors": {},
    "address": "https://desk.example.com/hooks/6Y4kq0c1mYv3Wm0nJtqk6lq0r3oYyX0f1g2h3i4j5k6",
    "fields": [{**field, "shown": "wx49f0ab532d5d035a" if field["name"] == "app_id" else "••••••••5k6q"} for field in _FIELDS],
    "made": {},
    "deliveries": [
        {"delivery_id": "channels_ec_order_pay:3705115058471208928", "kind": "channels_ec_order_pay", "result": "fetching", "order_id": 0, "at_us": T0},
        {"delivery_id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", "kind": "orders/paid", "result": "moved", "order_id": 12, "at_us": T0},
        {"delivery_id": "b54557e4", "kind": "orders/updated", "result": "quarantined", "order_id": 0, "at_us": T0},
    ],
}  # fmt: skip
CONNECTION_SAMPLES: dict[str, tuple[str, Context]] = {
    "connections": ("settings/connections.html", _LIST),
    "connections_none": ("settings/connections.html", {**_LIST, "connections": [], "kind": "", "fields": []}),
    "connections_wrong": ("settings/connections.html", {**_LIST, "errors": {"app_id": "字段 app_id 有误：必须填写"}}),
    "connection": ("settings/connection.html", _ONE),
    "connection_fault": (
        "settings/connection.html",
        {**_ONE, "connection": {**_ROWS[1], "last_at_us": None}, "deliveries": [], "made": {"token": "hush"}, "errors": {"keys": "微信没有返回订单"}},
    ),
}  # fmt: skip
