"""The console's wire: one line of JSON each way over a Unix socket in the data folder, between processes of one user."""

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.settings import Settings

NAME = "console.sock"
SECONDS = 30.0
LONGEST_BYTES = 1 << 20
_CREDENTIALS = struct.Struct("3i")


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """What the command line asks: a command and what goes with it."""

    command: str
    given: msgspec.Raw


class Answered(Struct, frozen=True, omit_defaults=True):
    """What the desk answers: a result, or why not."""

    result: Any = None
    refused: str = ""


def console_path(settings: Settings) -> Path:
    """Return where the console of a desk listens."""
    return settings.path(NAME)


@contextmanager
def short_address(path: Path) -> Iterator[str]:
    """Give an address of a socket that fits its 108 bytes, however deep the folder lies."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def connect(path: Path) -> socket.socket | None:
    """Return a connection to the desk that listens there; None where none does."""
    if not path.parent.is_dir():
        return None
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(SECONDS)
    with short_address(path) as address:
        try:
            made.connect(address)
        except (FileNotFoundError, ConnectionRefusedError, PermissionError):
            made.close()
            return None
    return made


def peer_user(connection: socket.socket) -> int:
    """Return the user whose process is at the other end; the kernel vouches for it.

    Source: unix(7), SO_PEERCRED.
    """
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(told)[1])


def send(connection: socket.socket, message: Struct) -> None:
    """Send one message."""
    connection.sendall(msgspec.json.encode(message) + b"\n")


def receive(connection: socket.socket) -> bytes:
    """Return one message as it came; cut short where the other end stops, and where it is too long."""
    found = bytearray()
    while not found.endswith(b"\n") and len(found) <= LONGEST_BYTES:
        part = connection.recv(65536)
        if not part:
            break
        found += part
    return bytes(found)
