"""Erase one person: his parties are blanked and his key destroyed at once; then every other place is swept.

The texts that the sweep looks for are kept sealed with the erasure until the sweep is done. There is no undo:
nobody can open what was sealed, and backups hold noise too once the key is gone from them (docs/privacy.md).
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, desk_actor
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.forget import blank_party, destroy_key, overwrite_freed
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.mask import mask_text
from tocsin.core.party import PartyRow, StoredParty
from tocsin.core.queue import Queue, task
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.vault import seal, unseal
from tocsin.orders.conflict import forget_conflicts
from tocsin.orders.legal import kept_by_law
from tocsin.orders.person import Person, real_parties, require_eraser
from tocsin.orders.search import index_order
from tocsin.orders.store import load_order
from tocsin.orders.sweep import Needles, needles_of, sweep_files, sweep_places
from tocsin.orders.table import erasure, hold, order_head, order_revision

TASK, CONFIRM = "orders.erase", "ERASE"
ORDER_PLACES: list[Callable[[Tx, int], list[Path]]] = []
"""What later boxes keep of an order's receiver: each takes it out, and returns files to remove once that is durable."""


class ErasureUnconfirmed(Refusal):
    """Nothing is erased: there is no undo, so type {word} and say why"""

    kind, code = "invalid", "erasure_unconfirmed"


class KeptByLaw(Refusal):
    """Order {order} is on legal hold and keeps its receiver: lift the hold first"""

    kind, code = "conflict", "kept_by_law"


class Erasure(Struct, frozen=True):
    """An erasure and how far its sweep is; `found` is JSON: what was taken out of which place."""

    id: int
    person_id: int
    orders: int
    reason: str
    state: str
    found: str
    actor_name: str
    at_us: int
    done_at_us: int | None


_COLUMNS = tuple(erasure.c[name] for name in Erasure.__struct_fields__)
_ADD = insert_into(erasure)
_ONE = Statement(sa.select(*_COLUMNS).where(own(erasure), erasure.c.id == bind("id")), Erasure)
_LIST = Statement(
    sa.select(*_COLUMNS).where(own(erasure)).order_by(erasure.c.id.desc()).limit(bind("limit")), Erasure
)
_SEALED = Statement[tuple[bytes]](
    sa.select(erasure.c.sealed).where(own(erasure), erasure.c.id == bind("id"), erasure.c.state == "sweeping")
)
_DONE = Statement[None](
    sa.update(erasure).where(own(erasure), erasure.c.id == bind("b_id")),
    sets=("state", "sealed", "found", "done_at_us"),
)
_HEAD_VERSION = Statement[tuple[int, str]](
    sa.select(order_revision.c.party_version, order_head.c.number)
    .select_from(order_head)
    .join(order_revision, sa.and_(
        order_revision.c.merchant_id == order_head.c.merchant_id, order_revision.c.order_id == order_head.c.id,
        order_revision.c.revision == order_head.c.revision,
    ))
    .where(own(order_head), order_head.c.id == bind("id"))
)  # fmt: skip
_BLANK_HEAD = Statement[None](
    sa.update(order_head)
    .where(own(order_head), order_head.c.id == bind("b_id"))
    .values(receiver_name="", receiver_phone="")
)
_HOLDS = Statement[tuple[int, str]](
    sa.select(hold.c.id, hold.c.reason).where(own(hold), hold.c.order_id == bind("order_id"))
)
_HOLD_REASON = Statement[None](sa.update(hold).where(own(hold), hold.c.id == bind("b_id")), sets=("reason",))


