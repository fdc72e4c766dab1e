"""What clouds tell of the papers that they took: they are asked until they do, for a day; past its time a ticket is unknown.

A cloud that can is told not to print a late paper any more, until it says that it won't; so is one of which somebody has said
that it did not come out: another may have been printed since.
A slip is asked for as a ticket is. A slow cloud delays itself alone: each printer's papers are asked for by a thread of
its own, a few of each kind of cloud at the same time.
"""

import threading
import time
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.clock import DAY_US, SECOND_US
from tocsin.core.db import Database, Tx
from tocsin.core.ident import id_at
from tocsin.core.log import get_log
from tocsin.core.loop import for_each_merchant
from tocsin.core.statement import Statement, among, bind, own
from tocsin.tickets.cloud import ANSWER_SECONDS, any_open, is_open
from tocsin.tickets.device import Device, list_printers, printer_plugin, read_options
from tocsin.tickets.intercept import end_slip, find_taken_slip, taken_slips
from tocsin.tickets.job import DID_NOT
from tocsin.tickets.late import find_taken, record_late
from tocsin.tickets.open_device import open_printer
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.printer_kind import is_cloud
from tocsin.tickets.table import print_job

_LATE_SECONDS = 300.0
_TAKE_BACK_SECONDS = 900.0
_DAY_SECONDS = 86400.0
_PAGE = 50
_ASKED_BEFORE_US = 7 * DAY_US  # so long a paper may have waited before it was sent
_AT_ONCE = 4
_ROUND_SECONDS = 2.0  # a round waits no longer for who is being asked
_TURN_SECONDS = 30.0  # what a printer's turn has not come to by then is asked for in its next one
_log = get_log("tickets.cloud")
# When a paper was last asked for, by its job or slip.
_asked: dict[int, float] = {}
# When a paper was last asked back, and whether its cloud has said that it won't print it, or what became of it.
_taken_back: dict[int, tuple[float, bool]] = {}
# Behind which paper a printer's next page begins.
_pages: dict[int, int] = {}
# The printers whose papers are being asked for, and their kinds.
_busy: dict[int, str] = {}
_lock = threading.Lock()


class Taken(Struct, frozen=True):
    """A paper that a cloud has, of a job or a slip, and under which name; `late`: past its time; `settled`: somebody has said that it did not come out."""

    id: int
    remote: str
    late: bool
    slip: bool = False
    settled: bool = False


class _Turn(Struct, frozen=True):
    merchant_id: int
    device: Device
    papers: list[Taken]
    after: int


_of_printer = (
    own(print_job),
    print_job.c.printer_id == bind("printer_id"),
    print_job.c.answer_by_us > bind("since_us"),
)
_TAKEN = Statement[tuple[int, str, str]](
    sa.select(print_job.c.id, print_job.c.state, print_job.c.outcome).where(
        *_of_printer, among(print_job.c.state, "sending", "unknown"),
        sa.or_(among(print_job.c.state, "sending"), print_job.c.id > bind("after")),
    ).order_by(print_job.c.state, print_job.c.id).limit(_PAGE)
)  # fmt: skip
_SETTLED = Statement[tuple[int, str]](
    sa.select(print_job.c.id, print_job.c.outcome).where(
        *_of_printer, among(print_job.c.state, "failed"), print_job.c.reason == DID_NOT, print_job.c.id > bind("after")
    ).order_by(print_job.c.id).limit(_PAGE)
)  # fmt: skip


