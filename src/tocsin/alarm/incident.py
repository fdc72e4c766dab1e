"""Box 8, alarm: incidents, and what people do about them.

Silence, acknowledge and clear are three things. Silencing stops the noise, the light stays;
acknowledging says that a person has it, so that nobody else is called; clearing says that it is over.
"""

from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.alarm.evidence import list_signals, list_sources
from tocsin.alarm.posture import Posture, raise_posture, read_posture
from tocsin.alarm.record import (
    COLUMNS,
    Incident,
    Level,
    join_incident,
    lock_incident,
    new_incident,
    open_incidents,
    store_incident,
)
from tocsin.alarm.ring import lift_incident
from tocsin.alarm.rules import read_alarm_rules
from tocsin.alarm.table import incident
from tocsin.alarm.timeline import Entry, add_entry, read_timeline
from tocsin.core.actor import Actor, desk_actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.journal import NEWEST, write_journal
from tocsin.core.statement import Statement, bind, own
from tocsin.core.text import strip_control

__all__ = ["Entry", "Incident", "add_entry", "list_signals", "list_sources", "read_timeline"]
LONGEST_NOTE = 500
DRILL = "drill"
RESTORED = "restored"


class IncidentMissing(Refusal):
    """There is no incident {incident}: look for it in the list of incidents"""

    kind, code = "missing", "incident_missing"


class IncidentOver(Refusal):
    """This incident is over: nothing is left to do about it"""

    kind, code = "conflict", "incident_over"


class IncidentMakesNoSound(Refusal):
    """This incident makes no sound, only light: acknowledge it or clear it"""

    kind, code = "conflict", "incident_makes_no_sound"


class IncidentSilenced(Refusal):
    """{name} has silenced this incident already: acknowledge it or clear it"""

    kind, code = "conflict", "incident_silenced"


class IncidentAcknowledged(Refusal):
    """{name} has this incident already: ask them, or clear it when it is over"""

    kind, code = "conflict", "incident_acknowledged"


class IncidentNoteLong(Refusal):
    """A note about an incident has at most {most} characters: shorten it"""

    kind, code = "invalid", "incident_note_long"


class Wanted(Struct, frozen=True):
    """What sirens are to do now, over all open incidents; `incident_id` is the one to name."""

    light: bool
    sound: bool
    sound_until_us: int
    incident_id: int


class AlarmNow(Struct, frozen=True):
    """What every page shows; `open_incidents` stops at 100."""

    posture: Posture
    open_incidents: int
    light: bool
    sound: bool
    newest: Incident | None


_PAGE = Statement(
    sa.select(*COLUMNS).where(own(incident), incident.c.id < bind("before"))
    .order_by(incident.c.id.desc()).limit(bind("limit")),
    Incident,
)  # fmt: skip
_OPEN_PAGE = Statement(
    sa.select(*COLUMNS).where(own(incident), incident.c.cleared_at_us.is_(None), incident.c.id < bind("before"))
    .order_by(incident.c.id.desc()).limit(bind("limit")),
    Incident,
)  # fmt: skip
_ONE = Statement(sa.select(*COLUMNS).where(own(incident), incident.c.id == bind("id")), Incident)


def list_incidents(
    tx: Tx, actor: Actor, *, open_only: bool = False, before: int = NEWEST, limit: int = 50
) -> list[Incident]:
    """Return incidents, newest first.

    Raises:
        NotAllowed: the actor may not see incidents.
    """
    require(actor, "incident")
    return tx.rows(_OPEN_PAGE if open_only else _PAGE, before=before, limit=limit)


def get_incident(tx: Tx, actor: Actor, *, incident_id: int) -> Incident:
    """Return one incident.

    Raises:
        NotAllowed: the actor may not see incidents.
        IncidentMissing: the merchant has no such incident.
    """
    require(actor, "incident")
    found = tx.one(_ONE, id=incident_id)
    if found is None:
        raise IncidentMissing(incident=str(incident_id))
    return found


def wanted(tx: Tx) -> Wanted:
    """Return what sirens are to do now."""
    return _wanted(open_incidents(tx), tx.now_us)


def alarm_now(tx: Tx) -> AlarmNow:
    """Return how the alarm stands: two reads by index, for every page."""
    found = open_incidents(tx)
    now = _wanted(found, tx.now_us)
    return AlarmNow(read_posture(tx), len(found), now.light, now.sound, found[0] if found else None)


def silence_incident(tx: Tx, actor: Actor, *, incident_id: int, note: str = "") -> None:
    """Stop an incident's noise; its light stays. What is new to it, or goes on after `silence_minutes`, sounds again.

    Raises:
        NotAllowed, IncidentMissing, IncidentOver, IncidentMakesNoSound, IncidentSilenced, IncidentNoteLong
    """
    present = _take(tx, actor, incident_id)
    if present.level != "sound":
        raise IncidentMakesNoSound
    if present.silenced_at_us is not None:
        raise IncidentSilenced(name=present.silenced_name)
    changed = replace(
        present, silenced_at_us=tx.now_us, silenced_by=actor.id, silenced_name=actor.name, rings_at_us=0
    )
    _record(tx, actor, _noted(changed, note), act="silence", done="silenced")


