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
