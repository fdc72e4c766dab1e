"""ESC/POS: the few commands that a ticket needs, and what the answers mean.

Text never travels as text: a ticket is dots, so that no customer's character is a command.
Source: Epson ESC/POS command reference (ESC @, GS a, GS v 0, ESC d, GS V, GS r, GS I, DLE EOT).
"""

import contextlib
import struct
import time
from typing import Literal

from tocsin.tickets.device_line import DeviceLine
from tocsin.tickets.identity import Identity
from tocsin.tickets.printer import PrinterStatus
from tocsin.tickets.raster import Raster, without_commands

BAND_ROWS = 256
RESET_QUIET = b"\x1b@\x1da\x00"  # initialise; no unasked status between our answers
FEED_AND_CUT = b"\x1bd\x04\x1dVB\x00"
ASK_WHEN_DONE = b"\x1dr\x01"  # queued: answered after everything before it is on paper
_ASK_WHAT = {
    "serial": b"\x1dI\x44",
    "model": b"\x1dI\x43",
    "maker": b"\x1dI\x42",
}  # the one that counts first
_WHAT_BEGINS, _WHAT_MOST_BYTES, _WHAT_SECONDS = 0x5F, 80, 1.0
ASK_NOW = tuple(b"\x10\x04" + bytes([n]) for n in (1, 2, 3, 4))


def encode_paper(raster: Raster) -> bytes:
    """Return a picture as the commands that print it, cut, and answer when that is done."""
    return encode_ticket(raster) + ASK_WHEN_DONE


def ask_status(line: DeviceLine, *, deadline: float) -> PrinterStatus:
    """Ask DLE EOT 1 to 4, one at a time: slow printers lose requests that come together."""
    answers = []
    for request in ASK_NOW:
        line.write(request, deadline=deadline)
        answers.append(line.read_byte(deadline=deadline, wanted=is_realtime_answer))
    return read_status((answers[0], answers[1], answers[2], answers[3]))


def wait_done(line: DeviceLine, *, deadline: float) -> str:
    """Wait for the answer that is queued behind the cut; `paper_out` where the paper ended with this ticket."""
    return "paper_out" if paper_ended(line.read_byte(deadline=deadline, wanted=is_queued_answer)) else ""


def ask_identity(line: DeviceLine) -> Identity:
    """Ask GS I for serial number, model and maker; a printer that does not answer one is asked for no other.

    A device that does not answer DLE EOT speaks another language: it is asked nothing.
    """
    told: dict[str, str] = {}
    with contextlib.suppress(OSError):  # many do not know the question
        line.write(ASK_NOW[0], deadline=_soon())
        line.read_byte(deadline=_soon(), wanted=is_realtime_answer)
        for name, request in _ASK_WHAT.items():
            line.write(request, deadline=_soon())
            told[name] = _read_what(line, deadline=_soon())
    return Identity(**told)


def _read_what(line: DeviceLine, *, deadline: float) -> str:
    line.read_byte(deadline=deadline, wanted=lambda byte: byte == _WHAT_BEGINS)
    told = bytearray()
    while len(told) < _WHAT_MOST_BYTES and (byte := line.read_byte(deadline=deadline, wanted=lambda _: True)):
        told.append(byte)
    return told.decode("ascii", "replace")


def _soon() -> float:
    return time.monotonic() + _WHAT_SECONDS


def encode_ticket(raster: Raster) -> bytes:
    """Return a picture as the commands that print it and cut, in bands that small buffers hold."""
    stride = raster.width_px // 8
    parts = [RESET_QUIET]
    for top in range(0, raster.height_px, BAND_ROWS):
        rows = min(BAND_ROWS, raster.height_px - top)
        parts.append(b"\x1dv0\x00" + struct.pack("<HH", stride, rows))
        parts.append(without_commands(raster.bits[top * stride : (top + rows) * stride]))
    parts.append(FEED_AND_CUT)
    return b"".join(parts)


def is_realtime_answer(byte: int) -> bool:
    """Tell whether a byte answers DLE EOT: bits 1 and 4 set, 0 and 7 clear."""
    return byte & 0b1001_0011 == 0b0001_0010


def is_queued_answer(byte: int) -> bool:
    """Tell whether a byte answers GS r: bits 4 and 7 clear."""
    return byte & 0b1001_0000 == 0


def read_status(answers: tuple[int, int, int, int]) -> PrinterStatus:
    """Return the status that the four answers to DLE EOT 1 to 4 tell."""
    printer, cause, error, roll = answers
    paper: Literal["ok", "low", "out"] = (
        "out" if cause & 0x20 or roll & 0x60 else "low" if roll & 0x0C else "ok"
    )
    cover_open = bool(cause & 0x04)
    trouble = "cover_open" if cover_open else "paper_out" if paper == "out" else ""
    if not trouble and error & 0x6C:
        trouble = "device_error"  # cutter, unrecoverable, or recovers by itself
    if not trouble and printer & 0x08:
        trouble = "offline"
    return PrinterStatus(online=not trouble, paper=paper, cover_open=cover_open, detail=trouble)


def paper_ended(queued_answer: int) -> bool:
    """Tell whether the answer to GS r 1 says that the paper has ended."""
    return bool(queued_answer & 0x0C)
