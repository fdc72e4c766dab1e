"""Sample contexts of every template: they document what each page's handler must supply."""

import segno

from tests.web.alarm_samples import ALARM_SAMPLES, ATTACK
from tests.web.people_samples import PEOPLE_SAMPLES
from tests.web.sample_parts import (
    BATCH,
    CONFLICT,
    DOWNLOADS,
    EDIT,
    FILTER,
    FINDINGS,
    HELD,
    IMPORT,
    KEYS_PAGE,
    LIST,
    LOOKUPS,
    NEW,
    NOT_SECURE,
    ORDER,
    OWNER,
    PAGE,
    PASSWORD,
    PASTED,
    PREVIEW,
    PRINTERS_PAGE,
    RESULT,
    REVISE,
    ROWS,
    SCREENS,
    SIGN_IN,
    SIGNED,
    T0,
    TERMINAL,
    TICKET,
    WECHAT,
    Context,
    door,
    order,
    shell,
)
from tests.web.samples_access import ACCESS_SAMPLES
from tests.web.samples_amend import AMEND_SAMPLES, BESIDE, FORM_AROUND
from tests.web.samples_asked import ASKED
from tests.web.samples_bulk import BULK_SAMPLES
from tests.web.samples_campaigns import CAMPAIGN_SAMPLES
from tests.web.samples_connections import CONNECTION_SAMPLES
from tests.web.samples_go import GO_SAMPLES
from tests.web.samples_ledger import ASKS, SINCE, WATCHES
from tests.web.samples_mapping import PROFILE_SAMPLES
from tests.web.samples_papers import PAPER_SAMPLES
from tests.web.samples_passkey import PASSKEY_SAMPLES
from tests.web.samples_pictures import PICTURE_SAMPLES
from tests.web.samples_printer import PRINTER_SAMPLES
from tests.web.samples_privacy import PRIVACY_SAMPLES
from tests.web.samples_queues import QUEUE_SAMPLES
from tests.web.samples_shift import SHIFT_SAMPLES
from tests.web.samples_sirens import SIREN_SAMPLES
from tests.web.samples_station import STATION_SAMPLES
from tests.web.samples_wall import WALL_SAMPLES
from tests.web.samples_webhooks import WEBHOOK_SAMPLES
from tocsin.orders.draft import Party, Totals
from tocsin.tickets.habit import Habit
from tocsin.web.style import SHOWN

