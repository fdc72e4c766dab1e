"""Sample contexts of the pages of the shift handover."""

from types import SimpleNamespace

import msgspec

from tests.web.sample_parts import MINUTE, T0, Context, shell
from tocsin.tickets.shift_count import Cash, Figures, HeldOrder, Kind, OpenIncident, OpenPaper, Span
from tocsin.tickets.shift_record import Handover
from tocsin.tickets.shift_state import Handed, Shift, Signer, Taker, digest_of

_FIGURES = Figures(
    holds=(Kind("acknowledge", 2), Kind("check", 3), Kind("unknown", 1)),
    held=(HeldOrder("HF-20200225-0041", "acknowledge", T0), HeldOrder("HF-20200225-0052", "check", T0 + 9 * MINUTE)),
    unknown=1, queued=2, papers=(OpenPaper("HF-20200225-P0119", "HF-20200225-0103", "unknown", T0), OpenPaper("HF-20200225-P0120", "HF-20200225-0104", "queued", T0)),
    printed=Span(118, "HF-20200225-P0001", "HF-20200225-P0118"), issued=Span(131, "HF-20200225-0001", "HF-20200225-0131"), amended=7,
    handed_over=23, cash=(Cash("printed", "CNY", 4, 41860), Cash("handed", "CNY", 3, 31900)),
    incidents=(OpenIncident("71", "attack", "light", T0, ""),), posture="alert",
)  # fmt: skip
_HANDED = Handed(
    shop="HF", shop_name="合肥店", desk="收银台 2", operator="王晓", from_us=T0 - 480 * MINUTE, until_us=T0, figures=_FIGURES,
    note_digest=digest_of("HF-20200225-0103 的小票请到后厨看一下。"), out=Signer("11", "王晓", "password", T0),
)  # fmt: skip
_BODY = msgspec.json.encode(_HANDED).decode()
_OPEN = Shift(91, 5, 0, "open", T0 - 480 * MINUTE, 11, "王晓", 0, 0, 0, "", "", "", 0)
_OFFERED = Shift(
    91, 5, 3, "offered", T0 - 480 * MINUTE, 11, "王晓", 0, T0, 7, "password", _BODY,
    "HF-20200225-0103 的小票请到后厨看一下。", 0,
)  # fmt: skip
_RECORD = Handover(
    77, 91, 5, 3, T0 - 480 * MINUTE, _BODY, digest_of(_BODY), 11, "王晓", "reader", T0, 12, "李芳", "passkey", T0 + 4 * MINUTE, 1,
    "HF-20200225-0103 的小票请到后厨看一下。",
)  # fmt: skip
_HERE: Context = {
    "shift": _OPEN, "mine": True, "waits": False, "figures": _FIGURES, "until_us": T0, "out": None
}  # fmt: skip
_PAGE: Context = {
    "shell": shell("/shift", "shift", role="clerk"), "shops": {5: "合肥店"}, "free": [], "here": _HERE, "desk_name": "", "others": [],
    "takers": [Taker(12, "李芳"), Taker(13, "赵敏")], "form": {}, "error": "", "errors": {}, "passkeys": True, "reader": True,
}  # fmt: skip
_CALM = Figures(posture="calm")
_WAITING: Context = {
    **_PAGE, "errors": {"finger": "未能识别此手指；本次尝试已记录"}, "here": {**_HERE, "shift": _OFFERED, "out": _HANDED.out}, "desk_name": "收银台 2",
    "others": [{"shift": _OFFERED, "waits": True}, {"shift": _OPEN, "waits": False}],
}  # fmt: skip
_RECORD_PAGE: Context = {
    "shell": shell("/shifts/77", "shift"), "record": _RECORD, "handed": _HANDED, "whole": True, "note_whole": True
}  # fmt: skip
_STEPS = dict.fromkeys(
    ("shop", "printer", "page", "siren", "reached", "sheet", "checked", "ticket", "second"), False
)
_START: Context = {
    "shell": shell("/start", "settings"),
    "steps": {**_STEPS, "shop": True, "printer": True},
    "done": 2,
    "next": "page",
    "hidden": False,
}
SHIFT_SAMPLES: dict[str, tuple[str, Context]] = {
    "shift": ("tickets/shift.html", _PAGE),
    "shift_signing": ("tickets/shift.html", {**_PAGE, "form": {"note": "x"}, "errors": {"password": "错"}, "here": {**_HERE, "figures": _CALM}}),
    "shift_offered": ("tickets/shift.html", _WAITING),
    "shift_takes": ("tickets/shift.html", {**_WAITING, "here": {**_WAITING["here"], "waits": True, "mine": False}, "others": []}),
    "shift_none": ("tickets/shift.html", {**_PAGE, "here": None, "takers": [], "free": [SimpleNamespace(id=5, name="合肥店")], "error": "x"}),
    "shift_waits": ("tickets/shifts.html", {"shell": shell("/shifts", "journal", shift_waits={"id": 91, "name": "王晓"}), "rows": [], "page": {}}),
    "shifts": ("tickets/shifts.html", {"shell": shell("/shifts", "shift"), "rows": [{"row": _RECORD, "handed": _HANDED}],
                                       "page": {"count_text": "", "previous_url": "", "next_url": "/shifts?before=7"}}),
    "shift_record": ("tickets/shift_record.html", _RECORD_PAGE),
    "start": ("settings/start.html", _START),
    "start_done": ("settings/start.html", {**_START, "steps": dict.fromkeys(_STEPS, True), "done": 9, "next": "", "hidden": True}),
    "shift_forged": ("tickets/shift_record.html", {**_RECORD_PAGE, "whole": False, "note_whole": False}),
}  # fmt: skip
