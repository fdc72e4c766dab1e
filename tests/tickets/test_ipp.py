"""CUPS's own IPP Everywhere printer, every way a job may go there, and answers that are none."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.peers.ipp_printer import IppPrinterPeer
from tests.tickets.paper import SERIAL, make_content
from tocsin.tickets import ipp
from tocsin.tickets.drawing import draw_form, print_paper
from tocsin.tickets.ipp import encode_request, parse_answer, read_status
from tocsin.tickets.printer import PrinterStatus, PrintOutcome
from tocsin.tickets.printers.ipp import PLUGIN, IppOptions


def options_for(peer: Any, **changes: Any) -> IppOptions:
    return IppOptions(
        **(
            {"host": peer.host, "port": peer.port, "done_timeout_seconds": 0.5, "answer_timeout_seconds": 5}
            | changes
        )
    )


def send(peer: Any, **changes: Any) -> PrintOutcome:
    return print_paper(PLUGIN, options_for(peer, **changes), make_content())


def when_printing(peer: IppPrinterPeer, act: Callable[[], object]) -> threading.Thread:
    """Do something once the printer is at its first job."""

    def wait() -> None:
        until = time.monotonic() + 5
        while ipp_job(peer) != 5 and time.monotonic() < until:
            time.sleep(0.02)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def ipp_job(peer: IppPrinterPeer) -> int:
    asked = options_for(peer).place().ask(ipp.GET_JOB, ipp.about_job(1), ipp.wanted("job-state"))
    return asked.number("job-state")


def test_the_page_that_comes_out_is_the_one_that_was_drawn():
    with IppPrinterPeer() as peer:
        outcome = send(peer, done_timeout_seconds=10)
        [paper] = peer.papers()
        assert paper.name == f"1-{SERIAL}.pdf"  # the job is called by the serial alone
        assert paper.read_bytes() == draw_form(make_content(), "pdf").data
        peer.behave("low")
        low = send(peer, done_timeout_seconds=10)
    assert (outcome.result, outcome.reason, outcome.bytes_left) == ("printed", "", True)
    assert outcome.status_before == outcome.status_after == PrinterStatus(online=True, paper="ok")
    assert (low.result, low.status_after) == ("printed", PrinterStatus(online=True, paper="low"))


def test_a_printer_without_paper_gets_no_page_and_one_that_is_refilled_prints():
    with IppPrinterPeer() as peer:
        peer.load_paper(0)
        outcome = send(peer)
        assert (outcome.result, outcome.reason, outcome.bytes_left) == ("failed", "paper_out", False)
        assert PLUGIN.probe(options_for(peer)) == PrinterStatus(online=False, paper="out", detail="paper_out")
        assert ipp_job(peer) == 0
        peer.load_paper(250)
        assert send(peer, done_timeout_seconds=10).result == "printed"


@pytest.mark.parametrize(("how", "reason"), [("jam", "jam"), ("cover", "cover_open")])
def test_a_job_that_the_printer_gives_up_is_unknown_and_the_next_one_does_not_leave(how: Any, reason: str):
    with IppPrinterPeer() as peer:
        peer.behave(how)
        outcome = send(peer, done_timeout_seconds=10)
        assert (outcome.result, outcome.reason, outcome.bytes_left) == ("unknown", reason, True)
        after = send(peer)
        assert (after.result, after.reason, after.bytes_left) == ("failed", reason, False)
        assert peer.papers() == []


def test_a_job_that_is_cancelled_at_the_printer_is_unknown():
    with IppPrinterPeer() as peer:
        peer.behave("slow")

        def cancel() -> None:
            options_for(peer).place().ask(ipp.CANCEL_JOB, ipp.about_job(1))
            peer.behave("ok")

        acting = when_printing(peer, cancel)
        outcome = send(peer, done_timeout_seconds=10)
        acting.join()
    assert (outcome.result, outcome.reason) == ("unknown", "cancelled_there")


def test_a_printer_that_goes_away_with_a_page_leaves_it_unknown_and_takes_no_more():
    with IppPrinterPeer() as peer:
        peer.behave("slow")
        acting = when_printing(peer, peer.stop)
        outcome = send(peer)
        acting.join()
        assert (outcome.result, outcome.reason, outcome.status_after) == ("unknown", "unconfirmed", None)
        again = send(peer)
        assert (again.result, again.reason, again.bytes_left) == ("failed", "refused", False)
        assert PLUGIN.probe(options_for(peer)).detail == "refused"


def test_a_page_that_takes_too_long_is_taken_back_before_it_is_called_unknown():
    """Paper that is put in tomorrow must not print what a person then has printed again."""
    with IppPrinterPeer() as peer:
        acting = when_printing(peer, lambda: peer.load_paper(0))
        peer.behave("slow")
        outcome = send(peer)
        acting.join()
        assert (outcome.result, outcome.bytes_left) == ("unknown", True)
        busy = send(peer)
        assert (busy.result, busy.bytes_left) == ("failed", False)
        peer.behave("ok")
        until = time.monotonic() + 5
        while ipp_job(peer) < 7 and time.monotonic() < until:
            time.sleep(0.02)
        assert ipp_job(peer) == 7  # cancelled


def told(**attributes: Any) -> bytes:
    """Return an answer of a printer, every attribute with its usual value unless another is given."""
    usual: dict[str, tuple[int, Any]] = {
        "printer-state": (0x23, 3),
        "operations-supported": (0x23, 6),
        "document-format-supported": (0x49, "application/pdf"),
    }
    rows = usual | {name.replace("_", "-"): value for name, value in attributes.items()}
    # A set of numbers is one attribute: CREATE_JOB is put in by hand.
    body = encode_request(0, "ipp://x/", [(tag, name, value) for name, (tag, value) in rows.items()])
    one = b"\x23\x00\x14operations-supported\x00\x04\x00\x00\x00\x06"
    return body.replace(one, one + b"\x23\x00\x00\x00\x04\x00\x00\x00\x05")


@contextmanager
def answering(*bodies: bytes, status: str = "200 OK") -> Iterator[Any]:
    """Serve answers in order, the last one for ever; what is asked is read and forgotten."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        left = list(bodies)
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            with line:
                line.recv(1 << 16)
                body = left.pop(0) if len(left) > 1 else left[0]
                line.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    place = type("Place", (), {"host": "127.0.0.1", "port": server.getsockname()[1]})
    yield place
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(5)


