"""Sample contexts of the sirens' pages."""

from tests.web.sample_parts import MINUTE, T0, Context, shell
from tocsin.alarm.hours import SirenHours
from tocsin.alarm.siren_row import siren_driver
from tocsin.core.words import Words
from tocsin.web.siren_form import form_of, hours_form, show_option

ROW = {
    "id": 155_032_741_002_240_901, "name": "门口声光报警器", "place": "前台", "kind": "MQTT：Tasmota、Shelly、Home Assistant",
    "address": "192.168.1.10 · siren1", "state": "off", "problem": "", "detail": "", "rank": 1, "backup": False, "confirms": True,
    "seen_us": T0, "sounded_us": T0 - 60 * MINUTE,
}  # fmt: skip
ROWS = [
    {**ROW, "state": "on", "sounded_us": T0},
    {**ROW, "id": 902, "name": "仓库", "place": "二楼", "kind": "Modbus 继电器板（TCP 或 RTU）", "address": "192.168.1.70", "state": "failed",
     "problem": "没有应答", "detail": "ModbusIOException: no response"},
    {**ROW, "id": 903, "name": "收银台", "place": "", "kind": "USB 继电器（LCUS-1）", "address": "/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0",
     "backup": True, "confirms": False, "seen_us": None, "sounded_us": None, "state": ""},
]  # fmt: skip
KINDS = {
    name: Words("zh_CN").translate(siren_driver(name).title)
    for name in ("http", "modbus", "mqtt", "serial_relay")
}
PAGE: Context = {
    "shell": shell("/settings/sirens", "settings"), "sirens": ROWS, "kinds": KINDS, "errors": {},
    "form": hours_form(SirenHours(open=("09:00-21:30",) * 5 + ("18:00-02:00", "closed")), 3),
}  # fmt: skip


def _form(kind: str, **given: str) -> Context:
    driver, words = siren_driver(kind), Words("zh_CN")
    form = {**form_of(driver), **given}
    return {
        "shell": shell("/settings/sirens/new", "settings"), "siren_id": 0, "driver": kind, "title": words.translate(driver.title),
        "stations": {"0": "本机", "7": "二楼站点"}, "errors": {}, "form": form,
        "options": [show_option(option, form, words, kept=False) for option in driver.options],
    }  # fmt: skip


SIREN_SAMPLES: dict[str, tuple[str, Context]] = {
    "sirens": ("settings/sirens.html", PAGE),
    "sirens_none": ("settings/sirens.html", {**PAGE, "sirens": [], "errors": {"open_6": "时段写作 09:00-21:30"}}),
    "siren_mqtt": ("settings/siren.html", _form("mqtt")),
    "siren_http": ("settings/siren.html", {**_form("http", name="门口"), "siren_id": 901, "errors": {"options.url": "地址应以 http:// 或 https:// 加主机开头"}}),
    "siren_http_generic": ("settings/siren.html", _form("http", **{"options.dialect": "generic"})),
    "siren_modbus": ("settings/siren.html", _form("modbus", **{"options.line": "rtu"})),
    "siren_serial": ("settings/siren.html", _form("serial_relay")),
}  # fmt: skip
