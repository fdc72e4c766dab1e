"""The server: Granian in this process, on both loopbacks, drained at SIGTERM."""

import asyncio
import resource
import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from litestar import Litestar
from litestar.concurrency import set_asyncio_executor

from tocsin.core.errors import Refusal
from tocsin.core.log import get_log
from tocsin.desk import Desk

LOOPBACKS = ("127.0.0.1", "::1")
_DRAIN_SECONDS = 3.0
# Whoever opens a connection holds a place until it ends, and each desk page holds one for its events:
# the places are many, and who says nothing gives his back soon.
_BACKLOG = 1024
_CONNECTIONS_MOST = 4096
_HEADER_MILLISECONDS = 5_000
_FILES_MOST = 16_384
_log = get_log("server")


class PortTaken(Refusal):
    """Port {port} is taken on {address}: stop what listens there, or choose another with --port"""

    kind, code = "locked", "port_taken"


def serve(app: Litestar, desk: Desk, *, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is called once every address answers.

    Raises:
        PortTaken: an address can't be listened on.
    """
    addresses = addresses_of(desk.settings.host)
    for address in addresses:
        require_free(address, desk.settings.port)
    _allow_connections()
    threads = ThreadPoolExecutor(desk.settings.request_threads, thread_name_prefix="request")
    set_asyncio_executor(threads)
    try:
        asyncio.run(_serve(app, desk, addresses, ready))
    finally:
        set_asyncio_executor(None)
        threads.shutdown(wait=False, cancel_futures=True)


def addresses_of(host: str) -> list[str]:
    """Return the addresses to listen on; `localhost` is both loopbacks, where the machine has both."""
    return [address for address in LOOPBACKS if _has(address)] if host == "localhost" else [host]


def require_free(address: str, port: int) -> None:
    """Refuse a port that somebody listens on: Granian would share it silently.

    Raises:
        PortTaken: it is taken, or not ours to take.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address, port))
        except OSError:
            raise PortTaken(address=address, port=port) from None


def _allow_connections() -> None:
    # A service is often begun with 1024 open files, which is fewer than the connections that are let in.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _FILES_MOST if hard == resource.RLIM_INFINITY else min(_FILES_MOST, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


async def _serve(app: Litestar, desk: Desk, addresses: list[str], ready: Callable[[], None]) -> None:
    loop, ending = asyncio.get_running_loop(), asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ending.set)
    servers = [
        Server(
            app, address=address, port=desk.settings.port, interface=Interfaces.ASGINL, http=HTTPModes.http1,
            websockets=False, log_enabled=False, backlog=_BACKLOG, backpressure=_CONNECTIONS_MOST,
            http1_settings=HTTP1Settings(header_read_timeout=_HEADER_MILLISECONDS),
        )
        for address in addresses
    ]  # fmt: skip
    tasks = [asyncio.create_task(server.serve()) for server in servers]
    await _wait_for(addresses, desk.settings.port)
    ready()
    stopped = asyncio.create_task(ending.wait())
    await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
    desk.closing = True
    for server in servers:
        server.interrupt_signal = True
        server.main_loop_interrupt.set()
    _, left = await asyncio.wait(tasks, timeout=_DRAIN_SECONDS)
    for task in left:
        _log.warning("not_drained")
        task.cancel()


async def _wait_for(addresses: list[str], port: int) -> None:
    for address in addresses:
        while True:
            try:
                _, writer = await asyncio.open_connection(address, port)
            except OSError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                break


def _has(address: str) -> bool:
    try:
        require_free(address, 0)
    except PortTaken:
        return False
    return True
