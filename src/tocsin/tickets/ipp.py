"""IPP: the few operations that a ticket needs, over HTTP, and what their answers mean.

Source: RFC 8010 (encoding and transport), RFC 8011 (operations, states and their reasons), IEEE 1284 (device id).
"""

import contextlib
import http.client
import re
import socket
import struct
import threading
from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from tocsin.core.text import strip_control
from tocsin.tickets.identity import Identity
from tocsin.tickets.printer import PrinterStatus
from tocsin.tickets.reach import connect_socket

CREATE_JOB, SEND_DOCUMENT, CANCEL_JOB, GET_JOB, GET_PRINTER = 0x0005, 0x0006, 0x0008, 0x0009, 0x000B
_OPERATION, _END = b"\x01", b"\x03"
_INTEGER, _BOOLEAN, _ENUM, _NAME, _KEYWORD, _URI = 0x21, 0x22, 0x23, 0x42, 0x44, 0x45
_CHARSET, _LANGUAGE, _MIME = 0x47, 0x48, 0x49
_ANSWER_MOST_BYTES = 1 << 20
_REFUSED_FROM = 0x0100
_STOPPED = 5
_WORD_MOST = 400

Value = int | str
Attribute = tuple[int, str, int | str | Sequence[str]]


class IppGarbled(OSError):
    """The other end speaks no IPP that can be understood."""


class IppAnswer(Struct, frozen=True):
    """A status code and the attributes that came with it, each a list; of one name the first one counts."""

    status: int
    attributes: dict[str, list[Value]]

    @property
    def refused(self) -> bool:
        """Tell whether the operation was not done."""
        return self.status >= _REFUSED_FROM

    def number(self, name: str, default: int = 0) -> int:
        """Return an attribute that is a number."""
        value = self.attributes.get(name, [default])[0]
        return value if isinstance(value, int) else default

    def words(self, name: str) -> list[str]:
        """Return the values of an attribute that are text, clean and cut to a length."""
        found = self.attributes.get(name, [])
        return [strip_control(value)[:_WORD_MOST] for value in found if isinstance(value, str)]


