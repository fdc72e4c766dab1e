"""Bulk acts of any size: one job with a result per order, told how far it is, ended by hand where it must.

`bulk_work` does it, a few orders a transaction; what was refused keeps no other back.
"""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, desk_actor, require
from tocsin.core.clock import DAY_US
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.idempotency import Answer, keep_answer, kept_answer
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.queue import Queue
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.vault import seal, unseal
from tocsin.orders.amend import OrderMoved
from tocsin.orders.listing import list_heads
from tocsin.tickets.bulk_act import RIGHT_OF, BulkAct, BulkWrong, require_act
from tocsin.tickets.print_queue import get_queue
from tocsin.tickets.table import bulk_job, bulk_row

TASK, LOCK = "tickets.bulk", "bulk"
ORDERS_MOST = 10_000
KEPT_US = 30 * DAY_US


class BulkJobMissing(Refusal):
    """There is no such bulk act: its results are kept for 30 days"""

    kind, code = "missing", "bulk_job_missing"


class BulkJobOver(Refusal):
    """The bulk act has ended already: look at its results"""

    kind, code = "conflict", "bulk_job_over"


class BulkRedoOver(Refusal):
    """What was refused can't be tried again from here: choose those orders in the list and ask anew"""

    kind, code = "conflict", "bulk_redo_over"


class BulkJob(Struct, frozen=True):
    """A bulk act: waiting, running, complete, cancelled, or stopped by what `fault` says."""

    id: int
    act: str
    state: str
    total: int
    done: int
    refused: int
    fault: str
    actor_kind: str
    actor_id: int
    actor_name: str
    at_us: int
    ended_at_us: int | None


class BulkRow(Struct, frozen=True):
    """What became of one order: done, queued, held or refused; `told` is a template over JSON `data`."""

    place: int
    order_id: int
    number: str
    result: str
    code: str = ""
    told: str = ""
    data: str = "{}"


class _Work(Struct, frozen=True):
    orders: str
    sealed: bytes
    base_url: str


_COLUMNS = tuple(bulk_job.c[name] for name in BulkJob.__struct_fields__)
_ROW_COLUMNS = tuple(bulk_row.c[name] for name in BulkRow.__struct_fields__)
_ADD, _ADD_ROW = insert_into(bulk_job), insert_into(bulk_row)
_own_one = sa.and_(own(bulk_job), bulk_job.c.id == bind("b_id"))
_under_way = sa.or_(bulk_job.c.state == "waiting", bulk_job.c.state == "running")
_ONE = Statement(sa.select(*_COLUMNS).where(_own_one), BulkJob)
_WORK = Statement(sa.select(bulk_job.c.orders, bulk_job.c.sealed, bulk_job.c.base_url).where(_own_one), _Work)
_LIST = Statement(
    sa.select(*_COLUMNS).where(own(bulk_job)).order_by(bulk_job.c.id.desc()).limit(bind("limit")), BulkJob
)
_ROWS = Statement(
    sa.select(*_ROW_COLUMNS)
    .where(own(bulk_row), bulk_row.c.job_id == bind("job_id"), bulk_row.c.place > bind("after"))
    .order_by(bulk_row.c.place).limit(bind("limit")),
    BulkRow,
)  # fmt: skip
_REFUSED = Statement[tuple[int]](
    sa.select(bulk_row.c.order_id)
    .where(
        own(bulk_row), bulk_row.c.job_id == bind("job_id"), bulk_row.c.result == "refused",
        bulk_row.c.code != OrderMoved.code,
    ).order_by(bulk_row.c.place).limit(ORDERS_MOST)
)  # fmt: skip
_MOVE = Statement[None](
    sa.update(bulk_job).where(_own_one, _under_way, bulk_job.c.done == bind("b_done")),
    sets=("state", "done", "refused"),
)
_END = Statement[None](
    sa.update(bulk_job).where(_own_one, _under_way), sets=("state", "fault", "sealed", "ended_at_us")
)
_old = sa.select(bulk_job.c.id).where(own(bulk_job), bulk_job.c.at_us < bind("before"))
_DROP_ROWS = Statement[None](sa.delete(bulk_row).where(own(bulk_row), bulk_row.c.job_id.in_(_old)))
_DROP = Statement[None](sa.delete(bulk_job).where(own(bulk_job), bulk_job.c.at_us < bind("before")))


