"""Builders: papers that are right in every respect, and what a printer's picture says."""

import re
import zlib
from typing import Any

from PIL import Image

from tests.desk import NOW_US, make_order
from tocsin.orders.draft import Order
from tocsin.tickets.content import PaperRequest, TicketContent, build_content
from tocsin.tickets.raster import Raster

SERIAL = "7314159265358979328"
SCAN_URL = "https://desk.example.com/t/4f9Qm2Xk7RzT1bVwYc8LpA"


def make_request(**changes: Any) -> PaperRequest:
    """Return a merchant's copy for 80 mm paper in Chinese."""
    values: dict[str, Any] = {
        "copy": "merchant",
        "serial": SERIAL,
        "scan_url": SCAN_URL,
        "code128": SERIAL,
        "printed_at_us": NOW_US,
        "zone": "Asia/Shanghai",
    }
    return PaperRequest(**(values | changes))


def make_content(order: Order | None = None, **changes: Any) -> TicketContent:
    """Return what such a paper says, of a good order unless another is given."""
    return build_content(order or make_order(), make_request(**changes))


def picture_of(raster: Raster) -> Image.Image:
    """Return a raster as a picture, black where the printer burns."""
    return Image.frombytes("1", (raster.width_px, raster.height_px), bytes(b ^ 255 for b in raster.bits))


def words_of(pdf: bytes) -> str:
    """Return the text that a ticket's PDF shows, page after page, run after run, through its fonts' own tables."""
    streams = [
        zlib.decompress(body)
        for body in re.findall(rb"FlateDecode.*?>>\nstream\n(.*?)\nendstream", pdf, re.S)
    ]
    tables = [_characters(stream) for stream in streams if b"beginbfchar" in stream]
    page = b"\n".join(stream for stream in streams if b"\nBT " in stream)
    runs = []
    for font, shown in re.findall(rb"/f(\d+) [\d.]+ Tf 1 0 0 -1 [\d.]+ [\d.]+ Tm(.*?)T[jJ]", page, re.S):
        codes = _literals(shown)
        glyphs = [int.from_bytes(codes[at : at + 2], "big") for at in range(0, len(codes), 2)]
        runs.append("".join(tables[int(font)].get(glyph, "\ufffd") for glyph in glyphs))
    return "\n".join(runs)


def _characters(table: bytes) -> dict[int, str]:
    pairs = re.findall(rb"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]+)>\n", table)
    return {int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in pairs}


def _literals(shown: bytes) -> bytes:
    """Return what the literal strings of a TJ hold; balanced brackets in them stand unescaped."""
    named = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
    text, depth = b"", 0
    for token in re.findall(rb"\\[0-7]{3}|\\.|.", shown, re.S):
        if token == b")":
            depth -= 1
        if depth and len(token) == 4:
            text += bytes([int(token[1:], 8)])
        elif depth:
            text += named.get(token[1:], token[1:]) if len(token) == 2 else token
        if token == b"(":
            depth += 1
    return text
