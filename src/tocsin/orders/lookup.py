"""The look-up ledger: who looked at what, when, why, and what came back.

A look-up is recorded, durably, before its data leaves. The row packs the (order, revision)
pairs that came back; the index by order is immediate for details and reveals, batched for lists.
"""

import struct
from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa
from msgspec import Struct

from tocsin.alarm.signal import Kind
from tocsin.alarm.usage import count_usage
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.ident import id_at, new_id
from tocsin.core.statement import Statement, bind, insert_into, own, upsert
from tocsin.core.vault import seal, unseal
from tocsin.orders.table import lookup, lookup_mark, lookup_order

DETAIL_KINDS = ("detail", "reveal")
_COUNTED_KINDS = (*DETAIL_KINDS, "search", "screen")
_PAIR = struct.Struct(">QI")


class Lookup(Struct, frozen=True):
    """One recorded look-up."""

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

    def pairs(self) -> list[tuple[int, int]]:
        """Return the (order id, revision) pairs that came back."""
        return [_PAIR.unpack_from(self.hits, place) for place in range(0, len(self.hits), _PAIR.size)]


_COLUMNS = tuple(lookup.c[name] for name in Lookup.__struct_fields__)
_ADD = insert_into(lookup)
_ADD_INDEX = Statement[None](
    upsert(lookup_order).on_conflict_do_nothing(), sets=("merchant_id", "order_id", "lookup_id")
)
_OF_ACTOR = Statement(
    sa.select(*_COLUMNS).where(own(lookup), lookup.c.actor_id == bind("actor_id"), lookup.c.id < bind("before"))
    .order_by(lookup.c.id.desc()).limit(bind("limit")),
    Lookup,
)  # fmt: skip
_PAGE = Statement(
    sa.select(*_COLUMNS).where(own(lookup), lookup.c.id < bind("before"))
    .order_by(lookup.c.id.desc()).limit(bind("limit")),
    Lookup,
)  # fmt: skip
_OF_ORDER = Statement(
    sa.select(*_COLUMNS)
    .join(lookup_order, sa.and_(lookup_order.c.merchant_id == lookup.c.merchant_id, lookup_order.c.lookup_id == lookup.c.id))
    .where(own(lookup), lookup_order.c.order_id == bind("order_id"))
    .order_by(lookup_order.c.lookup_id.desc()).limit(bind("limit")),
    Lookup,
)  # fmt: skip
_AFTER = Statement(
    sa.select(*_COLUMNS).where(own(lookup), lookup.c.id > bind("after"), lookup.c.id < bind("until"))
    .order_by(lookup.c.id).limit(bind("limit")),
    Lookup,
)  # fmt: skip
_MARK = Statement[tuple[int]](sa.select(lookup_mark.c.indexed_to).where(own(lookup_mark)))
_marking = upsert(lookup_mark)
_MOVE_MARK = Statement[None](
    _marking.on_conflict_do_update(
        index_elements=["merchant_id"], set_={"indexed_to": _marking.excluded.indexed_to}
    ),
    sets=("merchant_id", "indexed_to"),
)


def record_lookup(
    tx: Tx,
    actor: Actor,
    *,
    door: str,
    kind: str,
    query: str,
    pairs: Sequence[tuple[int, int]],
    purpose: str = "",
) -> int:
    """Record a look-up; return its id. What was asked is sealed, because it may be a name or a phone."""
    lookup_id, keys = new_id(), tx.vault.keys(tx)
    tx.run(
        _ADD, id=lookup_id, at_us=tx.now_us, actor_kind=actor.kind, actor_id=actor.id, actor_name=actor.name, door=door,
        kind=kind, purpose=purpose, query_digest=keys.digest("query", query), count=len(pairs),
        sealed_query=seal(keys.wrapping, query.encode("utf-8", "replace"), bound_to=_bound(tx)),
        hits=b"".join(_PAIR.pack(*pair) for pair in pairs),
    )  # fmt: skip
    if kind in DETAIL_KINDS:
        tx.many(_ADD_INDEX, [{"order_id": order_id, "lookup_id": lookup_id} for order_id, _ in pairs])
    return lookup_id


def read_query(tx: Tx, found: Lookup) -> str:
    """Return what was asked, to be shown to whoever asked it or may read the ledger; empty once it was erased."""
    if not found.sealed_query:
        return ""
    return unseal(tx.vault.keys(tx).wrapping, found.sealed_query, bound_to=_bound(tx)).decode()


def own_lookups(tx: Tx, actor: Actor, *, before: int = 2**63 - 1, limit: int = 50) -> list[Lookup]:
    """Return the actor's own look-ups, the newest first."""
    return tx.rows(_OF_ACTOR, actor_id=actor.id, before=before, limit=limit)


def all_lookups(
    tx: Tx, actor: Actor, *, actor_id: int = 0, before: int = 2**63 - 1, limit: int = 50
) -> list[Lookup]:
    """Return look-ups of everybody, or of one operator, the newest first.

    Raises:
        NotAllowed: reading others' look-ups needs the journal's right.
    """
    require(actor, "journal")
    if actor_id:
        return tx.rows(_OF_ACTOR, actor_id=actor_id, before=before, limit=limit)
    return tx.rows(_PAGE, before=before, limit=limit)


def who_has_seen(tx: Tx, actor: Actor, *, order_id: int, limit: int = 50) -> list[Lookup]:
    """Return the look-ups in which an order came back; lists count once the index has caught up.

    Raises:
        NotAllowed: it needs the journal's right.
    """
    require(actor, "journal")
    return tx.rows(_OF_ORDER, order_id=order_id, limit=limit)


def index_lookups(tx: Tx, *, limit: int = 200) -> int:
    """Index list look-ups by order, where that was put off; return how many rows were read.

    The newest five seconds wait for the next turn: ids of open transactions may still come.
    """
    after, until = int(tx.value(_MARK) or 0), id_at(tx.now_us - 5_000_000)
    found = tx.rows(_AFTER, after=after, until=until, limit=limit)
    pairs = [
        (order_id, row.id) for row in found if row.kind not in DETAIL_KINDS for order_id, _ in row.pairs()
    ]
    if pairs:
        tx.many(_ADD_INDEX, [{"order_id": order_id, "lookup_id": lookup_id} for order_id, lookup_id in pairs])
    if found:
        tx.run(_MOVE_MARK, indexed_to=found[-1].id)
        _count(tx, found)
    return len(found)


def _count(tx: Tx, found: list[Lookup]) -> None:
    """Tell the alarm's watch how much each one looked up, at most some seconds late: never in the look-up itself."""
    amounts: Counter[tuple[Kind, str, int]] = Counter()
    for row in found:
        kind: Kind = "reveals_many" if row.kind == "reveal" else "lookups_many"
        if row.actor_kind in ("operator", "api_key") and row.kind in _COUNTED_KINDS:
            amounts[kind, row.actor_kind, row.actor_id] += max(1, row.count)
    for (kind, actor_kind, actor_id), amount in amounts.items():
        count_usage(tx, kind=kind, actor_kind=actor_kind, actor_id=actor_id, amount=amount)


def _bound(tx: Tx) -> bytes:
    return b"lookup %d" % tx.merchant_id
