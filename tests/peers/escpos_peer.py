"""A receipt printer on TCP 9100: obeys ESC/POS, answers status, runs out of paper, goes away, rebuilds the picture.

Like the real thing it has two minds: one answers DLE EOT as bytes arrive, wherever they stand; the
other takes commands from the buffer in order, prints, and answers GS r when it gets there.

    python -m tests.peers.escpos_peer --port 9100 --spool DIR
"""

import argparse
import json
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import zxingcpp
from PIL import Image

from tests.near import HOST
from tests.peers.escpos_commands import CUT, PICTURE, QUEUED_STATUS, WHO, parse_command
from tests.peers.escpos_switches import Switches


@dataclass
class Paper:
    """What was cut off, or what a broken connection left in the printer (`cut` false)."""

    picture: Image.Image
    cut: bool
    _read: dict[str, str] | None = field(default=None, repr=False, compare=False)

    def codes(self) -> dict[str, str]:
        """Return what a scanner reads on it: `{"qr": …, "code128": …}`, as far as it does; scanned once."""
        if self._read is None:
            self._read = self._scan()
        return self._read

    def _scan(self) -> dict[str, str]:
        names = {zxingcpp.BarcodeFormat.QRCode: "qr", zxingcpp.BarcodeFormat.Code128: "code128"}
        found = zxingcpp.read_barcodes(self.picture.convert("L"))
        return {names[code.format]: code.text for code in found if code.format in names}


@dataclass
class Job:
    """One connection: the commands it sent, in order, and the papers they made."""

    ops: list[tuple[str, bytes]] = field(default_factory=list)
    papers: list[Paper] = field(default_factory=list)
    realtime: list[int] = field(default_factory=list)
    received: int = 0
    reset_at: float = 0.0
    """When it was reset, by the monotonic clock."""
    closed: threading.Event = field(default_factory=threading.Event)

    def names(self) -> set[str]:
        """Return which commands came."""
        return {name for name, _ in self.ops}


