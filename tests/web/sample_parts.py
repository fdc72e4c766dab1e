"""Parts of the sample contexts: the shells, an order, rows, findings, jobs as pages are given them."""

from typing import Any

from tocsin.core.actor import ROLES
from tocsin.orders.draft import Line, Order, Party, Totals

T0 = 1_582_620_000_000_000
MINUTE = 60_000_000
CALM = {"posture": "calm", "open": 0, "level": "", "left_ms": 0, "now_us": T0, "incident": None}
Context = dict[str, Any]


def shell(path: str = "/orders", section: str = "orders", role: str = "owner", **more: Any) -> Context:
    """Return what the shell of every signed-in page needs."""
    return {
        "path": path, "section": section, "shop_name": "鼎龙旗舰店", "zone": "Asia/Shanghai", "theme": "auto",
        "csrf_token": "t0k3n", "alarm": CALM, "held_count": 13, "problem_count": 17, "query": "",
        "operator": {"name": "lin", "role": role}, "rights": ROLES[role], "toasts": [], **more,
    }  # fmt: skip


def door(path: str = "/sign-in") -> Context:
    """Return what the shell of a signed-out page needs."""
    return {"path": path, "csrf_token": "t0k3n", "theme": "auto"}


LINES = (
    Line(title="华为 HUAWEI P20 全面屏手机", sku="201806070026001", spec="颜色:金色 容量:16G", unit_price_micro=3_788_000_000,
         discount_minor=20202, total_minor=358598),
    Line(title="小米8 骁龙845 双频GPS", sku="201808270027001", spec="颜色:黑色 容量:32G", quantity_micro=3_000_000,
         unit_price_micro=2_699_000_000, discount_minor=202857, total_minor=606843),
    Line(title="手机支架", sku="GIFT-01", quantity_micro=1_000_000, unit_price_micro=0, total_minor=0, gift=True),
)  # fmt: skip
RECEIVER = Party(name="大*", phone="180****1849", province="江苏省", city="常州市", district="天宁区", address="东晓街道***",
                 buyer_note="请在晚上七点以后送")  # fmt: skip
TOTALS = Totals(goods_minor=1188500, shipping_minor=2000, promotion_minor=223059, coupon_minor=1000,
                adjustment_minor=1000, payable_minor=968441, paid_minor=968441)  # fmt: skip


def order(**more: Any) -> Order:
    """Return an order whose declared payable is not what its parts give."""
    fields: Context = {
        "id": 155_032_741_002_240_001, "number": "DL-20200225-0004", "revision": 2, "merchant_id": 1, "shop_id": 2,
        "shop": "鼎龙旗舰店", "channel": "mall_cn", "external_id": "202002250100000004", "external_status": "待发货",
        "status_known": True, "currency": "CNY", "placed_at_us": T0, "paid_at_us": T0 + MINUTE, "payment": "paid",
        "payment_method": "wechat", "fulfilment": "unfulfilled", "desk_state": "produced", "delivery": "express",
        "campaign": "春季拼团", "merchant_note": "老客户，附赠品", "carrier": "顺丰", "waybill": "SF1090011223344",
        "receiver": RECEIVER, "masked": True, "lines": LINES, "totals": TOTALS, "computed_goods_minor": 1188500,
        "computed_payable_minor": 967441, "payable_minor": 968441, "content_hash": "9f2c" * 16,
        "produced_at_us": T0 + 5 * MINUTE, "head_revision": 2,
    }  # fmt: skip
    return Order(**{**fields, **more})


def finding(code: str, level: str, field: str, text: str, by: str = "") -> Context:
    """Return a finding as pages show it; `text` is already in the reader's language."""
    return {"code": code, "level": level, "field": field, "text": text, "revision": 2, "acknowledged_by": by}


