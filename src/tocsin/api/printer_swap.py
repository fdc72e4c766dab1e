"""A printer replaced over the API: what waits for it, the swap, and taking it back."""

from litestar import Response, delete, get, post
from litestar.params import FromPath, JSONBody, RawBody
from msgspec import Struct

from tocsin.api.guard import ApiRequest, change_once, enter, read_body, read_id
from tocsin.api.queues import MovedOut
from tocsin.api.shape import iso
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.tickets.device import get_printer
from tocsin.tickets.printer_swap import can_undo, last_swap, replace_printer, undo_swap, what_stays


class SwapIn(Struct, frozen=True, forbid_unknown_fields=True):
    """The new printer, and that a person has looked at a test page of it: its width, its codes."""

    by: str
    came_out_right: bool


class SwapOut(Struct, frozen=True, kw_only=True):
    """What waits for a printer and never left, what is with it, what nobody knows; and by which one it was replaced, empty by none."""

    waiting: int
    oldest: str | None
    sending: int
    unknown: int
    replaced_by: str
    can_undo: bool


@get("/terminals/{terminal_id:str}/replacement", sync_to_thread=True)
def get_replacement(request: ApiRequest, *, terminal_id: FromPath[str]) -> SwapOut:
    """Return what waits for a printer, and by which one it was replaced."""
    desk, actor = enter(request)
    require(actor, "query")

    def read(tx: Tx) -> SwapOut:
        device = get_printer(tx, printer_id=read_id(terminal_id) or -1)
        stays, swap = what_stays(tx, printer_id=device.id), last_swap(tx, printer_id=device.id)
        return SwapOut(
            waiting=stays.waiting, oldest=iso(stays.oldest_us) if stays.oldest_us else None, sending=stays.sending,
            unknown=stays.unknown, replaced_by=str(swap.new_id) if swap else "", can_undo=bool(swap and can_undo(tx, swap)),
        )  # fmt: skip

    return desk.db.read(actor.merchant_id, read)


@post("/terminals/{terminal_id:str}/replacement", sync_to_thread=True, status_code=200)
def create_replacement(
    request: ApiRequest, *, terminal_id: FromPath[str], data: JSONBody[SwapIn], body: RawBody
) -> Response[MovedOut]:
    """Put a printer in another one's place, as a person, never a key: its queues and what never left go over, checked and drawn anew."""
    del data
    given = read_body(body, SwapIn)

    def run(tx: Tx, actor: Actor) -> MovedOut:
        swap = replace_printer(
            tx, actor, printer_id=read_id(terminal_id), by_id=read_id(given.by), came_out_right=given.came_out_right
        )  # fmt: skip
        return MovedOut(len(swap.went_over()))

    return change_once(request, body, run)


@delete("/terminals/{terminal_id:str}/replacement", sync_to_thread=True, status_code=200)
def undo_replacement(request: ApiRequest, *, terminal_id: FromPath[str]) -> Response[MovedOut]:
    """Give a printer its place back, as long as the new one has printed nothing of it."""

    def run(tx: Tx, actor: Actor) -> MovedOut:
        return MovedOut(undo_swap(tx, actor, printer_id=read_id(terminal_id)))

    return change_once(request, b"", run)


PRINTER_SWAP = [get_replacement, create_replacement, undo_replacement]
