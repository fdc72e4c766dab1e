"""Erase one person: his parties are blanked and his key destroyed at once; then every other place is swept.

The texts that the sweep looks for are kept sealed with the erasure until the sweep is done; then the files are
written anew. There is no undo. What a backup still holds is erased again after a restore (`erased_list`).
"""

import hashlib
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
from tocsin.core.forget import blank_party, destroy_key, overwrite_freed, parties_of
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.mask import mask_text
from tocsin.core.party import PartyRow, StoredParty
from tocsin.core.queue import Queue, queue_for, task
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.vault import seal, unseal
from tocsin.orders.compaction import ask_compaction
from tocsin.orders.conflict import forget_conflict
from tocsin.orders.erased_list import list_erased
from tocsin.orders.kept_files import remove_after, remove_files
from tocsin.orders.legal import kept_by_law
from tocsin.orders.person import Person, real_parties, require_eraser
from tocsin.orders.search import index_order
from tocsin.orders.store import load_order
from tocsin.orders.sweep import Needles, needles_of, sweep_places
from tocsin.orders.table import erasure, hold, order_head, order_revision

TASK, CONFIRM, AGAIN = "orders.erase", "ERASE", "erased before the backup was restored"
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

    def counts(self) -> dict[str, int]:
        """Return how much was taken out of each place, once its sweep is done."""
        return msgspec.json.decode(self.found, type=dict[str, int])

    def digest(self) -> str:
        """Return a SHA-256 of the receipt: who holds it can show later that it was not changed."""
        told = [str(self.id), str(self.person_id), self.orders, self.at_us, self.done_at_us, self.counts()]
        return hashlib.sha256(msgspec.json.encode(told, order="deterministic")).hexdigest()


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
_HOLDS = Statement[tuple[int, str, str]](
    sa.select(hold.c.id, hold.c.reason, hold.c.closed_reason).where(
        own(hold), hold.c.order_id == bind("order_id")
    )
)
_HOLD_REASON = Statement[None](
    sa.update(hold).where(own(hold), hold.c.id == bind("b_id")), sets=("reason", "closed_reason")
)


def erase_person(tx: Tx, actor: Actor, queue: Queue, *, found: Person, reason: str, typed: str) -> int:
    """Erase a person now, and defer the sweep of all other places; return the erasure's id.

    Raises:
        NotAllowed, ProofNeeded
        ErasureUnconfirmed: the word was not typed, or there is no reason.
        KeptByLaw: one of his orders is on legal hold.
    """
    require_eraser(tx, actor)
    if typed.strip() != CONFIRM or not reason.strip():
        raise ErasureUnconfirmed(word=CONFIRM)
    for kept in kept_by_law(tx, order_ids=found.order_ids()):
        raise KeptByLaw(order=load_order(tx, order_id=kept).number)
    return begin_erasure(tx, actor, queue, found=found, reason=reason)


def erase_again(tx: Tx, person_id: int, *, queue: Queue) -> None:
    """Erase who was erased before and came back with a backup; what was on legal hold then is none now."""
    found = Person(person_id, tuple(parties_of(tx, person_id=person_id)))
    begin_erasure(tx, desk_actor(tx.merchant_id), queue, found=found, reason=AGAIN)


def begin_erasure(tx: Tx, actor: Actor, queue: Queue, *, found: Person, reason: str) -> int:
    """Blank a person's parties, destroy his key, and defer the sweep; who may ask for it was asked before."""
    parties, order_ids = real_parties(tx, found), found.order_ids()
    erasure_id, why = new_id(), mask_text(reason.strip()[:200], *parties)
    for order_id in order_ids:
        rows = [row for row in found.parties if row.order_id == order_id]
        forget_receiver(tx, order_id=order_id, rows=rows, parties=parties)
    destroy_key(tx, person_id=found.id)
    sealed = seal(
        tx.vault.keys(tx).wrapping, msgspec.json.encode(needles_of(parties)), bound_to=_bound(erasure_id)
    )
    tx.run(
        _ADD, id=erasure_id, person_id=found.id, orders=len(order_ids), reason=why, state="sweeping", sealed=sealed, found="{}",
        actor_id=actor.id, actor_name=actor.name, at_us=tx.now_us, done_at_us=None,
    )  # fmt: skip
    queue.defer(tx, TASK, payload={"erasure": str(erasure_id)}, lock="erase")
    write_journal(
        tx, actor, verb="orders.erase_person", subject=f"person:{found.id}", data={"orders": len(order_ids)}
    )  # fmt: skip
    merchant_id = tx.merchant_id
    tx.after_commit(lambda: list_erased(merchant_id, found.id))
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
    for hold_id, *reasons in tx.rows(_HOLDS, order_id=order_id):
        masked = [mask_text(reason, *parties) for reason in reasons]
        if masked != reasons:
            tx.run(_HOLD_REASON, b_id=hold_id, reason=masked[0], closed_reason=masked[1])
    forget_conflict(tx, order_id=order_id)
    remove_after(tx, _files_of(tx, order_ids=[order_id]))


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
    # Again: where the answer to his erasure was lost, or the disk was full, nobody has listed him.
    list_erased(merchant_id, db.read(merchant_id, partial(_erased, erasure_id=erasure_id)).person_id)
    found = sweep_places(db, merchant_id, needles)
    remove_files(db.write(merchant_id, partial(_papers_of, erasure_id=erasure_id)))
    db.write(merchant_id, partial(_end, erasure_id=erasure_id, found=found, queue=queue_for(db)))
    db.settle_freed()


def _papers_of(tx: Tx, *, erasure_id: int) -> list[Path]:
    """Return his papers' files again: a kill may have come between his erasure and their removal."""
    person_id = _erased(tx, erasure_id=erasure_id).person_id
    return _files_of(tx, order_ids=sorted({row.order_id for row in parties_of(tx, person_id=person_id)}))


def _erased(tx: Tx, *, erasure_id: int) -> Erasure:
    (found,) = tx.rows(_ONE, id=erasure_id)
    return found


def _files_of(tx: Tx, *, order_ids: list[int]) -> list[Path]:
    return [path for order_id in order_ids for place in ORDER_PLACES for path in place(tx, order_id)]


def _end(tx: Tx, *, erasure_id: int, found: dict[str, int], queue: Queue) -> None:
    overwrite_freed(tx)
    tx.run(
        _DONE, b_id=erasure_id, state="done", sealed=None, found=msgspec.json.encode(found).decode(), done_at_us=tx.now_us
    )  # fmt: skip
    ask_compaction(tx, queue)
    write_journal(
        tx,
        desk_actor(tx.merchant_id),
        verb="orders.erased",
        subject=f"erasure:{erasure_id}",
        data=dict(found),
    )


def _bound(erasure_id: int) -> bytes:
    return b"erasure %d" % erasure_id
