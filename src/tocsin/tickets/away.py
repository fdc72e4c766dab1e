"""Printers that hang on a station: asked how they are, and given pages that are no tickets, through its one line.

Tickets take another way (`tickets/errand`): what became of them must arrive whatever happens meanwhile.
"""

import re
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from tocsin.access.presence import is_there
from tocsin.access.station import find_station
from tocsin.core.command import ask_station, wait_for_answer, withdraw_command
from tocsin.core.db import Database, Tx
from tocsin.tickets.device import LOCAL_STATION, Device
from tocsin.tickets.identity import Identity, sound
from tocsin.tickets.printer import Drawn, PrinterStatus, PrintOutcome

PAGE, PROBE = "printer.page", "printer.probe"
STATION_AWAY, STATION_OLD, NO_ANSWER = "station_away", "station_old", "no_answer"
_WORD = re.compile(r"[a-z0-9_]{0,40}", re.ASCII)
_TAKE_SECONDS, _PROBE_SECONDS, _PAGE_SECONDS = 5.0, 15.0, 60.0


def is_away(device: Device) -> bool:
    """Tell whether a printer hangs on a station."""
    return device.station != LOCAL_STATION


def station_is_there(tx: Tx, *, device: Device) -> bool:
    """Tell whether a printer's station has been heard of lately."""
    found = find_station(tx, station_id=int(device.station))
    return found is not None and is_there(found, tx.now_us)


def describe(device: Device, **more: Any) -> dict[str, Any]:
    """Return what a station is told of a printer of its own."""
    return {
        "printer": str(device.id), "kind": device.kind, "options": msgspec.json.decode(device.options, type=dict[str, Any]), **more
    }  # fmt: skip


class _Told(PrinterStatus, frozen=True, kw_only=True):
    identity: Identity | None = None


def probe_away(
    db: Database, merchant_id: int, *, device: Device, asks: str = ""
) -> tuple[PrinterStatus, Identity | None]:
    """Have a printer's station ask it how it is, and who; an old station says nothing of that."""
    more = {"asks": asks} if asks else {}
    told = _ask(db, merchant_id, device=device, kind=PROBE, more=more, seconds=_PROBE_SECONDS)
    try:
        if isinstance(told, dict) and not told.get("problem"):
            found = msgspec.convert(told, _Told)
            who = sound(found.identity) if asks and found.online and found.identity else None
            return sound_status(msgspec.convert(told, PrinterStatus)), who
    except msgspec.ValidationError:
        told = STATION_OLD
    reason = told if isinstance(told, str) else STATION_OLD
    return PrinterStatus(online=False, paper="unknown", detail=reason), None


def print_away(db: Database, merchant_id: int, *, device: Device, drawn: Drawn) -> PrintOutcome:
    """Have a printer's station print a page that is no ticket, and wait for what became of it."""
    more = {"drawn": msgspec.to_builtins(drawn)}
    told = _ask(db, merchant_id, device=device, kind=PAGE, more=more, seconds=_PAGE_SECONDS)
    if isinstance(told, str):
        unsure = told == NO_ANSWER
        return PrintOutcome(result="unknown" if unsure else "failed", reason=told, bytes_left=unsure)
    if told.get("problem"):  # nothing was begun
        return PrintOutcome(result="failed", reason=STATION_OLD, detail=str(told["problem"])[:100])
    try:
        return sound_outcome(msgspec.convert(told, PrintOutcome))
    except msgspec.ValidationError as wrong:
        return PrintOutcome(result="unknown", reason=NO_ANSWER, detail=str(wrong)[:200], bytes_left=True)


def sound_outcome(outcome: PrintOutcome) -> PrintOutcome:
    """Return what a station told, within bounds; one that it says it has taken is not told at all."""
    before, after = outcome.status_before, outcome.status_after
    return replace(
        outcome, result="unknown" if outcome.result == "taken" else outcome.result, reason=_sound_reason(outcome.reason),
        detail=outcome.detail[:300], raster_sha256=outcome.raster_sha256[:64], remote="",
        status_before=before and sound_status(before), status_after=after and sound_status(after),
    )  # fmt: skip


def sound_status(status: PrinterStatus) -> PrinterStatus:
    """Return how a station says that a printer is, with a reason code that is one."""
    return replace(status, detail=_sound_reason(status.detail))


def _sound_reason(reason: str) -> str:
    return reason if _WORD.fullmatch(reason) else "station"


def _ask(
    db: Database, merchant_id: int, *, device: Device, kind: str, more: dict[str, Any], seconds: float
) -> dict[str, Any] | str:  # fmt: skip
    """Return what a station answered, or why it did not: it was away and knows nothing of it, or it says nothing."""
    if not db.read(merchant_id, partial(station_is_there, device=device)):
        return STATION_AWAY
    ask = partial(
        ask_station,
        station_id=int(device.station),
        kind=kind,
        payload=describe(device, **more),
        seconds=seconds,
    )
    command_id = db.write(merchant_id, ask)
    wait = partial(wait_for_answer, db, merchant_id, command_id=command_id)
    answer = wait(seconds=_TAKE_SECONDS)
    if answer is None and db.write(merchant_id, lambda tx: withdraw_command(tx, command_id=command_id)):
        return STATION_AWAY
    answer = answer or wait(seconds=seconds - _TAKE_SECONDS)
    return NO_ANSWER if answer is None else answer
