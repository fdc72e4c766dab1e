"""Box 16, print terminal: takes batches of orders, has each checked, and queues its papers.

15—16: a request is a batch, recorded like a download. What does not pass is held with its
findings in the same request; what passes becomes jobs.
"""

from collections.abc import Sequence
from functools import partial
from typing import Literal

from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.log import get_log
from tocsin.core.tenant import get_shop
from tocsin.orders.archive import wake_order
from tocsin.orders.batch import Batch, make_batch
from tocsin.orders.draft import Order
from tocsin.orders.lookup import record_lookup, states_of
from tocsin.orders.reveal import shown_fields
from tocsin.orders.second_person import SecondPersonNeeded, barred_among, record_try
from tocsin.orders.stop import open_holds
from tocsin.orders.store import load_order
from tocsin.tickets.check import check_order, context_of, is_void, lock_order
from tocsin.tickets.compose import compose_paper
from tocsin.tickets.content import MASKED_COPIES, Copy, PaperRequest
from tocsin.tickets.device import COPIES, get_printer
from tocsin.tickets.job import JobNotWaiting, add_job, end_job, get_job, mark_printed, new_job_id
from tocsin.tickets.marks import marks
from tocsin.tickets.print_queue import PrintQueue, get_queue
from tocsin.tickets.route import Paper, part_of, route_order
from tocsin.tickets.rule import Finding, run_checks
from tocsin.tickets.serial import make_code, next_serial

BATCH_ORDERS_MOST = 500
_log = get_log("tickets")
FEW_ORDERS = 10
ASKED_HELD = "tickets.ask_held"


class BatchWrong(Refusal):
    """A batch takes 1 to 500 orders and copies of {copies}: choose again"""

    kind, code = "invalid", "batch_wrong"


class Requested(Struct, frozen=True, kw_only=True):
    """What became of one order of a batch: queued with its jobs, or held with what was found."""

    order_id: int
    number: str
    revision: int
    result: Literal["queued", "held", "error"]
    job_ids: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()
    holds: tuple[str, ...] = ()
    refused: str = ""
    """What refused an order of result `error`, by its code; of it nothing was queued."""


class Receipt(Struct, frozen=True, kw_only=True):
    """A batch that the terminal took, with a result for each order."""

    batch: Batch
    results: tuple[Requested, ...]


def print_orders(
    db: Database, actor: Actor, *, orders: Sequence[tuple[int, int]], base_url: str, queue_id: int = 0,
    copies: Sequence[str] = (),
) -> Receipt:  # fmt: skip
    """Take a batch of (order id, revision as seen) and queue or hold each order; one that is refused has an error.

    Args:
        queue_id: where all papers go; without, each order's go by the rules of the queues.

    Raises:
        NotAllowed: the actor may not print.
        BatchWrong: no order, too many, or a copy that does not exist.
        QueueMissing, OrderMissing
    """
    _require_batch(actor, orders, copies)
    queue, batch = db.write(
        actor.merchant_id, lambda tx: (get_queue(tx, queue_id=queue_id), _take_batch(tx, actor, orders))
    )
    results: list[Requested] = []
    for place in range(0, len(orders), FEW_ORDERS):
        chunk = partial(
            _request_chunk, actor=actor, orders=orders[place : place + FEW_ORDERS], queue=queue if queue_id else None,
            batch=batch, copies=copies, base_url=base_url,
        )  # fmt: skip
        alone = len(orders) == 1  # nothing of it stands yet, so that it may simply be refused
        results += db.write(actor.merchant_id, chunk) if alone else _request_safely(db, chunk)
    return Receipt(batch=batch, results=tuple(results))