class IppPlace(Struct, frozen=True, kw_only=True):
    """Where an IPP printer is, and how long one operation may take."""

    host: str
    port: int
    path: str
    timeout_seconds: float

    def connect(self) -> socket.socket:
        """Return a line to the printer.

        Raises:
            OSError: there is none.
        """
        return connect_socket(self.host, self.port, timeout_seconds=self.timeout_seconds)

    def ask(self, operation: int, *attributes: Attribute) -> IppAnswer:
        """Ask for an operation on a line of its own.

        Raises:
            OSError: there is no line, it broke, or what came is no IPP.
        """
        return self.tell(self.connect(), operation, *attributes)

    def tell(
        self, line: socket.socket, operation: int, *attributes: Attribute, data: bytes = b""
    ) -> IppAnswer:
        """Ask for an operation on a line, which is closed; who drips a byte a second is cut off."""
        body = encode_request(operation, f"ipp://{self._authority()}{self.path}", attributes) + data
        asked = http.client.HTTPConnection(self.host, self.port)
        asked.sock = line
        guard = threading.Timer(self.timeout_seconds, _cut_off, [line])
        guard.start()
        try:
            asked.request(
                "POST", self.path, body, {"Content-Type": "application/ipp", "Host": self._authority()}
            )
            answer = asked.getresponse()
            if answer.status != 200:
                raise IppGarbled(f"HTTP {answer.status}")
            return parse_answer(answer.read(_ANSWER_MOST_BYTES))
        except (http.client.HTTPException, ValueError) as wrong:
            raise IppGarbled(type(wrong).__name__) from wrong
        finally:
            guard.cancel()
            line.close()

    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def _cut_off(line: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it was closed this very moment
        line.shutdown(socket.SHUT_RDWR)


def about_job(job_id: int) -> Attribute:
    """Return the attribute that names a job of the printer."""
    return _INTEGER, "job-id", job_id


def job_name(name: str) -> Attribute:
    """Return the attribute that a job is called by on the printer's panel and in its log."""
    return _NAME, "job-name", name


def document(kind: str) -> tuple[Attribute, Attribute]:
    """Return the attributes of a job's one document."""
    return (_MIME, "document-format", kind), (_BOOLEAN, "last-document", 1)


def wanted(*names: str) -> Attribute:
    """Return the attribute that asks for attributes."""
    return _KEYWORD, "requested-attributes", names


def encode_request(operation: int, uri: str, attributes: Sequence[Attribute]) -> bytes:
    """Return a request as bytes; a document follows right behind."""
    # The order of the first four is the standard's; a job's own id comes right after its printer.
    head: list[Attribute] = [
        (_CHARSET, "attributes-charset", "utf-8"),
        (_LANGUAGE, "attributes-natural-language", "en"),
        (_URI, "printer-uri", uri),
    ]
    first = [each for each in attributes if each[1] == "job-id"]
    rest = [each for each in attributes if each[1] != "job-id"]
    whole = [*head, *first, (_NAME, "requesting-user-name", "tocsin"), *rest]
    return struct.pack(">BBHI", 2, 0, operation, 1) + _OPERATION + b"".join(map(_encode, whole)) + _END


def _encode(attribute: Attribute) -> bytes:
    tag, name, value = attribute
    values: Sequence[int | str] = (value,) if isinstance(value, int | str) else value
    parts = []
    for place, each in enumerate(values):
        called = b"" if place else name.encode()
        raw = each.encode() if isinstance(each, str) else struct.pack(">B" if tag == _BOOLEAN else ">i", each)
        parts.append(struct.pack(">BH", tag, len(called)) + called + struct.pack(">H", len(raw)) + raw)
    return b"".join(parts)


def parse_answer(body: bytes) -> IppAnswer:
    """Return an answer.

    Raises:
        ValueError: it is none, or breaks off.
    """
    if len(body) < 9:
        raise ValueError("too short for an answer")
    attributes: dict[str, list[Value]] = {}
    at, values = 8, list[Value]()
    while body[at] != _END[0]:
        tag, at = body[at], at + 1
        if tag >= 0x10:
            name, at = _take(body, at)
            raw, at = _take(body, at)
            if name:
                known = name.decode("utf-8", "replace")
                values = [] if known in attributes else attributes.setdefault(known, [])
            values.append(_decode(tag, raw))
        if at >= len(body):
            raise ValueError("breaks off")
    return IppAnswer(int.from_bytes(body[2:4], "big"), attributes)


def _take(body: bytes, at: int) -> tuple[bytes, int]:
    end = at + 2 + int.from_bytes(body[at : at + 2], "big")
    if end > len(body):
        raise ValueError("breaks off")
    return body[at + 2 : end], end


def _decode(tag: int, raw: bytes) -> Value:
    if tag in (_INTEGER, _ENUM, _BOOLEAN):
        return int.from_bytes(raw[:4], "big", signed=tag != _BOOLEAN)
    return raw.decode("utf-8", "replace")


def read_status(answer: IppAnswer) -> PrinterStatus:
    """Return the status that a printer's attributes tell."""
    told = answer.words("printer-state-reasons")
    # What follows the last dash says how the printer is now, not how bad it is: an idle one reports its jam.
    reasons = {word.removesuffix("-error").removesuffix("-warning").removesuffix("-report") for word in told}
    out = "media-needed" in reasons or ("media-empty" in reasons and not _has_paper(answer))
    low = reasons & {"media-low", "media-empty"}
    paper: Literal["ok", "low", "out"] = "out" if out else "low" if low else "ok"
    cover_open = bool(reasons & {"cover-open", "door-open", "interlock-open"})
    stopped = answer.number("printer-state") == _STOPPED or not answer.number("printer-is-accepting-jobs", 1)
    causes = (
        (cover_open, "cover_open"), (out, "paper_out"), ("media-jam" in reasons, "jam"),
        (reasons & {"toner-empty", "marker-supply-empty"}, "toner_out"),
        (stopped or reasons & {"offline", "paused", "shutdown"}, "offline"),
        (any(word.endswith("-error") for word in told), "device_error"),
    )  # fmt: skip
    detail = next((reason for holds, reason in causes if holds), "")
    return PrinterStatus(online=not detail, paper=paper, cover_open=cover_open, detail=detail)


def _has_paper(answer: IppAnswer) -> bool:
    """Tell whether one of several trays says that it holds sheets (-3 is some) while another is empty."""
    levels = [re.search(r"(?:^|;)level=(-?\d{1,9});", tray) for tray in answer.words("printer-input-tray")]
    return any(found and (int(found[1]) > 0 or int(found[1]) == -3) for found in levels)


def status_wanted() -> Attribute:
    """Return what `read_status` reads, and what tells whether a paper can be given."""
    return wanted(
        "printer-state", "printer-state-reasons", "printer-is-accepting-jobs", "operations-supported",
        "document-format-supported", "cups-version", "printer-input-tray",
    )  # fmt: skip


def identity_wanted() -> Attribute:
    """Return what `read_identity` reads."""
    return wanted("printer-uuid", "printer-device-id", "printer-serial-number", "printer-make-and-model")


def read_identity(answer: IppAnswer) -> Identity:
    """Return what a printer's attributes say that it is; without a serial number its UUID counts."""

    def first(name: str) -> str:
        return next(iter(answer.words(name)), "")

    pairs = [pair.partition(":") for pair in first("printer-device-id").split(";")]
    told = {name.strip().upper(): value.strip() for name, _, value in pairs}
    numbers = (
        told.get("SN"), told.get("SERN"), told.get("SERIALNUMBER"), first("printer-serial-number"), first("printer-uuid")
    )  # fmt: skip
    return Identity(
        maker=told.get("MFG") or told.get("MANUFACTURER", ""),
        model=told.get("MDL") or told.get("MODEL") or first("printer-make-and-model"),
        serial=next((number for number in numbers if number), ""),
    )


def as_reason(answer: IppAnswer) -> dict[str, Any]:
    """Return what a refused operation says of itself."""
    busy = {0x0502, 0x0506, 0x0507, 0x0509}
    reason = "device_busy" if answer.status in busy else "job_refused"
    return {"reason": reason, "detail": f"IPP status 0x{answer.status:04x}"}
