"""Builders: a merchant's owner, stations with their keys, and what they sign."""

from typing import Any

from tests.house import House, make_house
from tocsin.access.admission import Admitted, StationRefused, admit_station
from tocsin.access.station import StationEnrolled, create_station_code, enrol_station
from tocsin.core import clock
from tocsin.core.actor import Actor, desk_actor
from tocsin.core.db import Database
from tocsin.core.signature import (
    enrolment_text,
    make_key,
    public_key,
    sealed_header,
    sign,
    station_name,
)

COUNTER, ELSEWHERE = "192.0.2.30", "198.51.100.66"
PATH = "/api/v1/station/commands"


class Machine:
    """A machine in the shop: its key, and its station once it is enrolled."""

    def __init__(self, house: House, *, key: bytes = b"") -> None:
        self.house, self.key, self.name, self.id = house, key or make_key(), "", 0

    def enrol(self, code: str = "", *, name: str = "Counter", address: str = COUNTER, **changed: Any) -> Any:
        """Enrol with a code, a new one if none is given."""
        code = code or make_code(self.house)
        public = changed.pop("public_key", public_key(self.key))
        proof = changed.pop("proof", sign(self.key, enrolment_text(code=code, name=name, public=public)))
        made = enrol_station(
            self.house.db,
            code=code,
            name=name,
            public_key=public,
            proof=proof,
            version="0.1",
            address=address,
        )
        if isinstance(made, StationEnrolled):
            self.id, self.name = made.id, station_name(made.merchant_id, made.id)
        return made

    def header(
        self, *, method: str = "POST", target: str = PATH, body: bytes = b"{}", late_us: int = 0
    ) -> str:
        """Return the header of a request."""
        return sealed_header(
            self.key, self.name, method=method, target=target, time_us=clock.now_us() - late_us, body=body
        )

    def ask(self, header: str = "", *, address: str = COUNTER, **sent: Any) -> Admitted | StationRefused:
        """Send a request, signed as it is unless a header is given."""
        sent = {"method": "POST", "target": PATH, "body": b"{}", **sent}
        return admit_station(self.house.db, header or self.header(**sent), address=address, **sent)

    def actor(self) -> Actor:
        """Return the actor that it is, seen now."""
        found = self.ask()
        assert isinstance(found, Admitted), found
        return found.actor


def make_code(house: House) -> str:
    """Return a code that enrols a station."""
    return house.db.write(
        house.merchant_id, lambda tx: create_station_code(tx, desk_actor(house.merchant_id))
    ).code  # fmt: skip


def make_machine(db: Database, *, house: House | None = None) -> Machine:
    """Return an enrolled machine."""
    machine = Machine(house or make_house(db))
    assert isinstance(machine.enrol(), StationEnrolled)
    return machine


def signals(house: House) -> list[tuple[str, str, str]]:
    """Return what the alarm was told: kind, subject, outcome."""
    return house.db.write(0, lambda tx: tx._cursor.execute(
        "SELECT kind, subject, outcome FROM signal ORDER BY id"
    ).fetchall())  # fmt: skip