def print_few(
    tx: Tx, actor: Actor, *, orders: Sequence[tuple[int, int]], base_url: str, queue_id: int = 0,
    copies: Sequence[str] = (),
) -> Receipt:  # fmt: skip
    """Take a batch of at most 10 in the open transaction: after a power cut it is whole or was never asked for.

    Raises:
        NotAllowed, BatchWrong, QueueMissing, OrderMissing
    """
    _require_batch(actor, orders, copies)
    queue, batch = get_queue(tx, queue_id=queue_id), _take_batch(tx, actor, orders)
    results = _request_chunk(
        tx, actor, orders=orders, queue=queue if queue_id else None, batch=batch, copies=copies, base_url=base_url
    )  # fmt: skip
    return Receipt(batch=batch, results=tuple(results))


def request_print(
    tx: Tx, actor: Actor, *, order_id: int, seen: int, batch_id: int, base_url: str, papers: Sequence[Paper] = (),
    copies: Sequence[str] = (),
) -> Requested:  # fmt: skip
    """Check one order and queue its papers, or hold it: the guard is asked first and after.

    Without papers, those of `copies` (of each queue's own copies without) go where the queues' rules say.

    A request made on an earlier revision is answered with the finding `changed`; the order itself stays as it is.
    A watched one without a second person is an error of this row, recorded.
    """
    require(actor, "print")
    lock_order(tx, order_id=order_id)
    order = load_order(tx, order_id=order_id, real=True)
    answer = partial(Requested, order_id=order_id, number=order.number, revision=order.revision)
    if barred_among(tx, actor, order_ids=[order_id], act="print"):
        record_try(tx, actor, order_id=order_id, act="print", door="terminal")
        return answer(result="error", refused=SecondPersonNeeded.code)
    if seen != order.revision:
        return answer(result="held", findings=run_checks(order, context_of(tx, order, asked_revision=seen)))
    if order.desk_state == "archived":
        wake_order(tx, order_id=order_id)
    papers = papers or route_order(tx, order, copies=copies)
    verdict, holds = check_order(tx, actor, order_id=order_id), open_holds(tx, order_id=order_id)
    if holds or not verdict.passed or is_void(order):
        # A release looks here for what was asked in vain while its hold stood.
        data = {"papers": [[str(queue.id), copy] for queue, copy in papers]}
        write_journal(tx, actor, verb=ASKED_HELD, subject=f"order:{order_id}", data=data)
        kinds = dict.fromkeys(hold.kind for hold in holds)
        return answer(result="held", findings=verdict.findings, holds=tuple(kinds))
    add = partial(_queue_paper, batch_id=batch_id, verdict_id=verdict.id, base_url=base_url)
    job_ids = tuple(add(tx, actor, order, paper=paper) for paper in papers)
    real = any(copy not in MASKED_COPIES for _, copy in papers)
    record_lookup(
        tx, actor, door="terminal", kind="print", query=order.number, pairs=[(order.id, order.revision)],
        states=states_of([order]), fields=shown_fields(order) if real else (),
    )  # fmt: skip
    queues = list(dict.fromkeys(str(queue.id) for queue, _ in papers))
    append_event(tx, "print.queued", subject_id=order_id, data={"queues": queues, "batch": str(batch_id)})
    return answer(result="queued", job_ids=job_ids, findings=verdict.findings)


def request_papers(
    tx: Tx, actor: Actor, *, order_id: int, papers: Sequence[Paper], base_url: str
) -> Requested:
    """Ask for papers of an order's head, each of its queue and copy, as one batch; without, where the rules say."""
    order = load_order(tx, order_id=order_id)
    batch = make_batch(tx, actor, kind="print", items=[(order.id, order.revision, order.content_hash)])
    return request_print(
        tx, actor, order_id=order.id, seen=order.revision, batch_id=batch.id, base_url=base_url,
        papers=tuple(dict.fromkeys(papers)),
    )  # fmt: skip


