"""Hand-over: a person holds a ticket in his hand and gives the goods away by it; recorded, and once per copy.

Whose outcome was unknown has come out: the paper is there.
"""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.tickets.check import lock_order
from tocsin.tickets.hold import settle_unknown
from tocsin.tickets.job import ON_PAPER, get_job
from tocsin.tickets.serial import read_ticket
from tocsin.tickets.table import hand_over as hand_over_table


class TicketNotCurrent(Refusal):
    """Ticket {serial} is {word}: don't hand anything over by it, look at its order"""

    kind, code = "conflict", "ticket_not_current"


class TicketNotOut(Refusal):
    """Ticket {serial} counts as not printed ({state}): ask who printed it, and print the order anew"""

    kind, code = "conflict", "ticket_not_out"


class HandedOverAlready(Refusal):
    """Order {number} was handed over already by ticket {serial}, by {by}: find out who holds the other paper"""

    kind, code = "conflict", "handed_over_already"


class HandOver(Struct, frozen=True):
    """When a ticket was handed over, and by whom."""

    job_id: int
    order_id: int
    copy: str
    serial: str
    at_us: int
    by_name: str


_COLUMNS = tuple(hand_over_table.c[name] for name in HandOver.__struct_fields__)
_ADD = insert_into(hand_over_table)
_OF_ORDER = Statement(
    sa.select(*_COLUMNS).where(own(hand_over_table), hand_over_table.c.order_id == bind("order_id"))
    .order_by(hand_over_table.c.id.desc()).limit(100),
    HandOver,
)  # fmt: skip


def hand_over(tx: Tx, actor: Actor, *, job_id: int) -> HandOver:
    """Record that goods were handed over by a ticket; the same ticket again answers what was recorded.

    Raises:
        NotAllowed: the actor may not print.
        JobMissing: there is no such ticket.
        TicketNotCurrent: it is void, superseded or held.
        TicketNotOut: its paper was never sent, or a person said that it did not come out.
        HandedOverAlready: another paper of the same copy was.
    """
    require(actor, "print")
    job = get_job(tx, job_id=job_id)
    lock_order(tx, order_id=job.order_id)
    job, ticket = get_job(tx, job_id=job_id), read_ticket(tx, job_id=job_id)
    earlier = [one for one in handed_over(tx, order_id=job.order_id) if one.copy == job.copy]
    again = next((one for one in earlier if one.job_id == job_id), None)
    if again is not None:
        if job.state == "unknown":  # it was given away while it was still being sent
            settle_unknown(tx, actor, job_id=job_id, came_out=True)
        return again
    if job.state not in ON_PAPER:
        raise TicketNotOut(serial=job.serial, state=job.state)
    if job.state == "unknown":  # its own hold would call it HELD: the paper is what was asked about
        settle_unknown(tx, actor, job_id=job_id, came_out=True)
        ticket = read_ticket(tx, job_id=job_id)
    if ticket is None or ticket.word != "CURRENT":
        raise TicketNotCurrent(serial=job.serial, word=ticket.word if ticket else "VOID")
    if earlier:
        raise HandedOverAlready(number=ticket.number, serial=earlier[0].serial, by=earlier[0].by_name)
    made = HandOver(job_id, job.order_id, job.copy, job.serial, tx.now_us, actor.name)
    tx.run(
        _ADD, id=new_id(), job_id=job_id, order_id=job.order_id, copy=job.copy, serial=job.serial, at_us=tx.now_us,
        by_id=actor.id, by_name=actor.name,
    )  # fmt: skip
    append_event(tx, "ticket.handed_over", subject_id=job.order_id, data={"job": str(job_id)})
    write_journal(
        tx, actor, verb="tickets.hand_over", subject=f"order:{job.order_id}", data={"job": str(job_id), "serial": job.serial}
    )  # fmt: skip
    return made


def handed_over(tx: Tx, *, order_id: int) -> list[HandOver]:
    """Return the hand-overs of an order's tickets, the newest first."""
    return tx.rows(_OF_ORDER, order_id=order_id)
