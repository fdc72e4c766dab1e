"""The look-up ledger read by those who may: what an operator has looked at, and who has seen an order."""

from functools import lru_cache
from heapq import merge
from itertools import islice
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.table import operator
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.ident import id_at
from tocsin.core.statement import Statement, any_of, bind, own
from tocsin.orders.handed import files_with
from tocsin.orders.lookup import NEWEST, Lookup, digest_of
from tocsin.orders.screen import Filter
from tocsin.orders.table import lookup, lookup_order, lookup_shop

DOORS = ("page", "api", "scan", "terminal", "download")
_COLUMNS = tuple(lookup.c[name] for name in Lookup.__struct_fields__)
_PIECE = 100


class Asked(Struct, frozen=True, kw_only=True):
    """Which look-ups are asked for; empty is all. `text` is what was asked, exactly as it was typed."""

    actor_id: int = 0
    door: str = ""
    shop_id: int = 0
    text: str = ""
    since_us: int = 0
    until_us: int = 0


EVERY = Asked()
_OF_ORDER = Statement[tuple[int]](
    sa.select(lookup_order.c.lookup_id)
    .where(own(lookup_order), lookup_order.c.order_id == bind("order_id"), lookup_order.c.lookup_id < bind("before"))
    .order_by(lookup_order.c.lookup_id.desc()).limit(bind("limit"))
)  # fmt: skip
_MANY = Statement(sa.select(*_COLUMNS).where(own(lookup), any_of(lookup.c.id, "ids")), Lookup)
_NAMES = Statement[tuple[int, str]](
    sa.select(operator.c.id, operator.c.display_name).where(own(operator)).order_by(operator.c.id)
)
_CONDITIONS: dict[str, Any] = {
    "actor_id": lookup.c.actor_id == bind("actor_id"),
    "door": lookup.c.door == bind("door", str),
    "text": sa.or_(
        lookup.c.query_digest == bind("typed", str), lookup.c.query_digest == bind("screened", str)
    ),
}


def all_lookups(
    tx: Tx, actor: Actor, *, asked: Asked = EVERY, before: int = NEWEST, limit: int = 50
) -> list[Lookup]:
    """Return the look-ups that are asked for, the newest first.

    Raises:
        NotAllowed: reading others' look-ups needs the journal's right.
    """
    require(actor, "journal")
    binds: dict[str, Any] = {
        name: getattr(asked, name) for name in ("actor_id", "door") if getattr(asked, name)
    }
    if asked.text:
        screened = msgspec.json.encode(Filter(query=asked.text)).decode()
        binds |= {"typed": digest_of(tx, asked.text), "screened": digest_of(tx, screened)}
    parts = tuple(name for name in _CONDITIONS if getattr(asked, name))
    if asked.shop_id:
        binds["shop_id"] = asked.shop_id
    newest = min(before, id_at(asked.until_us)) if asked.until_us else before
    oldest = id_at(asked.since_us) if asked.since_us else 0
    statement = page_statement(parts, in_shop=bool(asked.shop_id))
    return tx.rows(statement, **binds, before=newest, oldest=oldest, limit=limit)


@lru_cache(maxsize=16)
def page_statement(parts: tuple[str, ...], *, in_shop: bool) -> Statement[Lookup]:
    """Return the statement of a page; of a shop it walks the shop's own index."""
    chosen, ident = sa.select(*_COLUMNS), lookup.c.id
    if in_shop:
        ident = lookup_shop.c.lookup_id
        joined = sa.and_(
            lookup.c.merchant_id == lookup_shop.c.merchant_id, lookup.c.id == lookup_shop.c.lookup_id
        )
        chosen = chosen.select_from(lookup_shop.join(lookup, joined)).where(
            own(lookup_shop), lookup_shop.c.shop_id == bind("shop_id")
        )
    else:
        chosen = chosen.where(own(lookup))
    chosen = chosen.where(
        *(_CONDITIONS[name] for name in parts), ident < bind("before"), ident >= bind("oldest")
    )
    return Statement(chosen.order_by(ident.desc()).limit(bind("limit")), Lookup)


def who_has_seen(
    tx: Tx, actor: Actor, *, order_id: int, before: int = NEWEST, limit: int = 50
) -> list[Lookup]:
    """Return the look-ups that an order came back in, the newest first: opened, listed, printed, or in a file.

    Lists count once the index has caught up, some seconds later; files once they are written.

    Raises:
        NotAllowed: it needs the journal's right.
    """
    require(actor, "journal")
    both = merge(
        _listed(tx, order_id, before), files_with(tx, order_id=order_id, before=before), reverse=True
    )
    ids = list(islice(both, limit))
    return sorted(tx.rows(_MANY, ids=ids), key=lambda row: -row.id) if ids else []


def names_of_people(tx: Tx, actor: Actor) -> list[tuple[int, str]]:
    """Return the operators whose look-ups can be asked for, those who have left too.

    Raises:
        NotAllowed: it needs the journal's right.
    """
    require(actor, "journal")
    return tx.rows(_NAMES)


def _listed(tx: Tx, order_id: int, before: int) -> Any:
    while True:
        rows = tx.rows(_OF_ORDER, order_id=order_id, before=before, limit=_PIECE)
        yield from (row[0] for row in rows)
        if len(rows) < _PIECE:
            return
        before = rows[-1][0]
