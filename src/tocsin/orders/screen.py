"""Box 14, screen: filter by state, hold, finding, date, amount, campaign; saved screens; bounded counts.

A filter compiles to a statement that an index serves, once per shape; pages are keyset pages.
"""

import re
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.actor import Actor, require
from tocsin.core.clock import day_bounds_us
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import NOUGHT, Statement, bind, insert_into, own
from tocsin.core.tenant import get_shop
from tocsin.orders.listing import HEAD_COLUMNS, HeadRow, Page
from tocsin.orders.lookup import record_lookup
from tocsin.orders.table import hold, order_finding, order_head, screen

PAGE_ROWS = 50
COUNT_MOST = 10_000
_LED = {
    "state", "payment", "fulfilment", "campaign", "held_yes", "held", "date_from", "date_to", "amount_min_minor",
    "amount_max_minor",
}  # fmt: skip
_PLACE = re.compile(r"(?:(?P<us>-?\d{1,18})\.)?(?P<id>\d{1,18})", re.ASCII)


class DateUnreadable(Refusal):
    """“{text}” is not a date: write it as 2026-11-22"""

    kind, code = "invalid", "date_unreadable"


class ScreenMissing(Refusal):
    """There is no such saved screen, or it is not shared with you"""

    kind, code = "missing", "screen_missing"


