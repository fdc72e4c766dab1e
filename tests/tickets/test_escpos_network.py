"""A network printer on a real socket: every way it may answer, go silent or go away, and what is said of it."""

import errno
import socket
import struct
import threading
import time
from typing import Any

import pytest

from tests.desk import RECEIVER, make_line, make_order
from tests.peers.escpos_peer import EscposPeer
from tests.tickets.paper import SCAN_URL, SERIAL, make_content, picture_of
from tocsin.tickets import escpos
from tocsin.tickets.device_line import DeviceLine
from tocsin.tickets.device_talk import print_raster, reason_of
from tocsin.tickets.drawing import print_paper
from tocsin.tickets.layout import draw_raster
from tocsin.tickets.printer import PrinterStatus, PrintOutcome
from tocsin.tickets.printers.escpos_network import PLUGIN, EscposOptions
from tocsin.tickets.raster import Raster

OURS = {"init", "asb", "raster", "feed", "cut", "gs_r"}


def options_for(peer: EscposPeer, **changes: Any) -> EscposOptions:
    values = {
        "host": peer.host,
        "port": peer.port,
        "connect_timeout_seconds": 5,
        "answer_timeout_seconds": 0.3,
    }
    return EscposOptions(**(values | changes))


def send(peer: EscposPeer, **changes: Any) -> PrintOutcome:
    paper_mm = changes.get("paper_mm", 80)
    return print_paper(PLUGIN, options_for(peer, **changes), make_content(paper_mm=paper_mm))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("locale", ["zh_CN", "en"])
@pytest.mark.parametrize("paper_mm", [58, 80])
def test_the_paper_that_comes_out_is_the_picture_and_its_codes_are_read(
    paper_mm: Any, locale: str, host: str
):
    content = make_content(paper_mm=paper_mm, locale=locale)
    with EscposPeer(host) as peer:
        outcome = print_paper(PLUGIN, options_for(peer, paper_mm=paper_mm, answer_timeout_seconds=5), content)
        [paper] = peer.wait_papers(1)
    raster = draw_raster(content)
    assert outcome.result == "printed"
    assert outcome.raster_sha256 == raster.sha256()
    assert outcome.status_after == PrinterStatus(online=True, paper="ok")
    assert paper.codes() == {"qr": SCAN_URL, "code128": SERIAL}
    assert paper.picture.size == (raster.width_px, raster.height_px)
    assert paper.picture.tobytes() == picture_of(raster).tobytes(), "drawn without what would be a command"


@pytest.mark.parametrize(
    ("switches", "reason", "paper"),
    [
        ({"paper": "out"}, "paper_out", "out"),
        ({"cover_open": True}, "cover_open", "ok"),
        ({"online": False}, "offline", "ok"),
        ({"error": 0x08}, "device_error", "ok"),
    ],
)
def test_a_printer_that_is_not_ready_gets_no_byte_of_the_ticket(
    switches: dict[str, Any], reason: str, paper: str
):
    with EscposPeer() as peer:
        for name, value in switches.items():
            setattr(peer.switches, name, value)
        outcome = send(peer)
        assert (outcome.result, outcome.reason, outcome.bytes_left) == ("failed", reason, False)
        assert outcome.status_before is not None
        assert outcome.status_before.paper == paper
        assert PLUGIN.probe(options_for(peer)).detail == reason
        assert [job.received for job in peer.jobs] == [0, 0]


def test_low_paper_prints_and_is_told():
    with EscposPeer() as peer:
        peer.switches.paper = "low"
        outcome = send(peer)
    assert outcome.result == "printed"
    assert outcome.status_after == PrinterStatus(online=True, paper="low")


def test_a_mute_printer_fails_and_gets_nothing():
    with EscposPeer() as peer:
        peer.switches.mute = True
        options = options_for(peer, connect_timeout_seconds=0.3)
        outcome = print_paper(PLUGIN, options, make_content())
        assert (outcome.result, outcome.reason, outcome.bytes_left) == ("failed", "mute", False)
        assert PLUGIN.probe(options) == PrinterStatus(online=False, paper="unknown", detail="mute")
        assert peer.jobs[0].received == 0


def test_nobody_there_is_a_failure():
    with EscposPeer() as peer:
        options = options_for(peer)
    outcome = print_paper(PLUGIN, options, make_content())
    assert (outcome.result, outcome.reason, outcome.permanent) == ("failed", "refused", False)
    assert PLUGIN.probe(options).detail == "refused"


@pytest.mark.parametrize("host", ["no-such-printer.invalid", "a..b", "x" * 70 + ".example"])
def test_a_name_that_leads_nowhere_is_a_failure(host: str):
    outcome = print_paper(PLUGIN, EscposOptions(host=host, connect_timeout_seconds=2), make_content())
    assert (outcome.result, outcome.reason) == ("failed", "name_unknown")


def test_paper_of_another_width_is_a_failure_for_good():
    outcome = print_paper(
        PLUGIN, EscposOptions(host="printer.invalid", paper_mm=58), make_content(paper_mm=80)
    )
    assert (outcome.result, outcome.reason, outcome.permanent) == ("failed", "wrong_paper", True)


@pytest.mark.parametrize("count", [1, 2, 11, 500, 20_000, 50_000])
def test_a_connection_lost_after_the_first_byte_is_unknown(count: int):
    with EscposPeer() as peer:
        peer.switches.reset_after_bytes = count
        peer.switches.delay_seconds = 0.01
        outcome = send(peer)
        assert peer.jobs[0].closed.wait(5)
    assert (outcome.result, outcome.reason, outcome.bytes_left) == ("unknown", "connection_lost", True)
    assert outcome.status_after is None


