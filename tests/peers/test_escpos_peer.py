"""The printer peer itself: as a process with a spool folder, and with what real clients get wrong."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.peers.escpos_commands import parse_command
from tests.peers.escpos_peer import EscposPeer
from tests.tickets.paper import SCAN_URL, SERIAL, make_content
from tocsin.tickets import escpos
from tocsin.tickets.drawing import print_paper
from tocsin.tickets.layout import draw_raster
from tocsin.tickets.printers.escpos_network import PLUGIN, EscposOptions

ROOT = Path(__file__).parent.parent.parent


def test_as_a_process_it_keeps_each_paper_with_its_codes(tmp_path: Path):
    command = [
        sys.executable,
        "-m",
        "tests.peers.escpos_peer",
        "--port",
        "0",
        "--spool",
        str(tmp_path / "spool"),
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    ) as peer:
        assert peer.stdout is not None
        port = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", peer.stdout.readline())
        assert port
        options = EscposOptions(host="127.0.0.1", port=int(port[1]))
        for number in ("1", "2"):
            assert (
                print_paper(PLUGIN, options, make_content(code128=number, serial=SERIAL)).result == "printed"
            )
        peer.send_signal(signal.SIGTERM)
    rows = [json.loads(row) for row in (tmp_path / "spool" / "papers.jsonl").read_text().splitlines()]
    assert [(row["n"], row["cut"], row["qr"], row["code128"]) for row in rows] == [
        (1, True, SCAN_URL, "1"),
        (2, True, SCAN_URL, "2"),
    ]
    assert sorted(file.name for file in (tmp_path / "spool").glob("*.png")) == ["00001.png", "00002.png"]


def test_half_a_paper_is_told_from_a_whole_one(tmp_path: Path):
    data = escpos.encode_ticket(draw_raster(make_content()))
    with EscposPeer(spool=tmp_path) as peer:
        with socket.create_connection((peer.host, peer.port)) as line:
            line.sendall(data[: len(data) // 2])
        assert wait_for_job(peer)
        assert [paper.cut for paper in peer.jobs[0].papers] == [False]
        assert peer.papers() == []
        with pytest.raises(TimeoutError):
            peer.wait_papers(1, timeout_seconds=0.1)
    assert json.loads((tmp_path / "papers.jsonl").read_text())["cut"] is False


def test_text_and_unknown_commands_are_seen():
    with EscposPeer() as peer:
        with socket.create_connection((peer.host, peer.port)) as line:
            line.sendall(b"Hi\x1bp\x10")
            line.shutdown(socket.SHUT_WR)
            assert line.recv(1) == b""
        assert wait_for_job(peer)
        assert peer.jobs[0].names() == {"text", "other"}


def test_a_stopped_printer_lets_a_client_go():
    with EscposPeer() as peer:
        peer.switches.online = False
        with socket.create_connection((peer.host, peer.port)) as line:
            line.sendall(escpos.encode_ticket(draw_raster(make_content())))
        assert wait_for_job(peer)
        assert peer.jobs[0].ops == []


def test_a_refilled_printer_goes_on():
    data = escpos.encode_ticket(draw_raster(make_content())) + escpos.ASK_WHEN_DONE
    with EscposPeer() as peer:
        peer.switches.out_after_rows = 300
        with socket.create_connection((peer.host, peer.port), timeout=0.3) as line:
            line.sendall(data)
            with pytest.raises(TimeoutError):
                line.recv(1)
            peer.switches.paper = "ok"
            line.settimeout(5)
            assert line.recv(1) == b"\x00"
        assert peer.wait_papers(1)[0].codes()["qr"] == SCAN_URL


@pytest.mark.parametrize(
    "start",
    [b"", b"\x1b", b"\x1d", b"\x1bd", b"\x1dV", b"\x1dVB", b"\x1dv0\x00\x01", b"\x1dv0\x00\x01\x00\x02\x00x"],
)
def test_a_command_waits_until_it_is_whole(start: bytes):
    assert parse_command(bytearray(start)) == (0, "", b"")


def wait_for_job(peer: EscposPeer) -> bool:
    """Wait until the peer has worked off its first connection."""
    until = time.monotonic() + 5
    while not peer.jobs and time.monotonic() < until:
        time.sleep(0.01)
    return peer.jobs[0].closed.wait(5)
