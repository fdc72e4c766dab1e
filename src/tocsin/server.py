"""The server: Granian in this process, on both loopbacks or by HTTPS on a host name, drained at SIGTERM."""

import asyncio
import hashlib
import resource
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server.embed import Server
from litestar import Litestar
from litestar.concurrency import set_asyncio_executor
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.errors import Refusal
from tocsin.core.log import get_log
from tocsin.desk import Desk
from tocsin.settings import Settings
from tocsin.turn_away import turn_away
from tocsin.turns import Turns

LOOPBACKS = ("127.0.0.1", "::1")
EVERYWHERE = "0.0.0.0"
# What is under way when the listeners close: at a desk of one process nobody waits for a slow reader.
_FINISH_SECONDS, _FINISH_SHARED_SECONDS = 3.0, 30.0
_LAST_SECONDS = 0.3
_RENEW_SECONDS = 12 * 3600.0
_OVERLAP_SECONDS = 1.0
# Whoever opens a connection holds a place until it ends, and each desk page holds one for its events:
# the places are many, and who says nothing gives his back soon.
_BACKLOG = 1024
_CONNECTIONS_MOST = 4096
_HEADER_MILLISECONDS = 5_000
_FILES_MOST = 16_384
_log = get_log("server")


class Held(Struct, frozen=True):
    """A certificate's files as they were when a listener began."""

    cert: Path
    key: Path
    stamp: str


class Listener(Struct, frozen=True):
    """One address that an application is served on."""

    app: Litestar
    address: str
    port: int
    certificate: Held | None = None


class PortTaken(Refusal):
    """Port {port} is taken on {address}: stop what listens there, or choose another with --port"""

    kind, code = "locked", "port_taken"


def serve(app: Litestar, desk: Desk, *, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is called once every address answers.

    Raises:
        PortTaken: an address can't be listened on.
    """
    plan = plan_listeners(app, desk.settings)
    for one in plan:
        require_free(one.address, one.port)
    _allow_connections()
    threads = Turns(desk.settings.request_threads, carriers=desk.db.carriers)
    desk.requests_waiting = threads.waiting
    set_asyncio_executor(threads)  # type: ignore[arg-type] # any Executor does: it goes to run_in_executor
    try:
        asyncio.run(_serve(plan, desk, ready))
    finally:
        set_asyncio_executor(None)
        threads.shutdown()


def plan_listeners(app: Litestar, settings: Settings) -> list[Listener]:
    """Return what is listened on: both loopbacks, one address, or HTTPS with the plain page beside it.

    Raises:
        LanNameWrong, CertificateWrong, AcmeFailed: there is no certificate to serve HTTPS with.
    """
    if not settings.lan:
        return [Listener(app, address, settings.port) for address in addresses_of(settings.host)]
    from tocsin.web.install import build_install_app

    held = stamped_certificate(settings)
    return [
        Listener(app, EVERYWHERE, settings.port, held),
        Listener(build_install_app(settings), EVERYWHERE, settings.install_page_port()),
    ]


def stamped_certificate(settings: Settings) -> Held:
    """Return the certificate with a digest of its files: another one compares unequal."""
    from tocsin.lan.certificate import obtain_certificate

    made = obtain_certificate(settings)
    stamp = hashlib.sha256(made.cert.read_bytes() + made.key.read_bytes()).hexdigest()
    return Held(made.cert, made.key, stamp)


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


async def _serve(plan: list[Listener], desk: Desk, ready: Callable[[], None]) -> None:
    ending, hurry = _await_signals()
    begun = {one: _begin(one) for one in plan}
    for one in plan:
        await _wait_for(one.address, one.port)
    ready()
    stopped = asyncio.create_task(ending.wait())
    while True:
        tasks = [task for _, task in begun.values()]
        done, _ = await asyncio.wait(
            [stopped, *tasks], timeout=_RENEW_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if done:
            break
        await _renew(begun, desk.settings)
    drained = await _drain(desk, hurry, ports={one.port for one in begun})
    desk.closing = True
    for server, _ in begun.values():
        _end(server)
    patience = _FINISH_SHARED_SECONDS if drained else _FINISH_SECONDS
    _, left = await asyncio.wait([task for _, task in begun.values()], timeout=patience)
    for task in left:
        _log.warning("not_drained")
        task.cancel()


def _await_signals() -> tuple[asyncio.Event, asyncio.Event]:
    """Return what the first signal to end sets, and what a second one sets."""
    loop, ending, hurry = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    def note() -> None:
        (hurry if ending.is_set() else ending).set()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, note)
    return ending, hurry


async def _drain(desk: Desk, hurry: asyncio.Event, *, ports: set[int]) -> bool:
    """Serve on while proxies turn to others, then take what has come and nothing new; tell whether there was time."""
    seconds = desk.settings.drain_seconds if desk.settings.database_url else 0
    if not seconds:
        return False
    _log.info("draining", seconds=seconds)
    desk.streams.drain()
    try:
        await asyncio.wait_for(hurry.wait(), seconds)
    except TimeoutError:
        turn_away(ports)
        await asyncio.sleep(_LAST_SECONDS)
    return not hurry.is_set()


async def _renew(begun: dict[Listener, tuple[Server, asyncio.Task[None]]], settings: Settings) -> None:
    """Where the certificate has been renewed, listen with the new one before the old one's listener ends."""
    for one in [one for one in begun if one.certificate is not None]:
        try:
            fresh = replace(one, certificate=await asyncio.to_thread(stamped_certificate, settings))
        except Refusal as refusal:
            _log.error("certificate_not_renewed", problem=refusal.message())
            continue
        if fresh != one:
            server, task = begun.pop(one)
            begun[fresh] = _begin(fresh)
            await asyncio.sleep(_OVERLAP_SECONDS)
            _end(server)
            await asyncio.wait([task], timeout=_FINISH_SECONDS)


def _begin(one: Listener) -> tuple[Server, asyncio.Task[None]]:
    held = one.certificate
    server = Server(
        one.app, address=one.address, port=one.port, interface=Interfaces.ASGINL, http=HTTPModes.http1,
        websockets=False, log_enabled=False, backlog=_BACKLOG, backpressure=_CONNECTIONS_MOST,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_MILLISECONDS), ssl_protocol_min=SSLProtocols.tls12,
        ssl_cert=held.cert if held else None, ssl_key=held.key if held else None,
    )  # fmt: skip
    return server, asyncio.create_task(server.serve())


def _end(server: Server) -> None:
    server.interrupt_signal = True
    server.main_loop_interrupt.set()


async def _wait_for(address: str, port: int) -> None:
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
