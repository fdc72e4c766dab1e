"""Papers of an erased receiver: what a job would say is blanked, what waits is cancelled, its files are removed."""

from pathlib import Path

import sqlalchemy as sa

from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.statement import Statement, any_of, bind, own
from tocsin.orders.erase import ORDER_PLACES
from tocsin.orders.sweep import PLACES, hide_in
from tocsin.tickets.device import list_printers, read_options
from tocsin.tickets.job import all_jobs_of_order
from tocsin.tickets.paper_file import KIND
from tocsin.tickets.papers import find_papers
from tocsin.tickets.remembered import forget_remembered
from tocsin.tickets.shift_table import shift
from tocsin.tickets.table import print_job

_BLANK = Statement[None](
    sa.update(print_job)
    .where(own(print_job), print_job.c.order_id == bind("b_order_id"))
    .values(sealed_content=b"")
)
_CANCEL = Statement[None](
    sa.update(print_job).where(
        own(print_job), print_job.c.order_id == bind("b_order_id"), any_of(print_job.c.state, "b_from")
    ),
    sets=("state", "reason", "ended_at_us"),
)


def forget_papers(tx: Tx, order_id: int) -> list[Path]:
    """Take an order's receiver out of its print jobs; return the files of its papers."""
    jobs = list(all_jobs_of_order(tx, order_id=order_id))
    tx.run(
        _CANCEL,
        b_order_id=order_id,
        b_from=["queued"],
        state="cancelled",
        reason="erased",
        ended_at_us=tx.now_us,
    )
    for job in jobs:
        if job.state == "queued":
            append_event(tx, "print.cancelled", subject_id=order_id, data={"job": str(job.id)})
    tx.run(_BLANK, b_order_id=order_id)
    forget_remembered(tx, order_id=order_id)
    names = {one.id: read_options(one).folder for one in list_printers(tx) if one.kind == KIND}
    folders = {printer_id: find_papers(name) for printer_id, name in names.items()}
    return [
        folder / f"{job.serial}{slip}.pdf"
        for job in jobs
        for folder in filter(None, folders.values())
        for slip in ("", "-V")
    ]


ORDER_PLACES.append(forget_papers)
PLACES["shifts"] = hide_in(shift, "note")
