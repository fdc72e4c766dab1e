"""A station's printers without a desk: what comes too late is not begun, and what was not heard is told again."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.counter import wait_for
from tests.peers.escpos_peer import EscposPeer
from tocsin.station import printing as module
from tocsin.station import work
from tocsin.station.line import LineRefused
from tocsin.station.paper_journal import PaperJournal
from tocsin.station.printing import Printing
from tocsin.station.work import Task, elapsed_seconds
from tocsin.tickets.printer import Drawn, PrintOutcome

DOTS = Drawn(form="raster", data=bytes(48 * 40), serial="1", copy="merchant", width_px=384, height_px=40)


class Unheard:
    """Nobody is answered."""

    def answer(self, task: Task, result: dict[str, Any], *, said: str = "", signature: str = "") -> bool:
        """Drop an answer."""
        return True

    def tell_progress(self, task: Task, progress: dict[str, Any]) -> None:
        """Nobody asks."""


class Alone(Unheard):
    """Printing with a printer; what it says to its desk is kept, or refused."""

    def __init__(self, peer: EscposPeer, path: Path) -> None:
        self.peer, self.told, self.answers = peer, list[dict[str, Any]](), list[dict[str, Any]]()
        self.refusing: list[str] = []
        self.printing = Printing(self, PaperJournal(path), self.post)

    def post(self, _path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Take what became of a paper, or refuse it by the next code."""
        if self.refusing:
            raise LineRefused(code := self.refusing.pop(0), code)
        self.told.append(body)
        return {"keep": True}

    def answer(self, task: Task, result: dict[str, Any], *, said: str = "", signature: str = "") -> bool:
        """Keep an answer."""
        self.answers.append(result)
        return True

    def ask(self, kind: str, *, seconds: float = 30, printer: str = "escpos_network") -> None:
        """Ask for a page or a ticket."""
        options = {"host": "127.0.0.1", "port": self.peer.port}
        payload = {
            "printer": "7",
            "kind": printer,
            "options": options,
            "job": "9",
            "drawn": msgspec.to_builtins(DOTS),
        }
        task = Task(f"c{len(self.told)}", kind, payload, elapsed_seconds() + seconds, threading.Event())
        self.printing.put(task)


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Alone]:
    """Printing with one printer and no desk."""
    with EscposPeer() as peer:
        alone = Alone(peer, tmp_path / "papers")
        yield alone
        alone.printing.close()


def test_what_comes_too_late_is_given_up_and_never_begun(alone: Alone) -> None:
    alone.ask("printer.send", seconds=-1)
    wait_for(lambda: alone.told)
    assert alone.told[0]["outcome"] is None, "never begun: the desk may let it wait anew"
    alone.ask("printer.page", seconds=-1)
    wait_for(lambda: alone.answers)
    assert (alone.answers[0]["result"], alone.answers[0]["reason"]) == ("failed", "never_begun")
    assert alone.peer.papers() == []
    alone.ask("printer.send")
    wait_for(lambda: len(alone.told) == 2)
    assert alone.told[1]["outcome"]["result"] == "printed" and len(alone.peer.papers()) == 1


def test_what_something_between_refused_is_told_again_and_what_the_desk_refused_is_not(
    alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE_SECONDS", 0.01)
    alone.refusing += ["too_many_tries", "station_clock_wrong", "http_403", "http_429"]
    alone.ask("printer.send")
    wait_for(lambda: alone.told)
    assert alone.refusing == [] and alone.told[0]["outcome"]["result"] == "printed"
    alone.refusing += ["station_refused"]
    alone.ask("printer.send")
    wait_for(lambda: not alone.refusing)
    alone.printing.wake()
    alone.ask("printer.page")
    wait_for(lambda: alone.answers)
    assert len(alone.told) == 1 and len(alone.peer.papers()) == 3


def test_a_paper_that_something_between_refuses_keeps_no_other_from_being_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE_SECONDS", 0.02)
    journal, told, tries = PaperJournal(tmp_path / "papers"), list[str](), list[str]()
    open_now, refused = threading.Event(), {"0", "1", "2", "3"}
    for paper in map(str, range(6)):
        journal.begin(paper, "9")
        journal.end(paper, PrintOutcome(result="printed", bytes_left=True))

    def post(_path: str, body: dict[str, Any]) -> None:
        tries.append(body["paper"])
        if body["paper"] in refused and not open_now.is_set():
            raise LineRefused("http_403", "blocked")
        told.append(body["paper"])

    printing = Printing(Unheard(), journal, post)
    wait_for(lambda: told == ["4", "5"] and tries.count("3") > 1)
    open_now.set()
    wait_for(lambda: len(told) >= 6)
    printing.close()
    assert told[:2] == ["4", "5"] and sorted(told) == sorted(map(str, range(6))), "each once, in the end"


@pytest.mark.parametrize("printer", ["pdf_file", "feie", "no_such"])
def test_a_kind_that_is_not_for_stations_prints_nothing(alone: Alone, printer: str) -> None:
    for kind in ("printer.page", "printer.probe"):
        alone.ask(kind, printer=printer)
    wait_for(lambda: len(alone.answers) == 2)
    assert alone.answers[0]["reason"] == "station_old" == alone.answers[1]["detail"]


def test_time_goes_on_while_a_board_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    assert work._CLOCK == time.CLOCK_BOOTTIME, "this machine has a clock that does so"
    task = Task("1", "printer.send", {}, elapsed_seconds() + 60, threading.Event())
    read = time.clock_gettime
    monkeypatch.setattr(
        time, "clock_gettime", lambda clock: read(clock) + (3600 if clock == time.CLOCK_BOOTTIME else 0)
    )
    assert task.left_seconds() == 0
