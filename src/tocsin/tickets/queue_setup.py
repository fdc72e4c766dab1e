"""Print queues as an owner sets them up: role, printer, back-up, which copies of which orders; paused and taken away."""

from msgspec.structs import replace

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.tenant import get_shop
from tocsin.orders.screen import Filter, read_filter
from tocsin.tickets.device import COPIES, NAME_MOST, get_printer
from tocsin.tickets.own_rule import asks_outcome
from tocsin.tickets.print_queue import (
    EVERY,
    ROLES,
    PrintQueue,
    add_row,
    count_waiting,
    drop_row,
    get_queue,
    list_queues,
    restore_row,
    store_row,
)
from tocsin.tickets.queue_move import move_waiting

QUERY_CHARACTERS, BACKUP_MINUTES_MOST, QUEUES_MOST = 500, 1440, 50


class QueueWrong(Refusal):
    """The queue can't be set up so: {problem}"""

    kind, code = "invalid", "queue_wrong"


def add_queue(tx: Tx, actor: Actor, *, queue: PrintQueue) -> int:
    """Set up another queue, of whatever id it is given as; return its id.

    Raises:
        NotAllowed: the actor may not change shop settings.
        QueueWrong: its name, role, copies, rule or back-up do not fit, or there are too many.
        PrinterMissing, ShopMissing
        Refusal: its query can't be read.
    """
    require(actor, "shop_settings")
    if len(list_queues(tx)) >= QUEUES_MOST:
        raise QueueWrong(problem="there may be 50: remove one first")
    made = replace(_fit(tx, queue), id=new_id(), paused=0)
    add_row(tx, made)
    write_journal(tx, actor, verb="tickets.add_queue", subject=f"queue:{made.id}", data=_facts(made))
    return made.id


def change_queue(tx: Tx, actor: Actor, *, queue: PrintQueue) -> int:
    """Store a queue's settings; return how many waiting papers follow it to another printer.

    What waits there is drawn and checked anew when its turn comes. Whether it is paused stays as it is.

    Raises:
        QueueMissing, and as `add_queue`.
    """
    require(actor, "shop_settings")
    earlier = get_queue(tx, queue_id=queue.id)
    changed = replace(_fit(tx, queue), paused=earlier.paused)
    store_row(tx, changed)
    moved = 0
    if changed.printer_id != earlier.printer_id:
        moved = move_waiting(tx, earlier, to=changed)
    write_journal(
        tx, actor, verb="tickets.change_queue", subject=f"queue:{queue.id}", data={**_facts(changed), "moved": moved}
    )  # fmt: skip
    append_event(tx, "print.moved", subject_id=queue.id, data={"moved": moved})
    return moved


def pause_queue(tx: Tx, actor: Actor, *, queue_id: int, paused: bool) -> None:
    """Stop a queue, or let it go on; a paper that is with its printer is not called back."""
    require(actor, "print")
    store_row(tx, replace(get_queue(tx, queue_id=queue_id), paused=int(paused)))
    write_journal(tx, actor, verb="tickets.pause", subject=f"queue:{queue_id}", data={"paused": paused})
    append_event(tx, "print.paused", subject_id=queue_id, data={"paused": paused})


def remove_queue(tx: Tx, actor: Actor, *, queue_id: int) -> None:
    """Take a queue away; its past papers stay.

    Raises:
        QueueWrong: papers wait in it, or it is the last one.
        NotAllowed, QueueMissing
    """
    require(actor, "shop_settings")
    found = get_queue(tx, queue_id=queue_id)
    if found.id in count_waiting(tx):
        raise QueueWrong(problem="tickets still wait in it: print, move or cancel them first")
    if len(list_queues(tx)) == 1:
        raise QueueWrong(problem="it is the last one: nothing could be printed. Set another one up first")
    drop_row(tx, found.id)
    write_journal(tx, actor, verb="tickets.remove_queue", subject=f"queue:{found.id}")


def restore_queue(tx: Tx, actor: Actor, *, queue_id: int) -> None:
    """Put a queue back that was taken away, as it was.

    Raises:
        QueueWrong: there are too many by now.
        NotAllowed, PrinterMissing: its printer went meanwhile.
    """
    require(actor, "shop_settings")
    if len(list_queues(tx)) >= QUEUES_MOST:
        raise QueueWrong(problem="there may be 50: remove one first")
    restore_row(tx, queue_id)
    get_printer(tx, printer_id=get_queue(tx, queue_id=queue_id).printer_id)
    write_journal(tx, actor, verb="tickets.add_queue", subject=f"queue:{queue_id}")


def _facts(queue: PrintQueue) -> dict[str, str]:
    """A query may name a person: the journal keeps the rest."""
    return {
        "printer": str(queue.printer_id),
        "backup": str(queue.backup_id),
        "copies": queue.copies,
        "role": queue.role,
    }


def _fit(tx: Tx, queue: PrintQueue) -> PrintQueue:
    """Return a queue as it is kept, or refuse it."""
    name, takes, copies = queue.name.strip(), queue.takes.strip(), queue.copies.split(",")
    if not 0 < len(name) <= NAME_MOST:
        raise QueueWrong(problem="it needs a name of at most 60 characters")
    if queue.role not in ROLES or not copies or not set(copies) <= set(COPIES):
        raise QueueWrong(problem="choose its role, and at least one kind of copy")
    get_printer(tx, printer_id=queue.printer_id or -1)
    if queue.backup_id:
        get_printer(tx, printer_id=queue.backup_id)
    if queue.backup_id == queue.printer_id or not 0 <= queue.backup_minutes <= BACKUP_MINUTES_MOST:
        raise QueueWrong(problem="its back-up is another printer, used after at most 1440 minutes")
    if queue.shop_id:
        get_shop(tx, shop_id=queue.shop_id)
    if takes not in ("", EVERY):
        _require_rule(tx, takes)
    elif queue.own_lines:
        raise QueueWrong(
            problem="only a rule tells which lines are its own: write a query, or print all lines"
        )
    return replace(queue, name=name, takes=takes, copies=",".join(one for one in COPIES if one in copies))


def _require_rule(tx: Tx, takes: str) -> None:
    if len(takes) > QUERY_CHARACTERS:
        raise QueueWrong(problem="its query has at most 500 characters")
    asked = read_filter(tx, Filter(query=takes))
    if asked.sort is not None or asks_outcome(asked.meaning):
        raise QueueWrong(problem="a held order is not printed, and a sort shows nothing: leave them out")
