"""The talk with a printer of dots on any line: asked before, confirmed after, one line a paper."""

import errno
import socket
import time
from collections.abc import Callable
from typing import Any, Protocol

from tocsin.tickets.device_line import DeviceLine
from tocsin.tickets.printer import Drawn, PrinterStatus, PrintOutcome
from tocsin.tickets.raster import Raster
from tocsin.tickets.reach import OutsideNetworks

_SLOWEST_ROWS_PER_SECOND = 400  # 50 mm/s, an old printer
_REASONS = {
    errno.ENOENT: "device_missing",
    errno.EACCES: "device_locked",
    errno.EBUSY: "device_busy",
    errno.EWOULDBLOCK: "device_busy",
    # What a serial or USB line says once its plug was pulled.
    errno.EIO: "connection_lost",
    errno.ENODEV: "connection_lost",
    errno.ENXIO: "connection_lost",
}


class Language(Protocol):
    """What a kind of printer is told, and how it answers."""

    def encode_paper(self, raster: Raster) -> bytes:
        """Return a picture as the commands that print it once, and that let `wait_done` hear of it."""
        ...

    def ask_status(self, line: DeviceLine, *, deadline: float) -> PrinterStatus:
        """Return what the printer answers at once; prints nothing."""
        ...

    def wait_done(self, line: DeviceLine, *, deadline: float) -> str:
        """Return once the printer tells that the paper is out; a reason code where it tells of trouble.

        Raises:
            OSError: the line broke, or it told nothing in time.
        """
        ...


class Talk:
    """A language, and how long to wait: for an answer while nothing prints, and behind the paper."""

    def __init__(
        self, language: Language, *, answer_seconds: float, done_seconds: float, bytes_per_second: float = float("inf")
    ) -> None:  # fmt: skip
        self.language, self.answer_seconds, self.done_seconds = language, answer_seconds, done_seconds
        self.bytes_per_second = bytes_per_second  # of a slow line

    def patience(self, raster: Raster, size: int) -> float:
        """Return the seconds that a picture may take to be sent and to come out."""
        return self.done_seconds + raster.height_px / _SLOWEST_ROWS_PER_SECOND + size / self.bytes_per_second


def probe(connect: Callable[[], DeviceLine], talk: Talk) -> PrinterStatus:
    """Return how the printer is now, or why it does not say."""
    try:
        line = connect()
    except OSError as trouble:
        return away(reason_of(trouble))
    with line:
        try:
            return ask_status(line, talk)
        except OSError as trouble:
            return away(reason_of(trouble, timeout="mute"))


def send(connect: Callable[[], DeviceLine], talk: Talk, drawn: Drawn) -> PrintOutcome:
    """Print one paper on one line, and return what became of it."""
    facts: dict[str, Any] = {"raster_sha256": drawn.digest}
    try:
        line = connect()
    except OSError as trouble:
        reason = reason_of(trouble)
        facts |= {"status_before": away(reason), "permanent": isinstance(trouble, OutsideNetworks)}
        return _failed(reason, str(trouble), **facts)
    with line:
        try:
            before = ask_status(line, talk)
        except OSError as trouble:
            facts["status_before"] = away(reason := reason_of(trouble, timeout="mute"))
            return _failed(reason, str(trouble), **facts)
        facts["status_before"] = before
        if not before.online:
            return _failed(before.detail, **facts)
        return print_raster(line, talk, raster=drawn.raster(), facts=facts)


def print_raster(line: DeviceLine, talk: Talk, *, raster: Raster, facts: dict[str, Any]) -> PrintOutcome:
    """Send a picture and wait for the answer that is queued behind its cut."""
    data = talk.language.encode_paper(raster)
    patience = talk.patience(raster, len(data))
    sent: list[int] = []
    try:
        line.write(data, deadline=time.monotonic() + patience, taken=sent.append)
        told = talk.language.wait_done(line, deadline=time.monotonic() + patience)
    except OSError as trouble:
        if not sent:
            return _failed(reason_of(trouble), str(trouble), **facts)
        reason = "unconfirmed" if isinstance(trouble, TimeoutError) else reason_of(trouble)
        detail = f"{sum(sent)} of {len(data)} bytes: {trouble}"
        return _unknown(reason, detail, _status_after(line, talk), facts)
    after = _status_after(line, talk)
    if told:
        return _unknown(told, "told while it was printing", after, facts)
    return PrintOutcome(result="printed", bytes_left=True, status_after=after, **facts)


def ask_status(line: DeviceLine, talk: Talk) -> PrinterStatus:
    """Return how the printer says it is."""
    return talk.language.ask_status(line, deadline=time.monotonic() + talk.answer_seconds)


def away(reason: str) -> PrinterStatus:
    """Return the status of a printer that could not be asked."""
    return PrinterStatus(online=False, paper="unknown", detail=reason)


def reason_of(trouble: OSError, *, timeout: str = "unreachable") -> str:
    """Return the reason code of what the system said."""
    match trouble:
        case socket.gaierror():
            return "name_unknown"
        case OutsideNetworks():
            return "outside_networks"
        case ConnectionRefusedError():
            return "refused"
        case ConnectionResetError() | BrokenPipeError() | ConnectionAbortedError():
            return "connection_lost"
        case TimeoutError():
            return timeout
    return _REASONS.get(trouble.errno or 0, "network_error")


def _status_after(line: DeviceLine, talk: Talk) -> PrinterStatus | None:
    try:
        return ask_status(line, talk)
    except OSError:
        return None  # the paper's fate is known or unknown without it


def _failed(reason: str, detail: str = "", **facts: Any) -> PrintOutcome:
    return PrintOutcome(result="failed", reason=reason, detail=detail, **facts)


def _unknown(reason: str, detail: str, after: PrinterStatus | None, facts: dict[str, Any]) -> PrintOutcome:
    return PrintOutcome(
        result="unknown", reason=reason, detail=detail, bytes_left=True, status_after=after, **facts
    )
