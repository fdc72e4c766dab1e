"""One printer in another's place: its queues with their roles and rules, and what never left, go over and are checked and drawn anew.

What is with the old one, or may have come out there, stays with it and is asked as ever. Undone as long as the new one
has printed nothing of it.
"""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.actor import Actor, require, require_person
from tocsin.core.clock import SECOND_US
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.ident import id_at, new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import NOUGHT, Statement, among, any_of, bind, insert_into, own
from tocsin.tickets.device import PrinterMissing, get_printer
from tocsin.tickets.print_queue import list_queues, store_row
from tocsin.tickets.table import intercept, print_job, printer_swap

_MEANWHILE_US = 10 * SECOND_US  # a paper may be claimed while a swap that began before is being written


class SwapUntried(Refusal):
    """The new printer is untried: print a test page on it, look at its width and its codes, and say that it came out right"""

    kind, code = "conflict", "swap_untried"


class SwapSame(Refusal):
    """A printer is replaced by another one: choose which"""

    kind, code = "invalid", "swap_same"


class SwapMissing(Refusal):
    """This printer was replaced by none: there is nothing to take back"""

    kind, code = "missing", "swap_missing"


class SwapBegun(Refusal):
    """The new printer has printed already: replace it by the old one instead"""

    kind, code = "conflict", "swap_begun"


class Stays(Struct, frozen=True):
    """What waits at a printer: never sent, and since when the oldest; with it now; and what nobody knows of."""

    waiting: int
    oldest_us: int | None
    sending: int
    unknown: int


class Before(Struct, frozen=True, array_like=True):
    """A queue's printers before the swap."""

    queue_id: int
    printer_id: int
    backup_id: int


class Swap(Struct, frozen=True):
    """A swap that stands; `queues`, `jobs` and `slips` are JSON of what went over."""

    id: int
    old_id: int
    new_id: int
    queues: str
    jobs: str
    slips: str
    at_us: int

    def went_over(self) -> list[int]:
        """Return the papers that went to the new printer."""
        return msgspec.json.decode(self.jobs, type=list[int])


class _Paper(Struct, frozen=True):
    id: int
    state: str
    asked_at_us: int


_COLUMNS = tuple(printer_swap.c[name] for name in Swap.__struct_fields__)
_ADD = insert_into(printer_swap)
_LAST = Statement(
    sa.select(*_COLUMNS).where(own(printer_swap), printer_swap.c.old_id == bind("old_id"), printer_swap.c.undone_at_us == NOUGHT)
    .order_by(printer_swap.c.id.desc()).limit(1),
    Swap,
)  # fmt: skip
_NEXT = Statement(
    sa.select(*_COLUMNS).where(
        own(printer_swap), printer_swap.c.old_id == bind("old_id"), printer_swap.c.id > bind("after_id"),
        printer_swap.c.at_us >= bind("since_us"), printer_swap.c.undone_at_us == NOUGHT,
    ).order_by(printer_swap.c.id).limit(1),
    Swap,
)  # fmt: skip
_UNDONE = Statement[None](
    sa.update(printer_swap).where(own(printer_swap), printer_swap.c.id == bind("b_id")),
    sets=("undone_at_us",),
)
_AT = Statement(
    sa.select(print_job.c.id, print_job.c.state, print_job.c.asked_at_us)
    .where(own(print_job), print_job.c.printer_id == bind("printer_id"), among(print_job.c.state, "queued", "sending"))
    .order_by(print_job.c.id),
    _Paper,
)  # fmt: skip
_UNKNOWN = Statement[tuple[int]](
    sa.select(sa.func.count()).select_from(print_job)
    .where(own(print_job), print_job.c.state == "unknown", print_job.c.printer_id == bind("printer_id"))
)  # fmt: skip
_SLIPS = Statement[tuple[int]](
    sa.select(intercept.c.id).where(
        own(intercept), intercept.c.printer_id == bind("printer_id"), among(intercept.c.state, "queued", "sending"),
        intercept.c.state == "queued",
    )
)  # fmt: skip
_JOBS_TO = Statement[None](
    sa.update(print_job).where(own(print_job), print_job.c.state == "queued", print_job.c.printer_id == bind("b_at"), any_of(print_job.c.id, "ids")), sets=("printer_id",)
)  # fmt: skip
_SLIPS_TO = Statement[None](
    sa.update(intercept).where(own(intercept), intercept.c.state == "queued", intercept.c.printer_id == bind("b_at"), any_of(intercept.c.id, "ids")), sets=("printer_id",)
)  # fmt: skip
# Bytes of it have left: what failed before, says the device and no person.
_begun = sa.and_(
    print_job.c.started_at_us.is_not(None), print_job.c.state != "queued",
    sa.or_(print_job.c.state != "failed", print_job.c.settled_by != ""),
)  # fmt: skip
_BEGUN = Statement[tuple[int]](
    sa.select(print_job.c.id).where(
        own(print_job), any_of(print_job.c.queue_id, "ids"), print_job.c.id >= bind("since"),
        print_job.c.printer_id == bind("printer_id"), _begun,
    ).limit(1)
)  # fmt: skip
_BEGUN_MOVED = Statement[tuple[int]](
    sa.select(print_job.c.id)
    .where(
        own(print_job), any_of(print_job.c.id, "ids"), print_job.c.printer_id == bind("printer_id"), _begun
    )
    .limit(1)
)
_SLIP_BEGUN = Statement[tuple[int]](
    sa.select(intercept.c.id).where(own(intercept), any_of(intercept.c.id, "ids"), intercept.c.printer_id == bind("printer_id"), intercept.c.state != "queued", intercept.c.state != "pulled")
    .limit(1)
)  # fmt: skip
_LATER = Statement[tuple[int]](
    sa.select(print_job.c.id).where(
        own(print_job), print_job.c.printer_id == bind("printer_id"), among(print_job.c.state, "queued", "sending"),
        print_job.c.state == "queued", any_of(print_job.c.queue_id, "ids"),
    )
)  # fmt: skip


