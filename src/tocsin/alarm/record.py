"""The row of an incident: read, locked, joined by its key, stored. Who may do what is asked in `incident`."""

from typing import Any, Literal

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.alarm.table import incident
from tocsin.core.clock import SECOND_US
from tocsin.core.db import Tx
from tocsin.core.ident import new_id
from tocsin.core.statement import Statement, bind, own, upsert

Level = Literal["light", "sound"]
MOST_SOUND_SECONDS = 600
OPEN_MOST = 100
"""So many open incidents are looked at together; what comes beyond joins one of its kind."""


class Incident(Struct, frozen=True):
    """One attack or mishap, however many signals told of it.

    Args:
        kind: attack, device, desk, or the kind of signal.
        key: what coalesces.
        level: `light` (light and banner) or `sound` (the siren too).
        why: code of the rule that gave the level; `why_data` is JSON for its sentence.
        rules: codes of all rules that fired, comma-separated.
        signals, refused: wrong or otherwise bad; refused untested by the limiter.
        loud_since_us, sounded_at_us, sound_until_us: first sound, last start of it, when it ends by itself.
        rings_at_us: when it is to sound again because its minute was not over; 0: it is not.
        escalated: steps taken.
        outcome: cleared, quiet, mistyped, back; empty while it is open.
    """

    id: int
    kind: str
    key: str
    level: Level
    why: str
    why_data: str
    rules: str
    operator_id: int
    signals: int
    refused: int
    accounts: int
    addresses: int
    raised_at_us: int
    last_at_us: int
    counted_at_us: int
    loud_since_us: int | None
    sounded_at_us: int | None
    sound_until_us: int
    rings_at_us: int
    silenced_at_us: int | None
    silenced_by: int
    silenced_name: str
    acknowledged_at_us: int | None
    acknowledged_by: int
    acknowledged_name: str
    escalated: int
    escalated_at_us: int | None
    cleared_at_us: int | None
    cleared_by: int
    cleared_name: str
    outcome: str
    note: str

    @property
    def is_open(self) -> bool:
        """Tell that it is not over."""
        return self.cleared_at_us is None

    @property
    def was_loud(self) -> bool:
        """Tell that it has sounded: then it waits for a person."""
        return self.loud_since_us is not None

    def sounds(self, now_us: int) -> bool:
        """Tell whether it asks for noise now; a clock that was put back makes none."""
        left_us = self.sound_until_us - now_us
        return self.is_open and self.silenced_at_us is None and 0 < left_us <= MOST_SOUND_SECONDS * SECOND_US

    def why_fields(self) -> dict[str, Any]:
        """Return the data of its reason, decoded."""
        return msgspec.json.decode(self.why_data, type=dict[str, Any])

    def fired(self) -> frozenset[str]:
        """Return the codes of the rules that fired."""
        return frozenset(code for code in self.rules.split(",") if code)


COLUMNS = tuple(incident.c[name] for name in Incident.__struct_fields__)
_FIXED = ("id", "kind", "key", "raised_at_us")
_MOVING = tuple(name for name in Incident.__struct_fields__ if name not in _FIXED)
_of_key = sa.and_(own(incident), incident.c.key == bind("key", str), incident.c.cleared_at_us.is_(None))
_JOIN = Statement[None](
    upsert(incident).on_conflict_do_nothing(),
    sets=["merchant_id", *Incident.__struct_fields__],
)
_OF_KEY = Statement(sa.select(*COLUMNS).where(_of_key).with_for_update(), Incident)
_LOCK = Statement(
    sa.select(*COLUMNS).where(own(incident), incident.c.id == bind("id")).with_for_update(), Incident
)
_OPEN = Statement(
    sa.select(*COLUMNS).where(own(incident), incident.c.cleared_at_us.is_(None))
    .order_by(incident.c.id.desc()).limit(bind("limit")),
    Incident,
)  # fmt: skip
_STORE = Statement[None](
    sa.update(incident).where(own(incident), incident.c.id == bind("b_id")), sets=_MOVING
)


def open_incidents(tx: Tx) -> list[Incident]:
    """Return the merchant's open incidents, newest first, at most 100."""
    return tx.rows(_OPEN, limit=OPEN_MOST)


def lock_incident(tx: Tx, *, incident_id: int) -> Incident | None:
    """Return an incident that nobody else changes until this transaction ends."""
    return tx.one(_LOCK, id=incident_id)


def find_open(tx: Tx, *, key: str) -> Incident | None:
    """Return the open incident of a key, locked."""
    return tx.one(_OF_KEY, key=key)


def join_incident(tx: Tx, made: Incident) -> tuple[Incident, bool]:
    """Return the open incident of a key, locked, and whether it is new: then it is `made`."""
    found = find_open(tx, key=made.key)
    if found is not None:
        return found, False
    # Another transaction may raise it at this moment: the key lets one of them through.
    is_new = bool(tx.run(_JOIN, **msgspec.structs.asdict(made)))
    standing = find_open(tx, key=made.key)
    return standing or made, is_new


def store_incident(tx: Tx, changed: Incident) -> None:
    """Store what can change of a locked incident."""
    tx.run(_STORE, b_id=changed.id, **{name: getattr(changed, name) for name in _MOVING})


def new_incident(
    tx: Tx, *, kind: str, key: str, why: str, why_data: dict[str, Any], operator_id: int
) -> Incident:
    """Return an incident that has not happened yet: a light, nothing counted."""
    return Incident(
        id=new_id(), kind=kind, key=key, level="light", why=why, why_data=msgspec.json.encode(why_data).decode(),
        rules="", operator_id=operator_id, signals=0, refused=0, accounts=0, addresses=0, raised_at_us=tx.now_us,
        last_at_us=tx.now_us, counted_at_us=0, loud_since_us=None, sounded_at_us=None, sound_until_us=0, rings_at_us=0,
        silenced_at_us=None, silenced_by=0, silenced_name="", acknowledged_at_us=None, acknowledged_by=0,
        acknowledged_name="", escalated=0, escalated_at_us=None, cleared_at_us=None, cleared_by=0, cleared_name="",
        outcome="", note="",
    )  # fmt: skip
