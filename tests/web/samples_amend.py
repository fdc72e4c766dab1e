"""Samples of what stands beside an order and its forms: who edits, what is locked, conflicts, requests, the timeline."""

from tests.web.sample_parts import T0, Context, order, shell
from tocsin.orders.field_right import GROUPS, group_of

NOBODY = {"name": "", "since_us": T0, "token": "", "lost": False, "form": True, "myself": False}
FORM_AROUND: Context = {
    "locked": frozenset({"price", "delivery"}),
    "group_of": group_of,
    "editing": {**NOBODY, "name": "li"},
}
BESIDE: Context = {
    "editing": {**NOBODY, "name": "li", "form": False}, "on_platform": True, "in_conflict": True,
    "requests": [
        {"id": 7, "part": "receiver", "state": "asked", "revision": 2, "at_us": T0, "by": "li", "ended_at_us": 0, "ended_by": "", "reason": ""},
        {"id": 6, "part": "price", "state": "refused", "revision": 2, "at_us": T0, "by": "li", "ended_at_us": T0, "ended_by": "li", "reason": "平台不改价"},
    ],
}  # fmt: skip
_ENTRY = {
    "at_us": T0, "by": "li", "what": "orders.hold", "word": "Held", "icon": "held", "revision": 0, "kind": "", "serial": "", "copy_kind": "", "state": "", "part": "",
    "taken_from": "", "payment": "", "fulfilment": "", "reason": "",
}  # fmt: skip
ENTRIES = [
    {**_ENTRY, "what": "orders.take_over", "icon": "edit", "taken_from": "wang"},
    {**_ENTRY, "what": "orders.ask_platform", "icon": "info", "part": "receiver", "state": "asked"},
    {
        **_ENTRY,
        "what": "print",
        "icon": "terminal",
        "serial": "0007",
        "copy_kind": "customer",
        "state": "printed",
        "revision": 2,
    },
    {**_ENTRY, "kind": "conflict"},
    {**_ENTRY, "what": "orders.move", "icon": "dot", "payment": "paid", "fulfilment": "shipped"},
    {**_ENTRY, "what": "orders.produce", "icon": "layers", "revision": 2, "reason": "客户改地址"},
]
SOURCES = [
    {
        "name": "receiver.phone",
        "field": "receiver.phone",
        "before": "138****5678",
        "desk": "139****2222",
        "source": "137****4444",
        "side": "",
    },
    {
        "name": "merchant_note",
        "field": "merchant_note",
        "before": "",
        "desk": "先打电话",
        "source": "",
        "side": "desk",
    },
    {
        "name": "lines.1.quantity_micro",
        "field": "lines.0.quantity",
        "before": "1",
        "desk": "1",
        "source": "2",
        "side": "source",
    },
    {
        "name": "totals.payable_minor",
        "field": "totals.payable",
        "before": "CN¥39.90",
        "desk": "CN¥39.90",
        "source": "CN¥79.80",
        "side": "follows",
    },
]

AMENDING: Context = {
    "form": {"clerk.notes": "1", "revision": "2", "paper_revision": "0", "paper": "wait"},
    "errors": {},
    "groups": GROUPS,
    "roles": ("manager", "clerk"),
}
AMEND_SAMPLES: dict[str, tuple[str, Context]] = {
    "amending": ("settings/amending.html", {"shell": shell("/settings/amending", "settings"), **AMENDING}),
    "masking": ("settings/masking.html", {"shell": shell("/settings/masking", "settings"), "errors": {}, "channels": ["jd", "taobao", "wechat"], "form": {"seconds": "60", "per_hour": "120", "per_hour_of_key": "1000", "channel.taobao": "1", "revision": "0", "check_revision": "0"}}),
    "conflict": ("orders/conflict.html", {"shell": shell(), "order": order(), "form": {}, "errors": {}, "at_us": T0, "revision": 2, "rows": SOURCES}),
    "timeline": ("orders/timeline.html", {"shell": shell(), "order": order(), "entries": ENTRIES, "lookups": 3, "page": {"count_text": "", "previous_url": "", "next_url": "/x"}}),
    "editing": ("orders/editing.html", {"shell": shell(), "number": "DL-1", "editing": {**NOBODY, "name": "li", "lost": True, "token": "t"}}),
    "beside": ("orders/beside.html", {"shell": shell(), "order": order(), "act": "", "form": {}, "error": "", "viewing_past": False, "beside": BESIDE}),
}  # fmt: skip