def what_stays(tx: Tx, *, printer_id: int) -> Stays:
    """Return what waits at a printer."""
    papers = tx.rows(_AT, printer_id=printer_id)
    waiting = [one.asked_at_us for one in papers if one.state == "queued"]
    unknown = tx.value(_UNKNOWN, printer_id=printer_id)
    return Stays(len(waiting), min(waiting, default=None), len(papers) - len(waiting), unknown or 0)


def replace_printer(tx: Tx, actor: Actor, *, printer_id: int, by_id: int, came_out_right: bool) -> Swap:
    """Put a printer in another one's place; return what went over.

    Args:
        came_out_right: a person has looked at a test page of the new one.

    Raises:
        NotAllowed, PersonNeeded, PrinterMissing
        SwapSame: it is the same printer.
        SwapUntried: nobody says that a test page of the new one came out right.
    """
    require_person(actor, "shop_settings")
    old, new = (get_printer(tx, printer_id=each or -1) for each in (printer_id, by_id))
    if old.id == new.id:
        raise SwapSame
    if not came_out_right:
        raise SwapUntried
    queues = [one for one in list_queues(tx) if old.id in (one.printer_id, one.backup_id)]
    changed = [Before(one.id, one.printer_id, one.backup_id) for one in queues]
    jobs = [one.id for one in tx.rows(_AT, printer_id=old.id) if one.state == "queued"]
    slips = [slip_id for (slip_id,) in tx.rows(_SLIPS, printer_id=old.id)]
    _hand(tx, jobs, slips, at=old.id, to=new.id)
    made = Swap(new_id(), old.id, new.id, _json(changed), _json(jobs), _json(slips), tx.now_us)
    for queue, was in zip(queues, changed, strict=True):
        printer_id, backup_id = _swapped(was, made)
        store_row(tx, replace(queue, printer_id=printer_id, backup_id=backup_id))
    tx.run(_ADD, undone_at_us=0, **{name: getattr(made, name) for name in Swap.__struct_fields__})
    data = {"by": str(new.id), "queues": len(changed), "moved": len(jobs)}
    write_journal(tx, actor, verb="tickets.replace_printer", subject=f"printer:{old.id}", data=data)
    append_event(tx, "print.moved", subject_id=old.id, data=data)
    return made


def last_swap(tx: Tx, *, printer_id: int) -> Swap | None:
    """Return by which swap a printer was replaced last, None where by none that stands."""
    return tx.one(_LAST, old_id=printer_id)


