"""The lease of the local station: one process at a time carries papers to printers; what a dead one sent is unknown."""

import sqlalchemy as sa

from tocsin.core.clock import SECOND_US
from tocsin.core.db import Tx
from tocsin.core.life import is_gone
from tocsin.core.statement import Statement, bind, own, upsert
from tocsin.tickets.device import LOCAL_STATION
from tocsin.tickets.errand import follow_papers
from tocsin.tickets.intercept import give_up_sending
from tocsin.tickets.late import record_outcome
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.table import print_job, printer, station

LEASE_US = 15 * SECOND_US

_leasing = upsert(station)
_LEASE = Statement[tuple[str]](
    _leasing.on_conflict_do_update(
        index_elements=["merchant_id", "name"],
        set_={"holder": _leasing.excluded.holder, "leased_until_us": _leasing.excluded.leased_until_us},
        where=sa.or_(
            station.c.holder == _leasing.excluded.holder, station.c.leased_until_us < bind("now_us")
        ),
    ).returning(station.c.holder),
    sets=("merchant_id", "name", "holder", "leased_until_us"),
)
_HOLDER = Statement[tuple[str]](
    sa.select(station.c.holder).where(own(station), station.c.name == bind("name", str))
)
_SENDING = Statement[tuple[int, int]](
    sa.select(print_job.c.id, print_job.c.answer_by_us)
    .join(printer, sa.and_(printer.c.merchant_id == print_job.c.merchant_id, printer.c.id == print_job.c.printer_id))
    .where(own(print_job), print_job.c.state == "sending", printer.c.station == LOCAL_STATION)
)  # fmt: skip
_BROKEN_OFF = Statement[tuple[int, str]](
    sa.select(print_job.c.id, printer.c.station)
    .join(printer, sa.and_(printer.c.merchant_id == print_job.c.merchant_id, printer.c.id == print_job.c.printer_id))
    .where(
        own(print_job), print_job.c.state == "sending", print_job.c.answer_by_us == 0,
        print_job.c.printer_id == bind("printer_id"),
    )
)  # fmt: skip


def lease_station(tx: Tx, *, holder: str, takes_over: bool = False, since_us: int = 0) -> bool:
    """Take or renew the lease of the local station; a dead holder's `sending` jobs become unknown.

    So do those whose device or cloud has not told in time what became of them; until then theirs are not the holder's.
    Those that are with stations are looked after.

    Args:
        holder: this process, by the name of its life.
        takes_over: the earlier holder is known to be dead (the file lock of SQLite says so).
        since_us: when this process began to listen to stations.
    """
    earlier = tx.value(_HOLDER, name=LOCAL_STATION)
    stopped = earlier is not None and earlier != holder
    free = takes_over or (stopped and is_gone(tx, earlier))
    at_us = 2**63 - 1 if free else tx.now_us  # whatever the wall clock has done meanwhile
    if not tx.value(
        _LEASE, name=LOCAL_STATION, holder=holder, leased_until_us=tx.now_us + LEASE_US, now_us=at_us
    ):
        return False
    for job_id, answer_by_us in tx.rows(_SENDING):
        if (answer_by_us and answer_by_us <= tx.now_us) or (stopped and not answer_by_us):
            _doubt(tx, job_id, reason="no_answer" if answer_by_us else "stopped")
    if stopped:
        give_up_sending(tx)
    follow_papers(tx, since_us=since_us, stopped=stopped)
    return True


def doubt_papers(tx: Tx, *, printer_id: int) -> None:
    """End what a thread that broke off was sending to a printer: it may be out, but where a station was to have it.

    The station, device or cloud that has taken a paper tells of it as ever.
    """
    for job_id, place in tx.rows(_BROKEN_OFF, printer_id=printer_id):
        if place == LOCAL_STATION:
            _doubt(tx, job_id, reason="fault")
        else:  # it was not handed over
            record_outcome(tx, job_id=job_id, outcome=PrintOutcome(result="failed", reason="fault"))


def _doubt(tx: Tx, job_id: int, *, reason: str) -> None:
    record_outcome(tx, job_id=job_id, outcome=PrintOutcome(result="unknown", reason=reason, bytes_left=True))
