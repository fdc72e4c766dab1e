"""The door of printers that come for their papers: each by an address of its own, whose last part is its secret; and of
the clouds that call about papers, who sign.

The right address is always let in, so that nobody can shut a printer out; wrong ones spend the budget of where they
come from. The address before the present one is refused and not counted: nobody guesses it, a printer still has it.
"""

import hmac
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from msgspec import Struct

from tocsin.access.limiter import Guess, spend_budget
from tocsin.access.secret import hash_secret
from tocsin.core.clock import SECOND_US, steady_us
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.signature import station_ids, station_name
from tocsin.tickets.cloud import Push
from tocsin.tickets.device import Device, PrinterMissing, get_printer, printer_plugin, read_options
from tocsin.tickets.open_device import open_printer
from tocsin.tickets.printer_key import PrinterKey, find_key, read_token
from tocsin.tickets.printer_kind import comes, hears_pushes

_QUIET_MOST = 4096
# Who spent his budget is answered without another row until then.
_quiet: dict[str, int] = {}


class Seat(Struct, frozen=True):
    """A printer that came by its address."""

    merchant_id: int
    device: Device


class Pushed(Struct, frozen=True):
    """A call of a cloud: there is news of an order of a printer."""

    merchant_id: int
    printer_id: int
    order: str


class PollRefused(Struct, frozen=True):
    """Why nobody is let in: the address is no printer's, or too many such came from there."""

    retry_after_seconds: int = 0


def admit_printer(db: Database, *, token: str, address: str) -> Seat | PollRefused:
    """Return the printer whose address was called; a wrong one is counted, and the alarm hears of it."""
    merchant_id, printer_id, secret = read_token(token) or (0, 0, "")
    found = _find(db, merchant_id, printer_id) if merchant_id else None
    key, device = found or (None, None)
    hashed = hash_secret(secret)
    if device and key and hmac.compare_digest(key.secret_hash, hashed):
        return Seat(merchant_id, device)
    if key and any(hmac.compare_digest(one, hashed) for one in (key.earlier_hash, key.secret_hash)):
        return PollRefused()
    guess = Guess(
        "printer", f"printer:{merchant_id:x}.{printer_id:x}", address, "", merchant_id if key else 0
    )
    subject = f"printer:{printer_id}" if key else "printer:unknown"
    return _refuse(db, merchant_id if key else DIRECTORY_SCOPE, guess, subject=subject)


def push_url(base_url: str, *, merchant_id: int, device: Device) -> str:
    """Return where the cloud of a printer calls the desk, empty where it does not."""
    return (
        f"{base_url}/cloud-push/{station_name(merchant_id, device.id)}" if hears_pushes(device.kind) else ""
    )


def admit_push(db: Database, *, name: str, form: Mapping[str, str], address: str) -> Pushed | PollRefused:
    """Return which order of which printer a cloud calls about; a wrong signature is counted as a wrong address is."""
    merchant_id, printer_id = station_ids(name)
    device = db.read(merchant_id, partial(_find_cloud, printer_id=printer_id)) if merchant_id else None
    push = _read_push(device, form) if device else None
    if (
        device
        and push
        and hmac.compare_digest(push.right.encode(), push.signature.encode("utf-8", "replace"))
    ):
        return Pushed(merchant_id, device.id, push.order)
    guess = Guess("printer", f"printer:{name[:40]}", address, "", merchant_id if device else 0)
    subject = f"printer:{printer_id}" if device else "printer:unknown"
    return _refuse(db, merchant_id if device else DIRECTORY_SCOPE, guess, subject=subject)


def _read_push(device: Device, form: Mapping[str, str]) -> Push | None:
    plugin: Any = printer_plugin(device.kind)
    push: Push | None = plugin.read_push(read_options(device), form)
    return push


def _find_cloud(tx: Tx, *, printer_id: int) -> Device | None:
    try:
        device = open_printer(tx, printer_id=printer_id or -1)
    except PrinterMissing:
        return None
    return device if hears_pushes(device.kind) else None


def _find(db: Database, merchant_id: int, printer_id: int) -> tuple[PrinterKey, Device | None] | None:
    def read(tx: Tx) -> tuple[PrinterKey, Device | None] | None:
        key = find_key(tx, printer_id=printer_id)
        if key is None:
            return None
        try:
            device = get_printer(tx, printer_id=printer_id)
        except PrinterMissing:  # taken away: its machine may still come
            return key, None
        return key, device if comes(device.kind) else None

    return db.read(merchant_id, read)


def _refuse(db: Database, scope: int, guess: Guess, *, subject: str) -> PollRefused:
    until_us = _quiet.get(guess.address, 0)
    if until_us <= steady_us():
        spend: Callable[[Tx], PollRefused] = partial(_spend, guess=guess, subject=subject)
        refused = db.write(scope, spend)
        if not refused.retry_after_seconds:
            return refused
        until_us = steady_us() + refused.retry_after_seconds * SECOND_US
        if len(_quiet) >= _QUIET_MOST:
            _quiet.clear()
        _quiet[guess.address] = until_us
    return PollRefused(max(1, (until_us - steady_us()) // SECOND_US))


def _spend(tx: Tx, *, guess: Guess, subject: str) -> PollRefused:
    locked = spend_budget(tx, guess, subject=subject, reason="address")
    return PollRefused(locked.retry_after_seconds if locked else 0)
