"""What is kept of a printer so that it is known again, and the fact that another one answers in its place.

It is asked once where it is new, once a day, and when it is back after it was away; never with each paper.
"""

from typing import Literal

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, desk_actor, require, require_person
from tocsin.core.clock import DAY_US, MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, own, upsert
from tocsin.tickets.device import LOCAL_STATION, Device, get_printer, note_status, printer_plugin
from tocsin.tickets.identity import Identity, can_be_known, differs, merge, same
from tocsin.tickets.printer import PrinterStatus
from tocsin.tickets.table import printer_identity

OTHER = "other_printer"
_AGAIN_US, _OTHER_AGAIN_US = DAY_US, 10 * MINUTE_US
Asks = Literal["", "near", "whole"]


class NoOtherPrinter(Refusal):
    """No other printer answers in its place: there is nothing to take over"""

    kind, code = "conflict", "no_other_printer"


class OtherChanged(Refusal):
    """It is not the printer that you were shown that answers there now: look at it again, and then say so"""

    kind, code = "conflict", "other_changed"


class Known(Struct, frozen=True):
    """What is kept of a printer; the identities are JSON, `other` is empty while it answers itself."""

    printer_id: int
    identity: str
    place: str
    asked_at_us: int
    other: str
    rests: int

    def who(self) -> Identity:
        """Return what it is known again by."""
        return msgspec.json.decode(self.identity, type=Identity)

    def instead(self) -> Identity | None:
        """Return who answers in its place."""
        return msgspec.json.decode(self.other, type=Identity) if self.other else None


_COLUMNS = tuple(printer_identity.c[name] for name in Known.__struct_fields__)
_ONE = Statement(
    sa.select(*_COLUMNS).where(own(printer_identity), printer_identity.c.printer_id == bind("printer_id")), Known
)  # fmt: skip
_ALL = Statement(
    sa.select(*_COLUMNS).where(own(printer_identity)).order_by(printer_identity.c.printer_id), Known
)
_new = upsert(printer_identity)
_KEEP = Statement[None](
    _new.on_conflict_do_update(
        index_elements=["merchant_id", "printer_id"],
        set_={name: _new.excluded[name] for name in Known.__struct_fields__[1:]},
    ),
    sets=("merchant_id", *Known.__struct_fields__),
)


def find_known(tx: Tx, *, printer_id: int) -> Known | None:
    """Return what is kept of a printer, None before it was ever asked."""
    return tx.one(_ONE, printer_id=printer_id)


def all_known(tx: Tx) -> dict[int, Known]:
    """Return what is kept of each printer that was asked, by its id; also of those that were taken away."""
    return {one.printer_id: one for one in tx.rows(_ALL)}


def how_to_ask(device: Device, known: Known | None, *, now_us: int, by_hand: bool = False) -> Asks:
    """Return whether a printer is to be asked now what it is: not, by what this machine knows, or itself."""
    if not can_be_known(printer_plugin(device.kind)):
        return ""
    if known is None or known.place != place_of(device):
        return "whole"
    if now_us - known.asked_at_us >= (_OTHER_AGAIN_US if known.other else _AGAIN_US):
        return "whole"
    if by_hand or _was_away(device):
        return "whole" if known.who().serial else "near"
    # It costs nothing: whose papers are to wait for no stranger is told by its card at each look.
    return "near" if known.rests and known.who().mac else ""


