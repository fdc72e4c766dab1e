"""Sample contexts of the command palette."""

from tests.web.sample_parts import Context, shell
from tocsin.web.palette import Entry

_ENTRIES = [
    Entry("修改", "Amend 修改", "This page", "edit", press="KeyA", shown="a"),
    Entry("挂起", "Held 挂起", "Place", "held", url="/held", shown="g h"),
    Entry("新建订单", "New order 新建订单", "Act", "plus", url="/orders/new"),
    Entry("校验", "Checks 校验", "Settings", "settings", url="/settings/checks"),
    Entry("自提", "自提", "Screen", "filter", url="/orders?screen=7"),
    Entry("1849", "1849", "Recent look-up", "clock", url="/orders?q=1849"),
]
_GO: Context = {"shell": shell("/go", ""), "text": "18", "entries": _ENTRIES, "look_up": "/orders?q=18"}
GO_SAMPLES: dict[str, tuple[str, Context]] = {
    "go": ("palette.html", _GO),
    "go_nothing": ("palette.html", {**_GO, "entries": []}),
    "go_list": ("palette_list.html", {"shell": shell(), "entries": _ENTRIES}),
}
