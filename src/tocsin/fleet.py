"""The fleet: how every merchant's stations, printers, sirens and papers are, for who runs many shops. Health alone, never an order."""

from functools import partial
from importlib.metadata import version

from msgspec import Struct

from tocsin.access.presence import station_state
from tocsin.access.station import list_stations
from tocsin.alarm.record import open_incidents
from tocsin.alarm.siren_row import SirenRow, list_sirens
from tocsin.core.actor import desk_actor
from tocsin.core.db import Tx
from tocsin.core.tenant import Merchant, list_shops
from tocsin.desk import Desk
from tocsin.tickets.device import list_printers
from tocsin.tickets.radar import KINDS, count_problems
from tocsin.tickets.trial import say_state

# A station that said goodbye belongs to a shop that closed; where it is expected always it is soon `vanished`. A printer that
# was never asked is not known to be unwell; a siren that was never heard is.
_WELL = frozenset({"ready", "off", "there", "left", "unknown", "paper_low"})


class Part(Struct, frozen=True):
    """A station, a printer or a siren, with its state as pages have it; a siren that answers and was never heard is `untried`.

    `detail`: a station's version, or what a siren says of itself.
    """

    name: str
    state: str
    detail: str = ""

    def is_well(self) -> bool:
        """Tell whether nobody has to look at it."""
        return self.state in _WELL


class MerchantHealth(Struct, frozen=True):
    """How a merchant's shops are; `problems` by kind, at most 1,001 each."""

    id: int
    name: str
    shops: tuple[str, ...]
    stations: tuple[Part, ...]
    printers: tuple[Part, ...]
    sirens: tuple[Part, ...]
    problems: dict[str, int]
    incidents: int

    def unwell(self) -> tuple[Part, ...]:
        """Return the parts that somebody has to look at."""
        return tuple(
            part
            for parts in (self.stations, self.printers, self.sirens)
            for part in parts
            if not part.is_well()
        )

    def is_well(self) -> bool:
        """Tell whether nobody has to do anything."""
        return not (self.unwell() or self.incidents or any(self.problems.values()))


class Fleet(Struct, frozen=True):
    """All of an installation."""

    version: str
    database: str
    merchants: tuple[MerchantHealth, ...]


def read_fleet(desk: Desk) -> Fleet:
    """Return how every merchant's shops are, one transaction for each."""
    found = tuple(desk.db.read(one.id, partial(_health, one=one)) for one in desk.merchants())
    return Fleet(version("tocsin"), desk.db.dialect, found)


def _health(tx: Tx, *, one: Merchant) -> MerchantHealth:
    counts = count_problems(tx)
    stations = [
        Part(each.name, station_state(each, tx.now_us), each.version)
        for each in list_stations(tx, desk_actor(tx.merchant_id))
        if not each.revoked_at_us
    ]
    return MerchantHealth(
        one.id, one.name, tuple(shop.code for shop in list_shops(tx)), tuple(stations),
        tuple(Part(each.name, say_state(each.last_status())) for each in list_printers(tx)),
        tuple(Part(each.name, _siren_state(each), each.problem) for each in list_sirens(tx)),
        {kind: getattr(counts, kind) for kind in KINDS}, len(open_incidents(tx)),
    )  # fmt: skip


def _siren_state(found: SirenRow) -> str:
    is_heard = found.tested_at_us or found.sounded_at_us
    return "untried" if found.state == "off" and not is_heard else found.state
