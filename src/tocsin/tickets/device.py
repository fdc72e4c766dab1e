"""Printers as a merchant's rows: which kind, where, on which paper, and how they were last seen."""

import re
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.access.station import StationMissing, find_station
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, among, bind, insert_into, own
from tocsin.core.words import LOCALES
from tocsin.tickets.cloud import require_open
from tocsin.tickets.paper_size import shape_of
from tocsin.tickets.print_queue import PrintQueue, add_row, drop_row, list_queues, store_row
from tocsin.tickets.printer import Printer, PrinterStatus
from tocsin.tickets.printer_key import seal_options
from tocsin.tickets.printer_kind import is_cloud, loaded_printers, part_options
from tocsin.tickets.reach import is_reachable
from tocsin.tickets.table import intercept, print_job, printer

LOCAL_STATION = "local"
COPIES = ("merchant", "customer", "kitchen", "delivery")
NAME_MOST = 60
_WRONG = {
    "path": "its path is written as /ipp/print",
    "host": "its address is a name or an IP address, as 192.168.1.50",
    "port": "its port is a number from 1 to 65535, or a serial port such as /dev/ttyUSB0",
    "baud": "its speed is one of 9600, 19200, 38400, 57600 and 115200",
    "device": "its device is written as /dev/usb/lp0",
    "user": "its account is the one at its cloud, without spaces",
    "ukey": "its UKEY is the account's, from the developer's page of its cloud; it is not the KEY on the printer",
    "sn": "its number (SN) is 6 to 20 digits and letters: it stands under the printer",
    "client_id": "its application is the id from the developer's page of its cloud, without spaces",
    "client_secret": "its secret is the application's, from the developer's page of its cloud",
    "machine_code": "its number is 6 to 20 digits and letters: it stands under the printer",
    "folder": "its folder is a plain name of at most 60 characters: it is made inside the data folder's `papers`",
}


class PrinterMissing(Refusal):
    """There is no such printer: choose one that is set up, or set one up first"""

    kind, code = "missing", "printer_missing"


class PrinterWrong(Refusal):
    """The printer can't be set up so: {problem}"""

    kind, code = "invalid", "printer_wrong"


class PrinterNeeded(Refusal):
    """The queue “{queue}” prints on this printer: give that queue another printer first"""

    kind, code = "conflict", "printer_needed"


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
    paper_high_mm: int
    locale: str
    copies: str
    status: str
    seen_at_us: int | None

    def profile(self) -> str:
        """Return what a verdict binds of it: kind and paper."""
        return f"{self.kind}/{self.paper_mm}" + (f"x{self.paper_high_mm}" if self.paper_high_mm else "")

    def copy_list(self) -> list[str]:
        """Return which copies it prints of each order."""
        return self.copies.split(",")

    def last_status(self) -> PrinterStatus | None:
        """Return how it was last seen."""
        return msgspec.json.decode(self.status, type=PrinterStatus) if self.status else None


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
_REMOVE = Statement[None](
    sa.update(printer).where(own(printer), printer.c.id == bind("b_id")), sets=("removed",)
)
_BUSY = Statement[tuple[int]](
    sa.select(print_job.c.id).where(
        own(print_job), print_job.c.printer_id == bind("printer_id"), among(print_job.c.state, "queued", "sending")
    ).limit(1)
)  # fmt: skip
_SLIPS_WAIT = Statement[tuple[int]](
    sa.select(intercept.c.id).where(
        own(intercept), intercept.c.printer_id == bind("printer_id"), among(intercept.c.state, "queued", "sending")
    ).limit(1)
)  # fmt: skip


def printer_plugin(kind: str) -> Printer:
    """Return the plug-in of a kind of printer.

    Raises:
        PrinterKindUnknown: no such kind is installed.
    """
    found = loaded_printers()
    if kind not in found:
        raise PrinterKindUnknown(driver=kind[:40], drivers=", ".join(found))
    return found[kind]


def read_options(device: Device) -> Any:
    """Return a printer's options as its plug-in's struct."""
    return msgspec.json.decode(device.options, type=printer_plugin(device.kind).options)


