"""Printers as a merchant's rows: which kind, where, on which paper, and how they were last seen."""

import re
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.plugins import load_plugins
from tocsin.core.statement import Statement, among, bind, insert_into, own
from tocsin.tickets.printer import Printer, PrinterStatus
from tocsin.tickets.reach import is_reachable
from tocsin.tickets.table import print_job, printer

LOCAL_STATION = "local"
COPIES = ("merchant", "customer", "kitchen", "delivery")
NAME_MOST = 60
_WRONG = {
    "path": "its path is written as /ipp/print",
    "host": "its address is a name or an IP address, as 192.168.1.50",
    "port": "its port is a number from 1 to 65535, or a serial port such as /dev/ttyUSB0",
    "baud": "its speed is one of 9600, 19200, 38400, 57600 and 115200",
    "device": "its device is written as /dev/usb/lp0",
    "folder": "its folder is a plain name of at most 60 characters: it is made inside the data folder's `papers`",
}


class PrinterMissing(Refusal):
    """There is no such printer: choose one that is set up, or set one up first"""

    kind, code = "missing", "printer_missing"


class PrinterWrong(Refusal):
    """The printer can't be set up so: {problem}"""

    kind, code = "invalid", "printer_wrong"


class PrinterKindUnknown(PrinterWrong):
    """There is no kind of printer “{driver}”: choose one of {drivers}"""

    kind, code = "invalid", "printer_kind_unknown"


class PrinterElsewhere(PrinterWrong):
    """The address {host} is outside the networks that printers may be in: name its network as `printer_networks` in the settings file"""

    kind, code = "invalid", "printer_elsewhere"


class Device(Struct, frozen=True):
    """A printer that was set up; `status` is JSON of `PrinterStatus`, empty before it was first seen."""

    id: int
    name: str
    kind: str
    options: str
    station: str
    paper_mm: int
    locale: str
    copies: str
    paused: int
    status: str
    seen_at_us: int | None

    def copy_list(self) -> list[str]:
        """Return which copies it prints of each order."""
        return self.copies.split(",")

    def last_status(self) -> PrinterStatus | None:
        """Return how it was last seen."""
        return msgspec.json.decode(self.status, type=PrinterStatus) if self.status else None


class Queue(Struct, frozen=True):
    """A printer's queue at a glance: how many wait, and since when the oldest does."""

    printer_id: int
    pending: int
    oldest_us: int | None


_COLUMNS = tuple(printer.c[name] for name in Device.__struct_fields__)
_ADD = insert_into(printer)
_ALL = Statement(
    sa.select(*_COLUMNS).where(own(printer), printer.c.removed == 0).order_by(printer.c.id), Device
)
_ONE = Statement(
    sa.select(*_COLUMNS).where(own(printer), printer.c.removed == 0, printer.c.id == bind("id")), Device
)
_SEEN = Statement[None](
    sa.update(printer).where(own(printer), printer.c.id == bind("b_id")), sets=("status", "seen_at_us")
)
_PAUSE = Statement[None](
    sa.update(printer).where(own(printer), printer.c.id == bind("b_id")), sets=("paused",)
)
_REMOVE = Statement[None](
    sa.update(printer).where(own(printer), printer.c.id == bind("b_id")), sets=("removed",)
)
_QUEUES = Statement(
    sa.select(
        print_job.c.printer_id, sa.func.count().label("pending"), sa.func.min(print_job.c.asked_at_us).label("oldest_us")
    ).where(own(print_job), among(print_job.c.state, "queued", "sending")).group_by(print_job.c.printer_id),
    Queue,
)  # fmt: skip


def printer_plugin(kind: str) -> Printer:
    """Return the plug-in of a kind of printer.

    Raises:
        PrinterKindUnknown: no such kind is installed.
    """
    found: dict[str, Printer] = load_plugins("tickets.printers")
    if kind not in found:
        raise PrinterKindUnknown(driver=kind[:40], drivers=", ".join(found))
    return found[kind]


def read_options(device: Device) -> Any:
    """Return a printer's options as its plug-in's struct."""
    return msgspec.json.decode(device.options, type=printer_plugin(device.kind).options)


