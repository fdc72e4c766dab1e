"""Preview equals paper: what a queue's printer would print of an order, or what a ticket says, drawn by the same hand.

What the reader has not opened is masked in it, as on each page; all else is the paper, dot for dot.
"""

import threading

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.tenant import get_shop
from tocsin.orders.draft import Order
from tocsin.orders.reveal import show_open
from tocsin.orders.store import load_order
from tocsin.tickets.compose import compose_paper
from tocsin.tickets.content import MASKED_COPIES, Copy, PaperRequest, TicketContent, receiver_texts
from tocsin.tickets.device import COPIES, get_printer, printer_plugin
from tocsin.tickets.drawing import MOST_LINES
from tocsin.tickets.job import get_job, read_content
from tocsin.tickets.layout import draw_png
from tocsin.tickets.marks import marks
from tocsin.tickets.print_queue import PrintQueue, get_queue
from tocsin.tickets.printer import Form
from tocsin.tickets.route import part_of, route_order
from tocsin.tickets.serial import NO_CODE, no_serial

_OPENS = {
    "receiver_name": "name",
    "receiver_phone": "phone",
    "receiver_address": "address",
    "buyer_note": "note",
}


# So many pictures for screens are drawn at once: each may take a second and 250 MB.
_DRAWING = threading.Semaphore(2)


class TooLongToDraw(Refusal):
    """The ticket has {lines} lines, a paper takes {most}: split the order"""

    kind, code = "invalid", "too_long_to_draw"


class Previewed(Struct, frozen=True):
    """A paper as it would be drawn, for a printer that takes such a form; `hidden`: the fields that are masked here alone."""

    content: TicketContent
    form: Form
    queue_id: int
    hidden: frozenset[str]

    def png(self) -> bytes:
        """Return it as a picture.

        Raises:
            TooLongToDraw: no printer would be given it either.
        """
        if len(self.content.lines) > MOST_LINES:
            raise TooLongToDraw(lines=len(self.content.lines), most=MOST_LINES)
        with _DRAWING:
            return draw_png(self.content, form=self.form)


def preview_order(
    tx: Tx, actor: Actor, *, order: Order, base_url: str, queue_id: int = 0, copy: str = ""
) -> Previewed:
    """Return the paper that would be asked for now; without queue and copy the first that the rules give.

    Args:
        order: masked, as it was looked up.

    Raises:
        NotAllowed, QueueMissing, PrinterMissing
    """
    require(actor, "query")
    real = load_order(tx, order_id=order.id, revision=order.revision, real=True)
    queue, kind = _choose(tx, real, queue_id=queue_id, copy=copy)
    device, part_id = get_printer(tx, printer_id=queue.printer_id), part_of(queue)
    said = marks(tx, order_id=real.id, revision=real.revision, copy=kind, part_id=part_id)
    content = compose_paper(tx, real, device=device, part_id=part_id, own=PaperRequest(
        copy=kind, serial=no_serial(tx, get_shop(tx, shop_id=real.shop_id)), scan_url=f"{base_url}/t/{NO_CODE}",
        code128=str(real.id), printed_at_us=tx.now_us, **said._asdict(),
    ))  # fmt: skip
    return _as_seen(tx, actor, order, content=content, queue_id=queue.id)


def preview_job(tx: Tx, actor: Actor, *, job_id: int, order: Order) -> Previewed:
    """Return the paper that a print job stands for, as it was or will be drawn.

    Args:
        order: masked, at the job's revision, as it was looked up.

    Raises:
        NotAllowed
        JobMissing: there is none, or its receiver was erased.
    """
    require(actor, "query")
    job, content = get_job(tx, job_id=job_id), read_content(tx, job_id=job_id)
    return _as_seen(tx, actor, order, content=content, queue_id=job.queue_id)


def _choose(tx: Tx, order: Order, *, queue_id: int, copy: str) -> tuple[PrintQueue, Copy]:
    copies = [copy] if copy in COPIES else []
    if queue_id:
        queue = get_queue(tx, queue_id=queue_id)
        return queue, (copies or queue.copy_list())[0]  # type: ignore[return-value]
    return route_order(tx, order, copies=copies)[0]  # type: ignore[return-value]


def _as_seen(tx: Tx, actor: Actor, order: Order, *, content: TicketContent, queue_id: int) -> Previewed:
    """Return a paper with what its reader has not opened masked; what the paper itself masks stays so."""
    form = printer_plugin(content.profile.partition("/")[0]).form
    if content.copy in MASKED_COPIES:
        return Previewed(content, form, queue_id, frozenset())
    _, until = show_open(tx, actor, order=order)
    masked = receiver_texts(order, "customer")
    closed = {
        name: text
        for name, text in masked.items()
        if getattr(content, name) not in ("", text) and _OPENS[name] not in until
    }
    return Previewed(replace(content, **closed), form, queue_id, frozenset(_OPENS[name] for name in closed))