FINDINGS = [
    finding("sum_order", "E", "totals.payable", "声明应付 ¥9,684.41，按各项计算为 ¥9,674.41，相差 ¥10.00"),
    finding("phone_shape", "E", "receiver.phone", "18033441849x 不是手机号、座机或 400 号码"),
    finding("price_zero", "W", "lines.2.unit_price", "单价为 0，未标为赠品"),
    finding("text", "W", "receiver.buyer_note", "含控制字符，已去除", "lin"),
]
SIGNED = {**FINDINGS[2], "two": True, "signed": {"by": "wang", "at_us": T0, "second": True, "mine": False}}
HOLDS = [
    {"id": 71, "kind": "check", "reason": "", "by": "系统", "since_us": T0, "until_us": None, "revision": 2,
     "releasable": False},
    {"id": 72, "kind": "manual", "reason": "等客户确认地址", "by": "lin", "since_us": T0, "until_us": T0 + 600 * MINUTE,
     "revision": 2, "releasable": True},
]  # fmt: skip
PRINTERS = [{"id": 3, "name": "前台"}, {"id": 4, "name": "仓库"}]
PAGE = {"count_text": "65", "previous_url": "/orders?after=1", "next_url": "/orders?before=2"}


def row(n: int, **more: Any) -> Context:
    """Return a row of the order list."""
    return {
        "id": 1000 + n, "number": f"DL-20200225-{n:04}", "revision": 1, "external_id": f"2020022501000000{n:02}",
        "channel": "mall_cn", "receiver_name": "大*", "receiver_phone": "180****1849",
        "goods": "华为 HUAWEI P20 ×1、小米8 ×3、红米5A ×1", "line_count": 3, "campaign": "", "payable_minor": 1637775,
        "currency": "CNY", "payment": "paid", "fulfilment": "unfulfilled", "desk_state": "produced", "holds": [],
        "placed_at_us": T0 + n * 97 * MINUTE, **more,
    }  # fmt: skip


ROWS = [
    row(9), row(8, desk_state="printed", fulfilment="shipped", receiver_name="欧阳*娜"),
    row(7, holds=["check", "manual"], revision=2, payable_minor=968441), row(6, payment="unpaid", campaign="春季拼团"),
    row(5, holds=["acknowledge"], goods="草莓 2 斤装 ×2", line_count=1, payable_minor=7980),
    row(4, desk_state="cancelled", payment="refunded"), row(3, desk_state="printed", payment="part_refunded"),
    row(2, payment="closed", goods="", line_count=0, holds=["check"], receiver_name="", receiver_phone=""),
    row(1, desk_state="archived", fulfilment="delivered"),
] + [row(20 + n, desk_state="printed", fulfilment="shipped") for n in range(9)]  # fmt: skip
SCREENS = [{"url": f"/orders?screen={name}", "own": True, "shared": False, "opens": name == "held", "name": name, "title": title, "count_text": "48"} for name, title in (("to-print", "待打印"), ("held", "异常"))]  # fmt: skip
LIST: Context = {
    "rows": ROWS,
    "listed": "",
    "page": PAGE,
    "printers": PRINTERS,
    "empty_title": "没有订单",
    "empty_text": "先导入一张表格",
}
FORM: Context = {
    "receiver.name": "大*", "receiver.phone": "180****1849", "receiver.province": "江苏省", "receiver.city": "常州市",
    "receiver.district": "天宁区", "receiver.address": "东晓街道***", "delivery": "express", "lines.0.title": "华为 HUAWEI P20",
    "lines.0.sku": "201806070026001", "lines.0.spec": "颜色:金色", "lines.0.unit_price": "3788.00", "lines.0.quantity": "1",
    "lines.0.discount": "202.02", "lines.0.total": "3585.98", "lines.1.title": "小米8", "lines.1.unit_price": "2699.00",
    "lines.1.quantity": "3", "lines.2.title": "手机支架", "lines.2.unit_price": "0", "lines.2.quantity": "1",
    "totals.goods": "11885.00", "totals.shipping": "20.00", "totals.payable": "9684.41",
}  # fmt: skip
CHANGES = [{"field": "totals.payable", "before": "9684.41", "after": "9674.41"},
           {"field": "lines.1.quantity", "before": "3", "after": "2"}]  # fmt: skip