def add_printer(
    tx: Tx, actor: Actor, *, name: str, kind: str, options: dict[str, Any], paper_mm: int = 80,
    locale: str = "zh_CN", copies: tuple[str, ...] = ("merchant",),
) -> int:  # fmt: skip
    """Set up a printer; return its id.

    Raises:
        NotAllowed: the actor may not change shop settings.
        PrinterElsewhere: its address is in no declared network.
        PrinterWrong: unknown kind, options of another shape, paper or copies that do not exist, a long name.
    """
    require(actor, "shop_settings")
    if paper_mm not in (58, 80) or not copies or not set(copies) <= set(COPIES) or not name.strip():
        raise PrinterWrong(problem="it needs a name, 58 or 80 mm paper, and at least one kind of copy")
    if len(name.strip()) > NAME_MOST:
        raise PrinterWrong(problem="its name has at most 60 characters")
    plugin = printer_plugin(kind)
    if "paper_mm" in plugin.options.__struct_fields__:
        options = {**options, "paper_mm": paper_mm}
    try:
        checked = msgspec.convert(options, plugin.options, strict=False)
    except msgspec.ValidationError as wrong:
        raise PrinterWrong(problem=_say_wrong(str(wrong), plugin)) from wrong
    if not is_reachable(host := getattr(checked, "host", "")):
        raise PrinterElsewhere(host=host)
    printer_id = new_id()
    tx.run(
        _ADD, id=printer_id, name=name.strip(), kind=kind, options=msgspec.json.encode(checked).decode(),
        station=LOCAL_STATION, paper_mm=paper_mm, locale=locale, copies=",".join(copies), paused=0, removed=0,
        status="", seen_at_us=None,
    )  # fmt: skip
    write_journal(tx, actor, verb="tickets.add_printer", subject=f"printer:{printer_id}", data={"kind": kind})
    return printer_id


def _say_wrong(problem: str, plugin: Printer) -> str:
    """Return what is wrong with the options as a sentence; what has none is said as the decoder says it."""
    known = [field for field in _WRONG if field in plugin.options.__struct_fields__]
    named = [field for field in known if re.search(rf"[`.]{field}`", problem)]
    return _WRONG[(named or known)[0]] if named or "folder" in known else problem


def list_printers(tx: Tx) -> list[Device]:
    """Return the merchant's printers, the first one first."""
    return tx.rows(_ALL)


def get_printer(tx: Tx, *, printer_id: int = 0) -> Device:
    """Return a printer; without an id, the merchant's first.

    Raises:
        PrinterMissing: there is none.
    """
    found = tx.one(_ONE, id=printer_id) if printer_id else tx.one(_ALL)
    if found is None:
        raise PrinterMissing
    return found


def list_queues(tx: Tx) -> dict[int, Queue]:
    """Return each busy printer's queue by printer id."""
    return {queue.printer_id: queue for queue in tx.rows(_QUEUES)}


def note_status(tx: Tx, *, printer_id: int, status: PrinterStatus) -> None:
    """Keep how a printer was just seen."""
    seen = tx.now_us if status.online else None
    encoded = msgspec.json.encode(status).decode()
    if seen is None:
        seen = get_printer(tx, printer_id=printer_id).seen_at_us
    tx.run(_SEEN, b_id=printer_id, status=encoded, seen_at_us=seen)


def pause_printer(tx: Tx, actor: Actor, *, printer_id: int, paused: bool) -> None:
    """Stop a printer's queue, or let it go on."""
    require(actor, "print")
    get_printer(tx, printer_id=printer_id)
    tx.run(_PAUSE, b_id=printer_id, paused=int(paused))
    write_journal(tx, actor, verb="tickets.pause", subject=f"printer:{printer_id}", data={"paused": paused})


def remove_printer(tx: Tx, actor: Actor, *, printer_id: int) -> None:
    """Take a printer away; its past jobs stay.

    Raises:
        PrinterWrong: jobs still wait for it.
    """
    require(actor, "shop_settings")
    get_printer(tx, printer_id=printer_id)
    if printer_id in list_queues(tx):
        raise PrinterWrong(problem="tickets still wait for it: print or cancel them first")
    tx.run(_REMOVE, b_id=printer_id, removed=1)
    write_journal(tx, actor, verb="tickets.remove_printer", subject=f"printer:{printer_id}")
