"""Box 8, alarm: the loop that turns signals into incidents.

Signals are events, read in order. The consumer's row is locked in the transaction that raises
or counts, and moved in it too: each signal is dealt with once, however many servers there are
and wherever one of them dies.
"""

from functools import partial

import sqlalchemy as sa
from msgspec import Struct

from tocsin.alarm.attack import account_for, settle_success
from tocsin.alarm.evidence import SignalRow, take_signals
from tocsin.alarm.incident import raise_incident
from tocsin.alarm.lane import key_of
from tocsin.alarm.rules import read_alarm_rules
from tocsin.alarm.signal import SIGNALLED
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.event import Event, lock_consumer, move_consumer, peek_events
from tocsin.core.log import get_log
from tocsin.core.statement import Statement
from tocsin.core.tenant import merchant

CONSUMER = "alarm.watch"
BATCH = 250
_log = get_log("alarm.watch")
_TWO = Statement[tuple[int]](sa.select(merchant.c.id).order_by(merchant.c.id).limit(2))


class _Ahead(Struct, frozen=True):
    """What stands next: how many events, whose signal comes first (None: nobody's), whose are those of nobody."""

    events: int
    merchant_id: int | None
    heir_id: int


def watch_signals(db: Database, *, limit: int = BATCH) -> int:
    """Deal with the next signals of one merchant; return how many events that took."""
    ahead = db.read(DIRECTORY_SCOPE, partial(_look, limit=limit))
    if ahead.merchant_id is None:
        # Others' events are passed over when a signal comes, or when they have become many.
        return (
            db.write(DIRECTORY_SCOPE, partial(_take, ahead=ahead, limit=limit))
            if ahead.events == limit
            else 0
        )
    try:
        return db.write(ahead.merchant_id, partial(_take, ahead=ahead, limit=limit))
    except Exception as fault:  # noqa: BLE001 - a signal that can't be dealt with must not keep the others from it
        _log.error("signals_not_read", exc_info=fault)
    return _one_by_one(db, ahead, merchant_id=ahead.merchant_id, limit=limit)


def _look(tx: Tx, *, limit: int) -> _Ahead:
    events = peek_events(tx, CONSUMER, limit=limit)
    ids = [row[0] for row in tx.rows(_TWO)]
    heir_id = ids[0] if len(ids) == 1 else 0
    first = next((_owner(one, heir_id) for one in events if one.kind == SIGNALLED), None)
    return _Ahead(len(events), first, heir_id)


def _owner(event: Event, heir_id: int) -> int:
    """Return whose a signal is: a name that nobody has was tried at the installation's only merchant, or at none."""
    return event.merchant_id or heir_id


def _take(tx: Tx, *, ahead: _Ahead, limit: int, unread: bool = False) -> int:
    lock_consumer(tx, CONSUMER)
    mine: list[Event] = []
    for event in peek_events(tx, CONSUMER, limit=limit):
        if event.kind == SIGNALLED and _owner(event, ahead.heir_id) != tx.merchant_id:
            break
        mine.append(event)
    told = [event.subject_id for event in mine if event.kind == SIGNALLED]
    if told and unread:
        raise_incident(tx, kind="unread", key="unread", level="light", why="unread", why_data={})
    elif told:
        deal_with(tx, take_signals(tx, signal_ids=told))
    if mine:
        move_consumer(tx, CONSUMER, mine[-1])
    return len(mine)


def _one_by_one(db: Database, ahead: _Ahead, *, merchant_id: int, limit: int) -> int:
    """Deal with what stands next singly; what fails then too is an incident of its own, in the open."""
    for done in range(limit):
        one = db.read(DIRECTORY_SCOPE, partial(_look, limit=1))
        if not one.events or one.merchant_id not in (None, merchant_id):
            return done
        try:
            db.write(merchant_id, partial(_take, ahead=ahead, limit=1))
        except Exception as fault:  # noqa: BLE001 - see above; a database that is away fails below as well
            _log.error("signal_unread", exc_info=fault)
            db.write(merchant_id, partial(_take, ahead=ahead, limit=1, unread=True))
    return limit


def deal_with(tx: Tx, told: list[SignalRow]) -> None:
    """Raise, count and end incidents by signals in their order: each run of a key together."""
    rules = read_alarm_rules(tx)
    if not tx.merchant_id:
        _log.warning("signals_of_no_merchant", count=len(told))
    runs: dict[str, list[SignalRow]] = {}
    for one in told:
        key = key_of(one)
        if one.kind in ("credential_right", "device_back"):
            if run := runs.pop(key, None):
                account_for(tx, run, key=key, rules=rules)
            settle_success(tx, one, key=key)
        else:
            runs.setdefault(key, []).append(one)
    for key, run in runs.items():
        account_for(tx, run, key=key, rules=rules)
