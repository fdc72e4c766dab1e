"""The printer contract: what a printer tells of itself, and what became of one paper.

A plug-in in `tickets/printers/` carries `PLUGIN`, an object that meets `Printer`. It runs where the device is, perhaps
at a station: papers are drawn for it by the desk (`tickets/drawing`), in the form that it declares.
"""

from typing import Any, Literal, Protocol

from msgspec import Struct

from tocsin.tickets.raster import Raster

Form = Literal["raster", "pdf", "content"]
Report = Literal["online", "paper_low", "paper_out", "cover"]


class PrinterStatus(Struct, frozen=True, kw_only=True):
    """What a printer answered, or why it could not be asked; `detail` is a reason code, empty when all is well."""

    online: bool
    paper: Literal["ok", "low", "out", "unknown"]
    cover_open: bool = False
    detail: str = ""


class PrintOutcome(Struct, frozen=True, kw_only=True):
    """What became of one paper.

    `printed`: the device confirmed. `failed`: no byte of the ticket left, so it may be sent again.
    `unknown`: anything else; only a person can tell. `permanent`: trying again can't help until
    somebody changes the settings. `taken`: the device or its cloud has the paper and tells later;
    `remote` is the name under which it does, `answer_seconds` how long it is waited for.
    """

    result: Literal["printed", "failed", "unknown", "taken"]
    reason: str = ""
    detail: str = ""
    bytes_left: bool = False
    permanent: bool = False
    status_before: PrinterStatus | None = None
    status_after: PrinterStatus | None = None
    raster_sha256: str = ""
    remote: str = ""
    answer_seconds: int = 600


class Drawn(Struct, frozen=True, kw_only=True):
    """A paper as it was drawn for a printer, ready to leave; it may show a receiver's real text.

    Args:
        form: dots of one bit, a PDF, or the content itself as canonical JSON.
        data: in that form; of dots, rows top down, eight dots a byte.
        width_px, height_px: of dots.
        digest: SHA-256, in hex: of dots over their size too.
    """

    form: Form
    data: bytes
    serial: str
    copy: str
    width_px: int = 0
    height_px: int = 0
    digest: str = ""

    def raster(self) -> Raster:
        """Return the dots."""
        return Raster(self.width_px, self.height_px, self.data)


class Printer(Protocol):
    """A kind of printer. Device trouble is an answer, never an exception; only faults of the program raise."""

    name: str
    """The plug-in's name: that of its module."""
    confirms: bool
    """Whether the device tells that a paper came out; one that can't is settled by people."""
    form: Form
    """What it takes."""
    reports: frozenset[Report]
    """What its status can know; of the rest it says nothing."""
    at_station: bool
    """Whether it may hang on a station, where no database is, and none but its own libraries."""
    options: type[Struct]
    """What an owner sets for one printer of this kind, validated by msgspec."""

    def probe(self, options: Any) -> PrinterStatus:
        """Return how the printer is now; prints nothing."""
        ...

    def send(self, options: Any, drawn: Drawn) -> PrintOutcome:
        """Print one paper once, and return what became of it."""
        ...
