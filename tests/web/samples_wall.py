"""Sample contexts of the wall: the screen in the shop, how it is opened, and its links in the settings."""

from tests.web.sample_parts import MINUTE, T0, Context, door, shell

_NAMES = ("waiting", "problems", "held", "unknown", "today", "shift")
_WORDS = ("等待打印", "异常", "挂起", "结果不明的小票", "今日订单", "待接班")


def _tiles(*values: tuple[str, str, str]) -> list[Context]:
    named = zip(_NAMES, _WORDS, values, strict=True)
    return [{"name": name, "word": word, "value": value, "tone": tone, "below": below}
            for name, word, (value, tone, below) in named]  # fmt: skip


_CALM: Context = {
    "shop_name": "鼎龙旗舰店", "at": "12:03:22", "level": "calm", "posture": "calm", "told": "", "open": 0, "taken": False,
    "tiles": _tiles(("3", "", "最久 2 分钟，12:01 起"), ("0", "", ""), ("0", "", ""), ("0", "", ""), ("486", "", ""), ("0", "", "")),
    "printers": [{"name": "收银台", "state": "ready"}, {"name": "后厨", "state": "ready"}], "more_printers": 0, "siren": {"state": "off", "count": 2, "all": 2},
}  # fmt: skip
_BUSY = _tiles(
    ("42", "bad", "最久 23 分钟，11:40 起"), ("1000+", "warn", ""), ("17", "warn", ""), ("2", "bad", ""), ("10000+", "", ""), ("1", "warn", "")
)  # fmt: skip
_AWAY = [
    {"name": "后厨一号热敏打印机（靠窗）", "state": "paper_out"}, {"name": "Counter", "state": "offline"}, {"name": "打包", "state": "paper_low"},
    {"name": "收银台", "state": "unknown"},
]  # fmt: skip
_ALERT: Context = {**_CALM, "level": "alert", "posture": "alert", "tiles": _BUSY, "printers": _AWAY, "more_printers": 4, "siren": {"state": "failed", "count": 1, "all": 3}}  # fmt: skip
_SOUND: Context = {
    **_ALERT,
    "level": "sound",
    "posture": "lockdown",
    "told": "有人正试图登录",
    "open": 3,
    "siren": {"state": "on", "count": 2, "all": 2},
}
_MADE: Context = {
    "name": "后厨",
    "link": "http://localhost:8717/wall/Zk9x",
    "code": "data:image/svg+xml;utf8,<svg/>",
}
_WALL: Context = {
    "id": 7, "name": "后厨", "shop": "鼎龙旗舰店", "by": "王晓", "created_at_us": T0 - 900 * MINUTE, "opened_at_us": T0 - 800 * MINUTE,
    "times_opened": 1, "address": "192.168.1.40", "last_seen_us": T0, "revoked_at_us": None,
}  # fmt: skip
_PAGE: Context = {
    "shell": shell("/settings/walls", "settings"), "shops": {"": "所有店铺", "7": "鼎龙旗舰店"}, "made": None, "form": {}, "errors": {}, "proved": True,
    "walls": [_WALL, {**_WALL, "id": 8, "name": "收银台", "times_opened": 2}, {**_WALL, "id": 9, "opened_at_us": None, "last_seen_us": None, "revoked_at_us": T0}],
}  # fmt: skip
WALL_SAMPLES: dict[str, tuple[str, Context]] = {
    "wall": ("wall/wall.html", {"shell": door("/wall"), "wall": _CALM}),
    "wall_alert": ("wall/wall.html", {"shell": door("/wall"), "wall": _ALERT}),
    "wall_lockdown": ("wall/wall.html", {"shell": door("/wall"), "wall": {**_CALM, "level": "lockdown", "posture": "lockdown", "shop_name": "", "printers": [], "siren": None}}),
    "wall_light": ("wall/wall.html", {"shell": door("/wall"), "wall": {**_ALERT, "level": "light", "told": "警报器没有应答", "open": 1, "taken": True}}),
    "wall_sound": ("wall/wall.html", {"shell": door("/wall"), "wall": _SOUND}),
    "wall_open": ("wall/open.html", {"shell": door("/wall/x"), "name": "后厨", "elsewhere": True, "languages": {"zh_CN": "中文", "en": "English"}}),
    "wall_replaced": ("wall/closed.html", {"shell": door("/wall"), "state": "replaced"}),
    "wall_revoked": ("wall/closed.html", {"shell": door("/wall"), "state": "revoked"}),
    "wall_unknown": ("wall/closed.html", {"shell": door("/wall"), "state": "unknown"}),
    "walls": ("settings/walls.html", _PAGE),
    "walls_made": ("settings/walls.html", {**_PAGE, "made": _MADE, "form": {"name": ""}}),
    "walls_none": ("settings/walls.html", {**_PAGE, "walls": [], "proved": False, "errors": {"name": "写一个名字"}}),
}  # fmt: skip
