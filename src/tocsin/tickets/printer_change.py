"""Changing what a printer is called, what lies in it and which language its tickets speak; its papers, queues and past stay with it."""

from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, among, bind, own
from tocsin.tickets.device import Device, fit_options, require_sound
from tocsin.tickets.open_device import open_printer
from tocsin.tickets.paper_size import shape_of
from tocsin.tickets.print_queue import list_queues, store_row
from tocsin.tickets.printer_kind import part_options
from tocsin.tickets.table import print_job, printer

_CHANGE = Statement[None](
    sa.update(printer).where(own(printer), printer.c.id == bind("b_id")),
    sets=("name", "options", "paper_mm", "paper_high_mm", "locale"),
)
# Both alternatives are written out, so that the index of what waits serves a part of it.
_SENDING = Statement[tuple[int]](
    sa.select(print_job.c.id).where(
        own(print_job), print_job.c.printer_id == bind("printer_id"),
        among(print_job.c.state, "queued", "sending"), among(print_job.c.state, "sending"),
    ).limit(1)
)  # fmt: skip


class PrinterAtWork(Refusal):
    """A ticket is under way to this printer: wait until it came out, or settle it, then change paper or language"""

    kind, code = "conflict", "printer_at_work"


def change_printer(
    tx: Tx, actor: Actor, *, printer_id: int, name: str, paper_mm: int, paper_high_mm: int = 0, locale: str
) -> None:
    """Change a printer's name, paper and language; what waits for it is checked and drawn anew when its turn comes.

    A queue that is called as the printer was is renamed with it.

    Raises:
        NotAllowed, PrinterMissing
        PrinterWrong: there is no such paper or it is not for its kind, or the name is none.
        PrinterAtWork: another paper or language, while a ticket is under way to it.
    """
    require(actor, "shop_settings")
    device = open_printer(tx, printer_id=printer_id or -1)
    require_sound(name, tuple(device.copy_list()), locale=locale, paper=shape_of(paper_mm, paper_high_mm))
    changed = replace(
        device, name=name.strip(), paper_mm=paper_mm, paper_high_mm=paper_high_mm, locale=locale
    )
    if _drawn_as(changed) != _drawn_as(device) and _is_at_work(tx, device):
        raise PrinterAtWork
    options = msgspec.json.decode(device.options, type=dict[str, Any])
    checked = fit_options(device.kind, options, paper_mm=paper_mm, paper_high_mm=paper_high_mm)
    shown, _ = part_options(device.kind, checked)
    tx.run(
        _CHANGE, b_id=device.id, name=changed.name, options=msgspec.json.encode(shown).decode(), paper_mm=paper_mm,
        paper_high_mm=paper_high_mm, locale=locale,
    )  # fmt: skip
    _rename_queues(tx, device, name=changed.name)
    write_journal(
        tx, actor, verb="tickets.change_printer", subject=f"printer:{device.id}",
        data={"from": device.profile(), "to": changed.profile(), "language": locale},
    )  # fmt: skip
    append_event(tx, "print.printer", subject_id=device.id, data={"state": "changed"})


def _drawn_as(device: Device) -> tuple[int, int, str]:
    return device.paper_mm, device.paper_high_mm, device.locale


def _is_at_work(tx: Tx, device: Device) -> bool:
    return tx.one(_SENDING, printer_id=device.id) is not None


def _rename_queues(tx: Tx, device: Device, *, name: str) -> None:
    for queue in list_queues(tx):
        if queue.printer_id == device.id and queue.name == device.name != name:
            store_row(tx, replace(queue, name=name))
