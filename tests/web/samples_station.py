"""Sample contexts of the pages of stations, of fingers, and of a finger at a desk's reader."""

from tests.web.sample_parts import MINUTE, PASSWORD, T0, Context, door, shell
from tocsin.access.reader import FINGERS
from tocsin.core.words import Words
from tocsin.fleet import Fleet, MerchantHealth, Part
from tocsin.web.fingers import NAMES, RETRIES

_STATION = {
    "id": 71, "name": "前台电脑", "version": "0.1.0", "address": "192.168.1.23", "by": "lin", "created_at_us": T0 - 900 * MINUTE,
    "last_seen_us": T0, "state": "there", "reader": "ready", "driver": "fprintd", "always": False, "revoked": False,
}  # fmt: skip
_STATIONS: Context = {
    "shell": shell("/settings/stations", "settings"), "made": None, "proved": True,
    "stations": [
        _STATION,
        {**_STATION, "id": 72, "name": "仓库", "state": "vanished", "reader": "vanished", "always": True},
        {**_STATION, "id": 73, "name": "后门警报器", "state": "left", "reader": "none", "driver": ""},
        {**_STATION, "id": 74, "name": "收银台 3", "state": "clock", "last_seen_us": None, "reader": "none", "driver": "", "version": ""},
        {**_STATION, "id": 75, "name": "旧电脑", "state": "revoked", "revoked": True},
    ],
    "desks": [{"id": 5, "name": "收银台 2", "place": "门左侧", "station": "71"}, {"id": 6, "name": "收银台 3", "place": "", "station": ""}],
    "choices": {"71": "前台电脑", "72": "仓库"},
}  # fmt: skip
_CODE = {
    "code": "K7QF2-MXD9T", "until_us": T0 + 15 * MINUTE,
    "command": "tocsin station enrol --server https://desk.example --code K7QF2-MXD9T --name ",
}  # fmt: skip
_CHINESE = Words("zh_CN").translate
_WORDS = {name: _CHINESE(NAMES[name]) for name in FINGERS}
_FINGERS: Context = {
    "shell": shell("/settings/fingers", "settings"), "proved": True, "form": {"operator": "2"}, "errors": {}, "progress": None,
    "people": {"1": "lin", "2": "王敏"}, "stations": {"71": "前台电脑"}, "fingers": _WORDS,
    "rows": [
        {"operator": 2, "name": "王敏", "finger": name, "word": _WORDS[name], "station": 71, "station_name": "前台电脑", "made_at_us": T0}
        for name in FINGERS[:2]
    ],
}  # fmt: skip
_RUNNING = {
    "tone": "",
    "text": _CHINESE(RETRIES["remove-and-retry"]),
    "done": 3,
    "of": 6,
    "operator": 2,
    "asked": "88",
}
_OVER = {
    "tone": "bad",
    "text": "这枚指纹已在此读取器录入过：请换一根手指",
    "done": 0,
    "of": 0,
    "operator": 0,
    "asked": "",
}
_WAIT: Context = {
    "shell": door("/sign-in/finger"), "name": "wangmin", "act": "/sign-in/finger/session", "say": "",
    "fields": {"name": "wangmin", "back": "/orders", "attempt": "1f.x"}, "otherwise": "/sign-in",
}  # fmt: skip

_FLEET: Context = {
    "fleet": Fleet("0.1.0", "postgresql", ()),
    "merchants": [
        MerchantHealth(
            1, "鼎龙旗舰店", ("DL", "DL2"), (Part("前台电脑", "there", "0.1.0"), Part("仓库", "vanished", "0.0.9"), Part("分店", "left", "0.1.0"), Part("新店", "waits")), (Part("前台", "paper_out"), Part("后厨", "ready")),
            (Part("门口", "failed", "It does not answer"), Part("收银台", "off"), Part("后门", "untried")), dict.fromkeys(("unprinted", "waiting", "unknown", "held_long", "after_print", "changed"), 2), 1,
        ),
        MerchantHealth(2, "徽州茶行", ("CH",), (), (Part("柜台", "unknown"),), (Part("备用", ""),), {"unprinted": 0}, 0),
    ],
}  # fmt: skip
STATION_SAMPLES: dict[str, tuple[str, Context]] = {
    "fleet": ("fleet.html", _FLEET), "fleet_empty": ("fleet.html", {**_FLEET, "merchants": []}),
    "stations": ("settings/stations.html", _STATIONS),
    "stations_code": ("settings/stations.html", {**_STATIONS, "made": _CODE}),
    "stations_none": ("settings/stations.html", {**_STATIONS, "stations": [], "desks": [], "choices": {}, "proved": False}),
    "fingers": ("settings/fingers.html", _FINGERS),
    "fingers_running": ("settings/fingers.html", {**_FINGERS, "progress": _RUNNING}),
    "fingers_over": ("settings/fingers.html", {**_FINGERS, "progress": _OVER, "rows": [], "errors": {"finger": "请从十指中选择"}}),
    "fingers_no_reader": ("settings/fingers.html", {**_FINGERS, "stations": {}, "rows": [], "errors": {"finger": "读取器现在不可用"}}),
    "finger": ("access/finger.html", _WAIT),
    "finger_shift": ("access/finger.html", {**_WAIT, "act": "/shift/7/finger/session", "otherwise": ""}),
    "finger_late": ("access/finger.html", {**_WAIT, "say": "读取器还没有读到手指：请平放手指后再继续"}),
    "password_reader": ("access/password.html", {**PASSWORD, "methods": ["password", "passkey", "reader"], "errors": {"finger": "未能识别此手指；本次尝试已记录"}}),
}  # fmt: skip
