"""Tickets that a station prints: handed over as a command; what became of them comes back by itself, however late.

The station writes down, before the first byte leaves, that it begins, and never begins one twice (`station/paper_journal`).
So one that it has not taken is taken back; one that it has taken and never begun it gives up when asked; and one that
it may have begun is unknown as soon as the station is silent. None is handed over again under the same number.
"""

import re
from collections.abc import Callable

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.presence import SILENT_SECONDS
from tocsin.access.station import find_station
from tocsin.core.clock import SECOND_US
from tocsin.core.command import Asked, ask_station, read_command, withdraw_command
from tocsin.core.db import Tx
from tocsin.core.log import get_log
from tocsin.core.statement import Statement, bind, own
from tocsin.tickets.away import NO_ANSWER, STATION_AWAY, STATION_OLD, describe, sound_outcome
from tocsin.tickets.device import LOCAL_STATION, Device, PrinterMissing, get_printer
from tocsin.tickets.device_talk import away
from tocsin.tickets.job import Job, JobMissing, get_job
from tocsin.tickets.late import record_late
from tocsin.tickets.printer import Drawn, PrintOutcome
from tocsin.tickets.table import print_job, printer
from tocsin.tickets.trial import keep_seen
from tocsin.tickets.under_way import free_job, keep_taken

SEND, TELL = "printer.send", "printer.tell"
_BEGIN_SECONDS, _ASK_SECONDS, _LOST_SECONDS = 15, 10, 600
_WAY = re.compile(r"station:(\d{1,19}):(\d{1,19})", re.ASCII)
_log = get_log("tickets.errand")


class Errand(Struct, frozen=True):
    """A ticket's way to a station: which one has it, and the command by which it was handed over."""

    station_id: int
    command_id: int

    def name(self) -> str:
        """Return what the ticket's job keeps of it."""
        return f"station:{self.station_id}:{self.command_id}"


_of_printer = sa.and_(
    printer.c.merchant_id == print_job.c.merchant_id, printer.c.id == print_job.c.printer_id
)
_AWAY = Statement[tuple[int, int]](
    sa.select(print_job.c.id, print_job.c.answer_by_us).join(printer, _of_printer)
    .where(own(print_job), print_job.c.state == "sending", printer.c.station != LOCAL_STATION)
)  # fmt: skip
_IS_AT = Statement[tuple[int]](
    sa.select(print_job.c.id).join(printer, _of_printer)
    .where(own(print_job), print_job.c.id == bind("id"), printer.c.station == bind("station", str))
)  # fmt: skip
_PRINTING = Statement[tuple[int]](
    sa.select(print_job.c.id).where(
        own(print_job), print_job.c.state == "sending", print_job.c.printer_id == bind("printer_id")
    ).limit(1)
)  # fmt: skip


def is_printing(tx: Tx, *, printer_id: int) -> bool:
    """Tell whether a printer has a paper in hand, so that it need not, and often can't, be asked how it is."""
    return tx.value(_PRINTING, printer_id=printer_id) is not None


def errand_of(job: Job) -> Errand | None:
    """Return the way that a job's paper last went, None where it went to no station."""
    told = job.last_outcome()
    found = _WAY.fullmatch(told.remote) if told else None
    return Errand(int(found[1]), int(found[2])) if found else None


def hand_paper(tx: Tx, *, job_id: int, device: Device, drawn: Drawn) -> None:
    """Hand a claimed ticket to its printer's station; it stays `sending` until the station tells."""
    payload = describe(device, job=str(job_id), drawn=msgspec.to_builtins(drawn))
    command_id = ask_station(
        tx, station_id=int(device.station), kind=SEND, payload=payload, seconds=_BEGIN_SECONDS
    )
    taken = PrintOutcome(
        result="taken", bytes_left=True, raster_sha256=drawn.digest, answer_seconds=_ASK_SECONDS,
        remote=Errand(int(device.station), command_id).name(),
    )  # fmt: skip
    if not keep_taken(tx, job_id=job_id, outcome=taken):
        # It was settled, or handed over by another process, meanwhile.
        withdraw_command(tx, command_id=command_id)


