"""Sample contexts of the pages of webhooks."""

from tests.web.sample_parts import T0, Context, shell
from tocsin.orders.outbound import KINDS
from tocsin.orders.outbound_repeat import Delivery

_ROW = {
    "id": 7, "name": "仓库系统", "host": "wms.example.com", "state": "active", "problem": "", "failing_since_us": None,
    "retry_at_us": 0, "sent_at_us": T0, "kinds": [],
}  # fmt: skip
_OFF = {**_ROW, "id": 8, "name": "记账", "state": "disabled", "problem": "status 503", "sent_at_us": None}
_FAILING = {**_ROW, "id": 9, "name": "Chat", "problem": "timeout", "failing_since_us": T0}
_SENT = Delivery(
    1, 7, 1042, "order.produced", 12, 1, "sent", 1, T0, T0, 204, "", 38, T0,
)  # fmt: skip
_WAITING = Delivery(2, 7, 1043, "order.held", 12, 2, "waiting", 2, T0, T0, 503, "status 503", 120, T0)
_GIVEN_UP = Delivery(3, 7, 1044, "order.moved", 13, 1, "failed", 10, T0, T0, 0, "unreachable", 15000, T0)
_FORM = {"name": "", "url": "", "kinds": KINDS, "shops": ()}
_SHOPS = {"1": "合肥店", "2": "北京店"}
_LIST: Context = {
    "shell": shell("/settings/webhooks", "settings"), "endpoints": [_ROW, _OFF, _FAILING], "form": _FORM, "kinds": KINDS,
    "shops": _SHOPS, "errors": {}, "proved": True,
}  # fmt: skip
_ONE: Context = {
    "shell": shell("/settings/webhooks/7", "settings"), "one": _ROW, "url": "https://wms.example.com/in", "secret": "",
    "deliveries": [_GIVEN_UP, _WAITING, _SENT], "form": _FORM, "kinds": KINDS, "shops": _SHOPS, "today": "2026-11-25",
    "kept_days": 30, "errors": {}, "proved": True,
}  # fmt: skip
WEBHOOK_SAMPLES: dict[str, tuple[str, Context]] = {
    "webhooks": ("settings/webhooks.html", _LIST),
    "webhooks_none": ("settings/webhooks.html", {**_LIST, "endpoints": [], "proved": False}),
    "webhook": ("settings/webhook.html", _ONE),
    "webhook_off": (
        "settings/webhook.html",
        {**_ONE, "one": _OFF, "secret": "whsec_bm90IGEgc2VjcmV0IG9mIGFueWJvZHk=", "deliveries": []},
    ),
}
