"""Printers on a serial port and on USB: the same talk on a real device file, and what is said when it goes."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.peers.wired_printer import WiredPrinter
from tests.tickets.paper import SCAN_URL, SERIAL, make_content
from tocsin.core.plugins import load_plugins
from tocsin.tickets.drawing import print_paper
from tocsin.tickets.printer import PrinterStatus, PrintOutcome

PRINTERS = load_plugins("tickets.printers")
DEVICE = {"escpos_serial": "port", "escpos_usb": "device"}


@pytest.fixture
def wired(tmp_path: Path) -> Iterator[WiredPrinter]:
    printer = WiredPrinter(tmp_path)
    yield printer
    printer.close()


@pytest.fixture(params=sorted(DEVICE))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def send(kind: str, device: str, **changes: Any) -> PrintOutcome:
    plugin = PRINTERS[kind]
    options = plugin.options(**{DEVICE[kind]: device, "answer_timeout_seconds": 0.5, **changes})
    return print_paper(plugin, options, make_content(paper_mm=options.paper_mm))


def test_the_paper_comes_out_and_is_confirmed(kind: str, wired: WiredPrinter):
    for count in (1, 2):  # the second finds nothing of the first on the line
        outcome = send(kind, wired.port, answer_timeout_seconds=5)
        assert (outcome.result, outcome.reason) == ("printed", "")
        papers = wired.peer.wait_papers(count)
    assert papers[-1].codes() == {"qr": SCAN_URL, "code128": SERIAL}
    assert outcome.status_after == PrinterStatus(online=True, paper="ok")


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (lambda p: setattr(p.peer.switches, "paper", "out"), "paper_out"),
        (lambda p: setattr(p.peer.switches, "cover_open", True), "cover_open"),
        (lambda p: setattr(p.peer.switches, "mute", True), "mute"),
        (lambda p: p.unplug(), "device_missing"),
    ],
)
def test_one_that_is_not_ready_gets_no_byte(
    kind: str, break_it: Callable[[WiredPrinter], object], reason: str, wired: WiredPrinter
):
    break_it(wired)
    outcome = send(kind, wired.port, status_timeout_seconds=0.3)
    assert (outcome.result, outcome.reason, outcome.bytes_left) == ("failed", reason, False)
    assert [job.received for job in wired.peer.jobs] == [0]


def test_a_plug_that_is_pulled_in_the_middle_is_unknown(kind: str, wired: WiredPrinter):
    wired.peer.switches.delay_seconds = 0.2

    def pull() -> None:
        until = time.monotonic() + 10
        while not (wired.peer.jobs and wired.peer.jobs[0].received) and time.monotonic() < until:
            time.sleep(0.005)
        wired.unplug()

    puller = threading.Thread(target=pull)
    puller.start()
    outcome = send(kind, wired.port, answer_timeout_seconds=5)
    puller.join()
    assert (outcome.result, outcome.reason, outcome.bytes_left) == ("unknown", "connection_lost", True)


def test_one_that_never_confirms_is_unknown(wired: WiredPrinter):
    wired.peer.switches.mute_queued = True
    outcome = send("escpos_usb", wired.port)  # a serial line is waited for a minute: its speed may need it
    assert (outcome.result, outcome.reason) == ("unknown", "unconfirmed")


def test_a_serial_port_in_other_hands_is_busy(wired: WiredPrinter):
    import fcntl

    held = os.open(wired.port, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    outcome = send("escpos_serial", wired.port)
    os.close(held)
    assert (outcome.result, outcome.reason, outcome.bytes_left) == ("failed", "device_busy", False)
