"""A picture of one bit a dot: what printers of dots are given, wherever it was drawn."""

import hashlib

from msgspec import Struct


class Raster(Struct, frozen=True):
    """A picture of one bit a dot, rows top down, eight dots a byte, the leftmost the highest bit, 1 black."""

    width_px: int
    height_px: int
    bits: bytes

    def sha256(self) -> str:
        """Return the SHA-256 of size and dots, in hex."""
        return hashlib.sha256(b"%dx%d\n" % (self.width_px, self.height_px) + self.bits).hexdigest()


def without_commands(dots: bytes) -> bytes:
    """Return dots without what printers obey even inside a picture: one white dot beside a lone black one turns black.

    ESC/POS obeys DLE EOT, DLE ENQ and DLE DC4 (which could open the drawer), TSPL, whose black is 0, <ESC>! and ~!.
    """
    for second in (b"\x04", b"\x05", b"\x14"):
        dots = dots.replace(b"\x10" + second, b"\x18" + second)
    return dots.replace(b"\xe4\xde", b"\xe4\xdf").replace(b"\x81\xde", b"\x81\xdf")
