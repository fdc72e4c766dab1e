"""Trying a printer out: asking how it is, now or every minute, and a page that carries no order."""

import time
from functools import partial
from typing import Literal

from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.clock import MINUTE_US, now_us, to_datetime
from tocsin.core.db import Database, Tx
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.tenant import Shop, get_shop
from tocsin.core.words import Words
from tocsin.tickets.away import is_away, probe_away
from tocsin.tickets.content import LineContent, TicketContent
from tocsin.tickets.device import Device, note_status, printer_plugin, read_options
from tocsin.tickets.giving import give_page
from tocsin.tickets.identity import identify
from tocsin.tickets.known_printer import find_known, how_to_ask, note_identity, resting
from tocsin.tickets.open_device import open_printer
from tocsin.tickets.printer import PrinterStatus, PrintOutcome
from tocsin.tickets.printer_key import ask_test_page
from tocsin.tickets.printer_kind import comes

ASK_EVERY_SECONDS = 60.0
AWAY_EVERY_SECONDS = 2.0
SILENT_US = 3 * MINUTE_US  # of a printer that comes by itself, every few seconds
Said = Literal["ready", "paper_low", "paper_out", "cover_open", "offline", "unknown"]


class Looks(Struct):
    """When each printer of a process was asked last; one that is new to it has a while to be used first."""

    asked: dict[int, float] = {}

    def is_due(self, printer_id: int, *, soon: bool = False) -> bool:
        """Tell whether a printer is to be asked now, and note that it is; `soon`: papers wait until it is back."""
        now = time.monotonic()
        if now - self.asked.setdefault(printer_id, now) < (AWAY_EVERY_SECONDS if soon else ASK_EVERY_SECONDS):
            return False
        self.asked[printer_id] = now
        return True


def say_state(status: PrinterStatus | None) -> Said:
    """Return how a printer is in one word; `unknown` before it was ever asked."""
    if status is None:
        return "unknown"
    if status.paper == "out":
        return "paper_out"
    if status.cover_open:
        return "cover_open"
    if not status.online:
        return "offline"
    return "paper_low" if status.paper == "low" else "ready"


def ask_printer(db: Database, actor: Actor, *, printer_id: int) -> PrinterStatus:
    """Ask a printer how it is, and keep the answer.

    Raises:
        PrinterMissing: there is none.
    """
    require(actor, "print")
    device = db.read(actor.merchant_id, lambda tx: open_printer(tx, printer_id=printer_id))
    return look_after(db, actor.merchant_id, device=device, by_hand=True)


def look_after(db: Database, merchant_id: int, *, device: Device, by_hand: bool = False) -> PrinterStatus:
    """Ask a printer how it is, and now and then who it is, outside any transaction; a change is told to those who watch."""
    last = device.last_status()
    if comes(device.kind) and last and now_us() - (device.seen_at_us or 0) < SILENT_US:
        return last
    known = db.read(merchant_id, partial(find_known, printer_id=device.id))
    asks = how_to_ask(device, known, now_us=now_us(), by_hand=by_hand)
    if is_away(device):
        status, seen = probe_away(db, merchant_id, device=device, asks=asks)
    else:
        plugin, options = printer_plugin(device.kind), read_options(device)
        status = plugin.probe(options)
        seen = identify(plugin, options, ask=asks == "whole") if asks and status.online else None

    def keep(tx: Tx) -> PrinterStatus:
        if seen is not None:
            note_identity(tx, device=device, seen=seen, near=asks == "near")
        return keep_status(tx, device=device, status=status)

    return db.write(merchant_id, keep)


def keep_status(tx: Tx, *, device: Device, status: PrinterStatus, heard: bool = False) -> PrinterStatus:
    """Keep how a printer was just seen, or says itself that it is, and return it; a change is told to those who watch."""
    status = resting(tx, device=device, status=status)
    note_status(tx, printer_id=device.id, status=status, heard=heard)
    if (state := say_state(status)) != say_state(device.last_status()):
        append_event(tx, "print.printer", subject_id=device.id, data={"state": state})
    return status


def keep_seen(tx: Tx, *, device: Device, outcome: PrintOutcome) -> None:
    """Keep how a printer was seen as a paper went to it, where it was seen at all."""
    status = outcome.status_after or outcome.status_before
    if status is not None:
        keep_status(tx, device=device, status=status)


def print_test_page(db: Database, actor: Actor, *, printer_id: int, base_url: str) -> PrintOutcome:
    """Print a page that carries no order and answers no scan, and keep how the printer was.

    One that comes for its papers finds it at its next visit.

    Raises:
        PrinterMissing: there is none.
    """
    require(actor, "shop_settings")
    device, shop = db.read(
        actor.merchant_id, lambda tx: (open_printer(tx, printer_id=printer_id), get_shop(tx))
    )
    if comes(device.kind):
        db.write(actor.merchant_id, partial(ask_test_page, printer_id=device.id))
        return PrintOutcome(result="taken", reason="fetches")
    content = make_test_page(device, shop=shop, base_url=base_url)
    outcome = give_page(db, actor.merchant_id, device=device, content=content)

    def keep(tx: Tx) -> None:
        keep_seen(tx, device=device, outcome=outcome)
        data = {"result": outcome.result}
        write_journal(tx, actor, verb="tickets.test_page", subject=f"printer:{device.id}", data=data)

    db.write(actor.merchant_id, keep)
    return outcome


def make_test_page(device: Device, *, shop: Shop, base_url: str) -> TicketContent:
    """Return a paper that tries a printer out: its edges, codes and cut; it says nothing of an order."""
    return TicketContent(
        copy="merchant", serial="TEST", number=Words(device.locale).translate("TEST PAGE"), revision=0, reprint_no=0,
        amended_from=0, void=False, shop=shop.name, channel="", campaign="", delivery="express", placed_at="", paid_at="",
        printed_at=f"{to_datetime(now_us(), shop.zone):%Y-%m-%d %H:%M}", payment_mark="", collect="", receiver_name="",
        receiver_phone="", receiver_address="", buyer_note="",
        lines=(LineContent(title=device.name, spec="", quantity="", unit_price="", total=""),), charges=(),
        payable="", hidden=("prices",), scan_url=f"{base_url}/scan", code128="0", locale=device.locale,
        paper_mm=device.paper_mm, paper_high_mm=device.paper_high_mm,
    )  # fmt: skip