PREVIEW = {
    "before_minor": 968441,
    "after_minor": 698541,
    "currency": "CNY",
    "changes": CHANGES,
    "findings": [],
}
EDIT: Context = {"campaigns": {"PT-1": "春季拼团"}, "order": order(), "form": FORM, "errors": {}, "findings": FINDINGS, "line_count": 3, "currency": "CNY",
                 "may_see_receiver": False, "preview": PREVIEW}  # fmt: skip
CONFLICT = {"head": 3, "by": "wang", "at_us": T0, "changes": [
    {"field": "receiver.address", "before": "东晓街道***", "mine": "东晓街道***", "theirs": "文化路***", "side": "theirs"},
    {"field": "campaign", "before": "", "mine": "春季拼团", "theirs": "", "side": "mine"},
    {"field": "totals.payable", "before": "9684.41", "mine": "9674.41", "theirs": "9600.00", "side": ""}]}  # fmt: skip
COUNTS = {"new": 52, "unchanged": 10, "changed": 2, "printed": 1, "conflict": 1, "bad": 1}
BATCH_ORDERS = [
    {"outcome": outcome, "external_id": f"2018091501000000{n:02}", "number": "", "receiver_name": "大*",
     "goods": "华为 HUAWEI P20 ×1、小米8 ×3", "payable_minor": 1637775, "currency": "CNY", "placed_at_us": T0,
     "changes": CHANGES[:1] if outcome in ("changed", "conflict") else [], "findings_text": "金额不符" if n == 1 else ""}
    for n, outcome in enumerate(["new", "new", "unchanged", "changed", "conflict", "new", "new"])
]  # fmt: skip
BATCH = {"id": 88, "file_name": "orders_joined.csv", "importer": "sheet", "encoding": "UTF-8 BOM", "row_count": 128,
         "order_count": 65, "moving": 40, "counts": COUNTS, "orders": BATCH_ORDERS, "shown_text": "7 / 65",
         "bad_rows": [{"row": 17, "reason": "下单时间“2018-13-45”不是时间", "cure": "写成 2018-09-15 12:24:27"}]}  # fmt: skip
IMPORT: Context = {
    "stage": "upload", "errors": {}, "unknown": False, "importers": {"auto": "自动识别", "sheet": "28 列订单表", "shopify": "Shopify"},
    "channels": {"mall_cn": "商城"}, "zones": {"Asia/Shanghai": "Asia/Shanghai", "UTC": "UTC"}, "batch": None, "result": None,
    "recent": [{"id": 88, "file_name": "orders_joined.csv", "at_us": T0, "by": "lin", "state": "done", "counts": COUNTS}],
}  # fmt: skip
RESULT = {"imported": 65, "unchanged": 0, "changed": 0, "conflict": 0, "quarantined": 0, "held_total": 13, "url": "/imports/88/orders", "held_url": "/imports/88/orders?held=1",
          "held": [{"code": "sum_order", "count": 3, "url": "/held?code=sum_order", "level": "E"},
                   {"code": "required", "count": 10, "url": "/held?code=required", "level": "W"}]}  # fmt: skip
FILTER = {"query": "state:produced held:no placed:2020-02-01..2020-02-25 amount:100.. campaign:春季拼团"}
QUEUES = [
    {"id": 3, "name": "前台", "state": "ready", "can_confirm": True, "pending": 2, "unknown": 1, "oldest_at_us": T0,
     "last_seen_us": T0, "paper": "80 mm", "paused": False, "role": "counter", "printer": "", "backup": "仓库"},
    {"id": 4, "name": "仓库", "state": "paper_out", "can_confirm": True, "pending": 41, "unknown": 0, "oldest_at_us": T0,
     "last_seen_us": T0, "paper": "58 mm", "paused": False, "role": "packing", "printer": "标签机", "backup": ""},
    {"id": 5, "name": "PDF", "state": "unknown", "can_confirm": False, "pending": 0, "unknown": 0, "oldest_at_us": None,
     "last_seen_us": None, "paper": "80 mm", "paused": True, "role": "", "printer": "", "backup": ""},
]  # fmt: skip