def start_bulk(
    tx: Tx, actor: Actor, queue: Queue, *, orders: Sequence[tuple[int, int]], asked: BulkAct, base_url: str
) -> int:
    """Record what is to be done to each of (order id, revision as seen), and defer the doing; return the job's id.

    Raises:
        BulkWrong: no order, more than 10,000, no such act, or a field that is not safe in bulk.
        NotAllowed: he may do it to no order.
        QueueMissing
    """
    require_act(actor, asked)
    if not 0 < len(orders) <= ORDERS_MOST:
        raise BulkWrong
    if asked.act == "print":
        get_queue(tx, queue_id=asked.queue_id)
    job_id = new_id()
    plain = msgspec.json.encode(asked)
    tx.run(
        _ADD, id=job_id, act=asked.act, orders=msgspec.json.encode(list(orders)).decode(), base_url=base_url,
        sealed=seal(tx.vault.keys(tx).wrapping, plain, bound_to=b"bulk %d" % job_id), state="waiting",
        total=len(orders), done=0, refused=0, fault="", actor_kind=actor.kind, actor_id=actor.id, actor_name=actor.name,
        at_us=tx.now_us, ended_at_us=None,
    )  # fmt: skip
    queue.defer(tx, TASK, payload={"job": str(job_id)}, lock=LOCK)
    data = {"act": asked.act, "orders": len(orders)}
    write_journal(tx, actor, verb="orders.bulk", subject=f"bulk:{job_id}", data=data)
    append_event(tx, "print.bulk", subject_id=job_id, data={})
    return job_id


def get_bulk(tx: Tx, actor: Actor, *, job_id: int) -> BulkJob:
    """Return a bulk act of one's own, or anybody's with the journal's right.

    Raises:
        BulkJobMissing: there is none to be seen.
    """
    found = tx.one(_ONE, b_id=job_id)
    if found is None or not _may_see(found, actor):
        raise BulkJobMissing
    return found


def list_bulk(tx: Tx, actor: Actor, *, limit: int = 50) -> list[BulkJob]:
    """Return the newest bulk acts that the actor may see."""
    require(actor, "query")
    return [found for found in tx.rows(_LIST, limit=limit) if _may_see(found, actor)]


def bulk_rows(tx: Tx, *, job_id: int, after: int = -1, limit: int = 500) -> list[BulkRow]:
    """Return what became of the orders so far, in the order of the job."""
    return tx.rows(_ROWS, job_id=job_id, after=after, limit=limit)


def cancel_bulk(tx: Tx, actor: Actor, *, job_id: int) -> BulkJob:
    """End a bulk act before it is complete: what was done stays done, the rest is left as it is.

    Raises:
        BulkJobMissing: there is none to be seen.
        BulkJobOver: it has ended already.
    """
    found = get_bulk(tx, actor, job_id=job_id)
    require(actor, RIGHT_OF[found.act])
    if not end_bulk(tx, actor, job_id=job_id, state="cancelled"):
        raise BulkJobOver
    return get_bulk(tx, actor, job_id=job_id)


def may_redo(tx: Tx, actor: Actor, found: BulkJob) -> bool:
    """Tell whether what an ended bulk act refused can be tried again: for a day, by who may do it."""
    asked = found.state in ("complete", "cancelled") and found.refused and actor.may(RIGHT_OF[found.act])
    return bool(asked) and kept_answer(tx, f"bulk:{found.id}") is not None