class Filter(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a screen shows; empty is everything. Dates are the shop's days, both ends included.

    Amounts are of one currency, and only orders in it are shown: `currency`, or the shop's where none is named.
    """

    state: str = ""
    payment: str = ""
    fulfilment: str = ""
    held: str = ""
    finding: str = ""
    date_from: str = ""
    date_to: str = ""
    amount_min_minor: int | None = None
    amount_max_minor: int | None = None
    currency: str = ""
    campaign: str = ""
    channel: str = ""
    shop: str = ""


class Screen(Struct, frozen=True):
    """A saved screen, personal or shared."""

    id: int
    name: str
    owner_id: int
    shared: int
    filter: str

    def saved_filter(self) -> Filter:
        """Return the filter that was saved."""
        return msgspec.json.decode(self.filter, type=Filter)


_SCREEN_COLUMNS = tuple(screen.c[name] for name in Screen.__struct_fields__)
_ADD = insert_into(screen)
_visible = sa.or_(screen.c.owner_id == bind("actor_id"), screen.c.shared == 1)
_LIST = Statement(
    sa.select(*_SCREEN_COLUMNS).where(own(screen), _visible).order_by(screen.c.name).limit(200), Screen
)
_ONE = Statement(sa.select(*_SCREEN_COLUMNS).where(own(screen), _visible, screen.c.id == bind("id")), Screen)
_DROP = Statement[None](
    sa.delete(screen).where(own(screen), screen.c.id == bind("id"), screen.c.owner_id == bind("actor_id"))
)


def screen_orders(
    db: Database, actor: Actor, *, wanted: Filter, door: str, after: str = "", limit: int = PAGE_ROWS
) -> Page:
    """Return a page of orders, newest first (by day placed where days are given); recorded as a look-up.

    Raises:
        NotAllowed: the actor may not query.
        DateUnreadable: a bound is not a date.
    """
    require(actor, "query")
    rows, following = db.read(actor.merchant_id, partial(page_rows, wanted=wanted, after=after, limit=limit))
    query = msgspec.json.encode(wanted).decode()
    pairs = [(row.id, row.revision) for row in rows]
    lookup_id = db.write(
        actor.merchant_id, partial(record_lookup, actor=actor, door=door, kind="screen", query=query, pairs=pairs)
    )  # fmt: skip
    return Page(tuple(rows), following, lookup_id)


def page_rows(tx: Tx, *, wanted: Filter, after: str, limit: int) -> tuple[list[HeadRow], str]:
    """Return a page's rows and what the next page comes after, in an open transaction."""
    wanted = _complete(tx, wanted)
    binds, by_day = _binds(tx, wanted)
    place = _read_place(after, by_day=by_day)
    statement = _statement(_shape(wanted), by_day, bool(place), False)
    rows = tx.rows(statement, **binds, **place, limit=limit + 1)
    if len(rows) <= limit:
        return rows, ""
    last = rows[limit - 1]
    return rows[:limit], f"{last.placed_at_us}.{last.id}" if by_day else str(last.id)


def count_rows(tx: Tx, *, wanted: Filter) -> int:
    """Return how many orders a filter shows; 10,001 says more than 10,000."""
    wanted = _complete(tx, wanted)
    binds, by_day = _binds(tx, wanted)
    return int(tx.value(_statement(_shape(wanted), by_day, False, True), **binds, limit=COUNT_MOST + 1))


def save_screen(tx: Tx, actor: Actor, *, name: str, wanted: Filter, shared: bool) -> int:
    """Save a filter under a name; return the screen's id."""
    require(actor, "query")
    screen_id = new_id()
    tx.run(
        _ADD, id=screen_id, name=name.strip()[:80] or "?", owner_id=actor.id, shared=int(shared),
        filter=msgspec.json.encode(wanted).decode(), at_us=tx.now_us,
    )  # fmt: skip
    write_journal(
        tx, actor, verb="orders.save_screen", subject=f"screen:{screen_id}", data={"shared": shared}
    )
    return screen_id


def list_screens(tx: Tx, actor: Actor) -> list[Screen]:
    """Return the screens an actor sees: his own and shared ones, by name."""
    return tx.rows(_LIST, actor_id=actor.id)


def get_screen(tx: Tx, actor: Actor, *, screen_id: int) -> Screen:
    """Return a saved screen.

    Raises:
        ScreenMissing: there is none, or it is somebody else's own.
    """
    found = tx.one(_ONE, id=screen_id, actor_id=actor.id)
    if found is None:
        raise ScreenMissing
    return found


def drop_screen(tx: Tx, actor: Actor, *, screen_id: int) -> None:
    """Delete an own screen.

    Raises:
        ScreenMissing: there is none, or it is somebody else's.
    """
    if not tx.run(_DROP, id=screen_id, actor_id=actor.id):
        raise ScreenMissing
    write_journal(tx, actor, verb="orders.drop_screen", subject=f"screen:{screen_id}")


def filter_conditions(tx: Tx, wanted: Filter) -> tuple[list[sa.ColumnElement[bool]], dict[str, Any], str]:
    """Return a filter's conditions on `order_head`, their binds, and the zone of the shop that is meant."""
    wanted = _complete(tx, wanted)
    conditions, (binds, _) = _conditions(), _binds(tx, wanted)
    return [conditions[name] for name in _shape(wanted)], binds, get_shop(tx, code=wanted.shop).zone


def _shape(wanted: Filter) -> tuple[str, ...]:
    """Return which conditions a filter has; `held` may be yes, no or a kind of hold."""
    shape = [name for name in Filter.__struct_fields__ if getattr(wanted, name) not in ("", None)]
    return tuple(f"held_{wanted.held}" if n == "held" and wanted.held in ("yes", "no") else n for n in shape)


def _binds(tx: Tx, wanted: Filter) -> tuple[dict[str, Any], bool]:
    given = {n: v for n in Filter.__struct_fields__ if (v := getattr(wanted, n)) not in ("", None)}
    by_day = "date_from" in given or "date_to" in given
    if by_day or wanted.shop:
        place = get_shop(tx, code=wanted.shop)
        given["shop"] = place.id
        for name, end in (("date_from", 0), ("date_to", 1)):
            if name in given:
                given[name] = day_bounds_us(read_date(given[name]), place.zone)[end]
    return given, by_day


def read_date(text: str) -> date:
    """Return a day written as 2026-11-22, from 1990 to 2200.

    Raises:
        DateUnreadable: it is no such day.
    """
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day of the shop's, without a zone
    except ValueError:
        raise DateUnreadable(text=text[:20]) from None
    if not date(1990, 1, 1) <= day <= date(2200, 12, 31):
        raise DateUnreadable(text=text[:20])
    return day


def _complete(tx: Tx, wanted: Filter) -> Filter:
    """Return a filter whose amounts are of one currency: the shop's, where none is named."""
    if wanted.currency or (wanted.amount_min_minor is None and wanted.amount_max_minor is None):
        return wanted
    return replace(wanted, currency=get_shop(tx, code=wanted.shop).currency)


def _read_place(after: str, *, by_day: bool) -> dict[str, int]:
    parts = _PLACE.fullmatch(after)
    if parts is None or bool(parts["us"]) != by_day:
        return {}
    return {"after_id": int(parts["id"]), **({"after_us": int(parts["us"])} if by_day else {})}


def _conditions() -> dict[str, sa.ColumnElement[bool]]:
    head = order_head.c
    same = {"state": head.desk_state, "payment": head.payment, "fulfilment": head.fulfilment, "campaign": head.campaign, "channel": head.channel, "currency": head.currency}  # fmt: skip
    with_hold = sa.exists().where(
        hold.c.merchant_id == head.merchant_id, hold.c.order_id == head.id, hold.c.closed_at_us.is_(None),
        hold.c.kind == bind("held", str),
    )  # fmt: skip
    with_finding = sa.exists().where(
        order_finding.c.merchant_id == head.merchant_id, order_finding.c.order_id == head.id,
        order_finding.c.code == bind("finding", str),
    )  # fmt: skip
    return {
        **{name: column == bind(name, str) for name, column in same.items()},
        "held_yes": head.holds_open > NOUGHT,
        "held_no": head.holds_open == 0,
        "held": sa.and_(head.holds_open > NOUGHT, with_hold),
        "finding": with_finding,
        "date_from": head.placed_at_us >= bind("date_from"),
        "date_to": head.placed_at_us < bind("date_to"),
        "amount_min_minor": head.payable_minor >= bind("amount_min_minor"),
        "amount_max_minor": head.payable_minor <= bind("amount_max_minor"),
        "shop": head.shop_id == bind("shop"),
    }


@lru_cache(maxsize=512)
def _statement(shape: tuple[str, ...], by_day: bool, placed: bool, counting: bool) -> Statement[Any]:
    head, conditions = order_head.c, _conditions()
    chosen = sa.select(*HEAD_COLUMNS).where(own(order_head), *(conditions[name] for name in shape))
    if counting:
        counted = chosen.with_only_columns(head.id).limit(bind("limit"))
        # Where no index leads by a condition, the key does: else SQLite would walk all merchants' rows.
        inner = (counted if _LED & set(shape) else counted.order_by(head.id.desc())).subquery()
        return Statement[Any](sa.select(sa.func.count()).select_from(inner))
    if placed and by_day:
        # One bound on the row value: a second one beside BETWEEN would keep the index from being used.
        chosen = chosen.where(
            sa.tuple_(head.placed_at_us, head.id) < sa.tuple_(bind("after_us"), bind("after_id"))
        )
    elif placed:
        chosen = chosen.where(head.id < bind("after_id"))
    order = (head.placed_at_us.desc(), head.id.desc()) if by_day else (head.id.desc(),)
    return Statement(chosen.order_by(*order).limit(bind("limit")), HeadRow)
