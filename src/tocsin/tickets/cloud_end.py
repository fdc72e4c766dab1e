"""What a cloud tells of the papers that it took: it is asked until it does, for a day; past its time a paper is unknown."""

import time
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.clock import DAY_US
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.log import get_log
from tocsin.core.statement import Statement, among, bind, own
from tocsin.core.tenant import list_merchants
from tocsin.tickets.cloud import any_open
from tocsin.tickets.device import Device, list_printers, printer_plugin, read_options
from tocsin.tickets.late import record_late
from tocsin.tickets.open_device import open_printer
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.printer_kind import is_cloud
from tocsin.tickets.table import print_job

_LATE_SECONDS = 300.0
_log = get_log("tickets.cloud")
# When a paper whose time has passed was last asked for, by its job.
_asked: dict[int, float] = {}
_taken_back: set[int] = set()


class Taken(Struct, frozen=True):
    """A paper that a cloud has, and under which name."""

    job_id: int
    remote: str
    late: bool


_TAKEN = Statement[tuple[int, str, str]](
    sa.select(print_job.c.id, print_job.c.state, print_job.c.outcome).where(
        own(print_job), among(print_job.c.state, "sending", "unknown"), print_job.c.answer_by_us > bind("since_us"),
        print_job.c.printer_id == bind("printer_id"), print_job.c.settled_by == "",
    ).order_by(print_job.c.id.desc()).limit(20)
)  # fmt: skip


def ask_clouds(db: Database) -> int:
    """Ask the clouds for each paper that is due; return how many of them have come to an end."""
    if not any_open():
        return 0
    ended = 0
    for merchant in db.read(DIRECTORY_SCOPE, list_merchants):
        for device in db.read(merchant.id, list_printers):
            if is_cloud(device.kind):
                ended += _ask_of(db, merchant.id, device)
    return ended


def ask_soon(tx: Tx, *, printer_id: int, remote: str) -> None:
    """Ask for a paper at the next round: its cloud says that there is news."""
    for one in _taken(tx, printer_id=printer_id):
        if one.remote == remote:
            _asked.pop(one.job_id, None)


def _ask_of(db: Database, merchant_id: int, device: Device) -> int:
    found = [one for one in db.read(merchant_id, partial(_taken, printer_id=device.id)) if _is_due(one)]
    if not found:
        return 0
    opened, ended = db.read(merchant_id, partial(open_printer, printer_id=device.id)), 0
    plugin: Any = printer_plugin(device.kind)
    for one in found:
        try:
            if one.late and one.job_id not in _taken_back and hasattr(plugin, "take_back"):
                _taken_back.add(one.job_id)
                plugin.take_back(read_options(opened), one.remote)
            outcome = plugin.ask_end(read_options(opened), one.remote)
        except Exception:  # noqa: BLE001 - one paper must not keep the others from being asked for
            _log.exception("cloud not asked", printer=str(device.id))
            continue
        if outcome is not None and db.write(
            merchant_id, partial(record_late, job_id=one.job_id, outcome=outcome)
        ):
            _asked.pop(one.job_id, None)
            ended += 1
    return ended


def _taken(tx: Tx, *, printer_id: int) -> list[Taken]:
    """Return the papers that a printer's cloud has taken, and has not told the end of; for a day."""
    rows = tx.rows(_TAKEN, printer_id=printer_id, since_us=tx.now_us - DAY_US)
    found = [
        Taken(job_id, msgspec.json.decode(told, type=PrintOutcome).remote, state == "unknown")
        for job_id, state, told in rows if told
    ]  # fmt: skip
    return [one for one in found if one.remote]


def _is_due(taken: Taken) -> bool:
    if not taken.late:
        return True
    now = time.monotonic()
    if now - _asked.get(taken.job_id, -_LATE_SECONDS) < _LATE_SECONDS:
        return False
    _asked[taken.job_id] = now
    return True