def job(n: int, state: str, **more: Any) -> Context:
    """Return a print job of the terminal's list."""
    return {
        "id": 500 + n, "queue_id": 3, "serial": f"T-0001{n:02}", "number": f"DL-20200225-{n:04}", "revision": 1, "copy_kind": "merchant",
        "reprint": 0, "replaces": 0, "amended": False, "state": state, "asked_at_us": T0, "asked_by": "lin", "settled_at_us": T0,
        "outcome_text": "", "scan_url": f"/scan?code=X{n}", **more,
    }  # fmt: skip


JOBS = [
    job(7, "unknown", outcome_text="发送 8,192 字节后连接中断，不知道是否出纸"), job(6, "sending"), job(5, "queued", revision=2, amended=True),
    job(4, "printed", reprint=1), job(3, "failed", outcome_text="192.168.1.50:9100 拒绝连接，一个字节也没有送出"), job(2, "printed", replaces=1),
    job(1, "cancelled"), job(0, "expired"),
]  # fmt: skip
HELD_ROWS = [
    {"order_id": 7 + n, "number": number, "revision": 1 + n % 2, "receiver_name": "大*", "goods": "小米8 ×3、红米5A ×1",
     "payable_minor": 1637775 - n * 1000, "currency": "CNY", "since_us": T0, "holds": holds, "findings": found}
    for n, (number, holds, found) in enumerate([
        ("DL-20180915-0001", HOLDS[:1], FINDINGS[:1]), ("DL-20200225-0004", HOLDS, FINDINGS),
        ("DL-20180913-0006", HOLDS[:1], [finding("required", "E", "lines", "没有商品行")]),
        ("DL-20200225-0005", [{**HOLDS[0], "kind": "acknowledge"}], [
            SIGNED, {**FINDINGS[2], "two": True}, {**SIGNED, "signed": {"by": "lin", "at_us": T0, "second": False, "mine": True}},
        ]),
    ])
]  # fmt: skip
TICKET = {"serial": "T-000104", "number": "DL-20200225-0004", "revision": 1, "head_revision": 2, "copy_kind": "merchant", "reprint": 1, "replaces": 0,
          "printed_at_us": T0, "reason": "改单：应付金额", "order_url": "/orders/DL-20200225-0004",
          "job_id": 4, "may_hand_over": False, "handed": None}  # fmt: skip