def erase_person(
    tx: Tx, actor: Actor, queue: Queue, *, found: Person, reason: str, typed: str, folder: Path
) -> int:
    """Erase a person now, and defer the sweep of all other places; return the erasure's id.

    Raises:
        NotAllowed, ProofNeeded
        ErasureUnconfirmed: the word was not typed, or there is no reason.
        KeptByLaw: one of his orders is on legal hold.
    """
    require_eraser(tx, actor)
    if typed.strip() != CONFIRM or not reason.strip():
        raise ErasureUnconfirmed(word=CONFIRM)
    order_ids = found.order_ids()
    for kept in kept_by_law(tx, order_ids=order_ids):
        raise KeptByLaw(order=load_order(tx, order_id=kept).number)
    parties = real_parties(tx, found)
    erasure_id, why = new_id(), mask_text(reason.strip()[:200], *parties)
    for order_id in order_ids:
        rows = [row for row in found.parties if row.order_id == order_id]
        forget_receiver(tx, order_id=order_id, rows=rows, parties=parties)
    forget_conflicts(tx, person_id=found.id)
    destroy_key(tx, person_id=found.id)
    sealed = seal(
        tx.vault.keys(tx).wrapping, msgspec.json.encode(needles_of(parties)), bound_to=_bound(erasure_id)
    )
    tx.run(
        _ADD, id=erasure_id, person_id=found.id, orders=len(order_ids), reason=why, state="sweeping", sealed=sealed, found="{}",
        actor_id=actor.id, actor_name=actor.name, at_us=tx.now_us, done_at_us=None,
    )  # fmt: skip
    queue.defer(tx, TASK, payload={"erasure": str(erasure_id), "folder": str(folder)}, lock="erase")
    write_journal(
        tx, actor, verb="orders.erase_person", subject=f"person:{found.id}", data={"orders": len(order_ids), "reason": why}
    )  # fmt: skip
    return erasure_id


def forget_receiver(tx: Tx, *, order_id: int, rows: list[PartyRow], parties: list[StoredParty]) -> None:
    """Take a receiver out of one order: these party versions, the list's columns, the index, holds, papers."""
    overwrite_freed(tx)
    for row in rows:
        blank_party(tx, row)
    version, number = tx.rows(_HEAD_VERSION, id=order_id)[0]
    if version in {row.version for row in rows}:
        tx.run(_BLANK_HEAD, b_id=order_id)
        index_order(tx, order_id=order_id, number=number, draft=load_order(tx, order_id=order_id))
    for hold_id, reason in tx.rows(_HOLDS, order_id=order_id):
        masked = mask_text(reason, *parties)
        if masked != reason:
            tx.run(_HOLD_REASON, b_id=hold_id, reason=masked)
    files = [path for place in ORDER_PLACES for path in place(tx, order_id)]
    tx.after_commit(lambda: sweep_files(files))


def get_erasure(tx: Tx, *, erasure_id: int) -> Erasure | None:
    """Return an erasure, None where there is none."""
    return tx.one(_ONE, id=erasure_id)


def list_erasures(tx: Tx, *, limit: int = 50) -> list[Erasure]:
    """Return the newest erasures; they hold no personal data."""
    return tx.rows(_LIST, limit=limit)


@task(TASK)
def sweep_erased(db: Database, merchant_id: int, payload: dict[str, Any]) -> None:
    """Take what was sealed elsewhere of an erased person out of every place; a second run does no harm."""
    erasure_id = int(payload["erasure"])

    def read(tx: Tx) -> Needles | None:
        row = tx.one(_SEALED, id=erasure_id)
        if row is None or row[0] is None:
            return None
        plain = unseal(tx.vault.keys(tx).wrapping, row[0], bound_to=_bound(erasure_id))
        return msgspec.json.decode(plain, type=Needles)

    needles = db.read(merchant_id, read)
    if needles is None:
        return
    found = sweep_places(db, merchant_id, needles)
    sweep_files([path for path in Path(payload["folder"]).glob("orders-*") if path.is_file()])
    db.write(merchant_id, partial(_end, erasure_id=erasure_id, found=found))
    db.settle_freed()


def _end(tx: Tx, *, erasure_id: int, found: dict[str, int]) -> None:
    overwrite_freed(tx)
    tx.run(
        _DONE, b_id=erasure_id, state="done", sealed=None, found=msgspec.json.encode(found).decode(), done_at_us=tx.now_us
    )  # fmt: skip
    write_journal(
        tx,
        desk_actor(tx.merchant_id),
        verb="orders.erased",
        subject=f"erasure:{erasure_id}",
        data=dict(found),
    )


def _bound(erasure_id: int) -> bytes:
    return b"erasure %d" % erasure_id
