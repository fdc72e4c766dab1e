"""What an incident is about besides accounts, by its name: a siren, a station, a desk, a ticket's order."""

from collections.abc import Callable

from tocsin.access.desk import name_of_desk
from tocsin.access.station import find_station
from tocsin.alarm.record import Incident
from tocsin.alarm.siren_row import list_sirens
from tocsin.core.db import Tx
from tocsin.orders.listing import list_heads
from tocsin.tickets.job import JobMissing, get_job

_LONGEST_ID = 19


def subject_of(tx: Tx, one: Incident) -> str:
    """Return the name of what an incident is about, empty where it is an account or not known any more."""
    kind, number = parts_of(one)
    known = number.isascii() and number.isdigit() and len(number) <= _LONGEST_ID
    return _NAMES[kind](tx, int(number)) if known and kind in _NAMES else ""


def parts_of(one: Incident) -> tuple[str, str]:
    """Return the kind and the id that a key is about, as in `vanished:siren:7` or `desk:7:101`."""
    parts = [*one.key.split(":"), "", ""]
    return (parts[0], parts[1]) if one.kind == "desk" else (parts[1], parts[2])


def _siren(tx: Tx, number: int) -> str:
    return next((one.name for one in list_sirens(tx) if one.id == number), "")


def _station(tx: Tx, number: int) -> str:
    found = find_station(tx, station_id=number)
    return found.name if found else ""


def _desk(tx: Tx, number: int) -> str:
    # A finger is tried at a desk's reader, which hangs on its station.
    return name_of_desk(tx, desk_id=number) or _station(tx, number)


def _ticket(tx: Tx, number: int) -> str:
    try:
        job = get_job(tx, job_id=number)
    except JobMissing:
        return ""
    return next((head.number for head in list_heads(tx, order_ids=[job.order_id])), "")


def _order(tx: Tx, number: int) -> str:
    return next((head.number for head in list_heads(tx, order_ids=[number])), "")


_NAMES: dict[str, Callable[[Tx, int], str]] = {
    "siren": _siren, "station": _station, "reader": _station, "desk": _desk, "ticket": _ticket,
    "order": _order,
}  # fmt: skip
