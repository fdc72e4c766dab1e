"""The watch list: orders, receivers and queries whose orders nobody opens, reveals, prints or takes along alone."""

from functools import lru_cache
from typing import Any, Literal

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.step_up import require_proof
from tocsin.access.table import operator
from tocsin.alarm.signal import Signal, send_signal
from tocsin.core.actor import ROLES, Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.mask import mask_phone
from tocsin.core.party import party, person, plain_phone
from tocsin.core.statement import Statement, any_of, bind, insert_into, own
from tocsin.core.vault import seal, unseal
from tocsin.orders.listing import list_heads
from tocsin.orders.screen import Filter, count_rows, read_filter
from tocsin.orders.store import find_order_id
from tocsin.orders.syntax_meaning import Meaning
from tocsin.orders.syntax_sql import Shape, clause_of, shape_of, values_of
from tocsin.orders.table import order_head, watch

WatchKind = Literal["order", "phone", "query"]
KINDS: tuple[WatchKind, ...] = ("order", "phone", "query")
WATCHES_MOST, MATCHES_MOST, REASON_CHARACTERS, _LEAST_PHONE = 200, 10_000, 200, 6
PEOPLE_LEAST = 2
_EVER = 2**63 - 1


class WatchWrong(Refusal):
    """This can't be watched: {problem}"""

    kind, code = "invalid", "watch_wrong"


class WatchMissing(Refusal):
    """It is not on the watch list any more: look at the list again"""

    kind, code = "missing", "watch_missing"


class WatchNeedsTwo(Refusal):
    """A watch list needs two people who may confirm for each other: invite another owner, manager or checker first"""

    kind, code = "conflict", "watch_needs_two"


class WatchRow(Struct, frozen=True):
    """An entry as it is stored; `until_us` is when it ends by itself."""

    id: int
    kind: str
    order_id: int
    phone_digest: str
    sealed: bytes
    reason: str
    by_name: str
    at_us: int
    until_us: int


class Watch(Struct, frozen=True):
    """An entry of the list as it is shown: an order's number, a masked phone, or a query; `until_us` 0: it stays."""

    id: int
    kind: str
    shown: str
    reason: str
    by_name: str
    at_us: int
    until_us: int
    readable: bool


class TakenOff(Struct, frozen=True):
    """What was taken off the list, in plain text: with it `add_watch` puts it back."""

    kind: str
    value: str
    reason: str
    until_us: int


_COLUMNS = tuple(watch.c[name] for name in WatchRow.__struct_fields__)
_ADD = insert_into(watch)
_IN_FORCE = Statement(
    sa.select(*_COLUMNS).where(own(watch), watch.c.until_us > bind("now_us")).order_by(watch.c.id.desc()), WatchRow
)  # fmt: skip
_ONE = Statement(sa.select(*_COLUMNS).where(own(watch), watch.c.id == bind("id")), WatchRow)
_REMOVE = Statement[None](sa.delete(watch).where(own(watch), watch.c.id == bind("id")))
_EXPIRE = Statement[None](sa.delete(watch).where(own(watch), watch.c.until_us <= bind("now_us")))
_theirs = (own(person), any_of(person.c.phone_digest, "states"))
_of_person = party.join(
    person, sa.and_(person.c.merchant_id == party.c.merchant_id, person.c.id == party.c.person_id)
)
_OF_PHONES = Statement[tuple[int]](sa.select(party.c.order_id).select_from(_of_person).where(*_theirs))
_AMONG_PHONES = Statement[tuple[int]](
    sa.select(party.c.order_id).select_from(_of_person)
    .where(own(party), any_of(party.c.order_id, "ids"), any_of(person.c.phone_digest, "states"))
)  # fmt: skip
_CONFIRMERS = Statement[tuple[str]](
    sa.select(operator.c.role).where(own(operator), operator.c.active == 1).order_by(operator.c.id)
)


