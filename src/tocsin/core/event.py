"""Events: one append-only table per installation of what happened; consumers read it in batches.

NOTIFY and the bus only wake. On PostgreSQL ids are not in the order of commit, so a reader
stops at the snapshot's horizon: it never passes a transaction that is still open. Such a one may
end without an event of its own, so a consumer also looks by itself every second or so.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.bus import EVERYTHING, Bus
from tocsin.core.db import Tx
from tocsin.core.log import get_log
from tocsin.core.schema import DIRECTORY, big, directory_table, metadata, text
from tocsin.core.statement import Statement, bind, insert_into, own, upsert
from tocsin.core.telemetry import count

event = sa.Table(
    "event", metadata,
    # An explicit BIGSERIAL/rowid: SQLite numbers only INTEGER PRIMARY KEY by itself.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("horizon", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    big("merchant_id"), text("kind"), big("subject_id"), text("data"), big("at_us"),
    info=DIRECTORY,
)  # fmt: skip
sa.Index("ix_event_horizon_id", event.c.horizon, event.c.id)
sa.Index("ix_event_merchant_id", event.c.merchant_id, event.c.horizon, event.c.id)
event_consumer = directory_table(
    "event_consumer", text("name"), big("horizon"), big("event_id"), key=("name",)
)


class Event(Struct, frozen=True):
    """Something that happened; `data` is JSON without personal data."""

    id: int
    horizon: int
    merchant_id: int
    kind: str
    subject_id: int
    data: str
    at_us: int

    def fields(self) -> dict[str, Any]:
        """Return the event's data, decoded."""
        return msgspec.json.decode(self.data, type=dict[str, Any])


class Position(Struct, frozen=True):
    """How far a consumer has read."""

    horizon: int
    event_id: int


# Before every event: those of a restored desk stand below zero, where another server had counted further than this one.
BEGINNING = Position(-(2**62), 0)


