"""Moving a printer's row to the address at which the printer now stands; its papers, queues and past stay with it."""

from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec.structs import fields

from tocsin.core.actor import Actor, require_person
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, own
from tocsin.tickets.away import is_away
from tocsin.tickets.device import (
    Device,
    PrinterElsewhere,
    PrinterWrong,
    fit_options,
    get_printer,
    printer_plugin,
)
from tocsin.tickets.reach import is_reachable
from tocsin.tickets.search_rate import count_move
from tocsin.tickets.table import printer

_PLACE = Statement[None](
    sa.update(printer).where(own(printer), printer.c.id == bind("b_id")), sets=("options",)
)


class PrinterHasNoAddress(Refusal):
    """This printer has no address in the network: what hangs on a cable, comes by itself or is of a cloud is set up anew instead"""

    kind, code = "conflict", "printer_has_no_address"


def move_printer(tx: Tx, actor: Actor, *, printer_id: int, host: str, port: int = 0) -> None:
    """Say that a printer stands at another address now; who answers there is asked when it next answers.

    Args:
        port: its kind's own; 0 leaves it as it is.

    Raises:
        NotAllowed, PersonNeeded, PrinterMissing, PrinterHasNoAddress
        PrinterElsewhere: the address is in no declared network.
        PrinterWrong: it is no address, or neither its own port nor its kind's.
        AskedTooOften: printers were moved too often.
    """
    require_person(actor, "shop_settings")
    device = get_printer(tx, printer_id=printer_id or -1)
    options = network_options(device)
    known_ports = {field.name: field.default for field in fields(printer_plugin(device.kind).options)}
    if port not in (0, options["port"], known_ports["port"]):
        raise PrinterWrong(problem="its port is its own or its kind's: set a printer at another port up anew")
    moved = {**options, "host": host.strip(), **({"port": port} if port else {})}
    checked = fit_options(device.kind, moved, paper_mm=device.paper_mm, paper_high_mm=device.paper_high_mm)
    if not is_away(device) and not is_reachable(moved["host"]):
        raise PrinterElsewhere(host=moved["host"])
    count_move(tx)
    tx.run(_PLACE, b_id=device.id, options=msgspec.json.encode(checked).decode())
    data = {"from": f"{options['host']}:{options['port']}", "to": f"{moved['host']}:{moved['port']}"}
    write_journal(tx, actor, verb="tickets.move_printer", subject=f"printer:{device.id}", data=data)
    append_event(tx, "print.printer", subject_id=device.id, data={"state": "moved"})


def network_options(device: Device) -> dict[str, Any]:
    """Return the options of a printer that has an address in the network.

    Raises:
        PrinterHasNoAddress: it has none.
    """
    options = msgspec.json.decode(device.options, type=dict[str, Any])
    if "host" not in options:
        raise PrinterHasNoAddress
    return options
