"""Printers with the options that are kept sealed, to be used and not shown."""

from typing import Any

import msgspec
from msgspec.structs import replace

from tocsin.core.db import Tx
from tocsin.tickets.device import Device, get_printer
from tocsin.tickets.printer_key import unseal_options
from tocsin.tickets.printer_kind import is_cloud


def open_printer(tx: Tx, *, printer_id: int = 0) -> Device:
    """Return a printer as it is used.

    Raises:
        PrinterMissing: there is none.
    """
    device = get_printer(tx, printer_id=printer_id)
    if not is_cloud(device.kind):
        return device
    options = msgspec.json.decode(device.options, type=dict[str, Any])
    sealed = unseal_options(tx, printer_id=device.id)
    return replace(device, options=msgspec.json.encode({**options, **sealed}).decode())
