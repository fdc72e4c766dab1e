"""Sample contexts of the pages about desks, sessions, operators and what was lost."""

from tests.web.sample_parts import SESSIONS, T0, Context, door, shell

_DESKS = [
    {"id": 5, "name": "收银台 2", "place": "门左", "shop": "鼎龙旗舰店", "by": "lin", "created_at_us": T0, "last_seen_us": T0,
     "revoked_at_us": None, "here": True},
    {"id": 4, "name": "仓库", "place": "", "shop": "所有店铺", "by": "lin", "created_at_us": T0, "last_seen_us": T0,
     "revoked_at_us": T0, "here": False},
]  # fmt: skip
_RULES = [
    {"name": "idle_minutes", "word": "闲置多少分钟后结束", "value": "720", "least": 5, "most": 1440},
    {"name": "lock_minutes", "word": "登记台闲置多少分钟后锁定", "value": "10", "least": 1, "most": 240},
]  # fmt: skip
_DESKS_PAGE: Context = {
    "shell": shell("/settings/desks", "settings"), "desks": _DESKS, "shops": {"": "所有店铺", "7": "鼎龙旗舰店"}, "form": {},
    "errors": {}, "here": True, "rules": _RULES, "rules_revision": 0,
}  # fmt: skip
_SEAT = {
    "desk_name": "收银台 2",
    "lock_minutes": 10,
    "notices": [{"id": 9, "text": "你的密码已更改", "at_us": T0}],
}
_PEOPLE = [
    {"id": 3, "name": "wang", "display_name": "王小二", "role": "clerk", "pin": True, "spent": False},
    {"id": 4, "name": "li", "display_name": "李四", "role": "checker", "pin": True, "spent": True},
    {"id": 5, "name": "lin", "display_name": "林老板", "role": "owner", "pin": False, "spent": False},
]  # fmt: skip
_LOCK: Context = {
    "shell": door("/lock"), "desk_name": "收银台 2", "people": _PEOPLE, "chosen": 0, "error": "", "back": "/orders", "locked": True,
}  # fmt: skip
_SESSIONS: Context = {
    "shell": shell("/settings/sessions", "settings"), "everybody": False, "errors": {}, "at_desk": False, "has_pin": False,
    "shortest": 15,
    "sessions": [{**one, "method": "密码", "desk": "收银台 2" if one["here"] else "", "locked": not one["here"]} for one in SESSIONS],
}  # fmt: skip

ACCESS_SAMPLES: dict[str, tuple[str, Context]] = {
    "desks": ("access/desks.html", _DESKS_PAGE),
    "desks_none": ("access/desks.html", {**_DESKS_PAGE, "desks": [], "here": False, "errors": {"name": "写一个名字"}}),
    "lock": ("access/lock.html", _LOCK),
    "lock_wrong": ("access/lock.html", {**_LOCK, "chosen": 3, "error": "PIN 不对。此次尝试已记录。"}),
    "lock_nobody": ("access/lock.html", {**_LOCK, "people": [], "locked": False}),
    "sessions": ("access/sessions.html", _SESSIONS),
    "sessions_desk": ("access/sessions.html", {
        **_SESSIONS, "shell": shell("/settings/sessions", "settings", role="clerk", seat=_SEAT), "at_desk": True, "has_pin": True,
        "shortest": 8, "errors": {"pin": "这个 PIN 太容易猜"},
    }),
}  # fmt: skip
