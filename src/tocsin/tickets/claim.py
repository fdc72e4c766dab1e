"""Claiming: a queued job is judged once more, made to say what holds now, and marked `sending`.

A job waits in its queue while its order is held, and prints by itself once the last hold closes.
What can't print any more ends here, and says so by a hold where nothing else does.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.actor import Actor, desk_actor
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.statement import NOUGHT, Statement, among, any_of, bind, own
from tocsin.core.tenant import get_shop
from tocsin.orders.draft import Order
from tocsin.orders.stop import list_holds, open_hold, open_holds
from tocsin.orders.store import load_order
from tocsin.orders.table import order_head
from tocsin.tickets.check import Verdict, check_order, is_void, lock_order
from tocsin.tickets.compose import compose_paper
from tocsin.tickets.content import PaperRequest, TicketContent
from tocsin.tickets.device import Device
from tocsin.tickets.job import (
    ON_PAPER,
    Job,
    add_job,
    all_jobs_of_order,
    end_job,
    get_job,
    new_job_id,
    read_content,
)
from tocsin.tickets.known_printer import is_resting
from tocsin.tickets.marks import marks
from tocsin.tickets.open_device import open_printer
from tocsin.tickets.serial import make_code, next_serial
from tocsin.tickets.table import print_job, print_queue


class Sending(Struct, frozen=True):
    """A claimed job: checked again, marked `sending`, ready to leave."""

    job: Job
    device: Device
    content: TicketContent


_with = print_job.alias("with_printer")
# Both alternatives are written out, so that the index of what waits serves a part of it.
_waits = sa.and_(among(print_job.c.state, "queued", "sending"), among(print_job.c.state, "queued"))
_never = sa.or_(
    order_head.c.revision != print_job.c.revision, among(order_head.c.desk_state, "cancelled"),
    among(order_head.c.payment, "refunded", "closed"),
)  # fmt: skip
_sent = sa.exists().where(
    _with.c.merchant_id == print_job.c.merchant_id, _with.c.printer_id == print_job.c.printer_id,
    among(_with.c.state, "queued", "sending"), among(_with.c.state, "sending"),
)  # fmt: skip
_stopped = sa.exists().where(
    print_queue.c.merchant_id == print_job.c.merchant_id, print_queue.c.id == print_job.c.queue_id,
    print_queue.c.paused != NOUGHT,
)  # fmt: skip
_NEXT = Statement[tuple[int]](
    sa.select(print_job.c.id)
    .join(order_head, sa.and_(order_head.c.merchant_id == print_job.c.merchant_id, order_head.c.id == print_job.c.order_id))
    .where(
        own(print_job), print_job.c.printer_id == bind("printer_id"), _waits,
        sa.or_(order_head.c.holds_open <= NOUGHT, _never), ~_sent, ~_stopped, sa.not_(any_of(print_job.c.id, "ids")),
    )
    .order_by(print_job.c.id).limit(1)
)  # fmt: skip
_SEND = Statement[None](
    sa.update(print_job).where(
        own(print_job),
        print_job.c.id == bind("b_id"),
        print_job.c.state == "queued",
        print_job.c.printer_id == bind("b_printer_id"),
    ),
    sets=("state", "started_at_us", "verdict_id"),
)


def next_job(tx: Tx, *, printer_id: int, passing: Sequence[int] = ()) -> int | None:
    """Return the job that a printer may begin while none is with it: its oldest that no hold keeps.

    Args:
        passing: jobs that are not to be tried now.
    """
    found = tx.one(_NEXT, printer_id=printer_id, ids=list(passing))
    return found[0] if found else None


def claim_job(tx: Tx, *, device: Device, passing: Sequence[int] = ()) -> Sending | None:
    """Take a printer's next job: check it again, and mark it `sending`; None when there is none to send now."""
    job_id = next_job(tx, printer_id=device.id, passing=passing)
    device = open_printer(tx, printer_id=device.id)
    if job_id is None or is_resting(device):
        return None
    lock_order(tx, order_id=get_job(tx, job_id=job_id).order_id)
    job, actor = get_job(tx, job_id=job_id), desk_actor(tx.merchant_id)
    order = load_order(tx, order_id=job.order_id, real=True)
    if job.state != "queued" or job.printer_id != device.id or _ends(tx, actor, job, order):
        return None
    verdict = check_order(tx, actor, order_id=job.order_id, job_id=job.id)
    if not verdict.passed or open_holds(tx, order_id=job.order_id):
        return None  # it waits for the hold
    return _send(tx, job, device, _content_now(tx, job, order, device), verdict)


