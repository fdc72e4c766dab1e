"""Receipt printers on USB: ESC/POS through the kernel's printer device, asked before, confirmed after."""

from functools import partial
from typing import Annotated, Literal

from msgspec import Meta, Struct

from tocsin.tickets import device_talk, escpos
from tocsin.tickets.device_line import open_device
from tocsin.tickets.identity import Identity, usb_identity
from tocsin.tickets.printer import Drawn, Form, PrinterStatus, PrintOutcome, Report

Seconds = Annotated[float, Meta(gt=0, le=120)]


class EscposUsbOptions(Struct, frozen=True, kw_only=True):
    """Which device (better a name that a udev rule gave: /dev/usb/lp0 is whichever was plugged in first), and the paper."""

    device: Annotated[
        str, Meta(max_length=200, pattern=r"^/dev/(?!.*\.\.)(usb/|pts/|printer-)[A-Za-z0-9/_.:@+-]+$")
    ]
    paper_mm: Literal[58, 80] = 80
    status_timeout_seconds: Seconds = 3.0
    answer_timeout_seconds: Seconds = 10.0

    def talk(self) -> device_talk.Talk:
        """Return how long to wait for answers."""
        return device_talk.Talk(
            escpos, answer_seconds=self.status_timeout_seconds, done_seconds=self.answer_timeout_seconds
        )


class EscposUsb:
    """Prints a ticket as dots; `printed` means that the printer answered a command queued behind the cut."""

    name = "escpos_usb"
    confirms = True
    form: Form = "raster"
    reports: frozenset[Report] = frozenset({"online", "paper_low", "paper_out", "cover"})
    at_station = True
    options = EscposUsbOptions

    def probe(self, options: EscposUsbOptions) -> PrinterStatus:
        """Return how the printer is now, or why it does not say."""
        return device_talk.probe(partial(open_device, options.device), options.talk())

    def identify(self, options: EscposUsbOptions) -> Identity:
        """Return what the kernel knows of the device; the printer itself is not asked."""
        return usb_identity(options.device)

    def send(self, options: EscposUsbOptions, drawn: Drawn) -> PrintOutcome:
        """Print one paper, and return what became of it."""
        return device_talk.send(partial(open_device, options.device), options.talk(), drawn)


PLUGIN = EscposUsb()
