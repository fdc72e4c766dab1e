"""Receipt printers on the network: ESC/POS over TCP 9100, asked before, confirmed after, one connection a paper."""

import socket
import time
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from tocsin.tickets import escpos
from tocsin.tickets.content import TicketContent
from tocsin.tickets.layout import Raster, draw_raster
from tocsin.tickets.printer import PrinterStatus, PrintOutcome, refuse_paper

_SLOWEST_ROWS_PER_SECOND = 400  # 50 mm/s, an old printer
_CHUNK_BYTES = 16_384

Seconds = Annotated[float, Meta(gt=0, le=120)]


class EscposOptions(Struct, frozen=True, kw_only=True):
    """Where the printer is (name, IPv4 or IPv6), its paper, and how long to wait for it."""

    host: Annotated[str, Meta(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9._:%-]+$")]
    port: Annotated[int, Meta(ge=1, le=65535)] = 9100
    paper_mm: Literal[58, 80] = 80
    connect_timeout_seconds: Seconds = 3.0
    answer_timeout_seconds: Seconds = 10.0


class EscposNetwork:
    """Prints a ticket as dots; `printed` means that the printer answered a command queued behind the cut."""

    name = "escpos_network"
    confirms = True
    options = EscposOptions

    def probe(self, options: EscposOptions) -> PrinterStatus:
        """Return how the printer is now, or why it does not say."""
        try:
            line = _connect(options)
        except OSError as trouble:
            return PrinterStatus(online=False, paper="unknown", detail=_reason(trouble))
        with line:
            try:
                return _ask_status(line, options.connect_timeout_seconds)
            except OSError as trouble:
                return PrinterStatus(online=False, paper="unknown", detail=_reason(trouble, timeout="mute"))

    def send(self, options: EscposOptions, content: TicketContent) -> PrintOutcome:
        """Print one paper on one connection, and return what became of it."""
        refused = refuse_paper(content, options.paper_mm)
        if refused:
            return refused
        raster = draw_raster(content)
        facts: dict[str, Any] = {"raster_sha256": raster.sha256()}
        try:
            line = _connect(options)
        except OSError as trouble:
            return _failed(_reason(trouble), str(trouble), **facts)
        with line:
            try:
                before = _ask_status(line, options.connect_timeout_seconds)
            except OSError as trouble:
                return _failed(_reason(trouble, timeout="mute"), str(trouble), **facts)
            facts["status_before"] = before
            if not before.online:
                return _failed(before.detail, **facts)
            return _print(line, options, raster, facts)


def _print(
    line: socket.socket, options: EscposOptions, raster: Raster, facts: dict[str, Any]
) -> PrintOutcome:
    data = escpos.encode_ticket(raster) + escpos.ASK_WHEN_DONE
    patience = options.answer_timeout_seconds + raster.height_px / _SLOWEST_ROWS_PER_SECOND
    sent = 0
    try:
        line.settimeout(patience)
        while sent < len(data):
            sent += line.send(data[sent : sent + _CHUNK_BYTES])
        ended = escpos.paper_ended(_await_done(line, patience))
    except OSError as trouble:
        if sent == 0:
            return _failed(_reason(trouble), str(trouble), **facts)
        reason = "unconfirmed" if isinstance(trouble, TimeoutError) else _reason(trouble)
        return _unknown(
            reason, f"{sent} of {len(data)} bytes: {trouble}", _status_after(line, options), facts
        )
    after = _status_after(line, options)
    if ended:
        return _unknown("paper_out", "the paper ended with this ticket", after, facts)
    return PrintOutcome(result="printed", bytes_left=True, status_after=after, **facts)


def _connect(options: EscposOptions) -> socket.socket:
    try:
        line = socket.create_connection((options.host, options.port), timeout=options.connect_timeout_seconds)
    except UnicodeError:  # a label of a name that is empty or too long
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from None
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def _ask_status(line: socket.socket, timeout_seconds: float) -> PrinterStatus:
    """Ask DLE EOT 1 to 4, one at a time: slow printers lose requests that come together."""
    deadline = time.monotonic() + timeout_seconds
    answers = []
    for request in escpos.ASK_NOW:
        line.sendall(request)
        answers.append(_next_byte(line, deadline, wanted=escpos.is_realtime_answer))
    return escpos.read_status((answers[0], answers[1], answers[2], answers[3]))


def _await_done(line: socket.socket, timeout_seconds: float) -> int:
    return _next_byte(line, time.monotonic() + timeout_seconds, wanted=escpos.is_queued_answer)


def _next_byte(line: socket.socket, deadline: float, *, wanted: Any) -> int:
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        line.settimeout(left)
        got = line.recv(1)
        if not got:
            raise ConnectionResetError("the printer closed the connection")
        if wanted(got[0]):
            return got[0]


def _status_after(line: socket.socket, options: EscposOptions) -> PrinterStatus | None:
    try:
        return _ask_status(line, options.connect_timeout_seconds)
    except OSError:
        return None  # the paper's fate is known or unknown without it


def _failed(reason: str, detail: str = "", **facts: Any) -> PrintOutcome:
    return PrintOutcome(result="failed", reason=reason, detail=detail, **facts)


def _unknown(reason: str, detail: str, after: PrinterStatus | None, facts: dict[str, Any]) -> PrintOutcome:
    return PrintOutcome(
        result="unknown", reason=reason, detail=detail, bytes_left=True, status_after=after, **facts
    )


def _reason(trouble: OSError, *, timeout: str = "unreachable") -> str:
    match trouble:
        case socket.gaierror():
            return "name_unknown"
        case ConnectionRefusedError():
            return "refused"
        case ConnectionResetError() | BrokenPipeError() | ConnectionAbortedError():
            return "connection_lost"
        case TimeoutError():
            return timeout
    return "network_error"


PLUGIN = EscposNetwork()
