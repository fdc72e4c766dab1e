"""A printer in memory: keeps what it was given, and plays back outcomes that it was told to."""

from collections import defaultdict, deque
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from tocsin.tickets.content import TicketContent
from tocsin.tickets.printer import Drawn, Form, PrinterStatus, PrintOutcome, Report

_READY = PrinterStatus(online=True, paper="ok")


class MemoryOptions(Struct, frozen=True, kw_only=True):
    """Which tray the papers go to: printers with different trays know nothing of each other."""

    tray: Annotated[str, Meta(min_length=1, max_length=80)] = "default"


class MemoryPrinter:
    """Prints into lists; `script` holds the outcomes to answer next, each tray for itself."""

    name = "memory"
    confirms = True
    form: Form = "content"
    reports: frozenset[Report] = frozenset({"online", "paper_low", "paper_out", "cover"})
    at_station = True
    options = MemoryOptions

    def __init__(self) -> None:
        self.sent: dict[str, list[TicketContent]] = defaultdict(list)
        self.script: dict[str, deque[PrintOutcome]] = defaultdict(deque)
        self.status: dict[str, PrinterStatus] = defaultdict(lambda: _READY)

    def probe(self, options: MemoryOptions) -> PrinterStatus:
        """Return the tray's status: ready unless a test set another."""
        return self.status[options.tray]

    def send(self, options: MemoryOptions, drawn: Drawn) -> PrintOutcome:
        """Keep a content unless the next scripted outcome is `failed`, and answer that outcome."""
        before = self.probe(options)
        script = self.script[options.tray]
        if script:
            outcome = script.popleft()
        elif before.online:
            outcome = PrintOutcome(
                result="printed", bytes_left=True, status_before=before, status_after=before
            )
        else:
            outcome = PrintOutcome(result="failed", reason=before.detail or "offline", status_before=before)
        if outcome.result != "failed":
            self.sent[options.tray].append(msgspec.json.decode(drawn.data, type=TicketContent))
        return outcome

    def clear(self, tray: str = "default") -> None:
        """Empty a tray and forget its script and status."""
        for kept in (self.sent, self.script, self.status):
            kept.pop(tray, None)


PLUGIN = MemoryPrinter()
