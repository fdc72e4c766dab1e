"""The sirens of one merchant, driven together: a round reads, decides, begins what is missing, keeps what has ended."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from tocsin.alarm.hours import Night
from tocsin.alarm.remote_siren import open_row
from tocsin.alarm.siren import Pattern
from tocsin.alarm.siren_line import Line, Outcome
from tocsin.alarm.siren_plan import Share, Situation, Standing, Wish, read_situation, share_out, wish_of
from tocsin.alarm.siren_record import (
    Note,
    keep_night,
    keep_notes,
    note_failed,
    note_outcome,
    note_state,
    note_takeover,
)
from tocsin.alarm.siren_row import SirenRow
from tocsin.core import clock
from tocsin.core.clock import SECOND_US
from tocsin.core.db import Database, Tx
from tocsin.core.log import get_log

_WITHOUT_SIRENS_SECONDS, _ROUND_SECONDS, _LEAVE_SECONDS = 30.0, 1.0, 2.5
_UNKEPT_MOST = 500
# A command that begins at a trial's end may fail so much later.
_TRIAL_ENDS_US = 2 * SECOND_US
_TRIAL_SECONDS = 7
_log = get_log("alarm.sirens")


class Pace(Struct, frozen=True, kw_only=True):
    """How often sirens are looked after.

    Args:
        probe_seconds, watch_seconds: between two probes of one that is off, and of one that is on.
        grace_seconds: one that does not answer for so long has vanished.
    """

    probe_seconds: float = 30.0
    watch_seconds: float = 5.0
    grace_seconds: float = 10.0


class SirenGroup:
    """One merchant's sirens; all calls come from one thread."""

    def __init__(self, db: Database, merchant_id: int, *, wake: Callable[[], None], pace: Pace) -> None:
        self._db, self._merchant_id, self._wake, self._pace = db, merchant_id, wake, pace
        self._lines: dict[int, Line] = {}
        self._opened_at_us: dict[int, int] = {}
        self._leaving: dict[int, Line] = {}
        self._seen: Situation | None = None
        self._incident_id = 0
        self._said_failed: set[tuple[int, int]] = set()
        self._notes: list[Note] = []
        self._night = Night()

    def round(self, now: float) -> float:
        """Go round once; return after how many seconds the next is due."""
        seen = self._look()
        if seen is None:
            return _ROUND_SECONDS
        self._fit_lines(seen)
        kept = {row.night_us: row.night_sounded_us for row in seen.rows}
        spent_us = self._night.count(seen.closed_us, seen.now_us, sounds=self._sounds(), kept=kept)
        wish = wish_of(seen, spent_us=spent_us)
        self._incident_id = wish.incident_id or self._incident_id
        if not wish.incident_id:
            self._said_failed.clear()
        rows = [row for row in seen.rows if row.id in self._lines]
        outcomes = {row.id: self._lines[row.id].take(now) for row in rows}
        shares = self._drive(rows, seen, wish=wish, now=now)
        for row in rows:
            self._note(row, outcomes[row.id], wish=wish, share=shares[row.id], now=now)
        self._keep()
        return self._due_in(seen, wish, now=now)

    def close(self, *, silence: bool) -> None:
        """Let go of all; a sound that no timer of the device ends is ended, or left to who drives it from now on."""
        for line in self._lines.values():
            loud = line.told is not None and line.told.sound and not line.told.ends_by_itself
            line.retire(off=silence and loud)
        for line in self._lines.values():
            line.gone.wait(_LEAVE_SECONDS)
        self._lines.clear()

    def _look(self) -> Situation | None:
        try:
            self._seen = self._db.read(self._merchant_id, read_situation)
        except Exception as fault:  # noqa: BLE001 - without the database it goes on by what it knew
            _log.error("sirens_not_read", exc_info=fault)
            self._seen = replace(self._seen, now_us=clock.now_us()) if self._seen else None
        return self._seen

    def _fit_lines(self, seen: Situation) -> None:
        """Open what is new or was changed; switch off and let go what is not there any more."""
        rows = {row.id: row for row in seen.rows}
        for siren_id, line in list(self._lines.items()):
            if siren_id not in rows or rows[siren_id].changed_at_us != self._opened_at_us[siren_id]:
                line.retire(off=True)
                self._leaving[siren_id] = self._lines.pop(siren_id)
        self._leaving = {siren_id: line for siren_id, line in self._leaving.items() if not line.gone.is_set()}
        for row in seen.rows:
            if row.id not in self._lines and row.id not in self._leaving:
                self._opened_at_us[row.id] = row.changed_at_us
                self._lines[row.id] = Line(
                    open_row(self._db, self._merchant_id, row=row), ended=self._wake,
                    probe_seconds=self._pace.probe_seconds, watch_seconds=self._pace.watch_seconds,
                )  # fmt: skip

    def _drive(self, rows: list[SirenRow], seen: Situation, *, wish: Wish, now: float) -> dict[int, Share]:
        wanted = Pattern(light=wish.light, sound=wish.sound, seconds=seen.seconds)
        standings = [
            Standing(row.id, bool(row.backup), self._lines[row.id].can, self._lines[row.id].failing) for row in rows
        ]  # fmt: skip
        shares = dict(share_out(standings, wanted))
        for row in rows:
            line = self._lines[row.id]
            if row.test_until_us > seen.now_us:
                # A device left alone in a trial ends by itself soon after it.
                loud = Pattern(light=True, sound=True, seconds=min(seen.seconds, _TRIAL_SECONDS))
                shares[row.id] = Share(line.can.possible(loud))
            line.drive(shares[row.id].pattern, now, hurry=_is_tried(row, seen.now_us))
        return shares

    def _note(self, row: SirenRow, outcome: Outcome | None, *, wish: Wish, share: Share, now: float) -> None:
        line = self._lines[row.id]
        if outcome is not None:
            since_ms = max(0, clock.now_us() - wish.since_us) // 1000 if wish.since_us else None
            tested = outcome.asked.on and _is_tried(row, clock.now_us() - _TRIAL_ENDS_US)
            self._notes.append(note_outcome(
                row, outcome, incident_id=self._incident_id, since_ms=since_ms, tested=tested
            ))  # fmt: skip
            self._note_takeover(row, outcome, share=share, now=now)
        elif _is_tried(row, clock.now_us()) and line.shows(share.pattern):
            self._notes.append(note_state(row, line.told, None, tested=True))
        if line.failure is None:
            return
        if not row.vanished and now - line.failing_since >= self._pace.grace_seconds:
            self._notes.append(note_state(row, None, line.failure, vanished=True))
        if share.pattern.on and wish.incident_id and (wish.incident_id, row.id) not in self._said_failed:
            self._said_failed.add((wish.incident_id, row.id))
            self._notes.append(note_failed(row, line.failure, incident_id=wish.incident_id))

    def _note_takeover(self, row: SirenRow, outcome: Outcome, *, share: Share, now: float) -> None:
        """A backup that came on in another's place took over."""
        rows = {each.id: each for each in self._seen.rows} if self._seen else {}
        was_on = outcome.before is not None and outcome.before.on
        if outcome.told is None or not outcome.told.on or was_on or share.instead_of not in rows:
            return
        seconds = self._lines[share.instead_of].missing_seconds(now)
        self._notes.append(note_takeover(
            row, outcome.told, failed=rows[share.instead_of], seconds=seconds, incident_id=self._incident_id
        ))  # fmt: skip

    def _keep(self) -> None:
        night = self._night.unkept(sounds=self._sounds())
        notes = self._notes

        def keep(tx: Tx) -> None:
            keep_notes(tx, notes)
            if night is not None:
                keep_night(tx, closed_us=night[0], sounded_us=night[1])

        if not notes and night is None:
            return
        try:
            self._db.write(self._merchant_id, keep)
        except Exception as fault:  # noqa: BLE001 - the devices come first; it is kept once the database is back
            _log.error("sirens_not_kept", exc_info=fault)
            self._notes = notes[-_UNKEPT_MOST:]
        else:
            self._night.keep()
            self._notes = []

    def _due_in(self, seen: Situation, wish: Wish, *, now: float) -> float:
        if not seen.rows and not self._leaving:
            return _WITHOUT_SIRENS_SECONDS
        changes = [wish.next_us, *(row.test_until_us for row in seen.rows)]
        coming = [(at_us - seen.now_us) / SECOND_US for at_us in changes if at_us > seen.now_us]
        return max(0.0, min([_ROUND_SECONDS, *coming, *(line.due_in(now) for line in self._lines.values())]))

    def _sounds(self) -> bool:
        return any(line.told is not None and line.told.sound for line in self._lines.values())


def _is_tried(row: SirenRow, now_us: int) -> bool:
    """Tell whether somebody waits to hear it."""
    return row.test_until_us > now_us and not row.tested_at_us
