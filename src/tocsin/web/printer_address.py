"""The address at which a printer comes for its papers: shown once, to be typed into the printer."""

from functools import partial

from litestar import Response, get, post
from litestar.params import FromPath, RawBody

from tocsin.access.step_up import is_proved
from tocsin.core.actor import require
from tocsin.tickets.device import get_printer
from tocsin.tickets.poll_address import renew_address
from tocsin.tickets.printer_key import find_key
from tocsin.web.form import read_form, read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import show

_AT = "/settings/printers/{printer_id:str}/address"


@get(_AT, sync_to_thread=True)
def get_address(request: PageRequest, *, printer_id: FromPath[str]) -> Response[str]:
    """Say what the address is for; it can't be shown again."""
    return _show(request, read_number(printer_id))


@post(_AT, sync_to_thread=True, status_code=200)
def post_address(request: PageRequest, *, printer_id: FromPath[str], body: RawBody) -> Response[str]:
    """Make a new address, shown on this answer alone."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(printer_id)
    token = desk.db.write(actor.merchant_id, partial(renew_address, actor=actor, printer_id=wanted))
    return _show(request, wanted, address=f"{desk.settings.base_url()}/cloudprnt/{token}")


def _show(request: PageRequest, printer_id: int, *, address: str = "") -> Response[str]:
    desk, actor = enter(request)
    require(actor, "shop_settings")
    device, key = desk.db.read(
        actor.merchant_id,
        lambda tx: (get_printer(tx, printer_id=printer_id), find_key(tx, printer_id=printer_id)),
    )
    return show(
        request, "tickets/printer_address.html", actor=actor, section="settings", name=device.name, address=address,
        at=f"/settings/printers/{printer_id}", has_one=bool(key and key.secret_hash), proved=is_proved(actor),
    )  # fmt: skip


PRINTER_ADDRESS = [get_address, post_address]
