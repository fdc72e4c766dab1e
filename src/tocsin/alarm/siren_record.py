"""What is kept of a siren's doings: its state, lines of the incident's timeline, what the alarm is told."""

from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from tocsin.alarm.signal import Signal, send_signal
from tocsin.alarm.siren import Confirmed, SirenFailed
from tocsin.alarm.siren_line import Outcome
from tocsin.alarm.siren_row import CHANGED, SirenRow
from tocsin.alarm.table import siren
from tocsin.alarm.timeline import add_entry
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.statement import Statement, bind, own


class Note(Struct, frozen=True):
    """One thing to keep.

    Args:
        state, problem, detail: how the siren is now.
        entry, data: a line for the incident's timeline; empty: none.
        vanished: True: it is gone, False: it is back; None: neither is news.
        tested: the trial that was asked for is done, or failed.
    """

    row: SirenRow
    state: str
    problem: str = ""
    detail: str = ""
    entry: str = ""
    incident_id: int = 0
    data: dict[str, Any] = {}
    vanished: bool | None = None
    tested: bool = False


_of_id = (own(siren), siren.c.id == bind("siren_id"))
_STATE = Statement[None](
    sa.update(siren).where(*_of_id),
    sets=("state", "problem", "detail", "vanished", "state_at_us", "probed_at_us", "sounded_at_us"),
)
_TESTED = Statement[None](
    sa.update(siren).where(*_of_id, siren.c.test_until_us == bind("asked")), sets=("tested_at_us",)
)
_NIGHT = Statement[None](
    sa.update(siren).where(own(siren), siren.c.removed == 0), sets=("night_us", "night_sounded_us")
)


def note_outcome(
    row: SirenRow, outcome: Outcome, *, incident_id: int, since_ms: int | None, tested: bool
) -> Note:
    """Return what is to be kept of a command's end.

    Args:
        since_ms: how long ago the incident asked for it; None: nothing was asked for.
    """
    told, was = outcome.told, outcome.before
    data: dict[str, Any] = {"siren": row.name, "siren_id": str(row.id), "ms": round(outcome.seconds * 1000)}
    entry = ""
    if told is not None and (told.light, told.sound) != ((was.light, was.sound) if was else (False, False)):
        entry = _entry_of(told)
        data |= {"light": told.light, "sound": told.sound, "confirmed": told.confirmed}
        data |= {} if since_ms is None or not told.on else {"since_ms": since_ms}
    return note_state(
        row, told, outcome.failure, entry=entry, incident_id=incident_id, data=data, tested=tested,
        vanished=False if told is not None and row.vanished else None,
    )  # fmt: skip


def note_failed(row: SirenRow, failure: SirenFailed, *, incident_id: int) -> Note:
    """Return a line of the timeline: a siren that an incident asks for fails."""
    data = {
        "siren": row.name, "siren_id": str(row.id), "problem": failure.problem, "detail": failure.detail
    }  # fmt: skip
    return note_state(row, None, failure, entry="siren_failed", incident_id=incident_id, data=data)


def note_takeover(
    row: SirenRow, told: Confirmed, *, failed: SirenRow, seconds: float, incident_id: int
) -> Note:
    """Return a line of the timeline: a backup stands in, so long after the other was missing."""
    data = {
        "siren": row.name,
        "siren_id": str(row.id),
        "instead_of": failed.name,
        "ms": round(seconds * 1000),
    }
    return note_state(row, told, None, entry="takeover", incident_id=incident_id, data=data)


def note_state(row: SirenRow, told: Confirmed | None, failure: SirenFailed | None, **more: Any) -> Note:
    """Return how a siren is now, to be kept."""
    state = "failed" if told is None else "on" if told.sound else "light" if told.light else "off"
    problem, detail = (failure.problem, failure.detail) if failure else ("", "")
    return Note(row=row, state=state, problem=problem, detail=detail, **more)


def keep_notes(tx: Tx, notes: list[Note]) -> None:
    """Keep what was noted, in its order; who listens is told of a state that is new."""
    latest = {note.row.id: (note.row.state, note.row.vanished, note.row.sounded_at_us) for note in notes}
    for note in notes:
        state, vanished, sounded_us = latest[note.row.id]
        gone = vanished if note.vanished is None else int(note.vanished)
        sounded_us = tx.now_us if note.state == "on" else sounded_us
        tx.run(
            _STATE, siren_id=note.row.id, state=note.state, problem=note.problem, detail=note.detail, vanished=gone,
            state_at_us=note.row.state_at_us if note.state == state else tx.now_us, probed_at_us=tx.now_us,
            sounded_at_us=sounded_us,
        )  # fmt: skip
        latest[note.row.id] = (note.state, gone, sounded_us)
        if note.tested:
            tx.run(_TESTED, siren_id=note.row.id, asked=note.row.test_until_us, tested_at_us=tx.now_us)
        if note.entry and note.incident_id:
            add_entry(tx, incident_id=note.incident_id, kind=note.entry, data=note.data)
        if note.state != state or note.tested:
            told = {"siren": str(note.row.id), "did": "state", "state": note.state}
            append_event(tx, CHANGED, subject_id=note.row.id, data=told)
        if gone and not vanished:
            send_signal(tx, Signal(kind="siren_vanished", subject=f"siren:{note.row.id}"))
        elif vanished and not gone:
            send_signal(tx, Signal(kind="device_back", subject=f"siren:{note.row.id}", outcome="right"))


def keep_night(tx: Tx, *, closed_us: int, sounded_us: int) -> None:
    """Keep how long it has sounded since the shop closed."""
    tx.run(_NIGHT, night_us=closed_us, night_sounded_us=sounded_us)


def _entry_of(told: Confirmed) -> str:
    if not told.confirmed:
        return "siren_told" if told.on else "siren_off_told"
    return "siren_on" if told.sound else "siren_light" if told.light else "siren_off"