def test_a_line_that_takes_no_byte_is_a_failure():
    with socket.create_server(("127.0.0.1", 0)) as server:
        line = socket.create_connection(server.getsockname())
        other, _ = server.accept()
        other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        other.close()
        time.sleep(0.05)  # the reset is there before the first byte is sent
        with DeviceLine(line.fileno(), line.close) as broken:
            talk = EscposOptions(host="x").talk()
            outcome = print_raster(broken, talk, raster=draw_raster(make_content()), facts={})
    assert (outcome.result, outcome.reason, outcome.bytes_left) == ("failed", "connection_lost", False)


def test_a_printer_that_never_confirms_is_unknown():
    with EscposPeer() as peer:
        peer.switches.mute_queued = True
        outcome = send(peer)
        assert len(peer.wait_papers(1)) == 1  # it did come out, and only a person can tell
    assert (outcome.result, outcome.reason) == ("unknown", "unconfirmed")
    assert outcome.status_after == PrinterStatus(online=True, paper="ok")


def test_a_late_answer_counts_within_patience_and_not_after():
    with EscposPeer() as peer:
        peer.switches.delay_seconds = 0.1
        started = time.monotonic()
        assert send(peer, answer_timeout_seconds=5).result == "printed"
        assert time.monotonic() - started > 0.3  # it waited for the mechanism, not for the network
    with EscposPeer() as peer:
        peer.switches.delay_seconds = 2.5
        outcome = send(peer, answer_timeout_seconds=0.1)
    assert (outcome.result, outcome.reason) == ("unknown", "unconfirmed")


def test_paper_that_ends_on_the_way_is_unknown_and_the_status_says_why():
    with EscposPeer() as peer:
        peer.switches.out_after_rows = 300
        outcome = send(peer)
        assert peer.papers() == []
    assert (outcome.result, outcome.reason) == ("unknown", "unconfirmed")
    assert outcome.status_after == PrinterStatus(online=False, paper="out", detail="paper_out")


def test_a_printer_that_goes_on_without_paper_is_not_believed():
    with EscposPeer() as peer:
        peer.switches.out_after_rows = 300
        peer.switches.goes_on_when_out = True
        outcome = send(peer)
    assert (outcome.result, outcome.reason) == ("unknown", "paper_out")


def test_only_our_commands_reach_the_printer_whatever_is_written():
    control = "".join(map(chr, [*range(32), *range(127, 160)]))
    attack = "\x1b@\x1dV\x00\x10\x14\x01\x00\x01 \x1bp\x00"
    order = make_order(
        lines=(make_line(f"茶{control}{attack}", spec=control),), receiver=RECEIVER, shop=attack
    )
    with EscposPeer() as peer:
        outcome = print_paper(PLUGIN, options_for(peer, answer_timeout_seconds=5), make_content(order))
        [job] = peer.jobs
        assert outcome.result == "printed"
        assert job.names() == OURS
        assert [name for name, _ in job.ops if name != "raster"] == ["init", "asb", "feed", "cut", "gs_r"]
        assert job.realtime == [1, 2, 3, 4] * 2


def test_dots_that_spell_a_command_are_defused():
    """A printer obeys DLE EOT inside a picture: the peer does, and would lose three bytes of it."""
    bits = (b"\x10\x04\x01\x10\x05\x01\x10\x14\x01" + bytes(39)) * 600
    data = escpos.encode_ticket(Raster(384, 600, bits))
    for second in (b"\x04", b"\x05", b"\x14"):
        assert b"\x10" + second not in data
    with EscposPeer() as peer:
        with socket.create_connection((peer.host, peer.port)) as line:
            line.sendall(data)
        [paper] = peer.wait_papers(1)
        assert peer.jobs[0].realtime == []
        assert peer.jobs[0].names() == OURS - {"gs_r"}
    assert paper.picture.size == (384, 600)


def test_noise_before_an_answer_is_not_the_answer():
    """A printer may still talk of itself: bytes of another kind are passed over."""
    assert escpos.is_realtime_answer(0x12)
    assert escpos.is_realtime_answer(0x12 | 0x6C)
    assert not escpos.is_realtime_answer(0x00)
    assert not escpos.is_queued_answer(0x12)
    assert escpos.is_queued_answer(0x0F)
    server = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        line, _ = server.accept()
        with line:
            for _ in range(4):
                line.recv(3)
                line.sendall(b"\x00\x0f\xff\x12")
            line.recv(1)

    talker = threading.Thread(target=talk)
    talker.start()
    status = PLUGIN.probe(EscposOptions(host="127.0.0.1", port=server.getsockname()[1]))
    talker.join()
    server.close()
    assert status == PrinterStatus(online=True, paper="ok")


def test_a_hang_up_in_the_middle_of_asking_is_told():
    server = socket.create_server(("127.0.0.1", 0))

    def hang_up() -> None:
        line, _ = server.accept()
        line.recv(3)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))
        line.close()

    talker = threading.Thread(target=hang_up)
    talker.start()
    outcome = print_paper(
        PLUGIN, EscposOptions(host="127.0.0.1", port=server.getsockname()[1]), make_content()
    )
    talker.join()
    server.close()
    assert (outcome.result, outcome.reason, outcome.bytes_left) == ("failed", "connection_lost", False)


def test_a_network_without_a_way_has_a_reason():
    assert reason_of(OSError(errno.ENETUNREACH, "Network is unreachable")) == "network_error"
