"""Box 8, alarm: the loop that turns signals into incidents.

An event wakes it; what it reads are the signals that nobody has dealt with. One watch at a time
holds the lock, and marks them in the very transaction that raises or counts: each is dealt with
once, however many servers there are and wherever one of them dies. It never waits for an older
transaction to end, as a consumer of events does.
"""

from functools import partial

import sqlalchemy as sa
from msgspec import Struct

from tocsin.alarm.attack import account_for, settle_success
from tocsin.alarm.drill_chain import begin_incident
from tocsin.alarm.evidence import SignalRow, next_signals, own_signals, see_signals
from tocsin.alarm.incident import raise_incident
from tocsin.alarm.lane import key_of
from tocsin.alarm.rules import read_alarm_rules
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.event import lock_consumer
from tocsin.core.log import get_log
from tocsin.core.statement import Statement
from tocsin.core.tenant import merchant

LOCK = "alarm.watch"
BATCH = 250
_log = get_log("alarm.watch")
_TWO = Statement[tuple[int]](sa.select(merchant.c.id).order_by(merchant.c.id).limit(2))


class _Next(Struct, frozen=True):
    """Whose signals come next; `heir_id` is who gets those of nobody."""

    merchant_id: int
    heir_id: int


def watch_signals(db: Database, *, limit: int = BATCH) -> int:
    """Deal with the next signals, those of one merchant; return how many, 0 where there are none."""
    following = db.read(DIRECTORY_SCOPE, _look)
    if following is None:
        return 0
    try:
        return db.write(following.merchant_id, partial(_take, heir_id=following.heir_id, limit=limit))
    except Exception as fault:  # noqa: BLE001 - a signal that can't be dealt with must not keep the others from it
        _log.error("signals_not_read", exc_info=fault)
    return _one_by_one(db, following, limit)


def _look(tx: Tx) -> _Next | None:
    told = next_signals(tx, limit=1)
    ids = [row[0] for row in tx.rows(_TWO)] if told else []
    heir_id = ids[0] if len(ids) == 1 else 0
    return _Next(_owner(told[0], heir_id), heir_id) if told else None


def _owner(told: SignalRow, heir_id: int) -> int:
    """Return whose a signal is: a name that nobody has was tried at the installation's only merchant, or at none."""
    return told.merchant_id or heir_id


def _take(tx: Tx, *, heir_id: int, limit: int, unread: bool = False) -> int:
    lock_consumer(tx, LOCK)
    waiting = next_signals(tx, limit=limit)
    mine = [one for one in waiting if _owner(one, heir_id) == tx.merchant_id]
    if mine and unread:
        raise_incident(tx, kind="unread", key="unread", level="light", why="unread", why_data={})
    elif mine:
        own_signals(tx, mine)
        deal_with(tx, mine)
    see_signals(tx, mine)
    return len(waiting)


def _one_by_one(db: Database, first: _Next, limit: int) -> int:
    """Deal with what stands next singly; what fails then too is an incident of its own, in the open."""
    for done in range(limit):
        following = db.read(DIRECTORY_SCOPE, _look)
        if following != first:
            return done
        take = partial(_take, heir_id=first.heir_id, limit=1)
        try:
            db.write(first.merchant_id, take)
        except Exception as fault:  # noqa: BLE001 - see above; a database that is away fails below as well
            _log.error("signal_unread", exc_info=fault)
            db.write(first.merchant_id, partial(take, unread=True))
    return limit


def deal_with(tx: Tx, told: list[SignalRow]) -> None:
    """Raise, count and end incidents by signals in their order: each run of a key together."""
    rules = read_alarm_rules(tx)
    if not tx.merchant_id:
        _log.warning("signals_of_no_merchant", count=len(told))
    runs: dict[str, list[SignalRow]] = {}
    for one in told:
        if one.kind == "drill":
            begin_incident(tx, drill_id=int(one.subject.partition(":")[2]))
            continue
        key = key_of(one)
        if one.kind in ("credential_right", "device_back"):
            if run := runs.pop(key, None):
                account_for(tx, run, key=key, rules=rules)
            settle_success(tx, one, key=key)
        else:
            runs.setdefault(key, []).append(one)
    for key, run in runs.items():
        account_for(tx, run, key=key, rules=rules)
