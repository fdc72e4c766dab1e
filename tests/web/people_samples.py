"""Sample contexts of the pages of people, of this browser, of the drill and of one's own account."""

from tests.web.alarm_samples import ROW
from tests.web.sample_parts import MINUTE, T0, Context, door, shell
from tocsin.alarm.drill_plan import DrillPlan
from tocsin.web.people import choices
from tocsin.web.words import Words

CHOICES = choices(Words("zh_CN"))
PERSON = {
    "id": "7", "name": "店长群", "kind": "apprise", "service": "企业微信群机器人", "shown": "…7ee4", "whose": "", "locale": "zh_CN",
    "wants": ("sound", "escalated", "drill"), "step": "0", "state": "proved", "problem": "", "problem_at_us": None,
    "sent_at_us": T0, "confirmed_at_us": T0, "waits": False,
}  # fmt: skip
ROWS = [
    PERSON,
    {**PERSON, "id": "8", "name": "老板邮箱", "service": "邮件", "shown": "l***@example.com", "whose": "林小姐", "state": "problem", "problem": "邮件服务器拒收，应答 535", "problem_at_us": T0 + MINUTE},
    {**PERSON, "id": "9", "name": "王强的手机", "kind": "push", "service": "浏览器推送", "shown": "fcm.googleapis.com", "whose": "王强", "state": "unproved", "sent_at_us": None, "confirmed_at_us": None, "waits": True},
    {**PERSON, "id": "10", "name": "夜班电话", "service": "回调：语音电话、短信网关", "shown": "voice.example.com", "step": "1", "state": "off", "confirmed_at_us": None},
]  # fmt: skip
PEOPLE_PAGE = {
    "shell": shell("/settings/people", "settings"), "rows": ROWS, "manages": True, "form": {"sound": "1", "drill": "1"}, "errors": {},
    "operators": {"1": "林小姐", "2": "王强"}, "new": "9", "said": "tested", **CHOICES,
}  # fmt: skip
PUSH_PAGE = {
    "shell": shell("/push", "settings", role="clerk"), "key": "B" * 87, "rows": [ROWS[2]], "errors": {}, "name": "", "said": "armed", "near": True, **CHOICES
}  # fmt: skip
LINKS = [
    {"link": "信号成为事件", "code": "signal", "name": "", "state": "ok", "ms": 4, "problem": ""},
    {
        "link": "警报器开",
        "code": "siren_on",
        "name": "门口声光报警器",
        "state": "ok",
        "ms": 87,
        "problem": "",
    },
    {
        "link": "警报器开",
        "code": "siren_on",
        "name": "仓库",
        "state": "failed",
        "ms": 0,
        "problem": "没有应答",
    },
    {
        "link": "警报器关",
        "code": "siren_off",
        "name": "门口声光报警器",
        "state": "ok",
        "ms": 41,
        "problem": "",
    },
    {"link": "消息", "code": "person", "name": "店长群", "state": "sent", "ms": 312, "problem": ""},
    {"link": "消息", "code": "person", "name": "王强的手机", "state": "ok", "ms": 540, "problem": ""},
    {"link": "打开的页面", "code": "screen", "name": "3", "state": "ok", "ms": 61, "problem": ""},
]
DRILL = {
    "id": "5", "at_us": T0, "state": "failed", "by": "林小姐", "by_hand": True, "incident_id": "777", "links": LINKS, "total_ms": 540
}  # fmt: skip
DRILL_PAGE = {
    "shell": shell("/drills", "alarm"), "drill": DRILL, "past": [{"id": "5", "at_us": T0, "state": "failed", "by": "林小姐"}, {"id": "4", "at_us": T0, "state": "passed", "by": "订单台"}],
    "plan": DrillPlan(weekday=0, hour=9), "revision": 1, "next_us": T0 + MINUTE, "days": {"-1": "不自动演练", "0": "每周一"}, "warning": "上次演练未通过：请修好标出的环节，再演练一次", "errors": {},
}  # fmt: skip
MINE_PAGE = {
    "shell": shell("/incidents/777/mine", "alarm", role="clerk"), "address": "203.0.113.9", "ends": True, "said": "",
    "incident": {**ROW, "headline": "有人正在尝试登录你的账号", "why": "有人试了错误的密码或指纹", "state": "light"},
}  # fmt: skip

PEOPLE_SAMPLES: dict[str, tuple[str, Context]] = {
    "people": ("settings/people.html", PEOPLE_PAGE),
    "people_none": ("settings/people.html", {**PEOPLE_PAGE, "rows": [], "said": "", "errors": {"address": "这不是该机器人的地址"}, "form": {"service": "dingtalk"}}),
    "people_clerk": ("settings/people.html", {**PEOPLE_PAGE, "shell": shell("/settings/people", "settings", role="clerk"), "manages": False, "rows": [ROWS[2]], "said": "wrong"}),
    "push": ("alarm/push.html", PUSH_PAGE),
    "offline": ("phone/offline.html", {}),
    "push_none": ("alarm/push.html", {**PUSH_PAGE, "rows": [], "said": "", "near": False}),
    "received": ("alarm/received.html", {"shell": door("/received/x"), "token": "x", "known": True, "done": False}),
    "received_done": ("alarm/received.html", {"shell": door("/received/x"), "token": "x", "known": True, "done": True}),
    "received_none": ("alarm/received.html", {"shell": door("/received/x"), "token": "x", "known": False, "done": False}),
    "drill": ("alarm/drill.html", DRILL_PAGE),
    "drill_none": ("alarm/drill.html", {**DRILL_PAGE, "drill": None, "past": [], "warning": "", "next_us": None, "plan": DrillPlan()}),
    "mine": ("alarm/mine.html", MINE_PAGE),
    "mine_loud": ("alarm/mine.html", {**MINE_PAGE, "ends": False, "said": "noted"}),
}  # fmt: skip
