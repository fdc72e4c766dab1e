"""The look-up ledger: who looked at what, when, why, and what came back.

A look-up is recorded, durably, before its data leaves. The row packs the (order, revision)
pairs that came back; the index by order is immediate for details and reveals, batched for lists.
"""

import struct
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Protocol, get_args

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.statement import Statement, bind, insert_into, own, upsert
from tocsin.core.vault import seal, unseal
from tocsin.orders.draft import DeskState, Fulfilment, Payment
from tocsin.orders.table import lookup, lookup_order

DETAIL_KINDS = ("detail", "reveal", "denied", "print", "barred")
NEWEST = 2**63 - 1
# What a text is opened for; `other` says it in words.
PURPOSES = ("call_customer", "deliver", "correct_order", "complaint", "refund", "finding", "audit", "other")
# The place of a look-up that opened fields of one order for a while.
FIELD = "field"
_AXES = (get_args(DeskState), get_args(Payment), get_args(Fulfilment))
_CODES: tuple[dict[str, int], ...] = tuple({word: n for n, word in enumerate(words)} for words in _AXES)
_PAIR = struct.Struct(">QI")
HIT_BYTES = _PAIR.size


class Standing(Protocol):
    """What stands somewhere on the three axes: a row of a list, or an order."""

    @property
    def desk_state(self) -> str: ...  # noqa: D102
    @property
    def payment(self) -> str: ...  # noqa: D102
    @property
    def fulfilment(self) -> str: ...  # noqa: D102


class LookupMissing(Refusal):
    """There is no such look-up of yours, or it is too old to be kept: look at the list again"""

    kind, code = "missing", "lookup_missing"


class Lookup(Struct, frozen=True):
    """One recorded look-up.

    `fields` are those that were shown unmasked, `place` is where its page of a list began, `states` what each order
    stood at, `of_id` the look-up of the file that was asked for or fetched; 0: it is none of a file.
    """

    id: int
    at_us: int
    actor_kind: str
    actor_id: int
    actor_name: str
    door: str
    kind: str
    purpose: str
    sealed_query: bytes
    count: int
    hits: bytes
    fields: str = ""
    place: str = ""
    states: bytes | None = None
    of_id: int = 0

    def pairs(self) -> list[tuple[int, int]]:
        """Return the (order id, revision) pairs that came back."""
        return list(_PAIR.iter_unpack(self.hits))

    def axes(self) -> list[tuple[str, ...]]:
        """Return where each order stood then, as `pairs` has them: desk state, payment, fulfilment."""
        given = self.states or b""
        return [
            tuple(words[place] for words, place in zip(_AXES, given[at : at + 3], strict=True))
            for at in range(0, len(given), 3)
        ]


COLUMNS = tuple(lookup.c[name] for name in Lookup.__struct_fields__)
_ADD = insert_into(lookup)
_ADD_INDEX = Statement[None](
    upsert(lookup_order).on_conflict_do_nothing(), sets=("merchant_id", "order_id", "lookup_id")
)
_OF_ACTOR = Statement(
    sa.select(*COLUMNS).where(own(lookup), lookup.c.actor_id == bind("actor_id"), lookup.c.id < bind("before"))
    .order_by(lookup.c.id.desc()).limit(bind("limit")),
    Lookup,
)  # fmt: skip
_ONE = Statement(sa.select(*COLUMNS).where(own(lookup), lookup.c.id == bind("id")), Lookup)


def record_lookup(
    tx: Tx,
    actor: Actor,
    *,
    door: str,
    kind: str,
    query: str,
    pairs: Sequence[tuple[int, int]],
    purpose: str = "",
    fields: Sequence[str] = (),
    place: str = "",
    states: bytes | None = None,
    of_id: int | None = 0,
) -> int:
    """Record a look-up; return its id. What was asked is sealed, because it may be a name or a phone.

    Args:
        fields: those that are shown unmasked.
        of_id: the look-up of the file that is handed out; None: this one is a file's own.
    """
    lookup_id, keys = new_id(), tx.vault.keys(tx)
    tx.add(
        _ADD, id=lookup_id, at_us=tx.now_us, actor_kind=actor.kind, actor_id=actor.id, actor_name=actor.name, door=door,
        kind=kind, purpose=purpose, query_digest=digest_of(tx, query), count=len(pairs),
        sealed_query=seal(keys.wrapping, query.encode("utf-8", "replace"), bound_to=_bound(tx)),
        hits=struct.pack(f">{'QI' * len(pairs)}", *chain.from_iterable(pairs)), fields=",".join(fields), place=place, states=states,
        of_id=lookup_id if of_id is None else of_id,
    )  # fmt: skip
    if kind in DETAIL_KINDS:
        for order_id, _ in pairs:
            tx.add(_ADD_INDEX, order_id=order_id, lookup_id=lookup_id)
    return lookup_id


def read_query(tx: Tx, found: Lookup) -> str:
    """Return what was asked, to be shown to whoever asked it or may read the ledger; empty once it was erased."""
    if not found.sealed_query:
        return ""
    return unseal(tx.vault.keys(tx).wrapping, found.sealed_query, bound_to=_bound(tx)).decode()


def states_of(rows: Iterable[Standing]) -> bytes:
    """Return where orders stand, three bytes each, to be kept with a look-up."""
    states, payments, fulfilments = _CODES
    return bytes(
        code
        for row in rows
        for code in (states[row.desk_state], payments[row.payment], fulfilments[row.fulfilment])
    )


def digest_of(tx: Tx, query: str) -> str:
    """Return what tells the look-ups of one text from all others."""
    return tx.vault.keys(tx).digest("query", query)


def get_lookup(tx: Tx, actor: Actor, *, lookup_id: int) -> Lookup:
    """Return one of the actor's own look-ups.

    Raises:
        LookupMissing: there is none, or it is somebody else's.
    """
    found = tx.one(_ONE, id=lookup_id)
    if found is None or (found.actor_kind, found.actor_id) != (actor.kind, actor.id):
        raise LookupMissing
    return found


def own_lookups(tx: Tx, actor: Actor, *, before: int = NEWEST, limit: int = 50) -> list[Lookup]:
    """Return the actor's own look-ups, the newest first."""
    return tx.rows(_OF_ACTOR, actor_id=actor.id, before=before, limit=limit)


def _bound(tx: Tx) -> bytes:
    return b"lookup %d" % tx.merchant_id
