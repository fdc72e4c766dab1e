"""The ESC/POS commands that the printer peer knows; everything else is counted as text or other."""

import struct

PICTURE, QUEUED_STATUS, CUT, WHO = "raster", "gs_r", "cut", "gs_i"

_SHAPES = {  # command: (name, length)
    b"\x1b@": ("init", 2),
    b"\x1bd": ("feed", 3),
    b"\x1da": ("asb", 3),
    b"\x1dr": (QUEUED_STATUS, 3),
    b"\x1dI": (WHO, 3),
}


def parse_command(buffer: bytearray) -> tuple[int, str, bytes]:
    """Return length, name and data of the first command in a buffer; length 0 while it is not whole."""
    head = bytes(buffer[:2])
    if len(head) < 2 and (not head or head in (b"\x1b", b"\x1d")):
        return 0, "", b""
    if head in _SHAPES:
        name, length = _SHAPES[head]
        return (length, name, bytes(buffer[2:length])) if len(buffer) >= length else (0, "", b"")
    if head == b"\x1dV":
        length = 4 if len(buffer) > 2 and buffer[2] in (65, 66) else 3
        return (length, CUT, bytes(buffer[2:length])) if len(buffer) >= length else (0, "", b"")
    if head == b"\x1dv":
        if len(buffer) < 8:
            return 0, "", b""
        width, rows = struct.unpack("<HH", buffer[4:8])
        length = 8 + width * rows
        return (length, PICTURE, bytes(buffer[4:length])) if len(buffer) >= length else (0, "", b"")
    return 1, "text" if buffer[0] >= 0x20 else "other", bytes(buffer[:1])
