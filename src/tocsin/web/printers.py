"""Box 18's setting as a page: printers set up by kind, tried out, asked how they are, taken away."""

from functools import partial
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.station import live_stations
from tocsin.core.actor import Actor, require
from tocsin.core.errors import Refusal
from tocsin.desk import Desk
from tocsin.tickets.away import is_away
from tocsin.tickets.cloud import is_open
from tocsin.tickets.device import (
    COPIES,
    NAME_MOST,
    Device,
    PrinterKindUnknown,
    add_printer,
    list_printers,
    printer_plugin,
    remove_printer,
)
from tocsin.tickets.known_printer import all_known
from tocsin.tickets.paper_size import A4, LABELS, say_size
from tocsin.tickets.poll_door import push_url
from tocsin.tickets.print_queue import copies_at, list_queues
from tocsin.tickets.printer_kind import comes, is_cloud
from tocsin.tickets.trial import ask_printer, print_test_page
from tocsin.web.form import Form, once_over, read_form, read_number
from tocsin.web.found import show_reason
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, show, status_of, told, words_of
from tocsin.web.terminal import show_state
from tocsin.web.words import LOCALES, Words

KINDS = {
    "escpos_network": "Network receipt printer (ESC/POS, TCP 9100)",
    "escpos_serial": "Receipt printer on a serial port (ESC/POS)",
    "escpos_usb": "Receipt printer on USB (ESC/POS)",
    "tspl": "Network label printer (TSPL, TCP 9100)",
    "tspl_usb": "Label printer on USB (TSPL)",
    "ipp": "Printer that speaks IPP (AirPrint, IPP Everywhere)",
    "cloudprnt": "Star printer that fetches its papers (CloudPRNT)",
    "feie": "Printer of a cloud: 飞鹅云 (Feie)",
    "yilianyun": "Printer of a cloud: 易联云 (Yilianyun)",
    "pdf_file": "PDF files in a folder",
}
# Of a cloud: its account, the account's key, the printer's number.
_CLOUD_OPTIONS = {"feie": ("user", "ukey", "sn"), "yilianyun": ("client_id", "client_secret", "machine_code")}
ADDED = "/settings/printers?said=added"
SAID = {
    "printed": ("ok", "The test page came out"), "failed": ("bad", "The test page did not come out"),
    "unknown": ("warn", "The test page may have come out: look at the printer"),
    "taken": ("info", "The test page is on its way: the printer or its cloud has it"),
    "online": ("ok", "The printer answers"), "offline": ("bad", "The printer does not answer"),
    "added": ("ok", "The printer is set up"),
}  # fmt: skip


@get("/settings/printers", sync_to_thread=True)
def get_printers(request: PageRequest) -> Response[str]:
    """Show the printers, and a form for another one."""
    desk, actor = enter(request)
    require(actor, "query")
    return _list(request, desk, actor, form={}, errors={}, status=200)


