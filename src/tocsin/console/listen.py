"""The console's ear: a thread of the running desk that answers who sits at the machine.

The socket is in the data folder, mode 0600; the kernel says whose process asks: the desk's own user, or root.
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tocsin.console.answer import answer
from tocsin.console.wire import SECONDS, connect, console_path, peer_user, receive, send, short_address
from tocsin.core.log import get_log
from tocsin.desk import Desk

_AT_ONCE = 4
_log = get_log("console")


@contextmanager
def listening(desk: Desk) -> Iterator[None]:
    """Answer the console while the block runs; beside another process that does, or where the system can't, nothing is done."""
    path = console_path(desk.settings)
    if not hasattr(socket, "SO_PEERCRED"):
        _log.warning("console_absent")
        yield
        return
    there = connect(path)
    if there is not None:  # another process of the desk, over the same folder
        there.close()
        yield
        return
    listener, mine = _bind(path)
    slots = threading.Semaphore(_AT_ONCE)
    threading.Thread(target=_listen, args=(desk, listener, slots), name="console", daemon=True).start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        if path.exists() and path.stat().st_ino == mine:
            path.unlink()


def may_ask(user: int) -> bool:
    """Tell whether a user may use the console: the desk's own, or root."""
    return user in (os.geteuid(), 0)


def _bind(path: Path) -> tuple[socket.socket, int]:
    """Return a listening socket and its number in the folder; it is in its place only once it is closed to others."""
    made, fresh = socket.socket(socket.AF_UNIX), path.with_name(f"{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with short_address(fresh) as address:
        made.bind(address)
    fresh.chmod(0o600)
    made.listen(_AT_ONCE)
    fresh.replace(path)
    return made, path.stat().st_ino


def _listen(desk: Desk, listener: socket.socket, slots: threading.Semaphore) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # closed: the desk ends
            return
        slots.acquire()
        threading.Thread(target=_serve, args=(desk, connection, slots), name="console", daemon=True).start()


def _serve(desk: Desk, connection: socket.socket, slots: threading.Semaphore) -> None:
    try:
        with connection:
            connection.settimeout(SECONDS)
            user = peer_user(connection)
            if not may_ask(user):
                _log.warning("console_foreign", user=user)
                return
            send(connection, answer(desk, receive(connection), user=user))
    except OSError as gone:
        _log.warning("console_gone", problem=str(gone))
    finally:
        slots.release()
