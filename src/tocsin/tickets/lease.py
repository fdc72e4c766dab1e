"""The lease of the local station: one process at a time carries papers to printers; what a dead one sent is unknown."""

from collections.abc import Callable

import sqlalchemy as sa

from tocsin.core.clock import SECOND_US
from tocsin.core.db import Tx
from tocsin.core.life import Life
from tocsin.core.statement import Statement, bind, own, upsert
from tocsin.tickets.check import lock_order
from tocsin.tickets.device import LOCAL_STATION
from tocsin.tickets.errand import follow_papers
from tocsin.tickets.intercept import doubt_slips
from tocsin.tickets.job import get_job
from tocsin.tickets.late import record_outcome
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.table import print_job, printer, station

LEASE_US = 15 * SECOND_US


_leasing = upsert(station)
_LEASE = Statement[tuple[str]](
    _leasing.on_conflict_do_update(
        index_elements=["merchant_id", "name"],
        set_={"holder": _leasing.excluded.holder, "leased_until_us": _leasing.excluded.leased_until_us},
        # From the one that was seen to hold it: another may have taken it since.
        where=sa.and_(
            station.c.holder == bind("earlier", str),
            sa.or_(station.c.holder == _leasing.excluded.holder, station.c.leased_until_us < bind("now_us")),
        ),
    ).returning(station.c.holder),
    sets=("merchant_id", "name", "holder", "leased_until_us"),
)
_HOLDER = Statement[tuple[str]](
    sa.select(station.c.holder).where(own(station), station.c.name == bind("name", str))
)
_SENDING = Statement[tuple[int, int, int]](
    sa.select(print_job.c.id, print_job.c.answer_by_us, print_job.c.printer_id)
    .join(printer, sa.and_(printer.c.merchant_id == print_job.c.merchant_id, printer.c.id == print_job.c.printer_id))
    .where(own(print_job), print_job.c.state == "sending", printer.c.station == LOCAL_STATION)
)  # fmt: skip


def none_is_idle(_printer_id: int) -> bool:
    """Tell that no printer is known to have nobody at work."""
    return False


def lease_station(
    tx: Tx, *, holder: str, takes_over: bool = False, since_us: int = 0, life: Life | None = None,
    is_idle: Callable[[int], bool] = none_is_idle,
) -> bool:  # fmt: skip
    """Take or renew the lease of the local station; a dead holder's `sending` jobs become unknown.

    So do those that nobody sends any more, whose thread broke off, and those whose device or cloud has not told in time
    what became of them; until then theirs are not the holder's. Those that are with stations are looked after.

    Args:
        holder: this process, by the name of its life.
        takes_over: the earlier holder is known to be dead (the file lock of SQLite says so).
        since_us: when this process began to listen to stations.
        life: sees whether the earlier holder has ended.
        is_idle: tells of a printer that nobody in this process is at work with it.
    """
    earlier = tx.value(_HOLDER, name=LOCAL_STATION)
    stopped = earlier is not None and earlier != holder
    free = takes_over or (stopped and life is not None and life.sees_gone(tx, earlier))
    at_us = 2**63 - 1 if free else tx.now_us  # whatever the wall clock has done meanwhile
    until_us = tx.now_us + LEASE_US
    if not tx.value(
        _LEASE,
        name=LOCAL_STATION,
        holder=holder,
        leased_until_us=until_us,
        now_us=at_us,
        earlier=earlier or "",
    ):
        return False
    for job_id, answer_by_us, printer_id in tx.rows(_SENDING):
        if answer_by_us and answer_by_us <= tx.now_us:
            _doubt(tx, job_id, reason="no_answer")
        elif not answer_by_us and (stopped or is_idle(printer_id)):
            _doubt(tx, job_id, reason="stopped" if stopped else "fault")
    doubt_slips(tx, stopped=stopped, is_idle=is_idle)
    follow_papers(tx, since_us=since_us, stopped=stopped, is_idle=is_idle)
    return True


def holds_station(tx: Tx, *, holder: str) -> bool:
    """Tell whether a process still has the lease: one that lost it begins nothing more."""
    return bool(tx.value(_HOLDER, name=LOCAL_STATION) == holder)


def _doubt(tx: Tx, job_id: int, *, reason: str) -> None:
    lock_order(tx, order_id=get_job(tx, job_id=job_id).order_id)  # as all do: its order first
    record_outcome(tx, job_id=job_id, outcome=PrintOutcome(result="unknown", reason=reason, bytes_left=True))
