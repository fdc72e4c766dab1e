"""Receipt printers on the network: ESC/POS over TCP 9100, asked before, confirmed after, one connection a paper."""

from functools import partial
from typing import Annotated, Literal

from msgspec import Meta, Struct

from tocsin.tickets import device_talk, escpos
from tocsin.tickets.device_line import DeviceLine
from tocsin.tickets.identity import Identity
from tocsin.tickets.printer import Drawn, Form, PrinterStatus, PrintOutcome, Report
from tocsin.tickets.reach import connect_near

Seconds = Annotated[float, Meta(gt=0, le=120)]


class EscposOptions(Struct, frozen=True, kw_only=True):
    """Where the printer is (name, IPv4 or IPv6), its paper, and how long to wait for it."""

    host: Annotated[str, Meta(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9._:%-]+$")]
    port: Annotated[int, Meta(ge=1, le=65535)] = 9100
    paper_mm: Literal[58, 80] = 80
    connect_timeout_seconds: Seconds = 3.0
    answer_timeout_seconds: Seconds = 10.0

    def talk(self) -> device_talk.Talk:
        """Return how long to wait for answers."""
        return device_talk.Talk(
            escpos, answer_seconds=self.connect_timeout_seconds, done_seconds=self.answer_timeout_seconds
        )


class EscposNetwork:
    """Prints a ticket as dots; `printed` means that the printer answered a command queued behind the cut."""

    name = "escpos_network"
    confirms = True
    form: Form = "raster"
    reports: frozenset[Report] = frozenset({"online", "paper_low", "paper_out", "cover"})
    at_station = True
    options = EscposOptions

    def probe(self, options: EscposOptions) -> PrinterStatus:
        """Return how the printer is now, or why it does not say."""
        return device_talk.probe(partial(_connect, options), options.talk())

    def identify(self, options: EscposOptions) -> Identity:
        """Return what the printer says that it is, on a line of its own: a late answer must not be taken for another."""
        try:
            with _connect(options) as line:
                return escpos.ask_identity(line)
        except OSError:
            return Identity()

    def send(self, options: EscposOptions, drawn: Drawn) -> PrintOutcome:
        """Print one paper on one connection, and return what became of it."""
        return device_talk.send(partial(_connect, options), options.talk(), drawn)


def _connect(options: EscposOptions) -> DeviceLine:
    return connect_near(options.host, options.port, timeout_seconds=options.connect_timeout_seconds)


PLUGIN = EscposNetwork()
