"""Samples of the look-up ledger, the watch list and a second person."""

from tests.web.sample_parts import T0, shell

_STOOD, _STANDS = ("produced", "unpaid", "unfulfilled"), ("printed", "paid", "shipped")
SINCE = {
    "shell": shell("/lookups"), "found": {"kind": "screen", "at_us": T0}, "asked_text": "支付:未支付", "again_url": "/orders?q=x", "again": True, "refused": "",
    "rows": [
        {"fate": "new", "number": "DL-20200225-0009", "then": None, "now": {"revision": 1, "axes": _STOOD}},
        {"fate": "changed", "number": "DL-20200225-0004", "then": {"revision": 1, "axes": _STOOD}, "now": {"revision": 2, "axes": _STOOD}},
        {"fate": "gone", "number": "DL-20200225-0005", "then": {"revision": 1, "axes": _STOOD}, "now": {"revision": 1, "axes": _STANDS}},
        {"fate": "same", "number": "DL-20200225-0006", "then": {"revision": 1, "axes": ()}, "now": {"revision": 1, "axes": _STOOD}},
    ],
    "counts": {"new": 1, "changed": 1, "gone": 1, "removed": 0, "same": 1},
}  # fmt: skip
WATCHES = [
    {"id": 1, "kind": "order", "shown": "DL-20200225-0004", "reason": "纠纷", "by_name": "lin", "at_us": T0, "until_us": 0, "readable": True},
    {"id": 2, "kind": "phone", "shown": "138****1849", "reason": "公众人物", "by_name": "lin", "at_us": T0, "until_us": T0, "readable": True},
    {"id": 3, "kind": "query", "shown": "店铺:旧店", "reason": "同事自己的单", "by_name": "lin", "at_us": T0, "until_us": 0, "readable": False},
]  # fmt: skip
ASKS = [
    {"id": 1, "number": "DL-20200225-0004", "act": "reveal", "reason": "联系快递", "by": "wang", "at_us": T0, "state": "waiting", "decided_by": "", "until_us": 0, "mine": False},
    {"id": 2, "number": "DL-20200225-0005", "act": "print", "reason": "补打", "by": "lin", "at_us": T0, "state": "approved", "decided_by": "wang", "until_us": T0, "mine": True},
]  # fmt: skip