ORDER: Context = {
    "order": order(), "findings": FINDINGS, "holds": HOLDS, "printers": PRINTERS, "open_until": {"phone": T0}, "closed": {"phone": "138****5678"},
    "purposes": ["call_customer", "correct_order", "complaint"], "viewing_past": False, "act": "", "form": {}, "error": "",
    "outdated": [{"id": 4, "revision": 1, "serial": "HF-1-0004"}],
    "history": [{"revision": 2, "at_us": T0 + 9 * MINUTE, "by": "lin", "reason": "客户来电改数量", "changes": CHANGES, "url": "/orders/x/revisions/2"},
                {"revision": 1, "at_us": T0, "by": "系统", "reason": "", "changes": [], "url": "/orders/x/revisions/1"}],
    "jobs": [{**job(4, "printed", reprint=1), "at_us": T0, "printer": "前台"}],
    "watched": True, "lookups": [{"at_us": T0, "by": "lin", "door": "page", "kind": "reveal", "purpose": "deliver", "fields": ["name"]}, {"at_us": T0, "by": "wang", "door": "api", "kind": "search", "purpose": "", "fields": []}],
}  # fmt: skip
LOOKUPS = [
    {"id": 1, "at_us": T0, "by": "lin", "by_id": 5, "door": "page", "kind": "search", "asked_text": "1849", "purpose": "", "fields": [], "order_count": 3, "changed_count": 1,
     "again_url": "/orders?q=1849", "since_url": "/lookups/1", "numbers": ["DL-20200225-0004", "DL-20200225-0005"]},
    {"id": 2, "at_us": T0, "by": "lin", "by_id": 5, "door": "page", "kind": "reveal", "asked_text": "DL-20200225-0004", "purpose": "deliver", "fields": ["name", "phone", "address"], "order_count": 1, "changed_count": 0,
     "again_url": "", "since_url": "/lookups/2", "numbers": ["DL-20200225-0004"]},
    {"id": 3, "at_us": T0, "by": "wang", "by_id": 6, "door": "api", "kind": "download", "asked_text": "支付:已支付", "purpose": "对账", "fields": ["real"], "order_count": 480, "changed_count": 0,
     "again_url": "", "since_url": "", "numbers": []},
]  # fmt: skip
DOWNLOADS = [
    {"id": 13, "at_us": T0, "by": "lin", "screen_title": "全部", "format": "xlsx", "masked": True, "reason": "", "state": "running", "orders": 1200,
     "total": 9000, "cancel": "/downloads/13/cancel", "row_count": None, "byte_count": 0, "sha256": "", "error_text": "已写 1200 / 9000 单", "url": ""},
    {"id": 12, "at_us": T0, "by": "lin", "screen_title": "待打印", "format": "csv", "masked": True, "reason": "", "state": "complete",
     "row_count": 48, "byte_count": 9211, "sha256": "9f2c41aa" * 8, "error_text": "", "url": "/downloads/12/file", "cancel": ""},
    {"id": 11, "at_us": T0, "by": "lin", "screen_title": "全部", "format": "csv", "masked": False, "reason": "对账", "state": "failed",
     "row_count": None, "byte_count": 0, "sha256": "", "error_text": "磁盘已满，没有留下文件", "url": "", "cancel": ""},
]  # fmt: skip
MACHINES = [
    {
        **one,
        "driver": "escpos_network",
        "address": "192.168.1.50:9100",
        "station": "吧台" if one["id"] != QUEUES[0]["id"] else "",
        "language": "zh_CN",
        "status_text": "",
        "copies": ["merchant"],
        "comes": one["id"] == 4,
        "cloud": one["id"] == 4,
        "push_url": "https://desk.local:8717/cloud-push/1.37e6c3b0a9" if one["id"] == 4 else "",
        "other": one["id"] == 4,
    }
    for one in QUEUES
]
OPERATORS = [
    {"id": 1, "name": "lin", "role": "owner", "active": True, "created_at_us": T0, "last_seen_us": T0, "changeable": False},
    {"id": 2, "name": "wang", "role": "clerk", "active": True, "created_at_us": T0, "last_seen_us": None, "changeable": True},
    {"id": 3, "name": "zhao", "role": "checker", "active": False, "created_at_us": T0, "last_seen_us": T0, "changeable": True},
]  # fmt: skip
KEYS_PAGE: Context = {
    "shell": shell("/settings/keys", "settings"), "made": None, "errors": {}, "proved": False, "form": {"name": "", "scopes": ("query",)},
    "scopes": {"query": "查询订单", "amend": "新建和修改订单", "import": "导入订单", "print": "打印票据", "download": "下载（脱敏）"},
    "keys": [
        {"id": 2, "name": "仓库", "prefix": "0a1b2c3d", "scopes": ["查询订单", "标记支付和发货"], "by": "lin",
         "created_at_us": T0, "last_used_us": T0, "revoked_at_us": None},
        {"id": 1, "name": "旧网店", "prefix": "99887766", "scopes": ["导入订单"], "by": "lin", "created_at_us": T0,
         "last_used_us": None, "revoked_at_us": T0},
    ],
}  # fmt: skip
SESSIONS = [
    {
        "id": 1,
        "device": "Chrome 128 · Windows",
        "address": "192.168.1.20",
        "signed_in_us": T0,
        "last_seen_us": T0,
        "here": True,
        "operator": "lin",
    },
    {
        "id": 2,
        "device": "Safari · iPhone",
        "address": "192.168.1.31",
        "signed_in_us": T0,
        "last_seen_us": T0,
        "here": False,
        "operator": "lin",
    },
]
PASTED = {"token": "abc", "unread": [{"line": 3, "text": "谢谢老板", "reason": "没有电话"}], "orders": [
    {"name": "王小明", "phone": "13800138000", "address": "浙江省杭州市西湖区文三路 90 号",
     "note": "", "currency": "CNY", "payment": "unpaid", "payable_minor": 3000,
     "lines": [({"title": "草莓", "spec": "500g", "unit": "", "quantity_micro": 2_000_000, "unit_price_micro": 15_000_000}, 3000)],
     "findings": FINDINGS[2:3]}]}  # fmt: skip
