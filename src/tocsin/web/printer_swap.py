"""Replacing a printer, step by step on one page: choose, try out, see what waits, move, retire; or take it back."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect
from msgspec import to_builtins

from tocsin.core.actor import require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.tickets.device import Device, get_printer, list_printers
from tocsin.tickets.known_printer import place_of
from tocsin.tickets.print_queue import list_queues
from tocsin.tickets.printer_swap import (
    can_undo,
    last_swap,
    replace_printer,
    undo_swap,
    what_stays,
)
from tocsin.tickets.trial import print_test_page
from tocsin.web.form import read_form, read_number
from tocsin.web.found import show_reason
from tocsin.web.guard import PageRequest, enter
from tocsin.web.printers import SAID
from tocsin.web.shell import go, show, status_of, told, words_of
from tocsin.web.terminal import show_state
from tocsin.web.words import Words

_AT = "/settings/printers/{printer_id:str}/replacement"


@get(_AT, sync_to_thread=True)
def get_swap(request: PageRequest, *, printer_id: FromPath[str]) -> Response[str]:
    """Show the steps, with the new printer where one was chosen."""
    return _show(request, read_number(printer_id), by_id=_chosen(request.query_params))


@post(f"{_AT}/test", sync_to_thread=True, status_code=303)
def post_swap_test(request: PageRequest, *, printer_id: FromPath[str], body: RawBody) -> Redirect:
    """Print a test page on the new printer."""
    desk, actor = enter(request)
    form, wanted = read_form(request, body), read_number(printer_id)
    require(actor, "shop_settings")
    by = _chosen(form)
    outcome = print_test_page(desk.db, actor, printer_id=by or -1, base_url=desk.settings.base_url())
    asked = urlencode({"by": by, "said": outcome.result})
    return go(f"/settings/printers/{wanted}/replacement?{asked}")


@post(_AT, sync_to_thread=True, status_code=303)
def post_swap(request: PageRequest, *, printer_id: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Put the new printer in the old one's place."""
    desk, actor = enter(request)
    form, wanted = read_form(request, body), read_number(printer_id)
    require(actor, "shop_settings")
    by, right = _chosen(form), form.get("right") == "1"
    swap = partial(replace_printer, actor=actor, printer_id=wanted, by_id=by, came_out_right=right)
    try:
        desk.db.write(actor.merchant_id, swap)
    except Refusal as wrong:
        if wrong.code not in ("swap_untried", "swap_same"):
            raise
        return _show(request, wanted, by_id=by, wrong=wrong)
    return go(f"/settings/printers/{wanted}/replacement", done="saved")


@post(f"{_AT}/undo", sync_to_thread=True, status_code=303)
def post_swap_undo(request: PageRequest, *, printer_id: FromPath[str], body: RawBody) -> Redirect:
    """Give the old printer its place back."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(printer_id)
    desk.db.write(actor.merchant_id, partial(undo_swap, actor=actor, printer_id=wanted))
    return go(f"/settings/printers/{wanted}/replacement", done="undone")


def _chosen(given: Mapping[str, str]) -> int:
    """Return the new printer's id, 0 where none was chosen."""
    return read_number(given["by"]) if given.get("by") else 0


def _show(
    request: PageRequest, printer_id: int, *, by_id: int, wrong: Refusal | None = None
) -> Response[str]:
    desk, actor = enter(request)
    require(actor, "shop_settings")
    words = words_of(request, actor)
    context = desk.db.read(actor.merchant_id, partial(_read, words=words, printer_id=printer_id, by_id=by_id))
    tone, said = SAID.get(request.query_params.get("said", ""), ("", ""))
    return show(
        request, "tickets/printer_swap.html", actor=actor, section="settings", status=status_of(wrong) if wrong else 200,
        tried={"kind": tone, "text": words.translate(said)} if said and by_id else None,
        errors={"right": told(wrong, words)} if wrong else {}, **context,
    )  # fmt: skip


def _read(tx: Tx, *, words: Words, printer_id: int, by_id: int) -> dict[str, Any]:
    old = get_printer(tx, printer_id=printer_id or -1)
    devices = {device.id: device for device in list_printers(tx)}
    swap = last_swap(tx, printer_id=old.id)
    new = devices.get(swap.new_id) if swap else None
    return {
        "printer": _device(old, words), "by": _device(devices[by_id], words) if by_id in devices and by_id != old.id else None,
        "choices": {str(one.id): f"{one.name} · {place_of(one)}" for one in devices.values() if one.id != old.id},
        "stays": to_builtins(what_stays(tx, printer_id=old.id)),
        "queues": [{"name": one.name, "role": one.role, "backup": one.printer_id != old.id} for one in list_queues(tx) if old.id in (one.printer_id, one.backup_id)],
        "swap": {"name": new.name, "moved": len(swap.went_over()), "at_us": swap.at_us, "undo": can_undo(tx, swap)} if swap and new else None,
    }  # fmt: skip


def _device(device: Device, words: Words) -> dict[str, Any]:
    status = device.last_status()
    return {
        "id": device.id, "name": device.name, "state": show_state(device),
        "status_text": show_reason(status.detail, words) if status else "",
    }  # fmt: skip


PRINTER_SWAP = [get_swap, post_swap_test, post_swap, post_swap_undo]