def follow_papers(
    tx: Tx, *, since_us: int, stopped: bool = False, is_idle: Callable[[int], bool] = lambda _: False
) -> None:  # fmt: skip
    """Look after the tickets that are with stations: free, unknown, or asked for.

    Args:
        since_us: the silence of stations counts from here at the earliest: the desk itself may have been away.
        stopped: no process is about to hand over what it has claimed.
        is_idle: tells of a printer that nobody in this process is about to hand a paper to its station.
    """
    for job_id, answer_by_us in tx.rows(_AWAY):
        job = get_job(tx, job_id=job_id)
        errand = errand_of(job)
        if errand is None or not answer_by_us:
            if stopped:
                free_job(tx, job)  # claimed, and never handed over
            elif is_idle(
                job.printer_id
            ):  # a fault kept it from being handed over: again it might do so for ever
                record_late(tx, job_id=job_id, outcome=PrintOutcome(result="failed", reason="fault"))
        else:
            _follow(tx, job, errand, answer_by_us=answer_by_us, since_us=since_us)


def take_result(
    tx: Tx, *, station_id: int, command_id: int, job_id: int, outcome: PrintOutcome | None
) -> bool:
    """Keep what a station tells of a ticket; None: it was never begun, and never will be. False if nobody asks any more."""
    try:
        job = get_job(tx, job_id=job_id)
    except JobMissing:
        return False
    # A cloud names its papers as it likes, perhaps as a way to a station is named.
    is_at = tx.one(_IS_AT, id=job_id, station=str(station_id))
    if errand_of(job) != Errand(station_id, command_id) or not is_at:
        _log.warning("result of a paper that is not with this station", job=str(job_id))
        return False
    if outcome is None:
        if free_job(tx, job):
            return True
        outcome = PrintOutcome(result="failed", reason="never_begun")
    outcome = sound_outcome(outcome)
    _keep_seen(tx, job, outcome)
    return record_late(tx, job_id=job_id, outcome=outcome, surely=True)


def _follow(tx: Tx, job: Job, errand: Errand, *, answer_by_us: int, since_us: int) -> None:
    command = read_command(tx, command_id=errand.command_id)
    silent = _is_silent(tx, errand.station_id, since_us)
    if command is not None and command.taken_at_us is None:
        if (silent or command.deadline_us <= tx.now_us) and withdraw_command(tx, command_id=command.id):
            _bring_back(tx, job, reason=STATION_AWAY)
        return
    if command is not None and (command.result() or {}).get("problem"):
        _bring_back(tx, job, reason=STATION_OLD)  # it does not know how to print, and has begun nothing
    elif command is None or silent or tx.now_us - command.asked_at_us > _LOST_SECONDS * SECOND_US:
        record_late(
            tx, job_id=job.id, outcome=PrintOutcome(result="unknown", reason=NO_ANSWER, bytes_left=True)
        )
    elif answer_by_us <= tx.now_us:
        _ask(tx, job, errand, command)


def _ask(tx: Tx, job: Job, errand: Errand, command: Asked) -> None:
    payload = {"paper": str(errand.command_id), "job": str(job.id), "taken_at_us": command.taken_at_us}
    ask_station(tx, station_id=errand.station_id, kind=TELL, payload=payload, seconds=_BEGIN_SECONDS)
    told = job.last_outcome()
    if told is not None:
        keep_taken(tx, job_id=job.id, outcome=told, before=job.outcome)  # looked after again in a while


def _bring_back(tx: Tx, job: Job, *, reason: str) -> None:
    free_job(tx, job)
    _keep_seen(tx, job, PrintOutcome(result="failed", status_before=away(reason)))


def _is_silent(tx: Tx, station_id: int, since_us: int) -> bool:
    found = find_station(tx, station_id=station_id)
    if found is None or found.revoked_at_us or found.left_at_us:
        return True
    return tx.now_us - max(found.last_seen_us, since_us) > SILENT_SECONDS * SECOND_US


def _keep_seen(tx: Tx, job: Job, outcome: PrintOutcome) -> None:
    try:
        keep_seen(tx, device=get_printer(tx, printer_id=job.printer_id), outcome=outcome)
    except PrinterMissing:
        return  # taken away meanwhile