def stands_now(tx: Tx, *, printer_id: int, since_us: int) -> int:
    """Return which printer stands where a printer did then; itself, where it was replaced by none since.

    Each swap is followed by later ones alone, so that one there and one back lead back.
    """
    after_id, since_us = 0, since_us - _MEANWHILE_US
    while swap := tx.one(_NEXT, old_id=printer_id, after_id=after_id, since_us=since_us):
        printer_id, after_id = swap.new_id, swap.id
    return printer_id


def waits_at(tx: Tx, *, printer_id: int, since_us: int) -> int:
    """Return where a paper that never left a printer waits anew: as `stands_now`, unless that one was taken away."""
    now_id = stands_now(tx, printer_id=printer_id, since_us=since_us)
    try:
        return get_printer(tx, printer_id=now_id).id
    except PrinterMissing:
        return printer_id


def hand_slip_on(tx: Tx, *, slip_id: int, at: int, since_us: int) -> None:
    """Let a slip that is to be tried again wait where its printer's place is now."""
    _hand(tx, [], [slip_id], at=at, to=waits_at(tx, printer_id=at, since_us=since_us))


def can_undo(tx: Tx, swap: Swap) -> bool:
    """Tell whether the new printer has begun none of what went over to it, or came since."""
    queues = [one.queue_id for one in _queues_of(swap)]
    return not (
        tx.one(_BEGUN_MOVED, ids=swap.went_over(), printer_id=swap.new_id)
        or tx.one(_SLIP_BEGUN, ids=msgspec.json.decode(swap.slips, type=list[int]), printer_id=swap.new_id)
        or tx.one(_BEGUN, ids=queues, since=id_at(swap.at_us), printer_id=swap.new_id)
    )


def undo_swap(tx: Tx, actor: Actor, *, printer_id: int) -> int:
    """Give a printer its place back, and what waits there; return how many papers.

    Raises:
        NotAllowed
        PrinterMissing: the old one was taken away.
        SwapMissing: it was replaced by none.
        SwapBegun: the new one has begun a paper of its place.
    """
    require(actor, "shop_settings")
    old = get_printer(tx, printer_id=printer_id or -1)
    swap = last_swap(tx, printer_id=old.id)
    if swap is None:
        raise SwapMissing
    if not can_undo(tx, swap):
        raise SwapBegun
    before = {one.queue_id: one for one in _queues_of(swap)}
    for queue in list_queues(tx):
        was = before.get(queue.id)
        # One that somebody has set up otherwise since stays so.
        if was and (queue.printer_id, queue.backup_id) == _swapped(was, swap):
            store_row(tx, replace(queue, printer_id=was.printer_id, backup_id=was.backup_id))
    own_queues = [one.queue_id for one in before.values() if one.printer_id == old.id]
    later = [job_id for (job_id,) in tx.rows(_LATER, printer_id=swap.new_id, ids=own_queues)]
    jobs = list(dict.fromkeys([*swap.went_over(), *later]))
    moved = _hand(tx, jobs, msgspec.json.decode(swap.slips, type=list[int]), at=swap.new_id, to=old.id)
    tx.run(_UNDONE, b_id=swap.id, undone_at_us=tx.now_us)
    data = {"by": str(swap.new_id), "moved": moved}
    write_journal(tx, actor, verb="tickets.undo_swap", subject=f"printer:{old.id}", data=data)
    append_event(tx, "print.moved", subject_id=old.id, data=data)
    return moved


def _swapped(was: Before, swap: Swap) -> tuple[int, int]:
    """Return the printer and the back-up of a queue once the new printer stands in the old one's place."""
    printer_id, backup_id = (
        swap.new_id if each == swap.old_id else each for each in (was.printer_id, was.backup_id)
    )
    return printer_id, 0 if backup_id == printer_id else backup_id


def _hand(tx: Tx, jobs: Sequence[int], slips: Sequence[int], *, at: int, to: int) -> int:
    """Give what still waits at a printer to another one; return how many papers."""
    if slips:
        tx.run(_SLIPS_TO, ids=list(slips), b_at=at, printer_id=to)
    return tx.run(_JOBS_TO, ids=list(jobs), b_at=at, printer_id=to) if jobs else 0


def _queues_of(swap: Swap) -> list[Before]:
    return msgspec.json.decode(swap.queues, type=list[Before])


def _json(rows: object) -> str:
    return msgspec.json.encode(rows).decode()
