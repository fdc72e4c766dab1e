"""Before a listener closes: whoever comes now is not let in, so that nobody is let in and then cut.

What the kernel has let in and nobody has taken is cut with the listener, when its request may be on the way already:
a proxy must not send such a change again. One that was never let in tries again, is refused, and goes elsewhere.
Source: Linux, socket(7) SO_ATTACH_FILTER, filter.rst; at a listener a filter sees segments from the TCP header on.
"""

import ctypes
import os
import socket
import stat
import struct
import sys
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

_SO_ATTACH_FILTER = 26
# Load the byte of the flags; drop what is a SYN without an ACK, keep all else.
_NO_SYN = (
    (0x30, 0, 0, 13),
    (0x54, 0, 0, 0x12),
    (0x15, 0, 1, 0x02),
    (0x06, 0, 0, 0),
    (0x06, 0, 0, 0xFFFFFFFF),
)


def turn_away(ports: Collection[int]) -> int:
    """Let nobody in any more on this process's listeners of these ports; return how many there are (0 but on Linux)."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in _NO_SYN))
    program = struct.pack("HP", len(_NO_SYN), ctypes.addressof(code))
    listeners = list(_listeners(ports))
    for one in listeners:
        with one, suppress(OSError):  # a kernel that lets nobody filter: newcomers come until it closes
            one.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
    return len(listeners)


def _listeners(ports: Collection[int]) -> Iterator[socket.socket]:
    """Yield this process's listening sockets, each under another number that is its caller's to close."""
    for file in list(Path("/proc/self/fd").iterdir()) if sys.platform == "linux" else ():
        try:
            own = os.dup(int(file.name))
        except OSError:  # closed meanwhile
            continue
        if not stat.S_ISSOCK(os.fstat(own).st_mode):
            os.close(own)
            continue
        one = socket.socket(fileno=own)
        if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and one.getsockname()[1] in ports:
            yield one
        else:
            one.close()
