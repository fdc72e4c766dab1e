"""The index of look-ups by order and by shop: some seconds behind them, so that a list costs its own row alone."""

import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from operator import itemgetter

import msgspec
import sqlalchemy as sa

from tocsin.alarm.signal import Kind
from tocsin.alarm.usage import count_usage
from tocsin.core.db import Database, Tx
from tocsin.core.ident import id_at
from tocsin.core.loop import rest_after
from tocsin.core.statement import Statement, any_of, bind, own, upsert
from tocsin.orders.lookup import COLUMNS, DETAIL_KINDS, FIELD, HIT_BYTES, Lookup
from tocsin.orders.table import lookup, lookup_mark, order_head

INDEXED_AT_ONCE, _ORDERS_AT_ONCE = 1_000, 50
"""Rows, and orders, that one transaction indexes on SQLite: each order is a page or two to be written, and everybody waits."""
_ROUND_ROWS, _OPEN_US, _GATHERED_US = 20_000, 5_000_000, 6_000_000
_COUNTED_KINDS = ("detail", "reveal", "search", "screen", "since")
_AFTER = Statement(
    sa.select(*COLUMNS).where(own(lookup), lookup.c.id > bind("after"), lookup.c.id < bind("until"))
    .order_by(lookup.c.id).limit(bind("limit")),
    Lookup,
)  # fmt: skip
# [[order or shop, [look-up, …]], …] as rows: one statement for thousands takes the interpreter's lock once, not for each.
_GIVEN = {
    "sqlite": "CAST(k.value ->> 0 AS bigint), l.value FROM json_each(:given) AS k, json_each(k.value, '$[1]') AS l",
    "postgresql": "CAST(k ->> 0 AS bigint), CAST(l AS bigint)"
    " FROM jsonb_array_elements(CAST(:given AS jsonb)) AS k, jsonb_array_elements_text(k -> 1) AS l",
}
_ADD_ORDERS, _ADD_SHOPS = (
    {
        dialect: Statement[None](sa.text(
            f"INSERT INTO {table} (merchant_id, {column}, lookup_id) SELECT CAST(:merchant_id AS bigint), {given}"
            " WHERE true ON CONFLICT DO NOTHING"
        ))
        for dialect, given in _GIVEN.items()
    }
    for table, column in (("lookup_order", "order_id"), ("lookup_shop", "shop_id"))
)  # fmt: skip
_SHOPS = Statement[tuple[int, int]](
    sa.select(order_head.c.id, order_head.c.shop_id).where(own(order_head), any_of(order_head.c.id, "ids"))
)
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


def index_lookups(db: Database, merchant_id: int, *, limit: int = 1_000, begun_us: int | None = None) -> int:
    """Index list look-ups by order, where that was put off; return how many, 0 too where another process is at it.

    The newest five seconds wait for the next turn: ids of open transactions may still come. Few wait a second more: what
    shows the same orders lies on the same pages of the tree, each of which is then written once and not for each look-up.

    Args:
        begun_us: since when the oldest change that is under way is; it may still bring rows as old as that.
    """
    wait = partial(_waiting, limit=limit, begun_us=begun_us)
    found = db.read(merchant_id, wait)
    if not found:
        return 0
    if db.dialect == "postgresql":  # where nobody waits for a writer one transaction does it all
        return db.write(merchant_id, partial(_index_held, wait=wait))
    shops = db.read(merchant_id, partial(_shops_of, found=found))
    for piece in _pieces(found):
        began = time.monotonic()
        db.write(merchant_id, partial(_add, statements=_ADD_ORDERS, pairs=piece))
        rest_after(began, times=2)
    db.write(merchant_id, partial(_finish, found=found, shops=shops))
    return len(found)


def _index_held(tx: Tx, *, wait: "partial[list[Lookup]]") -> int:
    """Index while no other process does."""
    if tx.value(_MARK) is None:  # beginning it where it is held would wait for who holds it
        tx.run(_BEGIN_MARK, indexed_to=0)
    found = [] if tx.value(_HOLD_MARK) is None else wait(tx)
    for piece in _pieces(found):
        _add(tx, statements=_ADD_ORDERS, pairs=piece)
    if found:
        _finish(tx, found=found, shops=_shops_of(tx, found=found))
    return len(found)


def _waiting(tx: Tx, *, limit: int, begun_us: int | None) -> list[Lookup]:
    """Return the look-ups to be indexed next; none where few wait for others."""
    until = id_at(min(tx.now_us, begun_us or tx.now_us) - _OPEN_US)
    waiting = tx.rows(_AFTER, after=tx.value(_MARK) or 0, until=until, limit=limit)
    rows = 0
    for place, row in enumerate(waiting, 1):
        rows += 1 + len(row.hits) // HIT_BYTES
        if rows >= _ROUND_ROWS:
            return waiting[:place]
    is_young = bool(waiting) and waiting[0].at_us > tx.now_us - _GATHERED_US
    return [] if is_young and len(waiting) < limit else waiting


def _pieces(found: list[Lookup]) -> Iterator[list[tuple[int, int]]]:
    """Yield (order, look-up) by order, as many as one transaction adds: each page of the tree is in one of them, or two."""
    pairs = sorted(
        (order_id, row.id) for row in found if row.kind not in DETAIL_KINDS for order_id, _ in row.pairs()
    )
    begin, orders, last = 0, 0, 0
    for place, (order_id, _) in enumerate(pairs):
        orders, last = orders + (order_id != last), order_id
        if orders > _ORDERS_AT_ONCE or place - begin == INDEXED_AT_ONCE:
            yield pairs[begin:place]
            begin, orders = place, 1
    if pairs:
        yield pairs[begin:]


def _shops_of(tx: Tx, *, found: list[Lookup]) -> list[tuple[int, int]]:
    """Return (shop, look-up) for each shop of whose orders a look-up showed any."""
    order_ids = sorted({order_id for row in found for order_id, _ in row.pairs()})
    shops = dict(tx.rows(_SHOPS, ids=order_ids)) if order_ids else {}
    return sorted(
        {(shops[order_id], row.id) for row in found for order_id, _ in row.pairs() if order_id in shops}
    )


def _finish(tx: Tx, *, found: list[Lookup], shops: list[tuple[int, int]]) -> None:
    _add(tx, statements=_ADD_SHOPS, pairs=shops)
    tx.add(_MOVE_MARK, indexed_to=found[-1].id)
    _count(tx, found)


def _add(tx: Tx, *, statements: dict[str, Statement[None]], pairs: list[tuple[int, int]]) -> None:
    given = [(key, [ident for _, ident in same]) for key, same in groupby(pairs, key=itemgetter(0))]
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