def add_watch(tx: Tx, actor: Actor, *, kind: str, value: str, reason: str, until_us: int = 0) -> int:
    """Put an order (by number), a receiver (by phone) or a query's orders on the list; return the entry's id.

    Raises:
        NotAllowed: it needs the right to settings.
        WatchNeedsTwo: fewer than two people could confirm.
        WatchWrong: there is no reason, no such kind, too short a phone, or a query of too many orders.
        OrderMissing, QueryUnreadable and its like
    """
    require(actor, "shop_settings")
    value, reason = value.strip(), reason.strip()
    if not value or not 0 < len(reason) <= REASON_CHARACTERS:
        raise WatchWrong(problem="say what is watched, and why in at most 200 characters")
    if until_us and until_us <= tx.now_us:
        raise WatchWrong(problem="its end has passed already")
    if count_confirmers(tx) < PEOPLE_LEAST:
        raise WatchNeedsTwo
    tx.run(_EXPIRE, now_us=tx.now_us)
    if len(in_force(tx)) >= WATCHES_MOST:
        raise WatchWrong(problem="the list is full, take off what is over")
    watch_id, keys = new_id(), tx.vault.keys(tx)
    order_id, digest = _read(tx, kind, value)
    tx.run(
        _ADD, id=watch_id, kind=kind, order_id=order_id, phone_digest=digest, by_id=actor.id, by_name=actor.name,
        sealed=seal(keys.wrapping, value.encode("utf-8", "replace"), bound_to=_bound(watch_id)), reason=reason,
        at_us=tx.now_us, until_us=until_us or _EVER,
    )  # fmt: skip
    write_journal(
        tx,
        actor,
        verb="orders.watch",
        subject=f"watch:{watch_id}",
        data={"kind": kind, "order": str(order_id)},
    )
    return watch_id


def count_confirmers(tx: Tx) -> int:
    """Return how many people may be a second person; where two are asked for, fewer than two lock each other out."""
    return sum("second_person" in ROLES.get(role, frozenset()) for (role,) in tx.rows(_CONFIRMERS))


def remove_watch(tx: Tx, actor: Actor, *, watch_id: int) -> TakenOff:
    """Take an entry off and return what would put it back; the alarm hears of it, because what it guarded can be opened alone from now on.

    Raises:
        NotAllowed, WatchMissing
        ProofNeeded: the actor has not proved lately who he is.
    """
    require(actor, "shop_settings")
    require_proof(actor)
    found = tx.one(_ONE, id=watch_id)
    if found is None or not tx.run(_REMOVE, id=watch_id):
        raise WatchMissing
    send_signal(
        tx,
        Signal(
            kind="watched_tried", operator_id=actor.id, subject=f"watch:{watch_id}", data={"act": "remove"}
        ),
    )
    write_journal(tx, actor, verb="orders.unwatch", subject=f"watch:{watch_id}")
    plain = unseal(tx.vault.keys(tx).wrapping, found.sealed, bound_to=_bound(found.id)).decode()
    return TakenOff(found.kind, plain, found.reason, 0 if found.until_us == _EVER else found.until_us)


def list_watches(tx: Tx, actor: Actor) -> list[Watch]:
    """Return what is watched, the newest first.

    Raises:
        NotAllowed: it needs the right to settings.
    """
    require(actor, "shop_settings")
    rows, keys = in_force(tx), tx.vault.keys(tx)
    numbers = {
        head.id: head.number
        for head in list_heads(tx, order_ids=[row.order_id for row in rows if row.order_id])
    }
    shown = []
    for row in rows:
        plain = unseal(keys.wrapping, row.sealed, bound_to=_bound(row.id)).decode()
        text = {"order": numbers.get(row.order_id, plain), "phone": mask_phone(plain)}.get(row.kind, plain)
        until_us = 0 if row.until_us == _EVER else row.until_us
        readable = row.kind != "query" or _meaning_of(tx, plain) is not None
        shown.append(Watch(row.id, row.kind, text, row.reason, row.by_name, row.at_us, until_us, readable))
    return shown