def add_printer(
    tx: Tx, actor: Actor, *, name: str, kind: str, options: dict[str, Any], paper_mm: int = 80, paper_high_mm: int = 0,
    locale: str = "zh_CN", copies: tuple[str, ...] = ("merchant",), station_id: int = 0,
) -> int:  # fmt: skip
    """Set up a printer and a queue of its name and id; return the id.

    Args:
        station_id: the station that it hangs on, whose own networks it must be in; 0: this machine.

    Raises:
        StationMissing: there is no such station.
        NotAllowed: the actor may not change shop settings.
        PrinterElsewhere: its address is in no declared network.
        CloudClosed: it hangs on a cloud that the settings file has not opened.
        PrinterWrong: unknown kind, options of another shape, paper or copies that do not exist, a long name.
    """
    require(actor, "shop_settings")
    require_sound(name, copies, locale=locale, paper=shape_of(paper_mm, paper_high_mm))
    checked = fit_options(kind, options, paper_mm=paper_mm, paper_high_mm=paper_high_mm)
    if station_id:
        _require_station(tx, kind, station_id=station_id)
    elif not is_reachable(host := getattr(checked, "host", "")):
        raise PrinterElsewhere(host=host)
    if is_cloud(kind):
        require_open(kind)
    printer_id = new_id()
    shown, hidden = part_options(kind, checked)
    seal_options(tx, printer_id=printer_id, options=hidden)
    tx.run(
        _ADD, id=printer_id, name=name.strip(), kind=kind, options=msgspec.json.encode(shown).decode(),
        station=str(station_id) if station_id else LOCAL_STATION, paper_mm=paper_mm, paper_high_mm=paper_high_mm, locale=locale, copies=",".join(copies), paused=0, removed=0,
        status="", seen_at_us=None,
    )  # fmt: skip
    add_row(tx, PrintQueue(
        id=printer_id, name=name.strip(), role="", shop_id=0, printer_id=printer_id, backup_id=0, backup_minutes=0,
        copies=",".join(copies), takes="", own_lines=0, paused=0,
    ))  # fmt: skip
    write_journal(tx, actor, verb="tickets.add_printer", subject=f"printer:{printer_id}", data={"kind": kind})
    return printer_id


def require_sound(name: str, copies: tuple[str, ...], *, locale: str, paper: str | None) -> None:
    """Refuse a name, copies, a language or paper that no printer can have.

    Args:
        paper: the shape of its paper, None where there is no such paper.

    Raises:
        PrinterWrong: one of them is wrong.
    """
    if paper is None or not copies or not set(copies) <= set(COPIES) or not name.strip():
        raise PrinterWrong(
            problem="it needs a name, at least one kind of copy, and paper: a roll of 58 or 80 mm, A4, or labels of 40×30 to 100×180 mm"
        )
    if len(name.strip()) > NAME_MOST:
        raise PrinterWrong(problem="its name has at most 60 characters")
    if locale not in LOCALES:
        raise PrinterWrong(problem="its language is one that the desk speaks, as zh_CN or en")


def _require_station(tx: Tx, kind: str, *, station_id: int) -> None:
    found = find_station(tx, station_id=station_id)
    if found is None or found.revoked_at_us:
        raise StationMissing
    if not printer_plugin(kind).at_station:
        raise PrinterWrong(problem="this kind prints at the desk alone: choose another kind, or no station")


def fit_options(kind: str, options: dict[str, Any], *, paper_mm: int, paper_high_mm: int) -> Struct:
    """Return the options of a kind of printer, checked; one that prints on rolls is told of its paper.

    Raises:
        PrinterWrong: they are of another shape, or the paper is not for this kind.
    """
    plugin = printer_plugin(kind)
    if plugin.form == "raster" and shape_of(paper_mm, paper_high_mm) == "sheet":
        raise PrinterWrong(problem="this kind prints rolls and labels: choose another paper")
    if "paper_mm" in plugin.options.__struct_fields__:
        if paper_high_mm:
            raise PrinterWrong(problem="this kind prints on rolls: choose 58 or 80 mm")
        options = {**options, "paper_mm": paper_mm}
    try:
        checked = msgspec.convert(options, plugin.options, strict=False)
    except msgspec.ValidationError as wrong:
        raise PrinterWrong(problem=_say_wrong(str(wrong), plugin)) from wrong
    return checked


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


def note_status(tx: Tx, *, printer_id: int, status: PrinterStatus, heard: bool = False) -> None:
    """Keep how a printer was just seen; one that is heard of is seen, whatever it tells."""
    seen = tx.now_us if status.online or heard else None
    encoded = msgspec.json.encode(status).decode()
    if seen is None:
        seen = get_printer(tx, printer_id=printer_id).seen_at_us
    tx.run(_SEEN, b_id=printer_id, status=encoded, seen_at_us=seen)


def remove_printer(tx: Tx, actor: Actor, *, printer_id: int) -> None:
    """Take a printer and its own queue away; past jobs stay, other queues lose it as their back-up.

    Raises:
        PrinterWrong: jobs or slips still wait for it.
        PrinterNeeded: another queue prints on it.
    """
    require(actor, "shop_settings")
    get_printer(tx, printer_id=printer_id)
    if tx.one(_BUSY, printer_id=printer_id):
        raise PrinterWrong(problem="tickets still wait for it: print, move or cancel them first")
    if tx.one(_SLIPS_WAIT, printer_id=printer_id):
        raise PrinterWrong(
            problem="a slip that voids a ticket still waits for it: confirm that the ticket was pulled, or replace the printer first"
        )
    queues = list_queues(tx)
    others = [one.name for one in queues if one.printer_id == printer_id and one.id != printer_id]
    if others:
        raise PrinterNeeded(queue=others[0])
    tx.run(_REMOVE, b_id=printer_id, removed=1)
    seal_options(tx, printer_id=printer_id, options={})
    for queue in queues:
        if queue.printer_id == printer_id:
            drop_row(tx, queue.id)
        elif queue.backup_id == printer_id:
            store_row(tx, replace(queue, backup_id=0))
    write_journal(tx, actor, verb="tickets.remove_printer", subject=f"printer:{printer_id}")
