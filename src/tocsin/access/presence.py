"""Presence: which stations and readers are there; one that is gone tells the alarm, and one that is back too.

A station says goodbye when it is stopped properly, as when a shop closes; it is then not missed
unless it is expected always. One that falls silent without a word is missed after 30 seconds.
"""

from functools import partial
from typing import Any, Literal

import sqlalchemy as sa

from tocsin.access.admission import sweep_nonces
from tocsin.access.station import WAITS, Station, find_station, live_stations, station
from tocsin.alarm.signal import Signal, send_signal
from tocsin.core.actor import Actor, desk_actor
from tocsin.core.clock import SECOND_US, now_us
from tocsin.core.command import sweep_commands
from tocsin.core.db import Database, Tx
from tocsin.core.event import append_event
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.loop import for_each_merchant
from tocsin.core.statement import Statement, bind, own

SILENT_SECONDS = 30
ReaderState = Literal["none", "ready", "vanished"]
StationState = Literal["revoked", "clock", "waits", "vanished", "left", "new", "there", "silent"]

_of_id = (own(station), station.c.id == bind("b_station_id"))
_VANISH = Statement[None](
    sa.update(station).where(
        *_of_id, station.c.vanished_at_us == 0, station.c.revoked_at_us == 0, station.c.last_seen_us < bind("before")
    ),
    sets=("vanished_at_us",),
)  # fmt: skip
_LEAVE = Statement[None](sa.update(station).where(*_of_id), sets=("left_at_us",))
_SET_READER = Statement[None](
    sa.update(station).where(
        *_of_id, station.c.reader == bind("was", str), station.c.reader_driver == bind("was_driver", str)
    ),
    sets=("reader", "reader_driver", "reader_at_us"),
)  # fmt: skip
_SET_POLL = Statement[None](sa.update(station).where(*_of_id), sets=("poll", "version"))
_END_POLL = Statement[None](sa.update(station).where(*_of_id), sets=("poll",))
_POLL = Statement[tuple[int]](
    sa.select(station.c.poll).where(own(station), station.c.id == bind("of_station"), station.c.revoked_at_us == 0)
)  # fmt: skip


class Presence:
    """Watches the stations of an installation.

    The desk itself may have been away: silence counts from when it began to listen.
    """

    def __init__(self, db: Database) -> None:
        self._db, self._since_us = db, now_us()

    def watch(self) -> int:
        """Tell of stations that have fallen silent; return how many."""
        return for_each_merchant(self._db, self._watch)

    def _watch(self, merchant_id: int) -> int:
        before = now_us() - SILENT_SECONDS * SECOND_US
        if before < self._since_us:
            return 0
        silent = [one for one in self._db.read(merchant_id, live_stations) if _is_missed(one, before=before)]
        return sum(
            self._db.write(merchant_id, partial(_note_vanished, found=one, before=before)) for one in silent
        )

    def sweep(self) -> int:
        """Delete old commands and nonces of each merchant; return how many rows."""
        return for_each_merchant(
            self._db,
            lambda each: sum(self._db.write(each, sweep) for sweep in (sweep_commands, sweep_nonces)),
        )


def begin_poll(tx: Tx, actor: Actor, *, version: str) -> int:
    """Note that a station waits for commands, and which version it runs; return what tells this wait from a later one."""
    found, poll = find_station(tx, station_id=actor.id), new_id()
    tx.run(_SET_POLL, b_station_id=actor.id, poll=poll, version=version[:40])
    if found is not None and found.version != version[:40]:
        append_event(tx, "station.changed", subject_id=actor.id)
    return poll


def end_poll(tx: Tx, actor: Actor) -> None:
    """Let no request of a station that waits take anything any more: it comes anew."""
    tx.run(_END_POLL, b_station_id=actor.id, poll=0)


def is_newest_poll(tx: Tx, actor: Actor, *, poll: int) -> bool:
    """Tell whether a station has not asked anew since: the connection of an earlier request may be dead."""
    return bool(tx.value(_POLL, of_station=actor.id) == poll)


def note_goodbye(tx: Tx, actor: Actor) -> None:
    """Note that a station was stopped properly and will be silent."""
    tx.run(_LEAVE, b_station_id=actor.id, left_at_us=tx.now_us)
    write_journal(tx, actor, verb="access.station_left", subject=f"station:{actor.id}")
    append_event(tx, "station.changed", subject_id=actor.id)


def note_reader(tx: Tx, actor: Actor, *, state: ReaderState, driver: str) -> None:
    """Note how a station's reader is; one that was ready and is gone tells the alarm, once."""
    found = find_station(tx, station_id=actor.id)
    if found is None or (found.reader, found.reader_driver) == (state, driver[:40]):
        return
    if not tx.run(
        _SET_READER, b_station_id=actor.id, was=found.reader, was_driver=found.reader_driver, reader=state,
        reader_driver=driver[:40], reader_at_us=tx.now_us,
    ):  # fmt: skip
        note_reader(tx, actor, state=state, driver=driver)  # another request changed it meanwhile
        return
    subject = f"reader:{actor.id}"
    if state == "vanished" and found.reader == "ready":
        send_signal(tx, Signal(kind="reader_vanished", method="reader", subject=subject))
    if state == "ready" and found.reader == "vanished":
        send_signal(tx, Signal(kind="device_back", method="reader", subject=subject, outcome="right"))
    data = {"reader": state, "before": found.reader}
    write_journal(tx, actor, verb="access.reader", subject=f"station:{actor.id}", data=data)
    append_event(tx, "station.changed", subject_id=actor.id)


def is_there(found: Station, now: int) -> bool:
    """Tell whether a station has been heard of lately, so that it can be asked for something."""
    return not (found.revoked_at_us or found.vanished_at_us or found.left_at_us) and (
        now - found.last_seen_us <= SILENT_SECONDS * SECOND_US
    )


def station_state(found: Station, now: int) -> StationState:
    """Return how a station is, in one word; `silent` where nobody has missed it yet."""
    known: dict[StationState, Any] = {
        "revoked": found.revoked_at_us, "clock": found.problem == "clock", "waits": found.problem == WAITS,
        "vanished": found.vanished_at_us, "left": found.left_at_us, "new": not found.last_seen_us,
    }  # fmt: skip
    return next(
        (name for name, holds in known.items() if holds), "there" if is_there(found, now) else "silent"
    )


def _is_missed(found: Station, *, before: int) -> bool:
    if not found.last_seen_us or found.vanished_at_us or found.last_seen_us >= before:
        return False
    return bool(found.always) or not found.left_at_us


def _note_vanished(tx: Tx, *, found: Station, before: int) -> int:
    if not tx.run(_VANISH, b_station_id=found.id, before=before, vanished_at_us=tx.now_us):
        return 0  # it spoke meanwhile, or another process has told of it
    subject = f"station:{found.id}"
    send_signal(tx, Signal(kind="station_vanished", subject=subject))
    write_journal(tx, desk_actor(tx.merchant_id), verb="access.station_vanished", subject=subject)
    append_event(tx, "station.changed", subject_id=found.id)
    return 1
