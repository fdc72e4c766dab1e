"""Tallying: counts each order anew after the events that tell of it, and once all there are; intake waits for none of it.

A merchant's tallies and how far his events are counted move in one transaction. Orders that were there before the tallies
are counted in pieces, oldest first; until all are, and where a zone is not whole hours off UTC, figures are counted from the rows.
"""

import time
from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.errors import Outage, Refusal
from tocsin.core.event import (
    BEGINNING,
    Event,
    Position,
    events_after,
    last_position,
    move_consumer,
    peek_events,
)
from tocsin.core.ident import made_at_us
from tocsin.core.log import get_log
from tocsin.core.schema import big, merchant_table, text
from tocsin.core.statement import Statement, bind, own, upsert
from tocsin.core.tally import Tallies, apply_change, change_of, drop_some
from tocsin.core.tenant import list_merchants
from tocsin.orders.table import order_head
from tocsin.tickets.ticket_tally import entries_of, read_facts

R = TypeVar("R")
CONSUMER = "tickets.tally"
VERSION = 1
"""Of what is counted: another one has all counted anew."""
CLEARING, COUNTING, COUNTED = "clearing", "counting", "counted"
PIECE, PENDING_MOST = 50, 500
_BATCH, _DROPPED, _ROUNDS = 500, 500, 50
_REST_SECONDS = 60.0
_log = get_log("tickets.tally")
_ABOUT = ("order.", "print.", "check.")

tally_state = merchant_table(
    "tally_state", big("version"), text("state"), big("counted_to"), big("horizon"), big("event_id"), key=()
)


class State(Struct, frozen=True):
    """How far a merchant's tallies are: `counted_to` is the newest of the orders that were there before them."""

    version: int
    state: str
    counted_to: int
    horizon: int
    event_id: int

    @property
    def position(self) -> Position:
        """Return up to which event all is counted."""
        return Position(self.horizon, self.event_id)

    @property
    def is_counted(self) -> bool:
        """Tell that the tallies hold all."""
        return (self.version, self.state) == (VERSION, COUNTED)


class Counting(Struct, frozen=True):
    """How far the first count is: of all orders that were issued before an instant."""

    counted_to_us: int


_columns = [tally_state.c[name] for name in State.__struct_fields__]
_STATE = Statement(sa.select(*_columns).where(own(tally_state)), State)
_LOCK = Statement(sa.select(*_columns).where(own(tally_state)).with_for_update(), State)
_BEGIN = Statement[None](
    upsert(tally_state).on_conflict_do_nothing(), sets=[c.name for c in tally_state.columns]
)
_MOVE = Statement[None](
    sa.update(tally_state).where(own(tally_state)), sets=("version", "state", "counted_to", "horizon", "event_id")
)  # fmt: skip
_ORDERS = Statement[tuple[int]](
    sa.select(order_head.c.id).where(own(order_head), order_head.c.id > bind("after"))
    .order_by(order_head.c.id).limit(bind("limit"))
)  # fmt: skip
_AGAIN = Statement[None](sa.update(tally_state).where(own(tally_state)), sets=("version",))


class Tallier:
    """Keeps the tallies of all merchants; several processes may, one at a time for each merchant."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._unfinished: set[int] | None = None
        self._rests = dict[int, float]()

    def step(self) -> int:
        """Count what has happened since last time; return how much of it there was.

        A merchant whose count breaks rests for a minute: the others' goes on.
        """
        if self._unfinished is None:
            merchants = self._db.read(DIRECTORY_SCOPE, list_merchants)
            self._unfinished = {one.id for one in merchants}
        events = self._db.read(DIRECTORY_SCOPE, lambda tx: peek_events(tx, CONSUMER, limit=_BATCH))
        self._unfinished |= {
            one.merchant_id for one in events if one.merchant_id and one.kind.startswith(_ABOUT)
        }
        resting = {one for one, until in self._rests.items() if until > time.monotonic()}
        more = [one for one in sorted(self._unfinished - resting) if not self._try(one)]
        if events:
            self._db.write(DIRECTORY_SCOPE, lambda tx: move_consumer(tx, CONSUMER, events[-1]))
        return (len(events) == _BATCH) + len(more)

    def _try(self, merchant_id: int) -> bool:
        """Count for a while; tell whether there is no more to count of the merchant now."""
        try:
            ended = self._count(merchant_id)
        except Outage:
            raise
        except Exception as fault:  # noqa: BLE001 - whatever his count meets, the others' must not wait for it
            _log.error("tallies_failed", merchant=str(merchant_id), exc_info=fault)
            self._rests[merchant_id] = time.monotonic() + _REST_SECONDS
            return True
        self._rests.pop(merchant_id, None)
        if ended and self._unfinished:
            self._unfinished.discard(merchant_id)
        return ended

    def _count(self, merchant_id: int) -> bool:
        """Count for a while; tell whether all of the merchant's is counted."""
        return any(not self._db.write(merchant_id, tally_some) for _ in range(_ROUNDS))


