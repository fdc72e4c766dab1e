"""TSPL: the few commands that a label needs, and what the status byte means.

Text never travels as text: a label is dots, so that no customer's character is a command.
Source: TSC TSPL/TSPL2 programming manual (SIZE, GAP, CLS, BITMAP, PRINT, <ESC>!?).
"""

import time
from typing import Literal

from msgspec import Struct

from tocsin.tickets.device_line import DeviceLine
from tocsin.tickets.printer import PrinterStatus
from tocsin.tickets.raster import Raster, without_commands

ASK_NOW = b"\x1b!?"  # answered at once, wherever it stands
PRINTING = 0x20
DOTS_PER_MM = 8  # 203 dpi
_POLL_SECONDS = 0.02
_HEAD_OPEN, _JAM, _NO_PAPER, _NO_RIBBON, _PAUSED, _OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x80


class Tspl(Struct, frozen=True):
    """The language with what a roll of labels needs: the gap between two, 0 on endless paper; how dark to print."""

    gap_mm: float = 2
    density: int = 8

    def encode_paper(self, raster: Raster) -> bytes:
        """Return a picture as the commands that print one label of its size."""
        width, height = raster.width_px / DOTS_PER_MM, raster.height_px / DOTS_PER_MM
        head = (
            f"SIZE {width:g} mm,{height:g} mm\r\nGAP {self.gap_mm:g} mm,0 mm\r\nDIRECTION 0\r\nREFERENCE 0,0\r\n"
            f"DENSITY {self.density}\r\nCLS\r\nBITMAP 0,0,{raster.width_px // 8},{raster.height_px},0,"
        )
        return head.encode() + without_commands(raster.bits).translate(_INVERTED) + b"\r\nPRINT 1,1\r\n"

    def ask_status(self, line: DeviceLine, *, deadline: float) -> PrinterStatus:
        """Ask how the printer is; one that prints for somebody else is waited for."""
        while True:
            byte = _ask(line, deadline)
            if not byte & PRINTING or time.monotonic() + _POLL_SECONDS >= deadline:
                return read_status(byte)
            time.sleep(_POLL_SECONDS)

    def wait_done(self, line: DeviceLine, *, deadline: float) -> str:
        """Ask until the printer, seen printing, is at rest again: only this tells that the label came out."""
        seen = False
        while True:
            byte = _ask(line, deadline)
            if trouble := read_status(byte & ~PRINTING).detail:
                return trouble
            if seen and not byte:
                return ""
            seen = seen or bool(byte & PRINTING)
            time.sleep(_POLL_SECONDS)


def read_status(byte: int) -> PrinterStatus:
    """Return the status that the answer to <ESC>!? tells."""
    paper: Literal["ok", "out"] = "out" if byte & _NO_PAPER else "ok"
    causes = (
        (_HEAD_OPEN, "cover_open"), (_NO_PAPER, "paper_out"), (_JAM, "jam"), (_NO_RIBBON, "ribbon_out"),
        (_PAUSED, "offline"), (_OTHER, "device_error"), (PRINTING, "device_busy"),
    )  # fmt: skip
    trouble = next((reason for bit, reason in causes if byte & bit), "")
    return PrinterStatus(online=not trouble, paper=paper, cover_open=bool(byte & _HEAD_OPEN), detail=trouble)


def _ask(line: DeviceLine, deadline: float) -> int:
    line.write(ASK_NOW, deadline=deadline)
    return line.read_byte(deadline=deadline, wanted=lambda byte: byte & 0x40 == 0)


_INVERTED = bytes(byte ^ 0xFF for byte in range(256))  # BITMAP's black is 0
