"""The printer contract: what a printer tells of itself, and what became of one paper.

A plug-in in `tickets/printers/` carries `PLUGIN`, an object that meets `Printer`.
"""

from typing import Any, Literal, Protocol

from msgspec import Struct

from tocsin.tickets.content import TicketContent

MOST_LINES = 300  # three metres of paper, a second and 250 MB to draw


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
    somebody changes the settings.
    """

    result: Literal["printed", "failed", "unknown"]
    reason: str = ""
    detail: str = ""
    bytes_left: bool = False
    permanent: bool = False
    status_before: PrinterStatus | None = None
    status_after: PrinterStatus | None = None
    raster_sha256: str = ""


def refuse_paper(content: TicketContent, paper_mm: int) -> PrintOutcome | None:
    """Return why no printer with such paper should try a content, None where nothing speaks against it."""
    reason, detail = "", ""
    if content.paper_mm != paper_mm:
        reason, detail = "wrong_paper", f"drawn for {content.paper_mm} mm, the printer has {paper_mm} mm"
    elif len(content.lines) > MOST_LINES:
        reason, detail = "too_long", f"{len(content.lines)} lines, a paper takes {MOST_LINES}"
    return PrintOutcome(result="failed", reason=reason, detail=detail, permanent=True) if reason else None


class Printer(Protocol):
    """A kind of printer. Device trouble is an answer, never an exception; only faults of the program raise."""

    name: str
    """The plug-in's name: that of its module."""
    confirms: bool
    """Whether the device tells that a paper came out; one that can't is settled by people."""
    options: type[Struct]
    """What an owner sets for one printer of this kind, validated by msgspec."""

    def probe(self, options: Any) -> PrinterStatus:
        """Return how the printer is now; prints nothing."""
        ...

    def send(self, options: Any, content: TicketContent) -> PrintOutcome:
        """Print one paper once, and return what became of it."""
        ...
