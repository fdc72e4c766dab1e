"""Receipt printers on a serial port, or on USB where they show one: ESC/POS, asked before, confirmed after."""

from functools import partial
from typing import Annotated, Literal

import serial
from msgspec import Meta, Struct

from tocsin.tickets import device_talk, escpos
from tocsin.tickets.device_line import DeviceLine
from tocsin.tickets.identity import Identity, usb_identity
from tocsin.tickets.printer import Drawn, Form, PrinterStatus, PrintOutcome, Report

_BITS_PER_BYTE = 10  # with start and stop

Seconds = Annotated[float, Meta(gt=0, le=120)]


class EscposSerialOptions(Struct, frozen=True, kw_only=True):
    """Which port (better one of /dev/serial/by-id/), its speed and flow control, and the paper."""

    # Serial lines alone: merely opening another device may start something, such as a watchdog.
    port: Annotated[
        str,
        Meta(max_length=200, pattern=r"^/dev/(?!.*\.\.)(tty|serial/|pts/|rfcomm)[A-Za-z0-9/_.:@+-]*$"),
    ]
    baud: Literal[9600, 19200, 38400, 57600, 115200] = 9600
    flow: Literal["none", "rts", "dtr"] = "dtr"
    paper_mm: Literal[58, 80] = 80
    status_timeout_seconds: Seconds = 3.0
    answer_timeout_seconds: Seconds = 10.0

    def talk(self) -> device_talk.Talk:
        """Return how long to wait for answers: a picture of 60 kB takes a minute at 9600 baud."""
        return device_talk.Talk(
            escpos,
            answer_seconds=self.status_timeout_seconds,
            done_seconds=self.answer_timeout_seconds,
            bytes_per_second=self.baud / _BITS_PER_BYTE,
        )


class EscposSerial:
    """Prints a ticket as dots; `printed` means that the printer answered a command queued behind the cut."""

    name = "escpos_serial"
    confirms = True
    form: Form = "raster"
    reports: frozenset[Report] = frozenset({"online", "paper_low", "paper_out", "cover"})
    at_station = True
    options = EscposSerialOptions

    def probe(self, options: EscposSerialOptions) -> PrinterStatus:
        """Return how the printer is now, or why it does not say."""
        return device_talk.probe(partial(_open, options), options.talk())

    def identify(self, options: EscposSerialOptions) -> Identity:
        """Return what the kernel knows of the device; the printer itself is not asked."""
        return usb_identity(options.port)

    def send(self, options: EscposSerialOptions, drawn: Drawn) -> PrintOutcome:
        """Print one paper, the port being ours alone meanwhile, and return what became of it."""
        return device_talk.send(partial(_open, options), options.talk(), drawn)


def _open(options: EscposSerialOptions) -> DeviceLine:
    line = serial.Serial(
        options.port,
        options.baud,
        exclusive=True,
        rtscts=options.flow == "rts",
        dsrdtr=options.flow == "dtr",
    )
    line.reset_input_buffer()  # what an earlier paper left there answers nothing of ours
    return DeviceLine(line.fileno(), line.close)


PLUGIN = EscposSerial()
