"""The look-up ledger: who looked at what, when, why, and what came back.

A look-up is recorded, durably, before its data leaves. The row packs the (order, revision)
pairs that came back; the index by order is immediate for details and reveals, batched for lists.
"""

import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Protocol, get_args

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.alarm.signal import Kind
from tocsin.alarm.usage import count_usage
from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import id_at, new_id
from tocsin.core.statement import Statement, bind, insert_into, own, upsert
from tocsin.core.vault import seal, unseal
from tocsin.orders.draft import DeskState, Fulfilment, Payment
from tocsin.orders.table import lookup, lookup_mark, lookup_order

DETAIL_KINDS = ("detail", "reveal", "denied", "print", "barred")
_COUNTED_KINDS = ("detail", "reveal", "search", "screen", "since")
NEWEST = 2**63 - 1
INDEXED_AT_ONCE = 1_000
"""Rows by order that one transaction adds for look-ups: everybody else waits for the writer meanwhile."""
_OPEN_US, _GATHERED_US = 5_000_000, 7_000_000
# What a text is opened for; `other` says it in words.
PURPOSES = ("call_customer", "deliver", "correct_order", "complaint", "refund", "finding", "audit", "other")
# The place of a look-up that opened fields of one order for a while.
FIELD = "field"
_AXES = (get_args(DeskState), get_args(Payment), get_args(Fulfilment))
_CODES: tuple[dict[str, int], ...] = tuple({word: n for n, word in enumerate(words)} for words in _AXES)
_PAIR = struct.Struct(">QI")


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
_ONE = Statement(sa.select(*_COLUMNS).where(own(lookup), lookup.c.id == bind("id")), Lookup)
_AFTER = Statement(
    sa.select(*_COLUMNS).where(own(lookup), lookup.c.id > bind("after"), lookup.c.id < bind("until"))
    .order_by(lookup.c.id).limit(bind("limit")),
    Lookup,
)  # fmt: skip
# [[look-up, [order, …]], …] as rows: one statement for thousands takes the interpreter's lock once, not for each of them.
_GIVEN = {
    "sqlite": "SELECT l.value ->> 0 AS lookup_id, o.value AS order_id FROM json_each(:given) AS l, json_each(l.value, '$[1]') AS o",
    "postgresql": "SELECT CAST(l ->> 0 AS bigint) AS lookup_id, CAST(o AS bigint) AS order_id"
    " FROM jsonb_array_elements(CAST(:given AS jsonb)) AS l, jsonb_array_elements_text(l -> 1) AS o",
}
_ADD_ORDERS = {
    dialect: Statement[None](sa.text(
        "INSERT INTO lookup_order (merchant_id, order_id, lookup_id) SELECT CAST(:merchant_id AS bigint), order_id, lookup_id"
        f" FROM ({given}) AS given WHERE true ORDER BY order_id, lookup_id ON CONFLICT DO NOTHING"
    ))
    for dialect, given in _GIVEN.items()
}  # fmt: skip
# Each order is sought once, in however many look-ups it is.
_ADD_SHOPS = {
    dialect: Statement[None](sa.text(
        "INSERT INTO lookup_shop (merchant_id, shop_id, lookup_id)"
        f" WITH given AS MATERIALIZED ({given}), shown AS MATERIALIZED (SELECT order_head.id, order_head.shop_id FROM order_head"
        " WHERE order_head.merchant_id = :merchant_id AND order_head.id IN (SELECT order_id FROM given))"
        " SELECT DISTINCT CAST(:merchant_id AS bigint), shop_id, lookup_id"
        " FROM given JOIN shown ON shown.id = order_id WHERE true ORDER BY shop_id, lookup_id ON CONFLICT DO NOTHING"
    ))
    for dialect, given in _GIVEN.items()
}  # fmt: skip
_MARK = Statement[tuple[int]](sa.select(lookup_mark.c.indexed_to).where(own(lookup_mark)))
# What two processes indexed at once would be counted twice.
_HOLD_MARK = Statement[tuple[int]](
    sa.select(lookup_mark.c.indexed_to).where(own(lookup_mark)).with_for_update(skip_locked=True)
)
_BEGIN_MARK = Statement[None](
    upsert(lookup_mark).on_conflict_do_nothing(), sets=("merchant_id", "indexed_to")
)
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


def index_lookups(tx: Tx, *, limit: int = 100, begun_us: int | None = None) -> int:
    """Index list look-ups by order, where that was put off; return how many, 0 too where another process is at it.

    The newest five seconds wait for the next turn: ids of open transactions may still come. Few wait two seconds more: what
    shows the same orders lies on the same pages of the tree, each of which is then written once and not for each look-up.

    Args:
        begun_us: since when the oldest change that is under way is; it may still bring rows as old as that.
    """
    until = id_at(min(tx.now_us, begun_us or tx.now_us) - _OPEN_US)
    if tx.value(_MARK) is None:  # beginning it where it is held would wait for who holds it
        tx.run(_BEGIN_MARK, indexed_to=0)
    after = tx.value(_HOLD_MARK)
    if after is None:
        return 0
    waiting = tx.rows(_AFTER, after=after, until=until, limit=limit)
    found = _some_of(waiting)
    if found and len(found) == len(waiting) < limit and found[0].at_us > tx.now_us - _GATHERED_US:
        return 0
    if found:
        _add(tx, _ADD_ORDERS, [row for row in found if row.kind not in DETAIL_KINDS])
        _add(tx, _ADD_SHOPS, found)
        tx.add(_MOVE_MARK, indexed_to=found[-1].id)
        _count(tx, found)
    return len(found)


def _some_of(found: list[Lookup]) -> list[Lookup]:
    """Return the first of some look-ups, as many as one transaction indexes."""
    rows = 0
    for place, row in enumerate(found, 1):
        rows += 1 + len(row.hits) // _PAIR.size
        if rows >= INDEXED_AT_ONCE:
            return found[:place]
    return found


def _add(tx: Tx, statements: dict[str, Statement[None]], found: list[Lookup]) -> None:
    given = [(row.id, [order_id for order_id, _ in row.pairs()]) for row in found if row.hits]
    if given:
        tx.add(statements[tx.dialect], given=msgspec.json.encode(given).decode())


def _count(tx: Tx, found: list[Lookup]) -> None:
    """Tell the alarm's watch how much each one looked up, at most some seconds late: never in the look-up itself."""
    amounts: Counter[tuple[Kind, str, int]] = Counter()
    for row in found:
        if row.place == FIELD:
            continue  # counted as it was opened
        kind: Kind = "reveals_many" if row.kind == "reveal" else "lookups_many"
        if row.actor_kind in ("operator", "api_key") and row.kind in _COUNTED_KINDS:
            amounts[kind, row.actor_kind, row.actor_id] += max(1, row.count)
    for (kind, actor_kind, actor_id), amount in amounts.items():
        count_usage(tx, kind=kind, actor_kind=actor_kind, actor_id=actor_id, amount=amount)


def _bound(tx: Tx) -> bytes:
    return b"lookup %d" % tx.merchant_id
