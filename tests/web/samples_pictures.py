"""Sample contexts of the page of pictures."""

from datetime import date

from tests.web.sample_parts import Context, shell
from tocsin.core.tenant import Shop
from tocsin.web.picture_words import Column, Picture
from tocsin.web.tallied import Fresh

_HOURS = tuple(f"{hour:02}:00" for hour in range(24))
_SHOPS = [
    Shop(1, "HF", "合肥店", "Asia/Shanghai", "CNY", 0),
    Shop(2, "HZ", "杭州店", "Asia/Shanghai", "CNY", 4),
]


def _wave(high: int, shift: int) -> tuple[int, ...]:
    return tuple(max(0, high - abs(hour - shift) * 3) * (hour % 3 + 1) // 2 for hour in range(24))


_PICTURES = {
    "orders": Picture("orders", "Hour", _HOURS, (
        Column("春季拼团", "s0", _wave(30, 10)), Column("双十一", "s1", _wave(22, 20)), Column("抽奖", "s2", _wave(9, 15)),
        Column("No campaign", "s3", _wave(14, 12)), Column("Cancelled", "none", _wave(5, 13)),
    )),
    "problems": Picture("problems", "Problem", ("地址过短", "疑似重复", "库存不足", "有留言未读"), (Column("Orders", "bad", (31, 12, 9, 2)),)),
    "waits": Picture("waits", "From order to ticket", ("under 1 min", "1 – 2 min", "2 – 5 min", "5 – 10 min", "10 – 15 min", "15 – 30 min", "30 min – 1 hr", "1 – 2 hr",
        "2 – 4 hr", "4 – 8 hr", "8 hr – 1 day", "1 day or more"), (Column("First tickets", "s0", (140, 92, 60, 31, 12, 9, 4, 2, 0, 1, 0, 0)),)),
    "papers": Picture("papers", "Printer", ("前台", "后厨"), (
        Column("Printed", "ok", (210, 130)), Column("Waiting", "info", (3, 0)), Column("Unknown", "warn", (1, 4)), Column("Failed", "bad", (0, 9)), Column("Cancelled or expired", "none", (4, 0)),
    )),
    "attempts": Picture("attempts", "Hour", _HOURS, (Column("Right", "ok", _wave(6, 9)), Column("Wrong", "bad", _wave(4, 2)), Column("Refused untested", "none", _wave(3, 2)))),
}  # fmt: skip
_PAGE: Context = {
    "shell": shell("/pictures", "picture"), "pictures": _PICTURES, "within": [("p50", "1 min"), ("p90", "9 min"), ("p99", "48 min")],
    "period": "today", "hourly": True, "first": date(2026, 9, 15), "last": date(2026, 9, 15), "shop_code": "", "shops": _SHOPS, "zone": "Asia/Shanghai",
    "fresh": Fresh(), "printers": [("前台", "ready"), ("后厨", "paper_out")],
}  # fmt: skip
_NONE = {name: Picture(name, "Hour", (), ()) for name in _PICTURES if name != "attempts"}
PICTURE_SAMPLES: dict[str, tuple[str, Context]] = {
    "pictures": ("orders/pictures.html", _PAGE),
    "pictures_counting": ("orders/pictures.html", {**_PAGE, "fresh": Fresh(counting_us=1_789_400_000_000_000)}),
    "pictures_behind": ("orders/pictures.html", {**_PAGE, "fresh": Fresh(counted_to_us=1_789_400_000_000_000)}),
    "pictures_none": ("orders/pictures.html", {**_PAGE, "pictures": _NONE, "period": "week", "hourly": False, "first": date(2026, 9, 9), "shops": _SHOPS[:1]}),
}  # fmt: skip