@pytest.mark.parametrize(
    "body", [b"", b"\0" * 8, b"<html>no</html>", told()[:-1], told()[:40], b"\2\0\0\0\0\0\0\1\1\x44\xff\xff"]
)
def test_an_answer_that_is_none_is_told_and_nothing_is_sent(body: bytes):
    with answering(body) as place:
        assert PLUGIN.probe(options_for(place)) == PrinterStatus(
            online=False, paper="unknown", detail="garbled"
        )
        outcome = send(place)
    assert (outcome.result, outcome.reason, outcome.bytes_left) == ("failed", "garbled", False)


def test_an_answer_that_drips_is_cut_off():
    """Each byte comes in time, the answer never ends: the whole of it has a time too."""
    server, stop = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def drip() -> None:
        line, _ = server.accept()
        with line, contextlib.suppress(OSError):
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n")
            while not stop.wait(0.05):
                line.sendall(b"\0")

    dripping = threading.Thread(target=drip)
    dripping.start()
    began = time.monotonic()
    options = IppOptions(host="127.0.0.1", port=server.getsockname()[1], answer_timeout_seconds=0.4)
    assert not PLUGIN.probe(options).online
    assert time.monotonic() - began < 3
    stop.set()
    dripping.join()
    server.close()


def test_an_answer_that_breaks_off_anywhere_is_none():
    whole = told()
    assert parse_answer(whole).attributes["operations-supported"] == [6, 5]
    for end in range(len(whole)):
        with pytest.raises(ValueError, match=r"breaks off|too short"):
            parse_answer(whole[:end])


@pytest.mark.parametrize(
    ("attributes", "reason", "permanent"),
    [
        ({"document_format_supported": (0x49, "image/pwg-raster")}, "no_pdf", True),
        ({"operations_supported": (0x23, 2)}, "too_old", True),
        ({"printer_is_accepting_jobs": (0x22, 0)}, "offline", False),
        ({"printer_state": (0x23, 5)}, "offline", False),
        ({"printer_state_reasons": (0x44, "toner-empty-error")}, "toner_out", False),
        ({"printer_state_reasons": (0x44, "fuser-over-temp-error")}, "device_error", False),
    ],
)
def test_a_printer_that_can_not_print_it_gets_no_page(attributes: Any, reason: str, permanent: bool):
    with answering(told(**attributes)) as place:
        outcome = send(place)
    assert (outcome.result, outcome.reason, outcome.permanent, outcome.bytes_left) == (
        "failed",
        reason,
        permanent,
        False,
    )


@pytest.mark.parametrize(
    ("tray", "paper"),
    [("type=a;level=0;", "out"), ("type=a;level=-3;", "low"), ("type=a;level=40;", "low"), ("", "out")],
)
def test_one_empty_tray_is_not_all_of_them(tray: str, paper: str):
    answer = told(printer_state_reasons=(0x44, "media-empty-report"), printer_input_tray=(0x30, tray))
    assert read_status(parse_answer(answer)).paper == paper


def test_a_queue_that_only_hands_papers_on_confirms_none():
    job = encode_request(0, "ipp://x/", [(0x21, "job-id", 7), (0x23, "job-state", 9)])
    with answering(told(cups_version=(0x41, "2.4.2")), job) as place:
        outcome = send(place)
    assert (outcome.result, outcome.reason) == ("unknown", "unconfirmed")
