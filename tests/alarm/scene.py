"""Builders: signals as the chapters send them, the watch that reads them, and what came of it."""

from typing import Any

import sqlalchemy as sa

from tests.house import House, make_house
from tocsin.alarm.escalate import tend_incidents
from tocsin.alarm.incident import Entry, Incident, Wanted, list_incidents, read_timeline, wanted
from tocsin.alarm.rules import AlarmRules, alarm_rules_revision, change_alarm_rules
from tocsin.alarm.signal import Signal, send_signal
from tocsin.alarm.watch import watch_signals
from tocsin.core.clock import MINUTE_US, SECOND_US
from tocsin.core.db import Database, Tx
from tocsin.core.event import event
from tocsin.core.statement import Statement, bind, own

ANNE, BEN = 101, 102
OWN_PC, HERE, ELSEWHERE = "f" * 64, "192.0.2.7", "198.51.100.9"
_EVENTS = Statement[tuple[str]](
    sa.select(event.c.kind).where(own(event), event.c.kind.like("alarm.%"), event.c.id > bind("after"))
    .order_by(event.c.horizon, event.c.id)
)  # fmt: skip


class Scene:
    """A merchant whose alarm is watched step by step."""

    def __init__(self, db: Database, *, code: str = "HF") -> None:
        self.db, self.house = db, make_house(db, code=code)
        self.merchant_id = self.house.merchant_id

    def actor(self, role: str = "owner") -> Any:
        return self.house.actor(role)

    def write(self, verb: Any, **given: Any) -> Any:
        return self.db.write(self.merchant_id, lambda tx: verb(tx, **given))

    def act(self, verb: Any, role: str = "owner", **given: Any) -> Any:
        return self.db.write(self.merchant_id, lambda tx: verb(tx, self.actor(role), **given))

    def read(self, verb: Any, **given: Any) -> Any:
        return self.db.read(self.merchant_id, lambda tx: verb(tx, **given))

    def send(self, kind: Any = "credential_wrong", *, times: int = 1, **given: Any) -> int:
        """Send signals of the merchant; return the last one's id."""
        return self.write(send_many, told=[Signal(kind=kind, **given)] * times)

    def fail(self, *, times: int = 1, **given: Any) -> None:
        """Let wrong credentials be tried at Anne's account from elsewhere, and the alarm see it."""
        self.send(times=times, **{"operator_id": ANNE, "name_digest": "anne", "address": ELSEWHERE, **given})
        watch(self.db)

    def mistype(self, *, times: int = 1, **given: Any) -> None:
        """Let Anne mistype at her own PC."""
        self.fail(times=times, **{"device": OWN_PC, "address": HERE, **given})

    def succeed(self, **given: Any) -> None:
        """Let Anne sign in at her own PC."""
        at_home = {"operator_id": ANNE, "name_digest": "anne", "device": OWN_PC, "address": HERE}
        self.send("credential_right", outcome="right", **{**at_home, **given})
        watch(self.db)

    def incidents(self, *, open_only: bool = False) -> list[Incident]:
        return self.read(lambda tx: list_incidents(tx, self.actor(), open_only=open_only))

    def incident(self) -> Incident:
        (found,) = self.incidents()
        return found

    def entries(self, incident_id: int = 0) -> list[str]:
        """Return the kinds of a timeline's entries, oldest first."""
        return [one.kind for one in self.timeline(incident_id)]

    def timeline(self, incident_id: int = 0) -> list[Entry]:
        wanted_id = incident_id or self.incident().id
        return self.read(read_timeline, incident_id=wanted_id)[::-1]

    def events(self, *, after: int = 0) -> list[str]:
        """Return the kinds of the merchant's events that others act on."""
        kinds = [row[0] for row in self.read(lambda tx: tx.rows(_EVENTS, after=after))]
        return [kind for kind in kinds if kind != "alarm.signal"]

    def wanted(self) -> Wanted:
        return self.read(wanted)

    def choose(self, **given: Any) -> None:
        """Change what the merchant chose."""
        revision = self.read(alarm_rules_revision)
        self.act(change_alarm_rules, chosen=AlarmRules(**given), revision=revision)


def send_many(tx: Tx, *, told: list[Signal]) -> int:
    """Send signals in one transaction; return the last one's id."""
    return [send_signal(tx, one) for one in told][-1]


def watch(db: Database) -> int:
    """Let the watch read all there is."""
    total = 0
    while done := watch_signals(db):
        total += done
    return total


def tend(db: Database) -> int:
    """Let time do all that is due."""
    total = 0
    while done := tend_incidents(db):
        total += done
    return total


def minutes(count: float) -> int:
    return int(count * MINUTE_US)


def seconds(count: float) -> int:
    return int(count * SECOND_US)


__all__ = [
    "ANNE",
    "BEN",
    "ELSEWHERE",
    "HERE",
    "OWN_PC",
    "House",
    "Scene",
    "minutes",
    "seconds",
    "send_many",
    "tend",
    "watch",
]