class EscposPeer:
    """The printer: a context manager that serves on `host`:`port` (0 takes a free one)."""

    connection: "type[Connection]"

    def __init__(self, host: str = HOST, port: int = 0, *, spool: Path | None = None) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._server = socket.create_server((host, port), family=family, backlog=64)
        self.host, self.port = host, int(self._server.getsockname()[1])
        self.switches = Switches()
        self.switches.who[68] = b"T%d" % self.port
        self.jobs: list[Job] = []
        self._spool = spool
        self._changed = threading.Condition()
        self._closing = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving, once."""
        if self._closing.is_set():
            return
        self._closing.set()
        # A blocked accept survives close(); shutdown wakes it.
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def papers(self) -> list[Paper]:
        """Return every paper that was cut off, oldest first by connection."""
        with self._changed:
            return [paper for job in self.jobs for paper in job.papers if paper.cut]

    def wait_papers(self, count: int, timeout_seconds: float = 10.0) -> list[Paper]:
        """Return the papers once there are so many.

        Raises:
            TimeoutError: they did not come in time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.papers()) >= count, timeout_seconds):
                raise TimeoutError(f"{len(self.papers())} of {count} papers")
        return self.papers()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                line, _ = self._server.accept()
            except OSError:
                return
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            job = Job()
            with self._changed:
                self.jobs.append(job)
            connection = self.connection(self, line, job)
            threading.Thread(target=connection.receive, daemon=True).start()
            threading.Thread(target=connection.print_all, daemon=True).start()

    def keep(self, job: Job, paper: Paper) -> None:
        """Put a paper out, and into the spool folder where there is one."""
        with self._changed:
            job.papers.append(paper)
            if self._spool is not None:
                self._write(self._spool, paper)
            self._changed.notify_all()

    def _write(self, spool: Path, paper: Paper) -> None:
        n = len(list(spool.glob("*.png"))) + 1
        paper.picture.save(spool / f"{n:05d}.png")
        row = {"n": n, "png": f"{n:05d}.png", "at": time.time(), "cut": paper.cut, "size": paper.picture.size}
        with (spool / "papers.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row | {"qr": "", "code128": ""} | paper.codes()) + "\n")


class Connection:
    """One client: a receiver that answers at once, and a mechanism that works off the buffer."""

    parse = staticmethod(parse_command)

    def __init__(self, peer: EscposPeer, line: socket.socket, job: Job) -> None:
        self.peer, self.line, self.job = peer, line, job
        self.buffer = bytearray()
        self.more = threading.Condition()
        self.ended = False
        self.bands: list[Image.Image] = []

    def receive(self) -> None:
        """Take bytes as they come; status requests are answered here, the rest is buffered."""
        held = b""
        while not self.peer._closing.is_set():
            try:
                data = self.line.recv(self._appetite())
            except OSError:
                break
            if not data:
                break
            held = self.take(held + data)
            limit = self.peer.switches.reset_after_bytes
            if limit is not None and self.job.received >= limit:
                # SO_LINGER of 0 seconds: close() sends RST.
                self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.job.reset_at = time.monotonic()
                self.line.close()
                break
        with self.more:
            self.ended = True
            self.more.notify_all()

    def _appetite(self) -> int:
        """Return how many bytes to take at once: not one more than the line is to stand for."""
        limit = self.peer.switches.reset_after_bytes
        return 4096 if limit is None else max(1, min(4096, limit - self.job.received))

    def take(self, data: bytes) -> bytes:
        """Answer and drop each DLE EOT n, buffer the rest, return a start of one that is not whole yet."""
        plain = bytearray()
        while (at := data.find(b"\x10\x04")) >= 0 and len(data) >= at + 3:
            plain += data[:at]
            self.job.realtime.append(data[at + 2])
            self.answer(self.peer.switches.realtime_answer(data[at + 2]), mute=self.peer.switches.mute)
            data = data[at + 3 :]
        keep = 2 if data.endswith(b"\x10\x04") else 1 if data.endswith(b"\x10") else 0
        self.buffer_up(plain + data[: len(data) - keep])
        return data[len(data) - keep :]

    def buffer_up(self, plain: bytes) -> None:
        """Give bytes to the mechanism."""
        self.job.received += len(plain)
        with self.more:
            self.buffer += plain
            self.more.notify_all()

    def print_all(self) -> None:
        """Work off commands until the client goes; what is not cut then is half a paper."""
        while (command := self._next_command()) is not None:
            self.job.ops.append(command)
            self.obey(*command)
        if self.bands:
            self.put_out(cut=False)
        self.line.close()
        self.job.closed.set()

    def obey(self, name: str, data: bytes) -> None:
        """Do what a command says."""
        switches = self.peer.switches
        if name == PICTURE:
            width, rows = struct.unpack("<HH", data[:4])
            time.sleep(switches.delay_seconds)
            # 1 is black in ESC/POS, white in an image
            self.bands.append(Image.frombytes("1", (width * 8, rows), bytes(b ^ 255 for b in data[4:])))
            if switches.out_after_rows is not None and self._rows() >= switches.out_after_rows:
                switches.out_after_rows, switches.paper = None, "out"
        elif name == CUT:
            self.put_out(cut=True)
        elif name == QUEUED_STATUS:
            answer = {"ok": 0x00, "low": 0x03, "out": 0x0F}[switches.paper]
            self.answer(answer, mute=switches.mute or switches.mute_queued)
        elif name == WHO and data[0] in switches.who:
            self.say(b"_" + switches.who[data[0]] + b"\0", mute=switches.mute)

    def _rows(self) -> int:
        return sum(band.height for band in self.bands)

    def put_out(self, *, cut: bool) -> None:
        """Put the bands out as one paper."""
        picture = Image.new("1", (max((b.width for b in self.bands), default=8), max(1, self._rows())), 1)
        top = 0
        for band in self.bands:
            picture.paste(band, (0, top))
            top += band.height
        self.bands = []
        self.peer.keep(self.job, Paper(picture, cut))

    def answer(self, byte: int, *, mute: bool) -> None:
        """Send one byte back, unless the printer is mute."""
        self.say(bytes([byte]), mute=mute)

    def say(self, data: bytes, *, mute: bool) -> None:
        """Send bytes back, unless the printer is mute."""
        if mute:
            return
        try:
            self.line.sendall(data)
        except OSError:
            return  # the client has gone: a printer does not care

    def _next_command(self) -> tuple[str, bytes] | None:
        """Return the next whole command once the mechanism may move, None when no more will come."""
        while True:
            with self.more:
                length, name, data = self.parse(self.buffer)
                if length and not self.peer.switches.stopped():
                    del self.buffer[:length]
                    return name, data
                if self.peer._closing.is_set() or (
                    self.ended and (not length or self.peer.switches.stopped())
                ):
                    return None
                self.more.wait(0.02 if length else 1.0)


EscposPeer.connection = Connection


def main() -> None:
    """Serve until killed; print the address, keep papers in the spool folder."""
    parser = argparse.ArgumentParser(description="a receipt printer that speaks ESC/POS over TCP")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--spool", type=Path, required=True)
    parser.add_argument("--paper", choices=("ok", "low", "out"), default="ok")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds a band of rows takes")
    asked = parser.parse_args()
    asked.spool.mkdir(parents=True, exist_ok=True)
    with EscposPeer(asked.host, asked.port, spool=asked.spool) as peer:
        peer.switches.paper, peer.switches.delay_seconds = asked.paper, asked.delay
        print(f"listening on {peer.host}:{peer.port}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