def note_identity(tx: Tx, *, device: Device, seen: Identity, near: bool = False) -> None:
    """Keep what a printer is, as it just said; that another one answers is kept beside it, told and journalled once.

    Args:
        near: it was not asked itself: what is the same as ever is not worth a row, nor an answer for a day.
    """
    known = find_known(tx, printer_id=device.id) or Known(device.id, _json(Identity()), "", 0, "", 0)
    who, other = known.who(), ""
    if near and not known.other and not differs(who, seen):
        return
    if differs(who, seen):
        other = _json(seen)
    elif known.other and same(who, seen) not in ("serial", "mac"):
        other = known.other  # whoever it is, he does not say: no all-clear
    else:
        who = merge(who, seen)
    _keep(tx, known, identity=_json(who), place=place_of(device), asked_at_us=tx.now_us, other=other)
    if other != known.other:
        verb = f"tickets.{OTHER}" if other else "tickets.own_printer"
        write_journal(
            tx, desk_actor(tx.merchant_id), verb=verb, subject=f"printer:{device.id}", data=_said(seen)
        )
        append_event(tx, "print.printer", subject_id=device.id, data={"state": OTHER if other else "known"})


def accept_printer(tx: Tx, actor: Actor, *, printer_id: int, serial: str, mac: str) -> None:
    """Say that the printer that answers in a printer's place is the one that is meant to stand there.

    Args:
        serial: the number that the person was shown, as `mac`; empty where it tells none.

    Raises:
        NotAllowed, PersonNeeded, PrinterMissing
        NoOtherPrinter: none does.
        OtherChanged: who answers there now is not who was shown.
    """
    require_person(actor, "shop_settings")
    device = get_printer(tx, printer_id=printer_id or -1)
    known = find_known(tx, printer_id=device.id)
    other = known.instead() if known else None
    if known is None or other is None:
        raise NoOtherPrinter
    if (serial, mac) != (other.serial, other.mac):
        raise OtherChanged
    _keep(tx, known, identity=_json(other), other="")
    write_journal(tx, actor, verb="tickets.accept_printer", subject=f"printer:{device.id}", data=_said(other))
    append_event(tx, "print.printer", subject_id=device.id, data={"state": "known"})


def let_rest(tx: Tx, actor: Actor, *, printer_id: int, rests: bool) -> None:
    """Choose whether a printer's papers wait while another one answers in its place; without it they come out there.

    Raises:
        NotAllowed, PrinterMissing
    """
    require(actor, "shop_settings")
    device = get_printer(tx, printer_id=printer_id or -1)
    known = find_known(tx, printer_id=device.id) or Known(device.id, _json(Identity()), "", 0, "", 0)
    _keep(tx, known, rests=int(rests))
    status = device.last_status()
    if status is not None and rests and known.other:
        note_status(tx, printer_id=device.id, status=resting(tx, device=device, status=status))
    data = {"rests": rests}
    write_journal(tx, actor, verb="tickets.let_rest", subject=f"printer:{device.id}", data=data)


def resting(tx: Tx, *, device: Device, status: PrinterStatus) -> PrinterStatus:
    """Return how a printer counts: as away, where another one answers in its place and its papers are to wait."""
    known = find_known(tx, printer_id=device.id) if status.online else None
    if known is None or not (known.rests and known.other):
        return status
    return PrinterStatus(online=False, paper=status.paper, detail=OTHER)


def is_resting(device: Device) -> bool:
    """Tell whether a printer's papers wait because another one answers in its place."""
    status = device.last_status()
    return status is not None and status.detail == OTHER


def place_of(device: Device) -> str:
    """Return where a printer is asked: at another place it is asked anew."""
    options = msgspec.json.decode(device.options)
    where = [str(options.get(name, "")) for name in ("host", "port", "device")]
    station = "" if device.station == LOCAL_STATION else device.station
    return " ".join((station, *where)).strip()


def _was_away(device: Device) -> bool:
    """Tell whether a printer gave no answer when it was last asked: its plug may be in another one now."""
    last = device.last_status()
    return last is not None and not last.online and last.paper == "unknown"


def _keep(tx: Tx, known: Known, **changes: str | int) -> None:
    tx.run(_KEEP, **{name: changes.get(name, getattr(known, name)) for name in Known.__struct_fields__})


def _said(who: Identity) -> dict[str, str]:
    return {"model": who.model, "serial": who.serial, "mac": who.mac}


def _json(who: Identity) -> str:
    return msgspec.json.encode(who).decode()
