"""Sample contexts of the pages on which a sheet is given its columns."""

from tests.web.sample_parts import T0, Context, shell

_ORDER = {
    "row": 2,
    "external_id": "N-20260901-001",
    "receiver_name": "李*",
    "goods": "砀山酥梨 ×2",
    "payable_minor": 7980,
    "currency": "CNY",
    "placed_at_us": T0,
}
PREVIEW: Context = {
    "wrong": "", "counts": {"new": 120, "unchanged": 3, "changed": 2, "printed": 1, "conflict": 1, "bad": 1}, "whole": False,
    "first": {"new": [_ORDER, _ORDER], "changed": [_ORDER], "printed": [_ORDER], "conflict": [_ORDER]},
    "bad": [{"row": 17, "field": "quantity", "text": "“两”不是数：写成 2"}], "unread": ("备用",),
}  # fmt: skip
_COLUMNS = [
    {"heading": "流水", "samples": ("N-1", "N-2"), "field": "order_number"}, {"heading": "谁", "samples": ("李慧",), "field": "receiver"},
    {"heading": "东西", "samples": ("酥梨", "毛峰"), "field": "title"}, {"heading": "备用", "samples": (), "field": ""},
]  # fmt: skip
_PAGE: Context = {
    "shell": shell("/profiles", "import"), "import_id": 0, "file_name": "", "columns": [], "form": {}, "errors": {}, "profiles": [],
    "fields": {"": "不读取", "order_number": "订单号", "receiver": "收货人", "title": "商品名称"}, "zones": {"Asia/Shanghai": "Asia/Shanghai"}, "preview": None,
}  # fmt: skip
PROFILE_SAMPLES: dict[str, tuple[str, Context]] = {
    "profiles": ("orders/profiles.html", {**_PAGE, "profiles": [{"id": 7, "name": "邻居的表", "channel": "", "columns": 6}]}),
    "profile_columns": ("orders/profiles.html", {**_PAGE, "import_id": 7, "file_name": "邻居.csv", "columns": _COLUMNS, "form": {"name": "邻居的表"}, "preview": PREVIEW}),
    "profile_wrong": ("orders/profiles.html", {**_PAGE, "import_id": 7, "file_name": "邻居.csv", "columns": _COLUMNS, "preview": {"wrong": "没有一列是订单号：请选择"}}),
    "mapped": ("orders/mapped.html", {"shell": shell(), "preview": PREVIEW}),
}  # fmt: skip