def tally_all(db: Database) -> None:
    """Count all there is, of every merchant."""
    tallier = Tallier(db)
    while tallier.step():
        continue


def tally_some(tx: Tx) -> bool:
    """Count a piece of a merchant's orders; tell whether there may be more."""
    state = _locked(tx)
    if state.version != VERSION:
        state = State(VERSION, CLEARING, 0, BEGINNING.horizon, BEGINNING.event_id)
        _move(tx, state)
    if state.state == CLEARING:
        if not drop_some(tx, limit=_DROPPED):
            _move(tx, State(VERSION, COUNTING, 0, *_place(last_position(tx))))
        return True
    if state.state == COUNTING:
        _count_further(tx, state)
        return True
    return _follow(tx, state)


def count_again(tx: Tx) -> None:
    """Have all of a merchant counted anew, in the background."""
    tx.run(_AGAIN, version=0)


def read_with_tallies(
    db: Database, merchant_id: int, read: Callable[[Tx, Tallies | Counting | None], R]
) -> R:
    """Read on one snapshot, which the tallies are of too; where they can't be read, without them.

    What happens between two statements would else be counted twice: as pending, and in the sums.

    Raises:
        Exception: whatever `read` raises without tallies.
    """
    try:
        with db.snapshot(merchant_id) as tx:
            return read(tx, read_tallies(tx))
    except (Refusal, Outage):
        raise
    except Exception as fault:  # noqa: BLE001 - the rows themselves are counted
        _log.error("tallies_unread", merchant=str(merchant_id), exc_info=fault)
    with db.snapshot(merchant_id) as tx:
        return read(tx, None)


def read_tallies(tx: Tx) -> Tallies | Counting | None:
    """Return the merchant's tallies with what has happened since, how far they are, or None where nobody has begun.

    Its snapshot must be that of the figures: see `read_with_tallies`.
    """
    state = tx.one(_STATE)
    if state is None or not state.is_counted:
        counting = state is not None and state.version == VERSION and state.counted_to > 0
        return Counting(made_at_us(state.counted_to)) if state is not None and counting else None
    events = events_after(tx, state.position, limit=PENDING_MOST + 1, settled=False)
    if not events:
        return Tallies(tx, {})
    if len(events) > PENDING_MOST:
        return Tallies(tx, {}, counted_to_us=events[0].at_us)
    facts = read_facts(tx, _subjects(events))
    return Tallies(tx, change_of(tx, facts, entries=entries_of).amounts)


def _locked(tx: Tx) -> State:
    found = tx.one(_LOCK)
    if found is None:
        # The row is the lock: two that begin at once must not both count.
        tx.run(_BEGIN, version=VERSION, state=CLEARING, counted_to=0, horizon=BEGINNING.horizon, event_id=BEGINNING.event_id)  # fmt: skip
        found = tx.one(_LOCK)
    assert found is not None
    return found


def _move(tx: Tx, state: State) -> None:
    tx.run(
        _MOVE, version=state.version, state=state.state, counted_to=state.counted_to, horizon=state.horizon, event_id=state.event_id
    )  # fmt: skip


def _count_further(tx: Tx, state: State) -> None:
    ids = [row[0] for row in tx.rows(_ORDERS, after=state.counted_to, limit=PIECE)]
    _count_orders(tx, ids)
    ended = len(ids) < PIECE
    counted_to = ids[-1] if ids else state.counted_to
    _move(tx, State(VERSION, COUNTED if ended else COUNTING, counted_to, *_place(state.position)))


def _follow(tx: Tx, state: State) -> bool:
    events = events_after(tx, state.position, limit=PIECE)
    if events:
        _count_orders(tx, _subjects(events))
        last = Position(events[-1].horizon, events[-1].id)
        _move(tx, State(VERSION, COUNTED, state.counted_to, *_place(last)))
    return len(events) == PIECE


def _place(position: Position) -> tuple[int, int]:
    return position.horizon, position.event_id


def _count_orders(tx: Tx, order_ids: list[int]) -> None:
    if order_ids:
        apply_change(tx, change_of(tx, read_facts(tx, order_ids), entries=entries_of))


def _subjects(events: list[Event]) -> list[int]:
    return sorted({one.subject_id for one in events if one.kind.startswith(_ABOUT)})
