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
    "shell": door("/lock"), "desk_name": "收银台 2", "people": _PEOPLE, "chosen": 0, "error": "", "back": "/orders", "locked": True, "reader": True,
}  # fmt: skip
_SESSIONS: Context = {
    "shell": shell("/settings/sessions", "settings"), "everybody": False, "errors": {}, "at_desk": False, "has_pin": False,
    "shortest": 15, "codes_left": 9,
    "sessions": [{**one, "method": "密码", "desk": "收银台 2" if one["here"] else "", "locked": not one["here"]} for one in SESSIONS],
}  # fmt: skip
_OPERATORS: Context = {
    "shell": shell("/settings/operators", "settings"), "roles": ["manager", "clerk", "checker", "auditor"], "form": {}, "errors": {},
    "invited": None,
    "operators": [
        {"id": 1, "name": "lin", "display_name": "林老板", "role": "owner", "state": "active", "created_at_us": T0, "changeable": False},
        {"id": 2, "name": "wang", "display_name": "wang", "role": "clerk", "state": "active", "created_at_us": T0, "changeable": True},
        {"id": 5, "name": "zhou", "display_name": "周八", "role": "clerk", "state": "invited", "created_at_us": T0, "changeable": True},
        {"id": 3, "name": "zhao", "display_name": "赵六", "role": "checker", "state": "suspended", "created_at_us": T0, "changeable": True},
        {"id": 4, "name": "sun", "display_name": "孙七", "role": "clerk", "state": "left", "created_at_us": T0, "changeable": True},
    ],
}  # fmt: skip
_LINK = {
    "name": "wang",
    "link": "http://localhost:8717/join/6Y4kq0c1mYv3Wm0nJtqk6lq0r3oYyX0f1g2h3i4j5k6",
    "until_us": T0,
}
_ONE = {
    "id": 2,
    "name": "wang",
    "display_name": "王小二",
    "role": "clerk",
    "state": "active",
    "created_at_us": T0,
    "left_at_us": 0,
    "joined": True,
}
_DAYS = [
    {"name": name, "word": word, "from": "08:00" if name != "sun" else "", "to": "17:30" if name != "sun" else ""}
    for name, word in {"mon": "周一", "tue": "周二", "wed": "周三", "thu": "周四", "fri": "周五", "sat": "周六", "sun": "周日"}.items()
]  # fmt: skip
_OPERATOR: Context = {
    "shell": shell("/settings/operators/2", "settings"), "one": _ONE, "roles": ["manager", "clerk", "checker"], "days": _DAYS,
    "shops": [{"id": 7, "name": "鼎龙旗舰店", "zone": "Asia/Shanghai", "chosen": True}], "networks": "192.0.2.0/24", "desks_only": True,
    "ended": [], "error": "", "made": None,
}  # fmt: skip
_RESET: Context = {
    "shell": door("/reset"),
    "form": {"name": "wang", "code": ""},
    "errors": {},
    "back": "/orders",
}
_JOIN: Context = {
    "shell": door("/join/x"),
    "token": "x",
    "name": "wang",
    "errors": {},
    "used": False,
    "shortest": 8,
}
_CODES = ["7K3M-9QTX-02VD", "5RW8-HJ4C-N6PZ", "A1B2-C3D4-E5F6"]
_LOCK_ALL: Context = {
    "shell": shell("/lock-all", "alarm"), "locked_down": True, "form": {}, "errors": {},
    "done": [{"id": 1, "text": "订单台已封锁", "at_us": T0, "undone_at_us": None},
             {"id": 2, "text": "已停用 API 密钥“仓库”", "at_us": T0, "undone_at_us": T0}],
}  # fmt: skip

_RESTORED: Context = {
    "shell": shell("/restored", "alarm"),
    "waiting": [
        {"id": 1, "text": "API 密钥“仓库”已停用", "at_us": T0, "approved_at_us": None, "elsewhere": ""},
        {"id": 2, "text": "工作站“前台”未放行", "at_us": T0, "approved_at_us": T0, "elsewhere": ""},
        {
            "id": 3,
            "text": "Webhook“仓库”已暂停推送",
            "at_us": T0,
            "approved_at_us": None,
            "elsewhere": "/settings/webhooks",
        },
    ],
}

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
    "operators": ("access/operators.html", _OPERATORS),
    "operators_invited": ("access/operators.html", {**_OPERATORS, "invited": _LINK}),
    "operator": ("access/operator.html", _OPERATOR),
    "operator_code": ("access/operator.html", {**_OPERATOR, "made": {"code": "7K3M-9QTX", "until_us": T0}}),
    "operator_new": ("access/operator.html", {**_OPERATOR, "one": {**_ONE, "joined": False}, "made": _LINK, "error": "“x”不是网段"}),
    "operator_left": ("access/operator.html", {
        **_OPERATOR, "one": {**_ONE, "state": "left", "left_at_us": T0}, "ended": ["结束的会话：2", "已删除密码"],
    }),
    "reset": ("access/reset.html", _RESET),
    "reset_refused": ("access/reset.html", {**_RESET, "errors": {"code": "名字或代码不对"}}),
    "join": ("access/join.html", _JOIN),
    "join_used": ("access/join.html", {**_JOIN, "used": True, "name": ""}),
    "lock_all": ("access/lock_all.html", _LOCK_ALL),
    "lock_all_first": ("access/lock_all.html", {**_LOCK_ALL, "done": [], "errors": {"reason": "写明原因"}}),
    "restored": ("access/restored.html", _RESTORED),
    "restored_none": ("access/restored.html", {**_RESTORED, "waiting": []}),
    "lock_account": ("access/lock_account.html", {"shell": shell("/lock-account", "settings")}),
    "recovery_codes": ("access/recovery_codes.html", {"shell": door("/settings/recovery-codes"), "codes": _CODES, "back": "/orders"}),
}  # fmt: skip