_COLUMNS = (
    event.c.id, event.c.horizon, event.c.merchant_id, event.c.kind, event.c.subject_id, event.c.data, event.c.at_us
)  # fmt: skip
_ADD = insert_into(event, "merchant_id", "kind", "subject_id", "data", "at_us")
_POSITION = Statement(
    sa.select(event_consumer.c.horizon, event_consumer.c.event_id)
    .where(event_consumer.c.name == bind("name", str)),
    Position,
)  # fmt: skip
_LOCK = Statement[tuple[str]](
    sa.select(event_consumer.c.name).where(event_consumer.c.name == bind("name", str)).with_for_update()
)
_adding = upsert(event_consumer)
_BEGIN = Statement[None](_adding.on_conflict_do_nothing(), sets=("name", "horizon", "event_id"))
_MOVE = Statement[None](
    _adding.on_conflict_do_update(
        index_elements=["name"],
        set_={"horizon": _adding.excluded.horizon, "event_id": _adding.excluded.event_id},
    ),
    sets=("name", "horizon", "event_id"),
)
_open = event.c.horizon < sa.text("pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
_SETTLED = {"sqlite": sa.true(), "postgresql": _open}
_told = bind("horizon")


def _behind(
    dialect: str, *where: sa.ColumnElement[bool], horizon: sa.ColumnElement[int] = _told
) -> Statement[Event]:
    """Return the statement of the events behind a position, in their order."""
    chosen, event_id, order = sa.select(*_COLUMNS).where(*where), bind("event_id"), ("horizon", "id")
    if dialect == "postgresql":
        after = sa.tuple_(event.c.horizon, event.c.id) > sa.tuple_(horizon, event_id)
        return Statement(chosen.where(after).order_by(*order).limit(bind("limit")), Event)
    # A row's number is no column of SQLite's index, so of a pair it would seek the first alone and read all behind that.
    same = chosen.where(event.c.horizon == horizon, event.c.id > event_id)
    later = chosen.where(event.c.horizon > horizon)
    return Statement(sa.union_all(same, later).order_by(*order).limit(bind("limit")), Event)


# An id that is unknown, such as 0, replays from the beginning.
_seen = sa.func.coalesce(
    sa.select(event.c.horizon).where(event.c.id == bind("event_id")).correlate(None).scalar_subquery(),
    sa.literal_column(str(BEGINNING.horizon)),
)
_NEXT = {dialect: _behind(dialect, settled) for dialect, settled in _SETTLED.items()}
_LATEST = {
    dialect: Statement[tuple[int]](
        sa.select(event.c.id).where(settled).order_by(event.c.horizon.desc(), event.c.id.desc()).limit(1)
    )
    for dialect, settled in _SETTLED.items()
}
_LAST = {
    dialect: Statement(
        sa.select(*_COLUMNS).where(settled).order_by(event.c.horizon.desc(), event.c.id.desc()).limit(1),
        Event,
    )
    for dialect, settled in _SETTLED.items()
}
_REPLAY = {
    dialect: _behind(dialect, own(event), settled, horizon=_seen) for dialect, settled in _SETTLED.items()
}
_OWN_AFTER = {
    (dialect, only_settled): _behind(dialect, own(event), settled if only_settled else sa.true())
    for dialect, settled in _SETTLED.items() for only_settled in (True, False)
}  # fmt: skip
TOPIC = "event"
_log = get_log("event")
_wakers: list[tuple[Callable[[], None], tuple[str, ...]]] = []
_buses: list[Bus] = []


def append_event(tx: Tx, kind: str, *, subject_id: int, data: dict[str, Any] | None = None) -> None:
    """Add an event to the transaction; whoever listens is woken once it is durable."""
    text_ = msgspec.json.encode(data or {}).decode()
    tx.add(_ADD, merchant_id=tx.merchant_id, kind=kind, subject_id=subject_id, data=text_, at_us=tx.now_us)
    tx.after_commit(lambda: _happened(kind))


def _happened(kind: str) -> None:
    count("event", kind)
    for bus in tuple(_buses):
        bus.publish(f"{TOPIC} {kind}")  # a bus wakes its own process too
    if not _buses:
        _wake(kind)


def on_event(waker: Callable[[], None], *, kinds: tuple[str, ...] = ("",)) -> Callable[[], None]:
    """Have a callable woken after each commit that appended events; return what takes it off again.

    With a bus joined, commits of other processes wake it too. It may be woken for nothing.

    Args:
        kinds: what the events that wake it begin with: of a rush of orders who waits for a printer hears nothing.
    """
    entry = (waker, kinds)
    _wakers.append(entry)
    return lambda: _wakers.remove(entry)


def join_bus(bus: Bus) -> Callable[[], None]:
    """Tell other processes of this one's events and wake at theirs; return what leaves the bus again."""

    def wake(topic: str) -> None:
        name, _, kind = topic.partition(" ")
        if name in (TOPIC, EVERYTHING):
            _wake(kind)

    unlisten = bus.listen(wake)
    _buses.append(bus)

    def leave() -> None:
        _buses.remove(bus)
        unlisten()

    return leave


def take_events(tx: Tx, consumer: str, *, limit: int = 200) -> list[Event]:
    """Return the next events of a consumer and move its position; both are one transaction."""
    lock_consumer(tx, consumer)
    found = peek_events(tx, consumer, limit=limit)
    if found:
        move_consumer(tx, consumer, found[-1])
    return found


def lock_consumer(tx: Tx, consumer: str) -> None:
    """Let no other transaction read for this consumer until this one ends: what is moved in it is done once."""
    if tx.value(_LOCK, name=consumer) is None:
        # The row is the lock: two that begin at once must not both read from the start.
        tx.run(_BEGIN, name=consumer, horizon=BEGINNING.horizon, event_id=BEGINNING.event_id)
        tx.value(_LOCK, name=consumer)


def peek_events(tx: Tx, consumer: str, *, limit: int = 200) -> list[Event]:
    """Return the next events of a consumer whose work is in other transactions; it must bear repetition."""
    position = position_of(tx, consumer)
    return tx.rows(_NEXT[tx.dialect], horizon=position.horizon, event_id=position.event_id, limit=limit)


def position_of(tx: Tx, consumer: str) -> Position:
    """Return how far a consumer has read."""
    return tx.one(_POSITION, name=consumer) or BEGINNING


def move_consumer(tx: Tx, consumer: str, last: Event) -> None:
    """Set a consumer's position to the last event that it has dealt with."""
    tx.add(_MOVE, name=consumer, horizon=last.horizon, event_id=last.id)


def pass_all(tx: Tx, consumer: str) -> None:
    """Let a consumer begin after every event that there is: what they tell of is dealt with (directory scope)."""
    last = tx.one(_LAST[tx.dialect])
    if last is not None:
        move_consumer(tx, consumer, last)


def last_position(tx: Tx) -> Position:
    """Return the position after every event that no open transaction can still precede."""
    last = tx.one(_LAST[tx.dialect])
    return Position(last.horizon, last.id) if last is not None else BEGINNING


def events_after(tx: Tx, position: Position, *, limit: int, settled: bool = True) -> list[Event]:
    """Return the merchant's events after a position of his own, the oldest first.

    Args:
        settled: stop where an open transaction may still add one; else all that are to be seen, for who keeps no position by them.
    """
    found = _OWN_AFTER[tx.dialect, settled]
    return tx.rows(found, horizon=position.horizon, event_id=position.event_id, limit=limit)


def replay_events(tx: Tx, *, after_id: int, limit: int = 500) -> list[Event]:
    """Return the merchant's events after one that was seen: what a browser that was away has missed."""
    return tx.rows(_REPLAY[tx.dialect], event_id=after_id, limit=limit)


def latest_event_id(tx: Tx) -> int:
    """Return the id of the newest event that no open transaction can still precede, 0 where there is none."""
    return int(tx.value(_LATEST[tx.dialect]) or 0)


def _wake(kind: str) -> None:
    """Wake those whom a kind of event wakes; all where it is not told."""
    for waker, kinds in tuple(_wakers):
        if not kind or kind.startswith(kinds):
            try:
                waker()
            except Exception as fault:  # noqa: BLE001 - one whose loop has ended keeps nobody behind it asleep
                _log.warning("waker_failed", kind=kind, exc_info=fault)
