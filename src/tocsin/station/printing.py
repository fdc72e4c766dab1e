"""The printers at this station: each has a thread of its own, and each ticket is written down before it begins.

What became of a ticket is told until the desk has it: through a lost line, and after a restart of this machine.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.core.log import get_log
from tocsin.core.plugins import load_plugin
from tocsin.station.line import LineBroken, LineRefused
from tocsin.station.paper_journal import Paper, PaperJournal
from tocsin.station.work import Answering, Task, Worker
from tocsin.tickets.identity import identify
from tocsin.tickets.printer import Drawn, Printer, PrinterStatus, PrintOutcome

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 15.0
_MOST_PRINTERS, _END_SECONDS = 64, 20.0
_REFUSED_MOST = 3  # so many one after another, and it is the line
_LATER = frozenset({"too_many_tries", "station_clock_wrong"})
_log = get_log("station")


class _Asked(Struct, frozen=True):
    printer: str
    kind: str
    options: dict[str, Any]
    job: str = ""
    asks: str = ""
    drawn: Drawn | None = None


class _Tell(Struct, frozen=True):
    paper: str
    job: str
    taken_at_us: int


class Printing:
    """Carries out `printer.…` commands, each printer's one after another.

    Args:
        post: sends a body to a path of the desk.
    """

    def __init__(
        self, answering: Answering, journal: PaperJournal, post: Callable[[str, dict[str, Any]], Any]
    ) -> None:  # fmt: skip
        self._answering, self._journal, self._post = answering, journal, post
        self._workers: dict[str, Worker] = {}
        self._lock, self._untold, self._ending = threading.Lock(), threading.Event(), threading.Event()
        self._untold.set()
        self._teller = threading.Thread(target=self._tell_all, name="telling papers", daemon=True)
        self._teller.start()

    def put(self, task: Task) -> None:
        """Have a command carried out."""
        try:
            if task.kind == "printer.tell":
                self._tell(msgspec.convert(task.payload, _Tell))
                return
            asked = msgspec.convert(task.payload, _Asked)
            do = {
                "printer.send": self._send, "printer.page": self._print_page, "printer.probe": self._probe
            }[task.kind]  # fmt: skip
        except (msgspec.ValidationError, KeyError):
            self._answering.answer(task, {"problem": "unreadable"})
            return
        self._worker(asked.printer).put(lambda: do(task, asked))

    def wake(self) -> None:
        """Try at once to tell what the desk does not know yet: it is reached again."""
        try:
            self._journal.note_reached()
        except OSError as fault:  # tried again when it is next reached
            _log.error("journal_not_written", problem=str(fault))
        self._untold.set()

    def close(self) -> None:
        """Take nothing more, wait a while for what is being printed, and tell it if the desk can be reached."""
        with self._lock:
            workers = list(self._workers.values())
        for worker in workers:
            worker.end(_END_SECONDS)
        self._ending.set()
        self._untold.set()
        self._teller.join(5)
        self._journal.close()

    def _send(self, task: Task, asked: _Asked) -> None:
        """Print a ticket, once in all time."""
        try:
            if task.left_seconds() <= 0:  # the order may be another by now: let the desk look at it anew
                self._journal.give_up(task.id, asked.job)
            elif self._journal.begin(task.id, asked.job):
                self._journal.end(task.id, _print(asked))
        except OSError as fault:  # it was not begun, and must not be: the disk would not know of it
            _log.error("paper_not_begun", problem=str(fault))
            return
        self._untold.set()

    def _print_page(self, task: Task, asked: _Asked) -> None:
        """Print what is no ticket."""
        late = task.left_seconds() <= 0
        outcome = PrintOutcome(result="failed", reason="never_begun") if late else _print(asked)
        self._answering.answer(task, msgspec.to_builtins(outcome))

    def _probe(self, task: Task, asked: _Asked) -> None:
        self._answering.answer(task, _probe(asked))

    def _tell(self, asked: _Tell) -> None:
        """Say what became of a ticket; what this station never heard of, it will never begin."""
        if not self._journal.knew_at(asked.taken_at_us):
            _log.warning("asked_of_before", job=asked.job)
            return  # its journal may have been lost: the desk must not hear that nothing was begun
        self._journal.give_up(asked.paper, asked.job)
        self._untold.set()

    def _tell_all(self) -> None:
        pause, later = _FIRST_PAUSE_SECONDS, dict[str, tuple[float, float]]()
        while True:
            due = min((at for at, _ in later.values()), default=None)
            self._untold.wait(None if due is None else max(0.0, due - time.monotonic()))
            self._untold.clear()
            try:
                self._tell_due(later)
                pause = _FIRST_PAUSE_SECONDS
            except LineBroken as broken:
                _log.info("paper_not_told", problem=str(broken))
                self._untold.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
                self._untold.set()
            if self._ending.is_set():
                return

    def _tell_due(self, later: dict[str, tuple[float, float]]) -> None:
        """Tell what is untold; what something between refuses is told later, at its own pace, and keeps no other back.

        Args:
            later: when a paper that was refused is tried again, and the pause after that, by the paper.
        """
        refusals = 0
        untried = (0.0, _FIRST_PAUSE_SECONDS)
        for one in sorted(self._journal.untold(), key=lambda one: later.get(one.paper, untried)[0]):
            due, pause = later.get(one.paper, untried)
            if time.monotonic() < due:
                continue
            try:
                self._report(one)
            except LineRefused as refused:
                later[one.paper] = (time.monotonic() + pause, min(pause * 2, _LONGEST_PAUSE_SECONDS))
                refusals += 1
                if refusals == _REFUSED_MOST:
                    raise LineBroken(refused.detail) from refused
            else:
                refusals = 0
                later.pop(one.paper, None)
                self._journal.note_told(one.paper)

    def _report(self, one: Paper) -> None:
        """Tell one paper's end.

        Raises:
            LineBroken: nobody is told anything now.
            LineRefused: by something between, perhaps for what this one says: the desk has not heard it.
        """
        body: dict[str, Any] = {
            "paper": one.paper,
            "job": one.job,
            "outcome": msgspec.to_builtins(one.outcome),
        }
        try:
            self._post("/api/v1/station/papers", body)
        except LineRefused as refused:
            if refused.code in _LATER:
                raise LineBroken(refused.detail) from refused
            if refused.code.startswith("http_"):  # no code of the desk's own
                raise
            _log.error("paper_refused", job=one.job, code=refused.code)  # the desk looks after it by itself

    def _worker(self, printer: str) -> Worker:
        with self._lock:
            name = printer[:40] if printer in self._workers or len(self._workers) < _MOST_PRINTERS else "more"
            if name not in self._workers:
                self._workers[name] = Worker(f"printer {name}")
            return self._workers[name]


def _print(asked: _Asked) -> PrintOutcome:
    found = _open(asked)
    if isinstance(found, PrintOutcome):
        return found
    if asked.drawn is None:
        return PrintOutcome(result="failed", reason="settings", permanent=True)
    plugin, options = found
    try:
        return plugin.send(options, asked.drawn)
    except Exception as fault:  # noqa: BLE001 - whatever a driver does, its paper's fate must be told
        _log.exception("driver_failed", printer=asked.printer)
        return PrintOutcome(result="unknown", reason="fault", detail=type(fault).__name__, bytes_left=True)


def _probe(asked: _Asked) -> dict[str, Any]:
    """Return how a printer is, and who, where the desk asks for that."""
    found = _open(asked)
    if isinstance(found, PrintOutcome):
        return _away(found.reason)
    plugin, options = found
    try:
        status = plugin.probe(options)
        told: dict[str, Any] = msgspec.to_builtins(status)
        if asked.asks and status.online:
            told["identity"] = msgspec.to_builtins(identify(plugin, options, ask=asked.asks == "whole"))
    except Exception as fault:  # noqa: BLE001 - who asks must hear that it failed
        _log.exception("driver_failed", printer=asked.printer, fault=type(fault).__name__)
        return _away("fault")
    return told


def _away(reason: str) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(PrinterStatus(online=False, paper="unknown", detail=reason))
    return told


def _open(asked: _Asked) -> tuple[Printer, Any] | PrintOutcome:
    """Return a printer's driver with its options, or why there is none here."""
    plugin: Printer | None = load_plugin("tickets.printers", asked.kind)
    if plugin is None or not plugin.at_station:
        return PrintOutcome(result="failed", reason="station_old", detail=asked.kind[:40], permanent=True)
    try:
        return plugin, _convert(asked.options, plugin)
    except msgspec.ValidationError as wrong:
        return PrintOutcome(result="failed", reason="settings", detail=str(wrong)[:200], permanent=True)


def _convert(options: Mapping[str, Any], plugin: Printer) -> Any:
    return msgspec.convert(dict(options), plugin.options, strict=False)
