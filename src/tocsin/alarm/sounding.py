"""Sounding: makes each siren do what the incidents ask for, and keeps what it confirmed.

A round reads what is wanted, begins what is missing, and keeps what has ended; it never waits for a
device. Rounds follow each event of the alarm, each answer of a device, and the clock. Commands leave
outside any transaction. What is on at its start is unknown to a process: each siren is told anew.
"""

import threading
import time
from functools import partial

import sqlalchemy as sa

from tocsin.alarm.siren_group import Pace, SirenGroup
from tocsin.alarm.siren_lease import SirenLease
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.event import event, on_event
from tocsin.core.log import get_log
from tocsin.core.statement import Statement, bind
from tocsin.core.tenant import list_merchants

_MERCHANTS_SECONDS, _IDLE_SECONDS, _AFTER_FAULT_SECONDS = 30.0, 1.0, 1.0
# Many commits in one moment are one round.
_GATHER_SECONDS = 0.002
# On PostgreSQL an event may become visible after one with a higher id.
_LOOK_BACK = 100
_NEWS = Statement[tuple[int, int]](
    sa.select(event.c.id, event.c.merchant_id)
    .where(
        event.c.id > bind("after"), event.c.kind.like("alarm.%"), event.c.kind != "alarm.signal", event.c.kind != "alarm.counted"
    )
    .order_by(event.c.id)
)  # fmt: skip
_LAST = Statement[tuple[int]](sa.select(sa.func.max(event.c.id)))
_log = get_log("alarm.sounding")


class Sounding:
    """Drives the sirens of all merchants of this process, where it is its turn."""

    def __init__(self, db: Database, *, pace: Pace | None = None) -> None:
        self._db, self._pace = db, pace or Pace()
        self._lease = SirenLease(db)
        self._groups: dict[int, SirenGroup] = {}
        self._due: dict[int, float] = {}
        self._stirred: set[int] = set()
        self._merchants_at, self._news_after, self._heard = 0.0, -1, frozenset[int]()
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._unhook = on_event(self._wake.set, kinds=("alarm.",))
        self._thread = threading.Thread(target=self._run, name="sirens", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the round in hand; sound that no device ends by itself is ended."""
        if self._stopping.is_set():
            return
        self._unhook()
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._let_go(silence=True)
        self._lease.close()

    def sound_sirens(self) -> float:
        """Go round all merchants that are due; return after how many seconds the next is."""
        if not self._lease.hold():
            self._let_go(silence=False)
            return _IDLE_SECONDS
        now = time.monotonic()
        self._learn(now)
        while self._stirred:
            self._due[self._stirred.pop()] = now
        for merchant_id, group in self._groups.items():
            if self._due.get(merchant_id, 0.0) <= now:
                self._due[merchant_id] = now + self._round(group, now)
        coming = min((self._due[each] for each in self._groups), default=now + _IDLE_SECONDS)
        return max(0.0, min(_IDLE_SECONDS, coming - time.monotonic()))

    def _round(self, group: SirenGroup, now: float) -> float:
        try:
            return group.round(now)
        except Exception as fault:  # noqa: BLE001 - one merchant's trouble is not the others'
            _log.error("round_failed", exc_info=fault)
            return _AFTER_FAULT_SECONDS

    def _learn(self, now: float) -> None:
        """Read which merchants there are and whose alarm has news; without the database the known ones go on."""
        try:
            if now - self._merchants_at >= _MERCHANTS_SECONDS or not self._groups:
                self._fit_groups(now)
            for merchant_id in self._read_news():
                self._due[merchant_id] = now
                if merchant_id not in self._groups:
                    self._fit_groups(now)
        except Exception as fault:  # noqa: BLE001 - what sounds must end in time all the same
            _log.error("alarm_not_read", exc_info=fault)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                wait_seconds = self.sound_sirens()
            except Exception as fault:  # noqa: BLE001 - the next round tries again
                _log.error("round_failed", exc_info=fault)
                wait_seconds = _AFTER_FAULT_SECONDS
            self._wake.wait(wait_seconds)
            self._stopping.wait(_GATHER_SECONDS)

    def _fit_groups(self, now: float) -> None:
        for merchant in self._db.read(DIRECTORY_SCOPE, list_merchants):
            if merchant.id not in self._groups:
                wake = partial(self._stir, merchant.id)
                self._groups[merchant.id] = SirenGroup(self._db, merchant.id, wake=wake, pace=self._pace)
                self._due[merchant.id] = now
        self._merchants_at = now

    def _read_news(self) -> set[int]:
        """Return the merchants whose alarm has news since the last round."""
        last, found = self._db.read(DIRECTORY_SCOPE, self._look)
        fresh = {merchant_id for event_id, merchant_id in found if event_id not in self._heard}
        self._news_after = max(self._news_after, last - _LOOK_BACK)
        self._heard = frozenset(event_id for event_id, _ in found if event_id > self._news_after)
        return fresh - {DIRECTORY_SCOPE}

    def _look(self, tx: Tx) -> tuple[int, list[tuple[int, int]]]:
        last = int(tx.value(_LAST) or 0)
        if self._news_after < 0:  # what happened before is read from the incidents themselves
            self._news_after = last
        return last, tx.rows(_NEWS, after=self._news_after)

    def _stir(self, merchant_id: int) -> None:
        self._stirred.add(merchant_id)
        self._wake.set()

    def _let_go(self, *, silence: bool) -> None:
        for group in self._groups.values():
            group.close(silence=silence)
        self._groups, self._due = {}, {}