def acknowledge_incident(tx: Tx, actor: Actor, *, incident_id: int, note: str = "") -> None:
    """Say that a person has it: nobody else is called. What sounds goes on sounding.

    Raises:
        NotAllowed, IncidentMissing, IncidentOver, IncidentAcknowledged, IncidentNoteLong
    """
    present = _take(tx, actor, incident_id)
    if present.acknowledged_at_us is not None:
        raise IncidentAcknowledged(name=present.acknowledged_name)
    changed = replace(
        present, acknowledged_at_us=tx.now_us, acknowledged_by=actor.id, acknowledged_name=actor.name
    )
    _record(tx, actor, _noted(changed, note), act="acknowledge", done="acknowledged")


def clear_incident(tx: Tx, actor: Actor, *, incident_id: int, note: str = "") -> None:
    """Say that it is over: light and sound end. The posture stays until somebody changes it.

    Raises:
        NotAllowed, IncidentMissing, IncidentOver, IncidentNoteLong
    """
    require(actor, "incident_clear")
    present = _take(tx, actor, incident_id)
    end_incident(tx, actor, _noted(present, note), outcome="cleared")


def raise_incident(
    tx: Tx, *, kind: str, key: str, level: Level, why: str, why_data: dict[str, Any], operator_id: int = 0,
    alert: bool = True,
) -> int:  # fmt: skip
    """Raise an incident, or join the open one of the key; return its id.

    Args:
        why: code of a reason in `rule.REASONS`, with the data of its sentence.
        alert: raise the posture too; not for what no outsider can have caused.
    """
    made = new_incident(tx, kind=kind, key=key, why=why, why_data=why_data, operator_id=operator_id)
    present, is_new = join_incident(tx, made)
    if is_new:
        tell_raised(tx, present, level=level)
    store_incident(tx, lift_incident(
        tx, present, level=level, why=why, why_data=why_data, rules=read_alarm_rules(tx)
    ))  # fmt: skip
    if is_new and alert and kind != DRILL:
        raise_posture(tx, state="alert", why=why, incident_id=present.id)
    return present.id


def tell_raised(tx: Tx, made: Incident, *, level: Level) -> None:
    """Tell the timeline and whoever listens that an incident is new."""
    add_entry(tx, incident_id=made.id, kind="raised", data={"code": made.why, **made.why_fields()})
    told = {"incident": str(made.id), "kind": made.kind, "level": level, "why": made.why}
    append_event(tx, "alarm.raised", subject_id=made.id, data=told)


def end_incident(tx: Tx, actor: Actor | None, present: Incident, *, outcome: str) -> None:
    """End a locked incident: by a person (`cleared`), or by itself (`quiet`, `mistyped`, `back`)."""
    by = actor or desk_actor(tx.merchant_id)
    changed = replace(
        present, cleared_at_us=tx.now_us, cleared_by=by.id, cleared_name=by.name, outcome=outcome
    )  # fmt: skip
    _record(tx, by, changed, act="clear", done="cleared" if actor else outcome)


def _wanted(found: list[Incident], now_us: int) -> Wanted:
    loud = [one for one in found if one.sounds(now_us)]
    until_us = max((one.sound_until_us for one in loud), default=0)
    named = (loud or found)[0].id if found else 0
    return Wanted(bool(found), bool(loud), until_us, named)


def _take(tx: Tx, actor: Actor, incident_id: int) -> Incident:
    require(actor, "incident")
    found = lock_incident(tx, incident_id=incident_id)
    if found is None:
        raise IncidentMissing(incident=str(incident_id))
    if not found.is_open:
        raise IncidentOver(outcome=found.outcome)
    return found


def _noted(changed: Incident, note: str) -> Incident:
    plain = strip_control(note).strip()
    if len(plain) > LONGEST_NOTE:
        raise IncidentNoteLong(most=LONGEST_NOTE)
    return replace(changed, note=plain) if plain else changed


def _record(tx: Tx, actor: Actor, changed: Incident, *, act: str, done: str) -> None:
    store_incident(tx, changed)
    add_entry(tx, incident_id=changed.id, kind=done, actor=actor)
    write_journal(tx, actor, verb=f"alarm.{act}", subject=f"incident:{changed.id}", data={"done": done})
    event = {"silence": "alarm.silenced", "acknowledge": "alarm.acknowledged", "clear": "alarm.cleared"}[act]
    told = {"incident": str(changed.id), "by": str(actor.id), "outcome": changed.outcome}
    append_event(tx, event, subject_id=changed.id, data=told)
