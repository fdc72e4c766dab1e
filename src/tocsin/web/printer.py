"""One printer's own page: what it is known again by, and whether another one answers in its place."""

from functools import partial
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect
from msgspec import to_builtins

from tocsin.core.actor import require
from tocsin.core.db import Tx
from tocsin.tickets.away import is_away
from tocsin.tickets.device import Device, PrinterWrong, get_printer
from tocsin.tickets.identity import Identity
from tocsin.tickets.known_printer import Known, accept_printer, find_known, let_rest, place_of
from tocsin.tickets.printer_change import PrinterAtWork, change_printer
from tocsin.tickets.printer_kind import comes
from tocsin.tickets.printer_place import move_printer
from tocsin.tickets.printer_search import look_for
from tocsin.tickets.trial import ask_printer
from tocsin.web.form import read_form, read_number
from tocsin.web.found import show_reason
from tocsin.web.guard import PageRequest, enter
from tocsin.web.printers import paper_choices, size_key
from tocsin.web.shell import go, show, status_of, told, words_of
from tocsin.web.terminal import show_state

_AT = "/settings/printers/{printer_id:str}"


@get(_AT, sync_to_thread=True)
def get_printer_page(request: PageRequest, *, printer_id: FromPath[str]) -> Response[str]:
    """Show what a printer is known again by, and what can be done where it is not found or is broken."""
    return show_printer(request, read_number(printer_id))


@post(_AT, sync_to_thread=True, status_code=200)
def post_change(
    request: PageRequest, *, printer_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Take another name, paper or language for a printer; what is wrong is said at its form."""
    desk, actor = enter(request)
    form, wanted = read_form(request, body), read_number(printer_id)
    wide, _, high = form.get("paper_mm", "").partition("x")
    change = partial(change_printer, actor=actor, printer_id=wanted, name=form.get("name", ""))
    sized = partial(change, paper_mm=read_number(wide), paper_high_mm=read_number(high or "0"))
    try:
        desk.db.write(actor.merchant_id, partial(sized, locale=form.get("language", "")))
    except (PrinterWrong, PrinterAtWork) as wrong:
        told_wrong = told(wrong, words_of(request, actor))
        return show_printer(request, wanted, status=status_of(wrong), errors={"name": told_wrong}, form=form)
    return go(f"/settings/printers/{wanted}", done="saved")


@post(f"{_AT}/acceptance", sync_to_thread=True, status_code=303)
def post_acceptance(request: PageRequest, *, printer_id: FromPath[str], body: RawBody) -> Redirect:
    """Say that the printer that answers there now is meant to stand there."""
    desk, actor = enter(request)
    form, wanted = read_form(request, body), read_number(printer_id)
    shown = partial(accept_printer, serial=form.get("serial", ""), mac=form.get("mac", ""))
    desk.db.write(actor.merchant_id, partial(shown, actor=actor, printer_id=wanted))
    return go(f"/settings/printers/{wanted}", done="saved")


@post(f"{_AT}/rest", sync_to_thread=True, status_code=303)
def post_rest(request: PageRequest, *, printer_id: FromPath[str], body: RawBody) -> Redirect:
    """Choose whether papers wait while another printer answers in its place."""
    desk, actor = enter(request)
    rests, wanted = read_form(request, body).get("rests") == "1", read_number(printer_id)
    desk.db.write(actor.merchant_id, partial(let_rest, actor=actor, printer_id=wanted, rests=rests))
    return go(f"/settings/printers/{wanted}", done="saved")


@post(f"{_AT}/search", sync_to_thread=True, status_code=200)
def post_search(request: PageRequest, *, printer_id: FromPath[str], body: RawBody) -> Response[str]:
    """Look for a printer at other addresses, and propose what was found."""
    desk, actor = enter(request)
    ask, wanted = read_form(request, body).get("ask") == "1", read_number(printer_id)
    search = look_for(desk.db, actor, printer_id=wanted, ask=ask)
    return show_printer(request, wanted, search=to_builtins(search), searched_all=ask)


@post(f"{_AT}/place", sync_to_thread=True, status_code=200)
def post_place(request: PageRequest, *, printer_id: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Take the address at which a printer was found, or that a person types, and ask it there."""
    desk, actor = enter(request)
    form, wanted = read_form(request, body), read_number(printer_id)
    host, port = form.get("host", ""), form.get("port", "")
    move = partial(move_printer, actor=actor, printer_id=wanted, host=host)
    try:
        desk.db.write(actor.merchant_id, partial(move, port=_read_port(port) if port else 0))
    except PrinterWrong as wrong:
        told_wrong = told(wrong, words_of(request, actor))
        return show_printer(request, wanted, status=status_of(wrong), errors={"host": told_wrong}, form=form)
    ask_printer(desk.db, actor, printer_id=wanted)
    return go(f"/settings/printers/{wanted}", done="saved")


def _read_port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len("65535")):
        raise PrinterWrong(
            problem="its port is a number from 1 to 65535, or a serial port such as /dev/ttyUSB0"
        )
    return int(text) or -1  # 0 is no port, and not the one that it has


def show_printer(request: PageRequest, printer_id: int, **more: Any) -> Response[str]:
    """Answer with a printer's page."""
    desk, actor = enter(request)
    require(actor, "query")
    words = words_of(request, actor)

    def read(tx: Tx) -> tuple[Device, Known | None]:
        device = get_printer(tx, printer_id=printer_id or -1)
        return device, find_known(tx, printer_id=device.id)

    device, known = desk.db.read(actor.merchant_id, read)
    options = msgspec.json.decode(device.options)
    status, other = device.last_status(), known.instead() if known else None
    printer = {
        "id": device.id, "name": device.name, "paper": size_key(device.paper_mm, device.paper_high_mm), "language": device.locale, "driver": device.kind, "place": place_of(device), "state": show_state(device),
        "status_text": show_reason(status.detail, words) if status else "", "last_seen_us": device.seen_at_us,
        "host": options.get("host", ""), "local": not is_away(device), "comes": comes(device.kind), "known": to_builtins(known.who() if known else Identity()), "asked_at_us": known.asked_at_us if known else None,
        "other": to_builtins(other) if other else None, "rests": bool(known and known.rests),
    }  # fmt: skip
    context = {
        "search": None,
        "searched_all": False,
        "errors": {},
        "form": {},
        "printer": printer,
        "papers": paper_choices(),
        **more,
    }
    return show(request, "tickets/printer.html", actor=actor, section="settings", **context)


PRINTER = [get_printer_page, post_change, post_acceptance, post_rest, post_search, post_place]