def in_force(tx: Tx) -> list[WatchRow]:
    """Return the entries that have not ended."""
    return tx.rows(_IN_FORCE, now_us=tx.now_us)


def expire_watches(tx: Tx) -> int:
    """Delete entries whose day has come; return how many."""
    return tx.run(_EXPIRE, now_us=tx.now_us)


def watched_among(tx: Tx, *, order_ids: list[int]) -> set[int]:
    """Return those of some orders that are watched; nothing is asked while the list is empty."""
    rows = in_force(tx) if order_ids else []
    wanted = set(order_ids)
    found = {row.order_id for row in rows if row.order_id in wanted}
    if digests := [row.phone_digest for row in rows if row.phone_digest]:
        found |= {row[0] for row in tx.rows(_AMONG_PHONES, ids=order_ids, states=digests)}
    for asked, binds in _queries(tx, rows):
        found |= {row[0] for row in tx.rows(among_statement(asked, tx.dialect), **binds, ids=order_ids)}
    return found


def watched_orders(tx: Tx) -> set[int]:
    """Return every order that is watched: what files are written without."""
    rows = in_force(tx)
    found = {row.order_id for row in rows if row.order_id}
    if digests := [row.phone_digest for row in rows if row.phone_digest]:
        found |= {row[0] for row in tx.rows(_OF_PHONES, states=digests)}
    for asked, binds in _queries(tx, rows):
        found |= {row[0] for row in tx.rows(every_statement(asked, tx.dialect), **binds)}
    return found


@lru_cache(maxsize=256)
def among_statement(shape: Shape, dialect: str) -> Statement[tuple[int]]:
    """Return what asks which of some orders a query shows; a hit too many is no harm here."""
    head = order_head.c
    return Statement(
        sa.select(head.id).where(own(order_head), any_of(head.id, "ids"), clause_of(shape, dialect))
    )


@lru_cache(maxsize=256)
def every_statement(shape: Shape, dialect: str) -> Statement[tuple[int]]:
    """Return what asks for all orders of a query."""
    return Statement(
        sa.select(order_head.c.id)
        .where(own(order_head), clause_of(shape, dialect))
        .order_by(order_head.c.id.desc())
    )


def _queries(tx: Tx, rows: list[WatchRow]) -> list[tuple[Shape, dict[str, Any]]]:
    keys, found = tx.vault.keys(tx), []
    for row in rows:
        if row.kind == "query":
            text = unseal(keys.wrapping, row.sealed, bound_to=_bound(row.id)).decode()
            meaning = _meaning_of(tx, text)
            if meaning is not None:
                found.append((shape_of(meaning), values_of(meaning, keys, tx.dialect)))
    return found


def _meaning_of(tx: Tx, text: str) -> Meaning | None:
    """Return what a query means; None where it can't be read any more, which the list shows: no door closes for it."""
    try:
        return read_filter(tx, Filter(query=text)).meaning
    except Refusal:
        return None


def _read(tx: Tx, kind: str, value: str) -> tuple[int, str]:
    """Return what an entry is found by: its order, or its phone's digest; nothing for a query."""
    if kind == "order":
        return find_order_id(tx, number=value), ""
    if kind == "phone":
        if len(plain_phone(value)) < _LEAST_PHONE:
            raise WatchWrong(problem="a phone has at least six digits")
        return 0, tx.vault.keys(tx).digest("person", plain_phone(value))
    if kind != "query":
        raise WatchWrong(problem="choose an order, a phone or a query")
    if count_rows(tx, wanted=Filter(query=value)) > MATCHES_MOST:
        raise WatchWrong(problem="the query shows more than 10,000 orders: narrow it")
    return 0, ""


def _bound(watch_id: int) -> bytes:
    return b"watch %d" % watch_id
