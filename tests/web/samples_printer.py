"""Sample contexts of one printer's page."""

from tests.web.sample_parts import T0, Context, shell

_WHO = {"maker": "XPRINTER", "model": "XP-N160II", "serial": "PS58-2610-0042", "mac": "00:11:62:0a:1b:2c"}
_PRINTER = {
    "id": 7, "name": "前台", "paper": "80", "language": "zh_CN", "driver": "escpos_network", "place": "192.168.1.50 9100", "state": "ready", "status_text": "",
    "last_seen_us": T0, "host": "192.168.1.50", "local": True, "comes": False, "known": _WHO, "asked_at_us": T0, "other": None, "rests": False,
}  # fmt: skip
_PAGE: Context = {
    "shell": shell("/settings/printers", "settings"),
    "printer": _PRINTER,
    "search": None,
    "searched_all": False,
    "papers": {"58": "58 mm", "80": "80 mm", "210x297": "A4"},
    "form": {},
    "errors": {},
}
_OLD = {"id": 7, "name": "前台", "state": "offline", "status_text": "打印机没有应答：没有发出任何数据"}
_SWAP: Context = {
    "shell": shell("/settings/printers", "settings"), "printer": _OLD, "by": None, "choices": {"8": "新机 · 192.168.1.60 9100"}, "tried": None,
    "stays": {"waiting": 12, "oldest_us": T0, "sending": 1, "unknown": 2}, "queues": [{"name": "前台", "role": "counter", "backup": False}, {"name": "厨房", "role": "", "backup": True}],
    "swap": None, "errors": {},
}  # fmt: skip
_NEW = {"id": 8, "name": "新机", "state": "ready", "status_text": ""}
PRINTER_SAMPLES: dict[str, tuple[str, Context]] = {
    "printer": ("tickets/printer.html", _PAGE),
    "printer_other": ("tickets/printer.html", {**_PAGE, "printer": {**_PRINTER, "other": {**_WHO, "serial": "PS58-2610-0077", "mac": ""}}}),
    "printer_found": ("tickets/printer.html", {**_PAGE, "searched_all": True, "search": {"asked": 200, "reachable": 253, "found": [
        {"host": "192.168.1.77", "port": 9100, "evidence": kind, "who": _WHO} for kind in ("serial", "mac", "model")]}}),
    "printer_not_found": ("tickets/printer.html", {**_PAGE, "searched_all": False, "search": {"asked": 0, "reachable": 0, "found": []}, "errors": {"host": "…"}}),
    "printer_swap": ("tickets/printer_swap.html", {**_SWAP, "by": _NEW, "tried": {"kind": "ok", "text": "测试页已打印"}}),
    "printer_swap_wrong": ("tickets/printer_swap.html", {**_SWAP, "by": _NEW, "errors": {"right": "…"}, "stays": {"waiting": 0, "oldest_us": None, "sending": 0, "unknown": 0}}),
    "printer_swap_none": ("tickets/printer_swap.html", {**_SWAP, "choices": {}}),
    "printer_swapped": ("tickets/printer_swap.html", {**_SWAP, "queues": [], "stays": {"waiting": 0, "oldest_us": None, "sending": 0, "unknown": 0}, "swap": {"name": "新机", "moved": 12, "at_us": T0, "undo": True}}),
    "printer_swap_begun": ("tickets/printer_swap.html", {**_SWAP, "swap": {"name": "新机", "moved": 1, "at_us": T0, "undo": False}}),
    "printer_at_work": ("tickets/printer.html", {**_PAGE, "errors": {"name": "…"}, "form": {"name": "吧台", "paper_mm": "58", "language": "en"}}),
    "printer_new": ("tickets/printer.html", {**_PAGE, "printer": {**_PRINTER, "known": dict.fromkeys(_WHO, ""), "asked_at_us": None, "last_seen_us": None, "state": "unknown"}}),
}  # fmt: skip
