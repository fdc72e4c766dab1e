"""Giving one paper to its printer: what goes wrong in the program is told apart by whether a byte can have left."""

import threading

import msgspec

from tocsin.core.errors import Refusal
from tocsin.core.log import get_log
from tocsin.tickets.content import TicketContent
from tocsin.tickets.device import Device, printer_plugin, read_options
from tocsin.tickets.drawing import draw_paper
from tocsin.tickets.printer import Drawn, PrintOutcome

_log = get_log("tickets.spool")


def give_paper(device: Device, content: TicketContent, *, drawing: threading.Semaphore) -> PrintOutcome:
    """Draw a paper, send it, and return what became of it; nothing is raised.

    Args:
        drawing: taken while a paper is drawn, not while its printer works: none that hangs keeps others from theirs.
    """
    try:
        plugin, options = printer_plugin(device.kind), read_options(device)
    except (Refusal, msgspec.ValidationError) as wrong:
        return PrintOutcome(result="failed", reason="settings", detail=str(wrong), permanent=True)
    try:
        with drawing:
            drawn = draw_paper(plugin, options, content)
    except Exception as fault:  # noqa: BLE001 - as below, but no byte has left
        _log.exception("paper not drawn", printer=str(device.id))
        return PrintOutcome(result="failed", reason="fault", detail=type(fault).__name__)
    try:
        return plugin.send(options, drawn) if isinstance(drawn, Drawn) else drawn
    except Exception as fault:  # noqa: BLE001 - whatever a driver does, its paper's fate must be stored
        _log.exception("printer driver failed", printer=str(device.id))
        return PrintOutcome(result="unknown", reason="fault", detail=type(fault).__name__, bytes_left=True)
