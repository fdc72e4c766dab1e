"""Giving one paper to its printer: what goes wrong in the program is told apart by whether a byte can have left."""

import threading
from contextlib import nullcontext

import msgspec

from tocsin.core.db import Database
from tocsin.core.errors import Refusal
from tocsin.core.log import get_log
from tocsin.tickets.away import is_away, print_away
from tocsin.tickets.content import TicketContent
from tocsin.tickets.device import Device, printer_plugin, read_options
from tocsin.tickets.drawing import draw_paper
from tocsin.tickets.printer import Drawn, PrintOutcome

_log = get_log("tickets.spool")


def draw_for(
    device: Device, content: TicketContent, *, drawing: threading.Semaphore | None = None
) -> Drawn | PrintOutcome:
    """Draw a paper for its printer, or say why none should try; nothing is raised.

    Args:
        drawing: taken while it is drawn, not while its printer works: none that hangs keeps others from theirs.
    """
    try:
        plugin, options = printer_plugin(device.kind), read_options(device)
    except (Refusal, msgspec.ValidationError) as wrong:
        return PrintOutcome(result="failed", reason="settings", detail=str(wrong), permanent=True)
    try:
        with drawing or nullcontext():
            return draw_paper(plugin, options, content)
    except Exception as fault:  # noqa: BLE001 - as below, but no byte has left
        _log.exception("paper not drawn", printer=str(device.id))
        return PrintOutcome(result="failed", reason="fault", detail=type(fault).__name__)


def send_drawn(device: Device, drawn: Drawn) -> PrintOutcome:
    """Send a drawn paper to a printer that hangs on this machine, and return what became of it; nothing is raised."""
    try:
        return printer_plugin(device.kind).send(read_options(device), drawn)
    except Exception as fault:  # noqa: BLE001 - whatever a driver does, its paper's fate must be stored
        _log.exception("printer driver failed", printer=str(device.id))
        return PrintOutcome(result="unknown", reason="fault", detail=type(fault).__name__, bytes_left=True)


def give_page(
    db: Database, merchant_id: int, *, device: Device, content: TicketContent, drawing: threading.Semaphore | None = None
) -> PrintOutcome:  # fmt: skip
    """Draw a paper that is no ticket, send it here or at its station, and return what became of it; nothing is raised."""
    drawn = draw_for(device, content, drawing=drawing)
    if not isinstance(drawn, Drawn):
        return drawn
    return (
        print_away(db, merchant_id, device=device, drawn=drawn)
        if is_away(device)
        else send_drawn(device, drawn)
    )
