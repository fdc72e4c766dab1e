"""The doing of a bulk act: a few orders a transaction, each with its result, so that a killed one goes on where it was."""

from functools import partial
from typing import Any

import msgspec

from tocsin.access.standing import standing_actor
from tocsin.core.actor import Actor
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.queue import queue_for, task
from tocsin.orders.listing import list_heads
from tocsin.orders.second_person import SecondPersonNeeded, record_refused
from tocsin.tickets.bulk_act import RIGHT_OF, BulkAct, do_act
from tocsin.tickets.bulk_job import LOCK, TASK, BulkJob, BulkRow, end_bulk, keep_results, open_work
from tocsin.tickets.terminal import FEW_ORDERS, Requested, print_few

# So many chunks, then the others' turn: a stop of the desk never waits for ten thousand orders.
_CHUNKS_A_RUN = 20


class _Doubled(Exception):
    """Another worker has done these orders: nothing of this transaction may stand."""


@task(TASK)
def run_bulk(db: Database, merchant_id: int, payload: dict[str, Any]) -> None:
    """Go on with a bulk act; what is left after a while is deferred again."""
    job_id = int(payload["job"])
    for _ in range(_CHUNKS_A_RUN):
        if not _do_chunk(db, merchant_id, job_id):
            return
    db.write(merchant_id, lambda tx: queue_for(db).defer(tx, TASK, payload=payload, lock=LOCK))


def _do_chunk(db: Database, merchant_id: int, job_id: int) -> bool:
    """Do the next orders, together where none is refused, else one by one; return whether there are more."""
    do = partial(_do_next, job_id=job_id)
    try:
        return db.write(merchant_id, do)
    except _Doubled:
        return False
    except Refusal:  # one of them: the transaction is gone, each is tried alone
        return all(_do_alone(db, merchant_id, do) for _ in range(FEW_ORDERS))


def _do_alone(db: Database, merchant_id: int, do: partial[bool]) -> bool:
    try:
        return db.write(merchant_id, partial(do, most=1))
    except Refusal as refusal:  # the row's result
        return db.write(merchant_id, partial(do, most=1, refusal=refusal))


def _do_next(tx: Tx, *, job_id: int, most: int = FEW_ORDERS, refusal: Refusal | None = None) -> bool:
    work = open_work(tx, job_id)
    if work is None:
        return False
    found, orders, asked, base_url = work
    actor = standing_actor(tx, kind=found.actor_kind, actor_id=found.actor_id, name=found.actor_name)
    if actor is None or not actor.may(RIGHT_OF[found.act]):
        end_bulk(tx, None, job_id=job_id, state="stopped", fault="not_allowed")
        return False
    chosen = orders[found.done : found.done + most]
    rows = (
        [_refused(tx, found, chosen, refusal)]
        if refusal
        else _act(tx, actor, found, chosen=chosen, asked=asked, base_url=base_url)
    )
    if not keep_results(tx, found, rows):
        raise _Doubled
    if isinstance(refusal, SecondPersonNeeded):
        record_refused(tx, actor, refused=refusal, door="api" if actor.kind == "api_key" else "page")
    if found.done + len(rows) < found.total:
        return True
    end_bulk(tx, None, job_id=job_id, state="complete")
    return False


def _act(
    tx: Tx, actor: Actor, found: BulkJob, *, chosen: list[tuple[int, int]], asked: BulkAct, base_url: str
) -> list[BulkRow]:
    if asked.act == "print":
        receipt = print_few(
            tx, actor, orders=chosen, base_url=base_url, queue_id=asked.queue_id, copies=asked.copies
        )
        return [_printed(found.done + at, one) for at, one in enumerate(receipt.results)]
    for order_id, seen in chosen:
        do_act(tx, actor, order_id=order_id, seen=seen, asked=asked, base_url=base_url)
    numbers = _numbers(tx, chosen)
    return [
        BulkRow(found.done + at, order_id, numbers.get(order_id, ""), "done")
        for at, (order_id, _) in enumerate(chosen)
    ]


def _printed(place: int, one: Requested) -> BulkRow:
    """A held one says by which holds, or by which findings where it has none of its own; a watched one is refused."""
    if one.result == "error":
        alone = SecondPersonNeeded(number=one.number, act="print")
        return _refusal_row(place, order_id=one.order_id, number=one.number, refusal=alone)
    why = ", ".join(one.holds or (finding.code for finding in one.findings)) if one.result == "held" else ""
    return BulkRow(place, one.order_id, one.number, one.result, code=why)


def _refused(tx: Tx, found: BulkJob, chosen: list[tuple[int, int]], refusal: Refusal) -> BulkRow:
    (order_id, _), numbers = chosen[0], _numbers(tx, chosen)
    return _refusal_row(found.done, order_id=order_id, number=numbers.get(order_id, ""), refusal=refusal)


def _refusal_row(place: int, *, order_id: int, number: str, refusal: Refusal) -> BulkRow:
    data = {name: value for name, value in refusal.data.items() if isinstance(value, (int, str))}
    return BulkRow(
        place, order_id, number, "refused", code=refusal.code, told=refusal.template(),
        data=msgspec.json.encode(data).decode(),
    )  # fmt: skip


def _numbers(tx: Tx, chosen: list[tuple[int, int]]) -> dict[int, str]:
    return {head.id: head.number for head in list_heads(tx, order_ids=[order_id for order_id, _ in chosen])}