CODE = segno.make("https://desk.local:8717", error="m").svg_data_uri(scale=5, border=2)
SAMPLES: dict[str, tuple[str, Context]] = {
    **ALARM_SAMPLES,
    **PEOPLE_SAMPLES,
    **PICTURE_SAMPLES,
    **AMEND_SAMPLES,
    **PAPER_SAMPLES,
    **PASSKEY_SAMPLES,
    **PRIVACY_SAMPLES,
    **SIREN_SAMPLES,
    **STATION_SAMPLES,
    **QUEUE_SAMPLES,
    "style": ("style.html", {"shell": shell("/style", ""), "at_us": T0, **SHOWN}),
    "sign_in": ("access/name.html", SIGN_IN),
    "sign_in_wechat": ("access/name.html", {**SIGN_IN, "shell": {**door(), "browser": WECHAT}, "passkeys": False}),
    "sign_in_not_secure": ("access/name.html", {**SIGN_IN, "shell": {**door(), "browser": NOT_SECURE}, "passkeys": False}),
    "sign_in_again": ("access/name.html", {**SIGN_IN, "notice": "已退出", "errors": {"name": "请输入名字"}}),
    "password": ("access/password.html", PASSWORD),
    "password_wrong": ("access/password.html", {**PASSWORD, "greeted": True, "errors": {"password": "名字或密码不对。此次尝试已记录。"}}),
    "owner": ("access/owner_link.html", OWNER),
    "owner_used": ("access/owner_link.html", {**OWNER, "used": True}),
    "orders": ("orders/query.html", {"shell": shell(), **LIST, **ASKED, "asked": None}),
    "orders_mistake": ("orders/query.html", {"shell": shell(query="状态:挂起 stat:x"), **LIST, "rows": [], **ASKED, "asked": {"text": "状态:挂起 stat:x"}, "mistake": {"text": "没有字段“stat”（第 7 个字符）：state?", "before": "状态:挂起 "}, "columns": ("receiver", "campaign")}),
    "orders_found": ("orders/query.html", {"shell": shell(query="1849", alarm=ATTACK, role="clerk"), **LIST, "rows": ROWS[:3], **ASKED, "asked": {"text": "1849"}}),
    "import_orders": ("orders/imported.html", {"shell": shell(), **LIST, "screens": SCREENS, "asked": None, "import_id": 88, "file_name": "orders_joined.csv", "held": False}),
    "orders_empty": ("orders/query.html", {"shell": shell(problem_count=0), **LIST, "rows": [], **ASKED, "asked": None}),
    **GO_SAMPLES,
    "order": ("orders/order.html", {"shell": shell(toasts=[{"kind": "ok", "text": "已保存", "undo": "7"}]), **ORDER, "beside": BESIDE}),
    "order_past": ("orders/order.html", {"shell": shell(role="checker"), **ORDER, "beside": BESIDE, "order": order(revision=1), "viewing_past": True, "findings": [], "holds": [], "jobs": []}),
    "order_bare": ("orders/order.html", {"shell": shell(), **ORDER, "beside": BESIDE, "order": order(lines=(), totals=Totals(), receiver=Party()), "printers": []}),
    "amend": ("orders/amend.html", {"shell": shell(), **EDIT, **FORM_AROUND, "asked": [], "conflict": None}),
    "amend_conflict": ("orders/amend.html", {"shell": shell(), **EDIT, **FORM_AROUND, "asked": [], "conflict": CONFLICT, "preview": None, "errors": {"reason": "请写明原因", "lines.0.quantity": "“x”不是数"}}),
    "money": ("orders/money.html", {"shell": shell(), "preview": {**PREVIEW, "findings": FINDINGS}}),
    "new": ("orders/new.html", {"shell": shell("/orders/new"), **NEW}),
    "new_pasted": ("orders/new.html", {"shell": shell("/orders/new"), **NEW, "pasted": PASTED, "pasted_text": "王小明 13800138000 草莓×2"}),
    "pasted": ("orders/pasted.html", {"shell": shell(), "pasted": PASTED}),
    "import": ("orders/import.html", {"shell": shell("/imports", "import"), **IMPORT}),
    "import_preview": ("orders/import.html", {"shell": shell("/imports/88", "import"), **IMPORT, "stage": "preview", "batch": BATCH}),
    "import_result": ("orders/import.html", {"shell": shell("/imports/88", "import"), **IMPORT, "stage": "result", "result": RESULT}),
    "quarantine": ("orders/quarantine.html", {"shell": shell("/quarantine", "import"), "page": PAGE, "rows": [{"id": 5, "at_us": T0, "source": "orders_joined.csv", "row": 17, "reason": "下单时间“2018-13-45”不是时间", "cure": "写成 2018-09-15 12:24:27", "raw_masked": "201809150101000001,2018-13-45,…", "until_us": T0}]}),
    "mend": ("orders/mend.html", {"shell": shell("/quarantine", "import"), "row_id": 5, "headings": ("订单号", "数量"), "text": "A-1,两", "reasons": [{"row": 3, "reason": "“两”不是金额"}], "lines": 4, "error": ""}),
    **PROFILE_SAMPLES,
    "quarantine_empty": ("orders/quarantine.html", {"shell": shell("/quarantine", "import"), "page": PAGE, "rows": []}),
    "privacy": ("settings/privacy.html", {"shell": shell("/settings/privacy", "settings"), "form": {"phone": "13812345678", "person": "7"}, "people": [{"id": "7", "names": ["王**"], "phones": ["138****5678"], "numbers": ["HF-20261122-0001"], "versions": 2}], "erasures": [], "word": "ERASE", "missing": "", "error": "", "purposes": ("request", "authority", "complaint")}),
    "problems": ("tickets/problems.html", {"shell": shell("/problems", "problem"), "held": 13, "unknown": 40, "away": [{"id": 8, "name": "厨房", "state": "offline"}], "pulls": {8: 81}, "others": [{"id": 7, "name": "前台"}], "slips": [{"order_id": 8, "state": "printed", "count": 1}], "shown_most": 100, "questions": [
        {"printer": "前台", "first": "HF-261125-T0101", "last": "HF-261125-T0140", "job_ids": tuple(range(40)), "since_us": T0, "reason": "打印机没有确认"}], "parts": [
        {"kind": "unprinted", "count": 1001, "rows": [{"order_id": 5, "number": "HF-20261125-0005", "since_us": T0, "serial": "", "reason": "", "printer": ""}] * 3},
        {"kind": "failed", "count": 1, "rows": [{"order_id": 9, "job_id": 91, "number": "HF-20261125-0009", "since_us": T0, "serial": "", "reason": "failed", "printer": ""}]},
        {"kind": "waiting", "count": 1, "rows": [{"order_id": 6, "number": "HF-20261125-0006", "since_us": T0, "serial": "HF-261125-T0007", "reason": "", "printer": "厨房"}]},
        {"kind": "held_long", "count": 1, "rows": [{"order_id": 7, "number": "HF-20261125-0007", "since_us": T0, "serial": "", "reason": "manual", "printer": ""}]},
        {"kind": "after_print", "count": 1, "rows": [{"order_id": 8, "number": "HF-20261125-0008", "since_us": T0, "serial": "", "reason": "refund", "printer": ""}]},
        {"kind": "changed", "count": 0, "rows": []}]}),
    "problems_none": ("tickets/problems.html", {"shell": shell("/problems", "problem", held_count=0, problem_count=0), "held": 0, "unknown": 0, "away": [], "pulls": {}, "others": [], "slips": [], "shown_most": 100, "questions": [], "parts": []}),
    "checks": ("settings/checks.html", {"shell": shell("/settings/checks", "settings"), "revision": 1, "errors": {}, "habits": [Habit("address_short", 120, 118)], "checks": [
        {"code": "required", "default": "E", "level": "E", "fixed": True, "own": False, "always": False, "two": False, "says": ["缺少 …"]},
        {"code": "address_short", "default": "W", "level": "I", "fixed": False, "own": False, "always": False, "two": False, "says": ["地址太短", "地址没有门牌号"]},
        {"code": "price_zero", "default": "W", "level": "W", "fixed": False, "own": False, "always": False, "two": True, "says": ["单价为 0，未标为赠品"]},
        {"code": "buyer", "default": "W", "level": "W", "fixed": False, "own": False, "always": True, "two": False, "says": ["买家在关注名单上"]},
        {"code": "rule:大额货到付款", "level": "W", "fixed": False, "own": True, "always": False, "two": True, "says": ["先打电话确认"]},
    ], "may_confirm": 1, "locked": True, "lists": dict.fromkeys(("remote_areas", "unserved_areas", "no_cod_areas", "no_cod_skus", "known_skus", "service_skus", "currencies"), ""), "numbers": {"large_quantity": 1000, "duplicate_hours": 24, "old_days": 90}}),
    "own_rules": ("settings/own_rules.html", {"shell": shell("/settings/own-rules", "settings"), "rows": [{"name": "大额货到付款", "level": "W", "query": "method:cod amount:>1000", "message": "先打电话确认"}, {"name": "", "level": "W", "query": "", "message": ""}], "revision": 1, "errors": {}}),
    "bulk": ("orders/bulk.html", {"shell": shell(), "rows": [{"number": "HF-1", "text": ""}, {"number": "HF-2", "text": "订单已取消"}], "done": 1, "failed": 1, "again": [7], "asked": {"act": "hold", "reason": "补单"}}),
    **BULK_SAMPLES,
    "screens": ("orders/screens.html", {"shell": shell("/screens", "filter"), "screens": [*SCREENS, {**SCREENS[0], "name": "7", "title": "团购新单", "shared": True}, {**SCREENS[0], "name": "8", "title": "自提", "shared": True}], "automatic": {"7": {"since_us": T0, "by": "王小二"}}}),
    "downloads": ("orders/downloads.html", {"shell": shell("/downloads", "download"), "rows": DOWNLOADS, "page": PAGE, "may_real": "reason", "filter": FILTER, "form": {}, "formats": {"csv": "CSV", "xlsx": "Excel"}, "columns": ["number", "phone", "line_total"], "saved": {"": "下面勾选的", "快递": "快递"}, "errors": {}, "waiting": False}),
    "downloads_empty": ("orders/downloads.html", {"shell": shell("/downloads", "download"), "rows": [], "page": PAGE, "may_real": "", "filter": None, "form": {}, "formats": {"csv": "CSV", "xlsx": "Excel"}, "columns": ["number", "phone", "line_total"], "saved": {"": "下面勾选的", "快递": "快递"}, "errors": {}, "waiting": False}),
    "lookups": ("orders/lookups.html", {"shell": shell("/lookups"), "rows": LOOKUPS, "page": PAGE, "mine": True, "may_all": True, "order_number": "", "days": 365, "form": {}, "error": ""}),
    "lookups_all": ("orders/lookups.html", {"shell": shell("/lookups"), "rows": LOOKUPS, "page": PAGE, "mine": False, "may_all": True, "order_number": "", "days": 365, "form": {"who": "5"}, "doors": ["page", "api", "scan"], "people": [(5, "lin"), (6, "wang")], "shops": [], "error": ""}),
    "lookups_order": ("orders/lookups.html", {"shell": shell("/orders"), "rows": LOOKUPS, "page": PAGE, "mine": False, "may_all": True, "order_number": "DL-20200225-0004", "days": 365, "form": {}, "error": ""}),
    "since": ("orders/since.html", SINCE),
    "watch_list": ("settings/watch_list.html", {"shell": shell("/settings/watch-list", "settings"), "rows": WATCHES, "form": {}, "kinds": ("order", "phone", "query"), "error": ""}),
    "watch_list_empty": ("settings/watch_list.html", {"shell": shell("/settings/watch-list", "settings"), "rows": [], "form": {"value": "x"}, "kinds": ("order", "phone", "query"), "error": "x"}),
    "second_person": ("orders/second_person.html", {"shell": shell("/second-person"), "form": {"order": "DL-20200225-0004", "act": "open"}, "acts": (), "error": "", "waiting": ASKS, "mine": ASKS, "signed": [{"number": "DL-20200225-0005", "found": SIGNED}]}),
    "second_person_empty": ("orders/second_person.html", {"shell": shell("/second-person"), "form": {}, "acts": (), "error": "", "waiting": [], "mine": [], "signed": []}),
    "terminal": ("tickets/terminal.html", TERMINAL),
    "terminal_bare": ("tickets/terminal.html", {**TERMINAL, "queues": [], "queue": None, "jobs": []}),
    "terminal_idle": ("tickets/terminal.html", {**TERMINAL, "jobs": []}),
    "held": ("tickets/held.html", HELD),
    "held_empty": ("tickets/held.html", {**HELD, "rows": [], "unknown_jobs": 0, "signed_once": 0}),
    "revise": ("tickets/revise.html", {"shell": shell("/held", "held"), **REVISE, **FORM_AROUND}),
    "revise_conflict": ("tickets/revise.html", {"shell": shell("/held", "held"), **REVISE, **FORM_AROUND, "conflict": CONFLICT}),
    "printers": ("tickets/printers.html", PRINTERS_PAGE),
    "printers_cloud": ("tickets/printers.html", {**PRINTERS_PAGE, "clouds": True}),
    "printers_first": ("tickets/printers.html", {**PRINTERS_PAGE, "shell": shell("/settings/printers", "settings", first_hour={"done": 1, "next": "printer"})}),
    **PRINTER_SAMPLES,
    "printer_address": ("tickets/printer_address.html", {"shell": shell("/settings/printers", "settings"), "name": "前台 Star", "at": "/settings/printers/7", "address": "https://desk.local:8717/cloudprnt/1.1a2b3c.pWm0nJtqk6lq0r3oYyX0f1g2h3i4j5k6pWm0nJtqk6l", "has_one": True, "proved": True}),
    "printer_address_none": ("tickets/printer_address.html", {"shell": shell("/settings/printers", "settings"), "name": "前台 Star", "at": "/settings/printers/7", "address": "", "has_one": False, "proved": False}),
    "scan_wechat": ("tickets/scan.html", {"shell": {**shell("/scan", "scan"), "browser": WECHAT}, "code": "", "answer": "", "ticket": None}),
    "scan": ("tickets/scan.html", {"shell": shell("/scan", "scan"), "code": "", "answer": "", "ticket": None}),
    **{f"scan_{answer.lower()}": ("tickets/scan.html", {"shell": shell("/scan", "scan"), "code": "AB12CD34", "answer": answer, "ticket": None if answer == "UNKNOWN" else TICKET}) for answer in ("CURRENT", "SUPERSEDED", "HELD", "VOID", "UNKNOWN")},
    "scan_outside": ("tickets/scan_outside.html", {"shell": door("/scan"), "answer": "SUPERSEDED"}),
    "install": ("lan/install.html", {"shell": door("/"), "name": "desk.local", "base": "https://desk.local:8717", "fingerprint": ":".join(["A7"] * 32), "authority_path": "/tocsin-authority.crt", "profile_path": "/tocsin-authority.mobileconfig", "code": CODE}),
    **CONNECTION_SAMPLES,
    **WEBHOOK_SAMPLES,
    **CAMPAIGN_SAMPLES,
    **WALL_SAMPLES, **SHIFT_SAMPLES,
    "keys": ("access/keys.html", KEYS_PAGE),
    "keys_none": ("access/keys.html", {**KEYS_PAGE, "keys": [], "errors": {"scopes": "至少选一项权限"}}),
    "keys_made": ("access/keys.html", {**KEYS_PAGE, "made": {"name": "仓库", "secret": "tocsin_0a1b2c3d_6Y4kq0c1mYv3Wm0nJtqk6lq0r3oYyX0f1g2h3i4j5k6", "example": 'curl -H "Authorization: Bearer tocsin_0a1b2c3d_6Y4kq0c1mYv3Wm0nJtqk6lq0r3oYyX0f1g2h3i4j5k6" http://localhost:8717/api/v1/orders'}}),
    "decoys": ("access/decoys.html", {"shell": shell("/settings/decoys", "settings"), "decoys": [{"id": 5, "name": "admin", "created_at_us": T0}, {"id": 6, "name": "财务", "created_at_us": T0}], "suggested": ["root", "test", "店长"], "name": "", "errors": {}}),
    "decoys_none": ("access/decoys.html", {"shell": shell("/settings/decoys", "settings"), "decoys": [], "suggested": ["admin"], "name": "lin", "errors": {"name": "“lin”是某人的登录名"}}),
    **ACCESS_SAMPLES,
    "settings": ("settings/shop.html", {"shell": shell("/settings", "settings"), "form": {"shop_name": "鼎龙旗舰店", "zone": "Asia/Shanghai", "locale": "zh_CN", "day_starts_at_hour": 0}, "zones": {"Asia/Shanghai": "Asia/Shanghai"}, "errors": {}, "archive": {"archive_days": "90", "revision": "1"}, "facts": [{"name": "SQLite", "value": "3.53"}], "warnings": ["手机无法安装此页：没有 HTTPS"], "phones": CODE}),
    "journal": ("settings/journal.html", {"shell": shell("/journal", "journal"), "rows": [{"id": 1, "at_us": T0, "by": "lin", "by_kind": "operator", "verb": "orders.produce", "act": "Issued", "subject_id": "", "subject": "DL-20200225-0004", "subject_url": "/orders/DL-20200225-0004", "details": [{"name": "revision", "word": "Revision", "ids": "", "values": ["2"]}, {"name": "hold", "word": "Hold", "ids": "2515000000000", "values": []}, {"name": "kind", "word": "Kind", "ids": "", "values": ["check"]}]}], "page": PAGE, "filter": {"verb": "", "by": ""}, "verbs": ["orders.amend"], "seal": {"size": 12345, "sealed_us": T0, "unsealed": 3, "more": False, "seconds": 42}}),
    "error": ("error.html", {"shell": door("/orders/x"), "status": 404, "title": "没有这个订单", "text": "DL-20200225-9999 不在本店的订单中。", "cure": "核对单号，或按 / 查询。", "code": "order_missing", "request_id": "01h9", "back_url": "/orders"}),
}  # fmt: skip