def cancel_job(tx: Tx, actor: Actor, *, job_id: int) -> None:
    """Take a waiting job out of its queue.

    Raises:
        JobMissing: there is none.
        JobNotWaiting: it was sent, or has ended.
    """
    require(actor, "print")
    job = get_job(tx, job_id=job_id)
    if not end_job(
        tx, job_id=job_id, came_from=("queued",), state="cancelled", reason="by hand", settled_by=actor.name
    ):
        raise JobNotWaiting(state=job.state)
    mark_printed(tx, job)
    append_event(tx, "print.cancelled", subject_id=job.order_id, data={"job": str(job_id)})
    write_journal(
        tx, actor, verb="tickets.cancel_job", subject=f"order:{job.order_id}", data={"job": str(job_id)}
    )


def _require_batch(actor: Actor, orders: Sequence[tuple[int, int]], copies: Sequence[str]) -> None:
    require(actor, "print")
    if not 0 < len(orders) <= BATCH_ORDERS_MOST or not set(copies) <= set(COPIES):
        raise BatchWrong(copies=", ".join(COPIES))


def _take_batch(tx: Tx, actor: Actor, orders: Sequence[tuple[int, int]]) -> Batch:
    loaded = [load_order(tx, order_id=order_id, revision=seen) for order_id, seen in orders]
    items = [(order.id, seen, order.content_hash) for order, (_, seen) in zip(loaded, orders, strict=True)]
    return make_batch(tx, actor, kind="print", items=items)


def _request_chunk(
    tx: Tx, actor: Actor, *, orders: Sequence[tuple[int, int]], queue: PrintQueue | None, batch: Batch,
    copies: Sequence[str], base_url: str,
) -> list[Requested]:  # fmt: skip
    papers = [(queue, copy) for copy in copies or queue.copy_list()] if queue else []
    return [
        request_print(
            tx,
            actor,
            order_id=order_id,
            seen=seen,
            batch_id=batch.id,
            base_url=base_url,
            papers=papers,
            copies=copies,
        )
        for order_id, seen in orders
    ]


def _request_safely(db: Database, chunk: partial[list[Requested]]) -> list[Requested]:
    """Run a chunk; what refuses one order keeps no other back, and nothing is raised: earlier chunks have committed."""
    actor, orders = chunk.keywords["actor"], chunk.keywords["orders"]
    try:
        return db.write(actor.merchant_id, chunk)
    except Refusal as refusal:
        if len(orders) > 1:
            alone = (partial(chunk, orders=[one]) for one in orders)
            return [result for one in alone for result in _request_safely(db, one)]
        code = refusal.code
    except Exception as fault:  # noqa: BLE001 - never tried again: whether it was committed is not known
        _log.error("batch_broke_off", orders=len(orders), exc_info=fault)
        code = "broken"
    return [
        Requested(order_id=order_id, number="", revision=seen, result="error", refused=code)
        for order_id, seen in orders
    ]


def _queue_paper(
    tx: Tx,
    actor: Actor,
    order: Order,
    *,
    paper: Paper,
    batch_id: int,
    verdict_id: int,
    base_url: str,
) -> int:
    queue, part_id = paper[0], part_of(paper[0])
    copy: Copy = paper[1]  # type: ignore[assignment]
    job_id, shop = new_job_id(), get_shop(tx, shop_id=order.shop_id)
    device = get_printer(tx, printer_id=queue.printer_id)
    said = marks(tx, order_id=order.id, revision=order.revision, copy=copy, part_id=part_id)
    content = compose_paper(tx, order, device=device, part_id=part_id, own=PaperRequest(
        copy=copy, serial=next_serial(tx, shop), scan_url=f"{base_url}/t/{make_code(tx, job_id=job_id)}",
        code128=str(job_id), printed_at_us=tx.now_us, **said._asdict(),
    ))  # fmt: skip
    add_job(
        tx, content, job_id=job_id, batch_id=batch_id, queue_id=queue.id, part_id=part_id,
        printer_id=device.id, order_id=order.id, verdict_id=verdict_id, asked_by=actor.id, asked_name=actor.name,
    )  # fmt: skip
    return job_id
