"""Sample contexts of the queues' settings."""

from tests.web.sample_parts import Context, shell

_QUEUE = {
    "id": 3, "name": "前台", "role": "counter", "printer": "前台", "backup": "仓库", "backup_minutes": 5, "shop": "", "copies": ["merchant"],
    "takes": "*", "own_lines": False, "pending": 2,
}  # fmt: skip
_BAR = {**_QUEUE, "id": 4, "name": "吧台", "role": "kitchen", "backup": "", "copies": ["kitchen"], "takes": "商品:咖啡,奶茶",
        "own_lines": True, "pending": 0, "shop": "合肥店"}  # fmt: skip
_PAGE: Context = {
    "shell": shell("/settings/queues", "settings"), "queues": [_QUEUE, _BAR, {**_QUEUE, "id": 5, "name": "PDF", "takes": "", "role": ""}],
    "queue": None, "printers": {"3": "前台", "4": "仓库"}, "shops": {"1": "合肥店", "2": "南京店"}, "form": {}, "errors": {},
    "roles": ("", "counter"), "copies": ("merchant", "customer", "kitchen", "delivery"),
}  # fmt: skip
_FORM = {"name": "吧台", "place": "kitchen", "printer": "3", "orders": "query", "takes": "商品:咖啡,奶茶", "own_lines": "1",
         "copy_kitchen": "1", "backup_minutes": "5"}  # fmt: skip
QUEUE_SAMPLES: dict[str, tuple[str, Context]] = {
    "queues": ("settings/queues.html", _PAGE),
    "queues_none": ("settings/queues.html", {**_PAGE, "queues": [], "printers": {}, "shops": {}}),
    "queue": ("settings/queues.html", {**_PAGE, "queue": _BAR, "form": _FORM, "errors": {"name": "队列不能这样设置：需要名称，最多 60 个字"}}),
}  # fmt: skip