@post("/settings/printers", sync_to_thread=True, status_code=200)
def post_printer(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Set a printer up; what is wrong is said at its field."""
    desk, actor = enter(request)
    form = read_form(request, body)
    require(actor, "shop_settings")
    words = words_of(request, actor)
    try:
        kind, options = _options(form)
        copies = tuple(copy for copy in COPIES if form.get(f"copy_{copy}")) or ("merchant",)
        locale, (wide, _, high) = form.get("language", ""), form.get("paper_mm", "80").partition("x")
        add = partial(
            add_printer, actor=actor, name=form.get("name", ""), kind=kind, options=options, copies=copies,
            paper_mm=read_number(wide), paper_high_mm=read_number(high or "0"), locale=locale if locale in LOCALES else "zh_CN",
            station_id=read_number(form.get("station_id", "0") or "0"),
        )  # fmt: skip

        def make() -> str:
            printer_id = desk.db.write(actor.merchant_id, add)
            if comes(kind):
                return f"/settings/printers/{printer_id}/address"
            ask_printer(desk.db, actor, printer_id=printer_id)
            return ADDED

        return go(once_over(desk.db, actor, form, route="printers", meanwhile=ADDED, make=make))
    except Refusal as wrong:
        if wrong.kind != "invalid":
            raise
        place = "address" if 0 < len(form.get("name", "").strip()) <= NAME_MOST else "name"
        return _list(
            request,
            desk,
            actor,
            form=form,
            errors={place: told(wrong, words)},
            status=status_of(wrong),
        )


@post("/settings/printers/{printer_id:str}/probe", sync_to_thread=True, status_code=200)
def post_probe(request: PageRequest, *, printer_id: FromPath[str], body: RawBody) -> Redirect:
    """Ask a printer how it is."""
    desk, actor = enter(request)
    read_form(request, body)
    status = ask_printer(desk.db, actor, printer_id=read_number(printer_id))
    return go(f"/settings/printers?said={'online' if status.online else 'offline'}")


@post("/settings/printers/{printer_id:str}/test", sync_to_thread=True, status_code=200)
def post_test(request: PageRequest, *, printer_id: FromPath[str], body: RawBody) -> Redirect:
    """Print a page that carries no order and answers no scan."""
    desk, actor = enter(request)
    read_form(request, body)
    outcome = print_test_page(
        desk.db, actor, printer_id=read_number(printer_id), base_url=desk.settings.base_url()
    )
    return go(f"/settings/printers?said={outcome.result}")


@post("/settings/printers/{printer_id:str}/removal", sync_to_thread=True, status_code=200)
def post_removal(request: PageRequest, *, printer_id: FromPath[str], body: RawBody) -> Redirect:
    """Take a printer away; one that still has papers to print stays."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(printer_id)
    desk.db.write(actor.merchant_id, lambda tx: remove_printer(tx, actor, printer_id=wanted))
    return go("/settings/printers", done="dropped")


def _options(form: Form) -> tuple[str, dict[str, Any]]:
    """Return a kind and its options, from the one address field that every kind has."""
    kind, address = form.get("driver", ""), form.get("address", "").strip()
    if kind not in KINDS:
        raise PrinterKindUnknown(driver=kind[:40], drivers=", ".join(KINDS))
    if kind == "pdf_file":
        return kind, {"folder": address}
    if comes(kind):
        return kind, {}
    if is_cloud(kind):
        given = [form.get(f"cloud_{part}", "").strip() for part in ("account", "key", "number")]
        said = form.get("data_leaves_site") == "1"
        return kind, {**dict(zip(_CLOUD_OPTIONS[kind], given, strict=True)), "data_leaves_site": said}
    if kind in ("escpos_usb", "tspl_usb"):
        return kind, {"device": address}
    if kind == "escpos_serial":
        port, _, baud = (
            address.rpartition(":") if address.rpartition(":")[2].isdecimal() else (address, "", "")
        )
        return kind, {"port": port, **({"baud": baud} if baud else {})}
    address, slash, path = address.removeprefix("ipp://").partition("/")
    host, _, port = address.rpartition(":") if address.rpartition(":")[2].isdecimal() else (address, "", "")
    host = (host or address).strip("[]")
    if kind == "ipp":
        return kind, {
            "host": host,
            **({"port": port} if port else {}),
            **({"path": f"/{path}"} if slash else {}),
        }
    return kind, {"host": host, "port": port or "9100"}


def _list(
    request: PageRequest, desk: Desk, actor: Actor, *, form: Form, errors: dict[str, str], status: int
) -> Response[str]:
    words = words_of(request, actor)
    devices, stations, known, queues = desk.db.read(
        actor.merchant_id, lambda tx: (list_printers(tx), live_stations(tx), all_known(tx), list_queues(tx))
    )
    names = {str(one.id): one.name for one in stations}
    tone, said = SAID.get(request.query_params.get("said", ""), ("", ""))
    offered = _offered(words)
    called_at = partial(push_url, desk.settings.base_url(), merchant_id=actor.merchant_id)
    return show(
        request, "tickets/printers.html", actor=actor, section="settings", status=status, form=form, errors=errors, papers=paper_choices(),
        printers=[{**_show(device, words, names), "copies": copies_at(queues, printer_id=device.id), "push_url": called_at(device=device), "other": bool(device.id in known and known[device.id].other)} for device in devices], copies=COPIES,
        stations={"0": words.translate("This server"), **names} if names else {},
        drivers=offered, clouds=any(map(is_cloud, offered)),
        toasts=[{"kind": tone, "text": words.translate(said)}] if said else None,
    )  # fmt: skip


def _offered(words: Words) -> dict[str, str]:
    """Return the kinds that may be set up: of clouds those that the settings file has opened."""
    return {
        name: words.translate(title) for name, title in KINDS.items() if is_open(name) or not is_cloud(name)
    }


def paper_choices() -> dict[str, str]:
    """Return the sizes of paper that a form offers."""
    sizes = [(58, 0), (80, 0), A4, *LABELS]
    return {size_key(*size): say_size(*size) for size in sizes}


def size_key(wide: int, high: int) -> str:
    """Return a size of paper as a form sends it."""
    return f"{wide}x{high}" if high else str(wide)


def _show(device: Device, words: Words, stations: dict[str, str]) -> dict[str, Any]:
    options, status = msgspec.json.decode(device.options), device.last_status()
    address = next(
        (
            options[name]
            for name in ("host", "port", "device", "folder", "sn", "machine_code")
            if name in options
        ),
        "",
    )
    speed = options["port"] if "host" in options else options.get("baud")
    address = f"{address}:{speed}" if speed else address
    return {
        "id": device.id, "name": device.name, "driver": device.kind, "address": address,
        "station": stations.get(device.station, words.translate("a station that was revoked")) if is_away(device) else "", "state": show_state(device),
        "can_confirm": printer_plugin(device.kind).confirms, "paper": say_size(device.paper_mm, device.paper_high_mm), "language": device.locale,
        "last_seen_us": device.seen_at_us,
        "status_text": show_reason(status.detail, words) if status else "", "comes": comes(device.kind), "cloud": is_cloud(device.kind),
    }  # fmt: skip


PRINTERS = [get_printers, post_printer, post_probe, post_test, post_removal]