NEW: Context = {"campaigns": {}, "form": {}, "errors": {}, "findings": [], "line_count": 2, "currency": "CNY", "currencies": {"CNY": "CNY", "JPY": "JPY"},
                "may_see_receiver": True, "pasted_text": "", "pasted": None, "key": "k"}  # fmt: skip
REVISE: Context = {**EDIT, "holds": HOLDS, "printers": PRINTERS, "printer_id": "", "home": "前台", "reasons": ["更正电话", "按买家要求"], "suggestions": {"receiver.phone": ({"receiver.phone": "18033441849"},)},
                   "sums_differ": True, "computed": "9674.41", "conflict": None, "asked": [],
                "position": {"at": 2, "of": 13, "previous_url": "/orders/a/revise", "next_url": "/orders/b/revise"}}  # fmt: skip
WECHAT = {"wechat": True, "secure": True, "address": "https://desk.example.cn", "https": True}
NOT_SECURE = {"wechat": False, "secure": False, "address": "https://desk.example.cn", "https": True}
SIGN_IN: Context = {"shell": door(), "errors": {}, "notice": "", "back": "/orders", "passkeys": True}
PASSWORD: Context = {
    "shell": door(), "name": "lin", "methods": ["password", "passkey"], "errors": {}, "back": "", "greeted": False,
}  # fmt: skip
OWNER: Context = {
    "shell": door("/owner/abc"),
    "token": "abc",
    "shop_name": "鼎龙旗舰店",
    "form": {},
    "errors": {},
    "used": False,
}
TERMINAL: Context = {
    "shell": shell("/terminals/3", "terminal"),
    "queues": QUEUES,
    "queue": QUEUES[0],
    "jobs": JOBS,
    "automatic": [{"id": 7, "name": "团购新单", "url": "/orders?screen=7", "since_us": T0, "by": "王小二"}],
    "page": PAGE,
}
HELD: Context = {"shell": shell("/held", "held"), "rows": HELD_ROWS, "unknown_jobs": 1, "signed_once": 2, "page": PAGE, "codes": [{"code": "sum_order", "count": 3, "url": "/held?code=sum_order", "current": False}],
                 "kinds": [{"kind": "check", "count": 11, "url": "/held?kind=check", "current": False}]}  # fmt: skip
PRINTERS_PAGE: Context = {"shell": shell("/settings/printers", "settings"), "printers": MACHINES, "stations": {"0": "This server", "7": "吧台"}, "form": {}, "errors": {}, "papers": {"58": "58 mm", "80": "80 mm", "210x297": "A4"}, "copies": ["merchant", "customer"],
                          "drivers": {"escpos_network": "ESC/POS TCP", "pdf_file": "PDF"}, "clouds": False}  # fmt: skip
