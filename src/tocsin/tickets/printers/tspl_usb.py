"""Label printers on USB: TSPL through the kernel's printer device, asked before, watched until the label is out."""

from functools import partial
from typing import Annotated

from msgspec import Meta, Struct

from tocsin.tickets import device_talk
from tocsin.tickets.device_line import open_device
from tocsin.tickets.identity import Identity, usb_identity
from tocsin.tickets.printer import Drawn, Form, PrinterStatus, PrintOutcome, Report
from tocsin.tickets.tspl import Tspl

Seconds = Annotated[float, Meta(gt=0, le=120)]


class TsplUsbOptions(Struct, frozen=True, kw_only=True):
    """Which device (better a name that a udev rule gave), the gap between its labels (0 on endless paper), how dark it prints."""

    device: Annotated[
        str, Meta(max_length=200, pattern=r"^/dev/(?!.*\.\.)(usb/|pts/|printer-)[A-Za-z0-9/_.:@+-]+$")
    ]
    gap_mm: Annotated[float, Meta(ge=0, le=25)] = 2.0
    density: Annotated[int, Meta(ge=0, le=15)] = 8
    status_timeout_seconds: Seconds = 3.0
    answer_timeout_seconds: Seconds = 10.0

    def talk(self) -> device_talk.Talk:
        """Return the language, and how long to wait for answers."""
        return device_talk.Talk(
            Tspl(self.gap_mm, self.density),
            answer_seconds=self.status_timeout_seconds,
            done_seconds=self.answer_timeout_seconds,
        )


class TsplUsb:
    """Prints a label as dots; `printed` means that the printer was seen printing, then at rest without trouble."""

    name = "tspl_usb"
    confirms = True
    form: Form = "raster"
    reports: frozenset[Report] = frozenset({"online", "paper_out", "cover"})
    at_station = True
    options = TsplUsbOptions

    def probe(self, options: TsplUsbOptions) -> PrinterStatus:
        """Return how the printer is now, or why it does not say."""
        return device_talk.probe(partial(open_device, options.device), options.talk())

    def identify(self, options: TsplUsbOptions) -> Identity:
        """Return what the kernel knows of the device; the printer itself is not asked."""
        return usb_identity(options.device)

    def send(self, options: TsplUsbOptions, drawn: Drawn) -> PrintOutcome:
        """Print one label, and return what became of it."""
        return device_talk.send(partial(open_device, options.device), options.talk(), drawn)


PLUGIN = TsplUsb()