def redo_bulk(tx: Tx, actor: Actor, queue: Queue, *, job_id: int, base_url: str) -> int:
    """Ask once more for the same act on the orders that were refused, as they are now; return the new job's id.

    What somebody had changed meanwhile is left out: it is looked at first.

    Raises:
        BulkJobMissing: there is none to be seen.
        BulkRedoOver: it still runs, nothing was refused, or it is older than a day.
        NotAllowed, QueueMissing
    """
    found = get_bulk(tx, actor, job_id=job_id)
    plain = kept_answer(tx, f"bulk:{job_id}")
    refused = [order_id for (order_id,) in tx.rows(_REFUSED, job_id=job_id)]
    if plain is None or not refused or not may_redo(tx, actor, found):
        raise BulkRedoOver
    heads = list_heads(tx, order_ids=refused)
    asked = msgspec.json.decode(plain, type=BulkAct)
    orders = [(head.id, head.revision) for head in heads]
    return start_bulk(tx, actor, queue, orders=orders, asked=asked, base_url=base_url)


def sweep_bulk(tx: Tx) -> int:
    """Remove results that are older than 30 days; return how many acts."""
    before = tx.now_us - KEPT_US
    tx.run(_DROP_ROWS, before=before)
    return tx.run(_DROP, before=before)


def open_work(tx: Tx, job_id: int) -> tuple[BulkJob, list[tuple[int, int]], BulkAct, str] | None:
    """Return a job that is under way with its orders, what is asked and the desk's address; None where it is over."""
    found = tx.one(_ONE, b_id=job_id)
    work = tx.one(_WORK, b_id=job_id)
    if found is None or work is None or found.state not in ("waiting", "running"):
        return None
    orders = msgspec.json.decode(work.orders, type=list[tuple[int, int]])
    plain = unseal(tx.vault.keys(tx).wrapping, work.sealed, bound_to=b"bulk %d" % job_id)
    return found, orders, msgspec.json.decode(plain, type=BulkAct), work.base_url


def keep_results(tx: Tx, found: BulkJob, rows: Sequence[BulkRow]) -> bool:
    """Keep what became of the next orders; False where somebody else was there, and nothing may stand."""
    for row in rows:
        tx.run(
            _ADD_ROW, job_id=found.id, place=row.place, order_id=row.order_id, number=row.number, result=row.result,
            code=row.code, told=row.told, data=row.data,
        )  # fmt: skip
    refused = found.refused + sum(row.result == "refused" for row in rows)
    return bool(
        tx.run(
            _MOVE,
            b_id=found.id,
            b_done=found.done,
            state="running",
            done=found.done + len(rows),
            refused=refused,
        )
    )


def end_bulk(tx: Tx, actor: Actor | None, *, job_id: int, state: str, fault: str = "") -> bool:
    """End a job: what it was asked is forgotten, its results stay; False where it had ended."""
    _keep_asked(tx, job_id)
    if not tx.run(_END, b_id=job_id, state=state, fault=fault, sealed=b"", ended_at_us=tx.now_us):
        return False
    append_event(tx, "print.bulk", subject_id=job_id, data={})
    who = actor or desk_actor(tx.merchant_id)
    write_journal(tx, who, verb="orders.bulk", subject=f"bulk:{job_id}", data={"state": state})
    return True


def _keep_asked(tx: Tx, job_id: int) -> None:
    """Keep what was asked for a day where some of it was refused, so that it can be tried again at one touch."""
    work = open_work(tx, job_id)
    if work is not None and tx.rows(_REFUSED, job_id=job_id):
        answer = Answer(200, msgspec.json.encode(work[2]))
        keep_answer(tx, f"bulk:{job_id}", route="bulk", answer=answer)


def _may_see(found: BulkJob, actor: Actor) -> bool:
    return (found.actor_kind, found.actor_id) == (actor.kind, actor.id) or actor.may("journal")
