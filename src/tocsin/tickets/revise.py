"""Box 20, revise: mend a held order; it goes back to the print terminal, never straight to a printer."""

from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.orders.amend import Amendment, amend_order
from tocsin.orders.batch import make_batch
from tocsin.orders.produce import Issued
from tocsin.orders.stop import close_hold, open_holds
from tocsin.orders.store import load_order
from tocsin.tickets.check import Verdict, check_order
from tocsin.tickets.device import get_printer, list_printers
from tocsin.tickets.terminal import Requested, request_print


class Revised(Struct, frozen=True, kw_only=True):
    """A revision made to mend: its verdict, and what the terminal made of it where it was asked."""

    issued: Issued
    verdict: Verdict
    requested: Requested | None


def revise_order(
    tx: Tx, actor: Actor, *, order_id: int, seen: int, amendment: Amendment, reason: str, base_url: str,
    print_again: bool = True, printer_id: int = 0,
) -> Revised:  # fmt: skip
    """Amend a held order, check the new revision, and send it back to the terminal.

    Holds of the earlier revision that the new one answers close: `conflict` (the person has decided what
    holds) and `failed` (that paper never came out). Without any printer the revision is made all the same.

    Raises:
        NotAllowed, ReasonMissing, OrderMoved, OrderCancelled, MaskedValue, NothingChanged, PrinterMissing
    """
    require(actor, "amend")
    issued = amend_order(tx, actor, order_id=order_id, seen=seen, amendment=amendment, reason=reason)
    for hold in open_holds(tx, order_id=order_id):
        if hold.kind in ("conflict", "failed") and hold.revision <= seen:
            close_hold(tx, actor, hold, reason="revised")
    verdict = check_order(tx, actor, order_id=order_id)
    requested = None
    if print_again and verdict.passed and (printer_id or list_printers(tx)):
        device, order = get_printer(tx, printer_id=printer_id), load_order(tx, order_id=order_id)
        batch = make_batch(tx, actor, kind="print", items=[(order.id, order.revision, order.content_hash)])
        requested = request_print(
            tx, actor, order_id=order_id, seen=issued.revision, device=device, batch_id=batch.id, base_url=base_url
        )  # fmt: skip
    return Revised(issued=issued, verdict=verdict, requested=requested)