def ask_clouds(db: Database) -> int:
    """Ask the clouds for each paper that is due; return how many have come to an end, as far as they were told at once."""
    if not any_open():
        return 0
    _forget()
    ended: list[int] = []
    threads = [
        threading.Thread(target=_run, args=(db, turn, ended), name=f"cloud {turn.device.kind}", daemon=True)
        for turn in _turns(db) if _begin(turn)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    until = time.monotonic() + _ROUND_SECONDS
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return sum(ended)


def ask_soon(tx: Tx, *, printer_id: int, remote: str) -> None:
    """Ask for a paper at the next round: its cloud says that there is news."""
    for find in (find_taken, find_taken_slip):
        _asked.pop(find(tx, printer_id=printer_id, remote=remote) or 0, None)


def _turns(db: Database) -> list[_Turn]:
    """Return the printers with papers that are due, whose were not asked for the longest first."""
    found = list[_Turn]()

    def look(merchant_id: int) -> int:
        turns = _turns_of(db, merchant_id)
        found.extend(turns)
        return len(turns)

    for_each_merchant(db, look)
    return sorted(found, key=lambda turn: _asked_at(turn.papers[0]))


def _turns_of(db: Database, merchant_id: int) -> list[_Turn]:
    found = []
    for device in db.read(merchant_id, list_printers):
        if is_cloud(device.kind) and is_open(device.kind) and device.id not in _busy:
            taken, after = db.read(merchant_id, partial(_taken, device=device))
            papers = sorted(filter(_is_due, taken), key=_asked_at)
            if papers:
                found.append(_Turn(merchant_id, device, papers, after))
            else:
                _pages[device.id] = after
    return found


def _begin(turn: _Turn) -> bool:
    """Tell whether a printer's turn may begin, and note that it does."""
    device = turn.device
    with _lock:
        if device.id in _busy or list(_busy.values()).count(device.kind) >= _AT_ONCE:
            return False
        _busy[device.id] = device.kind
        _pages[device.id] = turn.after
    return True


def _run(db: Database, turn: _Turn, ended: list[int]) -> None:
    try:
        ended.append(_ask_of(db, turn))
    except Exception:  # noqa: BLE001 - a printer that was taken away, a database that is: the next round tries again
        _log.exception("cloud not asked", printer=str(turn.device.id))
    finally:
        with _lock:
            _busy.pop(turn.device.id, None)


def _ask_of(db: Database, turn: _Turn) -> int:
    opened, ended = db.read(turn.merchant_id, partial(open_printer, printer_id=turn.device.id)), 0
    until = time.monotonic() + _TURN_SECONDS
    for one in turn.papers:
        if time.monotonic() > until:
            break
        _asked[one.id] = time.monotonic()
        try:
            outcome = _ask(opened, one)
        except Exception:  # noqa: BLE001 - one paper must not keep the others from being asked for
            _log.exception("cloud not asked", printer=str(opened.id))
            continue
        if outcome is not None and db.write(
            turn.merchant_id, partial(_keep, device=opened, paper=one, outcome=outcome)
        ):
            _asked.pop(one.id, None)
            ended += 1
    return ended


def _ask(device: Device, paper: Taken) -> PrintOutcome | None:
    plugin: Any = printer_plugin(device.kind)
    options = read_options(device)
    if paper.late and _may_take_back(paper) and hasattr(plugin, "take_back"):
        _taken_back[paper.id] = (time.monotonic(), plugin.take_back(options, paper.remote))
    if paper.settled and _is_back(paper):
        return None
    told: PrintOutcome | None = plugin.ask_end(options, paper.remote)
    if told is not None and paper.late:
        _taken_back[paper.id] = (time.monotonic(), True)
    return told


def _may_take_back(paper: Taken) -> bool:
    at, done = _taken_back.get(paper.id, (-_TAKE_BACK_SECONDS, False))
    return not done and time.monotonic() - at >= _TAKE_BACK_SECONDS


def _is_back(paper: Taken) -> bool:
    return _taken_back.get(paper.id, (0.0, False))[1]


def _forget() -> None:
    """Forget papers of which nothing was asked for a day: they are asked for no more."""
    since = time.monotonic() - _DAY_SECONDS
    for paper_id, at in list(_asked.items()):
        if at < since:
            _asked.pop(paper_id, None)
    for paper_id, (at, _) in list(_taken_back.items()):
        if at < since:
            _taken_back.pop(paper_id, None)


def _keep(tx: Tx, *, device: Device, paper: Taken, outcome: PrintOutcome) -> bool:
    if paper.slip:
        return end_slip(tx, device=device, slip_id=paper.id, outcome=outcome)
    return record_late(tx, job_id=paper.id, outcome=outcome)


def _taken(tx: Tx, *, device: Device) -> tuple[list[Taken], int]:
    """Return a page of papers that a printer's cloud has taken, and has not told the end of, for a day; and where the next begins."""
    place, after = {"printer_id": device.id, "since_us": tx.now_us - DAY_US}, _pages.get(device.id, 0)
    rows = tx.rows(_TAKEN, **place, after=after)
    jobs = [Taken(job_id, _remote(told), state == "unknown") for job_id, state, told in rows if told]
    nexts = [job_id for job_id, *_ in rows[-1:]] if len(rows) == _PAGE else []
    if hasattr(printer_plugin(device.kind), "take_back"):
        begun = id_at(place["since_us"] - _ASKED_BEFORE_US)
        settled = tx.rows(_SETTLED, **place, after=max(after, begun))
        jobs += [Taken(job_id, _remote(told), late=True, settled=True) for job_id, told in settled if told]
        nexts += [job_id for job_id, _ in settled[-1:]] if len(settled) == _PAGE else []
    slips = _slips(tx, device.id, after)
    nexts += [slip.id for slip in slips[-1:]] if len(slips) == _PAGE else []
    return [one for one in slips + jobs if one.remote], min(nexts, default=0)


def _slips(tx: Tx, printer_id: int, after: int) -> list[Taken]:
    since_us, late_us = tx.now_us - DAY_US, tx.now_us - ANSWER_SECONDS * SECOND_US
    return [
        Taken(slip_id, remote, taken_us < late_us, slip=True)
        for slip_id, remote, taken_us in taken_slips(
            tx, printer_id=printer_id, since_us=since_us, after=after, limit=_PAGE
        )
    ]


def _remote(told: str) -> str:
    return msgspec.json.decode(told, type=PrintOutcome).remote


def _is_due(paper: Taken) -> bool:
    if paper.settled and _is_back(paper):
        return False
    return not paper.late or time.monotonic() - _asked_at(paper) >= _LATE_SECONDS


def _asked_at(paper: Taken) -> float:
    return _asked.get(paper.id, -_LATE_SECONDS)