def fail_job(tx: Tx, *, job_id: int, reason: str) -> None:
    """End a job that can't be claimed at all; its order is held so that somebody sees it."""
    give_up(tx, get_job(tx, job_id=job_id), state="failed", reason=reason)


def give_up(tx: Tx, job: Job, *, state: str, reason: str, held: bool = True) -> None:
    """End a job that must not print; the order says so, by a hold where no other does."""
    if not end_job(tx, job_id=job.id, came_from=("queued",), state=state, reason=reason):
        return
    if held:
        open_hold(
            tx, desk_actor(tx.merchant_id), order_id=job.order_id, revision=job.revision, kind="failed", reason=reason,
            job_id=job.id, copy=job.copy,
        )  # fmt: skip
    append_event(tx, f"print.{state}", subject_id=job.order_id, data={"job": str(job.id), "reason": reason})


def _ends(tx: Tx, actor: Actor, job: Job, order: Order) -> bool:
    """End a job that must never print: of a void order, of an earlier revision, or too old; tell whether."""
    if is_void(order):
        check_order(tx, actor, order_id=order.id, job_id=job.id)
        give_up(tx, job, state="cancelled", reason="held", held=False)
    elif order.revision != job.revision:
        give_up(
            tx, job, state="cancelled", reason="the order has changed", held=not _asked_anew(tx, job, order)
        )
    elif _waited_us(tx, job) > job.expires_at_us - job.asked_at_us:
        give_up(tx, job, state="expired", reason="too old to print unseen")
    else:
        return False
    return True


def _asked_anew(tx: Tx, job: Job, order: Order) -> bool:
    """Tell whether the copy was asked for at the order's present revision already."""
    return any(
        other.revision == order.revision
        and (other.copy, other.part_id) == (job.copy, job.part_id)
        and other.state in ("queued", *ON_PAPER)
        for other in all_jobs_of_order(tx, order_id=order.id)
    )


def _waited_us(tx: Tx, job: Job) -> int:
    """Return how long a job has waited with nobody looking: since it was asked for, or since its last hold closed."""
    closed = [
        hold.closed_at_us for hold in list_holds(tx, order_id=job.order_id) if hold.closed_at_us is not None
    ]
    return tx.now_us - max([job.asked_at_us, *closed])


def _content_now(tx: Tx, job: Job, order: Order, device: Device) -> TicketContent | None:
    """Return what a job's paper must say now, on the printer where it waits; None where it says so already."""
    frozen = read_content(tx, job_id=job.id)
    said = marks(
        tx, order_id=order.id, revision=order.revision, copy=job.copy, part_id=job.part_id, queued=False
    )
    fresh = compose_paper(tx, order, device=device, part_id=job.part_id, own=PaperRequest(
        copy=frozen.copy, serial=frozen.serial, scan_url=frozen.scan_url, code128=frozen.code128,
        printed_at_us=tx.now_us, **said._asdict(), void=frozen.void,
    ))  # fmt: skip
    return None if replace(fresh, printed_at=frozen.printed_at) == frozen else fresh


def _send(tx: Tx, job: Job, device: Device, anew: TicketContent | None, verdict: Verdict) -> Sending | None:
    """Mark a job `sending`; where its paper would say what no longer holds, a new job takes its place."""
    if anew is not None:
        job = _replace_job(tx, job, anew, verdict)
    if not tx.run(
        _SEND,
        b_id=job.id,
        b_printer_id=device.id,
        state="sending",
        started_at_us=tx.now_us,
        verdict_id=verdict.id,
    ):
        return None
    append_event(tx, "print.sending", subject_id=job.order_id, data={"job": str(job.id)})
    return Sending(job, device, read_content(tx, job_id=job.id))


def _replace_job(tx: Tx, job: Job, anew: TicketContent, verdict: Verdict) -> Job:
    """End a job and queue another in its place, with a serial and code of its own: no number names two papers."""
    job_id, base_url = new_job_id(), anew.scan_url.rsplit("/t/", 1)[0]
    shop = get_shop(tx, shop_id=load_order(tx, order_id=job.order_id).shop_id)
    give_up(tx, job, state="cancelled", reason="replaced", held=False)
    content = replace(
        anew, serial=next_serial(tx, shop), scan_url=f"{base_url}/t/{make_code(tx, job_id=job_id)}", code128=str(job_id)
    )  # fmt: skip
    add_job(
        tx, content, job_id=job_id, batch_id=job.batch_id, queue_id=job.queue_id, part_id=job.part_id,
        printer_id=job.printer_id, order_id=job.order_id, verdict_id=verdict.id, asked_by=job.asked_by, asked_name=job.asked_name,
    )  # fmt: skip
    return get_job(tx, job_id=job_id)
