"""Label printers on the network: TSPL over TCP 9100, asked before, watched until the label is out."""

from functools import partial
from typing import Annotated

from msgspec import Meta, Struct

from tocsin.tickets import device_talk
from tocsin.tickets.device_line import DeviceLine
from tocsin.tickets.printer import Drawn, Form, PrinterStatus, PrintOutcome, Report
from tocsin.tickets.reach import connect_near
from tocsin.tickets.tspl import Tspl

Seconds = Annotated[float, Meta(gt=0, le=120)]


class TsplOptions(Struct, frozen=True, kw_only=True):
    """Where the printer is (name, IPv4 or IPv6), the gap between its labels (0 on endless paper), how dark it prints."""

    host: Annotated[str, Meta(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9._:%-]+$")]
    port: Annotated[int, Meta(ge=1, le=65535)] = 9100
    gap_mm: Annotated[float, Meta(ge=0, le=25)] = 2.0
    density: Annotated[int, Meta(ge=0, le=15)] = 8
    connect_timeout_seconds: Seconds = 3.0
    answer_timeout_seconds: Seconds = 10.0

    def talk(self) -> device_talk.Talk:
        """Return the language, and how long to wait for answers."""
        return device_talk.Talk(
            Tspl(self.gap_mm, self.density),
            answer_seconds=self.connect_timeout_seconds,
            done_seconds=self.answer_timeout_seconds,
        )


class TsplPrinter:
    """Prints a label as dots; `printed` means that the printer was seen printing, then at rest without trouble."""

    name = "tspl"
    confirms = True
    form: Form = "raster"
    reports: frozenset[Report] = frozenset({"online", "paper_out", "cover"})
    at_station = True
    options = TsplOptions

    def probe(self, options: TsplOptions) -> PrinterStatus:
        """Return how the printer is now, or why it does not say."""
        return device_talk.probe(partial(_connect, options), options.talk())

    def send(self, options: TsplOptions, drawn: Drawn) -> PrintOutcome:
        """Print one label on one connection, and return what became of it."""
        return device_talk.send(partial(_connect, options), options.talk(), drawn)


def _connect(options: TsplOptions) -> DeviceLine:
    return connect_near(options.host, options.port, timeout_seconds=options.connect_timeout_seconds)


PLUGIN = TsplPrinter()
