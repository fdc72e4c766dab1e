"""Star printers that fetch their papers by themselves (CloudPRNT): nothing is sent to them, see `tickets/polling`."""

from typing import Literal

from msgspec import Struct

from tocsin.tickets.printer import Drawn, Form, PrinterStatus, PrintOutcome, Report


class CloudprntOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The width of its paper; it has no address: the desk has one for it."""

    paper_mm: Literal[58, 80] = 80


class CloudprntPrinter:
    """Asks the desk every few seconds; `printed` means that it said so of the paper that it fetched."""

    name = "cloudprnt"
    comes = True
    confirms = True
    form: Form = "raster"
    reports: frozenset[Report] = frozenset({"online", "paper_low", "paper_out", "cover"})
    at_station = False
    options = CloudprntOptions

    def probe(self, options: CloudprntOptions) -> PrinterStatus:
        """Return that it can't be asked: it tells by itself."""
        return PrinterStatus(online=False, paper="unknown", detail="silent")

    def send(self, options: CloudprntOptions, drawn: Drawn) -> PrintOutcome:
        """Return that nothing can be sent to it."""
        return PrintOutcome(result="failed", reason="silent")


PLUGIN = CloudprntPrinter()
