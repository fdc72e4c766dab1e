"""A label printer on TCP 9100: obeys TSPL, answers <ESC>!? at once, runs out of labels, goes away, rebuilds the picture."""

import re
import time

from PIL import Image

from tests.peers.escpos_peer import Connection, EscposPeer

_ASKED = b"\x1b!"
_NAMES = {"SIZE", "GAP", "DIRECTION", "REFERENCE", "DENSITY", "CLS", "BITMAP", "PRINT"}


def parse_command(buffer: bytearray) -> tuple[int, str, bytes]:
    """Return length, name and data of the first command in a buffer; length 0 while it is not whole."""
    head = re.match(rb"BITMAP \d+,\d+,(\d+),(\d+),\d,", buffer)
    if head:
        length = head.end() + int(head[1]) * int(head[2])
        return (length, "BITMAP", bytes(buffer[:length])) if len(buffer) >= length else (0, "", b"")
    # A start that may become a BITMAP has dots behind it, and dots may hold line ends.
    if re.fullmatch(rb"B(I(T(M(A(P[ \d,]*)?)?)?)?)?", buffer):
        return 0, "", b""
    line, end, _ = buffer.partition(b"\r\n")
    if not end:
        return 0, "", b""
    name = line.split(b" ")[0].decode("latin-1")
    return len(line) + 2, name if name in _NAMES else "other" if line else "", bytes(line)


class TsplConnection(Connection):
    """One client of a label printer."""

    parse = staticmethod(parse_command)
    printing = False

    def take(self, data: bytes) -> bytes:
        """Answer and drop each <ESC>!?, buffer the rest; another immediate command is kept as one that came."""
        plain = bytearray()
        while (at := data.find(_ASKED)) >= 0 and len(data) >= at + 3:
            plain += data[:at]
            self.job.realtime.append(data[at + 2])
            if data[at + 2] == ord("?"):
                self.answer(self._status(), mute=self.peer.switches.mute)
            data = data[at + 3 :]
        keep = 2 if data.endswith(_ASKED) else 1 if data.endswith(b"\x1b") else 0
        self.buffer_up(plain + data[: len(data) - keep])
        return data[len(data) - keep :]

    def _status(self) -> int:
        switches = self.peer.switches
        busy = self.printing and not switches.mute_queued
        return (
            0x01 * switches.cover_open | 0x04 * (switches.paper == "out") | 0x10 * (not switches.online)
            | switches.error | 0x20 * (busy and not switches.stopped())
        )  # fmt: skip

    def obey(self, name: str, data: bytes) -> None:
        """Take a picture, or print the one that was taken."""
        switches = self.peer.switches
        if name == "CLS":
            self.bands = []
        elif name == "BITMAP":
            head = re.match(rb"BITMAP (\d+),(\d+),(\d+),(\d+),(\d),", data)
            assert head
            # 0 is black in TSPL and in an image alike.
            size = (int(head[3]) * 8, int(head[4]))
            self.bands.append(Image.frombytes("1", size, data[head.end() :]))
        elif name == "PRINT":
            self.printing = True
            time.sleep(max(switches.delay_seconds, 0.06))
            if switches.out_after_rows is not None:
                switches.out_after_rows, switches.paper = None, "out"
            else:
                self.put_out(cut=True)
            self.printing = False


class TsplPeer(EscposPeer):
    """The label printer; `switches` and `papers` as the receipt printer's."""

    connection = TsplConnection
