"""A label printer on a real socket: what comes out, every way it may answer, and what is said of it."""

import socket
from typing import Any

import pytest

from tests.peers.tspl_peer import TsplPeer, parse_command
from tests.tickets.paper import SCAN_URL, SERIAL, make_content, picture_of
from tocsin.tickets.drawing import print_paper
from tocsin.tickets.layout import draw_raster
from tocsin.tickets.printer import PrinterStatus, PrintOutcome
from tocsin.tickets.printers.tspl import PLUGIN, TsplOptions
from tocsin.tickets.raster import Raster
from tocsin.tickets.tspl import Tspl, read_status


def options_for(peer: TsplPeer, **changes: Any) -> TsplOptions:
    values = {
        "host": peer.host,
        "port": peer.port,
        "connect_timeout_seconds": 5,
        "answer_timeout_seconds": 0.3,
    }
    return TsplOptions(**(values | changes))


def send(peer: TsplPeer, **changes: Any) -> PrintOutcome:
    return print_paper(PLUGIN, options_for(peer, **changes), make_content(paper_mm=58))


def test_the_label_that_comes_out_is_the_picture_and_its_codes_are_read():
    content = make_content(paper_mm=58)
    raster = draw_raster(content)
    with TsplPeer() as peer:
        outcome = print_paper(PLUGIN, options_for(peer, gap_mm=3), content)
        [paper] = peer.wait_papers(1)
    assert (outcome.result, outcome.raster_sha256) == ("printed", raster.sha256())
    assert outcome.status_after == PrinterStatus(online=True, paper="ok")
    assert paper.codes() == {"qr": SCAN_URL, "code128": SERIAL}
    assert paper.picture.size == (raster.width_px, raster.height_px)
    changed = sum(a != b for a, b in zip(paper.picture.tobytes(), picture_of(raster).tobytes(), strict=True))
    assert changed < 20  # only dots that would have been a command
    assert [name for name, _ in peer.jobs[0].ops if name] == [
        "SIZE", "GAP", "DIRECTION", "REFERENCE", "DENSITY", "CLS", "BITMAP", "PRINT",
    ]  # fmt: skip
    told = {name: data.decode() for name, data in peer.jobs[0].ops if name in ("SIZE", "GAP")}
    assert told == {"SIZE": f"SIZE 48 mm,{raster.height_px / 8:g} mm", "GAP": "GAP 3 mm,0 mm"}


@pytest.mark.parametrize(
    ("switches", "reason", "paper"),
    [
        ({"paper": "out"}, "paper_out", "out"),
        ({"cover_open": True}, "cover_open", "ok"),
        ({"online": False}, "offline", "ok"),
        ({"error": 0x02}, "jam", "ok"),
        ({"error": 0x08}, "ribbon_out", "ok"),
        ({"error": 0x80}, "device_error", "ok"),
    ],
)
def test_a_printer_that_is_not_ready_gets_no_byte_of_the_label(
    switches: dict[str, Any], reason: str, paper: str
):
    with TsplPeer() as peer:
        for name, value in switches.items():
            setattr(peer.switches, name, value)
        outcome = send(peer)
        assert (outcome.result, outcome.reason, outcome.bytes_left) == ("failed", reason, False)
        assert outcome.status_before is not None
        assert outcome.status_before.paper == paper
        assert PLUGIN.probe(options_for(peer)).detail == reason
        assert [job.received for job in peer.jobs] == [0, 0]


@pytest.mark.parametrize(
    ("switches", "reason"),
    [({"mute_queued": True}, "unconfirmed"), ({"out_after_rows": 1}, "paper_out"), ({"reset_after_bytes": 500}, "connection_lost")],
)  # fmt: skip
def test_what_the_printer_does_not_tell_is_unknown(switches: dict[str, Any], reason: str):
    with TsplPeer() as peer:
        for name, value in switches.items():
            setattr(peer.switches, name, value)
        outcome = send(peer)
    assert (outcome.result, outcome.reason, outcome.bytes_left) == ("unknown", reason, True)


def test_a_mute_or_missing_printer_fails():
    with TsplPeer() as peer:
        peer.switches.mute = True
        options = options_for(peer, connect_timeout_seconds=0.3)
        assert print_paper(PLUGIN, options, make_content()).reason == "mute"
    outcome = print_paper(PLUGIN, options, make_content())
    assert (outcome.result, outcome.reason, outcome.bytes_left) == ("failed", "refused", False)


def test_a_printer_that_prints_for_somebody_else_is_busy():
    assert read_status(0x20) == PrinterStatus(online=False, paper="ok", detail="device_busy")
    with TsplPeer() as peer:
        peer.switches.error = 0x20
        assert PLUGIN.probe(options_for(peer, connect_timeout_seconds=0.3)).detail == "device_busy"


def test_dots_that_spell_a_command_are_defused():
    """A printer obeys <ESC>!R inside a picture: the peer would lose three bytes of it."""
    bits = bytes(byte ^ 0xFF for byte in b"\x1b!R\x1b!?~!T" + bytes(39)) * 600
    data = Tspl().encode_paper(Raster(384, 600, bits))
    assert b"\x1b!" not in data and b"~!" not in data
    with TsplPeer() as peer:
        with socket.create_connection((peer.host, peer.port)) as line:
            line.sendall(data)
            peer.wait_papers(1)
        assert peer.jobs[0].realtime == []


@pytest.mark.parametrize(
    "start", [b"", b"SIZE 58", b"B", b"BITMAP 0,0,48", b"BITMAP 0,0,1,2,0,x", b"PRINT 1,1\r"]
)
def test_a_command_waits_until_it_is_whole(start: bytes):
    assert parse_command(bytearray(start)) == (0, "", b"")
