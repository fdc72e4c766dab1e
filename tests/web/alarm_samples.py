"""Sample contexts of the alarm's pages, and of what every page shows of the alarm."""

from tests.web.sample_parts import CALM, MINUTE, PAGE, T0, Context, shell

ATTACKED = {
    "id": 155_032_741_002_240_777, "headline": "有人正在尝试登录 林小姐 的账号", "code": "attack", "from": "来自 203.0.113.9 等 3 个地址",
    "to_do": "先消音，再看是谁在登录。不要把密码告诉任何人。打电话给 林小姐 问一声。", "signals": 6, "last_us": T0 + MINUTE, "state": "sounding", "by": "",
    "sounding": True, "own": False, "can_silence": True, "can_take": True,
}  # fmt: skip
ATTACK = {
    "posture": "alert",
    "open": 1,
    "level": "sound",
    "left_ms": 170_000,
    "now_us": T0,
    "incident": ATTACKED,
}
SILENCED = {**ATTACK, "level": "light", "left_ms": 0, "open": 3, "incident": {**ATTACKED, "sounding": False, "can_silence": False, "state": "silenced", "by": "王强 消音"}}  # fmt: skip
OWN = {
    **ATTACK,
    "incident": {**ATTACKED, "headline": "有人正在尝试以你的身份登录", "own": True, "code": "attack_own"},
}
LOCKED = {**CALM, "posture": "lockdown"}
ROW = {
    "id": 777, "headline": "有人正在尝试登录 林小姐 的账号", "state": "sounding", "signals": 6, "accounts": 1, "addresses": 3, "raised_us": T0,
    "last_us": T0 + MINUTE, "by": "",
}  # fmt: skip
PAST = [
    {**ROW, "id": 600, "state": "cleared", "by": "林小姐", "signals": 10_000, "accounts": 40, "addresses": 212, "headline": "有人正在尝试登录 40 个账号"},
    {**ROW, "id": 590, "state": "mistyped", "signals": 2, "addresses": 1, "headline": "王强 在熟悉的设备上输错了密码"},
    {**ROW, "id": 580, "state": "quiet", "signals": 1, "addresses": 1, "headline": "有人用不存在的名字登录"},
    {**ROW, "id": 570, "state": "back", "signals": 1, "accounts": 0, "addresses": 0, "headline": "前台 的指纹仪不见了"},
]  # fmt: skip
POSTURE = {
    "state": "alert",
    "why": "",
    "since_us": T0,
    "by": "订单台",
    "incident_id": 777,
    "cause": "有人正在尝试登录 林小姐 的账号",
}
SIRENS = [
    {"name": "门口声光报警器", "place": "前台", "state": "on", "problem": "", "at_us": T0},
    {"name": "仓库", "place": "", "state": "failed", "problem": "没有应答", "at_us": T0},
    {"name": "二楼", "place": "", "state": "off", "problem": "", "at_us": T0},
]
PEOPLE = {"count": 4, "unproved": 1, "drill": {"at_us": T0, "ok": True, "text": "全程 0.8 秒，4 环都通"}}
HOME = {
    "shell": shell("/alarm", "alarm", alarm=ATTACK), "posture": POSTURE, "open": [ROW, {**ROW, "id": 776, "state": "acknowledged", "by": "王强", "headline": "前台 的指纹仪不见了"}],
    "past": PAST, "page": PAGE, "sirens": SIRENS, "people": PEOPLE, "may_lock": True, "form": {}, "errors": {},
}  # fmt: skip
TIMELINE = [
    {"at_us": T0 + 3 * MINUTE, "text": "林小姐 已解除", "tone": "ok", "icon": "check"},
    {"at_us": T0 + 2 * MINUTE, "text": "王强 已确认，由他处理", "tone": "info", "icon": "tick"},
    {"at_us": T0 + MINUTE, "text": "王强 已消音，灯继续亮", "tone": "warn", "icon": "mute"},
    {"at_us": T0 + 400_000, "text": "门口声光报警器 已响（87 毫秒）", "tone": "bad", "icon": "alarm"},
    {"at_us": T0 + 300_000, "text": "要求鸣响", "tone": "bad", "icon": "sound"},
    {"at_us": T0, "text": "规则：10 分钟内同一账号 3 次错误密码", "tone": "warn", "icon": "warn"},
]
INCIDENT = {
    "id": 777, "headline": "有人正在尝试登录 林小姐 的账号", "why": "10 分钟内同一账号 3 次错误密码。", "to_do": ATTACKED["to_do"], "state": "sounding", "level": "sound",
    "by": "", "signals": 6, "refused": 2, "accounts": 1, "addresses": 3, "raised_us": T0, "last_us": T0 + MINUTE, "sounded_us": T0, "escalated": 0,
    "cleared_us": None, "note": "", "own": False, "can_silence": True, "can_take": True, "look": "",
}  # fmt: skip
SIGNALS = [
    {"at_us": T0 + n * 4_000_000, "account": "林小姐", "method": "密码", "outcome": "不对" if n < 4 else "未测试即拒绝", "address": "203.0.113.9", "device": ""}
    for n in range(6)
]  # fmt: skip
SHOWN = {
    "shell": shell("/incidents/777", "alarm", alarm=ATTACK), "incident": INCIDENT, "timeline": TIMELINE[3:], "timeline_next": "", "signals": SIGNALS,
    "page": PAGE, "form": {}, "errors": {},
    "tallies": {"accounts": [("林小姐", 6)], "addresses": [("203.0.113.9", 4), ("198.51.100.0", 1), ("2001:db8:1234:5678::", 1)], "devices": [("未知设备", 6)]}, "more_sources": True,
}  # fmt: skip
RULES_PAGE = {
    "shell": shell("/settings/alarm", "settings"),
    "form": {
        "revision": "3",
        "profile": "standard",
        "sound_seconds": "180",
        "silence_minutes": "15",
        "quiet_minutes": "10",
        "escalate_minutes": "3, 10, 30",
        "decoy_tried": "sound",
        "account_failures": "sound",
        "account_failures.count": "5",
        "account_failures.minutes": "15",
    },
    "errors": {},
    "watch_days": 14,
    "groups": [
        {
            "title": "登录",
            "rules": [
                {
                    "code": "wrong_credential",
                    "name": "任何错误的凭据",
                    "least": "light",
                    "insider": False,
                    "level": "light",
                    "numbers": {},
                },
                {
                    "code": "account_failures",
                    "name": "同一账号连续出错",
                    "least": "sound",
                    "insider": False,
                    "level": "sound",
                    "numbers": {"count": "3", "minutes": "15"},
                },
                {
                    "code": "decoy_tried",
                    "name": "有人试诱饵账号",
                    "least": "off",
                    "insider": False,
                    "level": "sound",
                    "numbers": {},
                },
            ],
        },
        {
            "title": "本人少有的举动",
            "rules": [
                {
                    "code": "lookups_many",
                    "name": "一人查询很多",
                    "least": "off",
                    "insider": True,
                    "level": "light",
                    "numbers": {"count": "100", "minutes": "60", "times": "5"},
                }
            ],
        },
    ],
}
ALARM_SAMPLES: dict[str, tuple[str, Context]] = {
    "alarm": ("alarm/alarm.html", HOME),
    "alarm_calm": ("alarm/alarm.html", {**HOME, "shell": shell("/alarm", "alarm"), "posture": {**POSTURE, "state": "calm", "since_us": 0, "why": "", "incident_id": 0}, "open": [], "past": [], "sirens": [], "people": {"count": 0, "unproved": 0, "drill": None}}),
    "alarm_clerk": ("alarm/alarm.html", {**HOME, "shell": shell("/alarm", "alarm", role="clerk", alarm=SILENCED), "may_lock": False}),
    "alarm_refused": ("alarm/alarm.html", {**HOME, "form": {"state": "calm", "reason": ""}, "errors": {"reason": "请写明原因"}}),
    "rules": ("settings/alarm.html", RULES_PAGE),
    "rules_wrong": ("settings/alarm.html", {**RULES_PAGE, "errors": {"account_failures.count": "请在范围内取一个数 (1-10000)", "quiet_minutes": "请在范围内取一个数 (1-1440)"}}),
    "alarm_news": ("alarm/news.html", {"shell": shell(), "alarm": OWN}),
    "incident": ("alarm/incident.html", SHOWN),
    "incident_over": ("alarm/incident.html", {**SHOWN, "shell": shell("/incidents/777", "alarm", alarm=LOCKED), "incident": {**INCIDENT, "state": "cleared", "can_silence": False, "can_take": False, "note": "隔壁店的人输错了店名，已打电话核实。", "by": "林小姐", "cleared_us": T0 + 3 * MINUTE}, "timeline": TIMELINE, "timeline_next": "/incidents/777?earlier=5"}),
    "orders_own": ("orders/lookups.html", {"shell": shell("/lookups", alarm=OWN), "rows": [], "page": PAGE, "mine": True, "may_all": True, "order_number": "", "days": 365, "form": {}, "error": ""}),
}  # fmt: skip
