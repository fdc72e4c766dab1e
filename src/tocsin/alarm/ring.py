"""Ring: an incident gets its level, and sounds: a bounded time, at most once a minute, not while it is silenced."""

from typing import Any

import msgspec
from msgspec.structs import replace

from tocsin.alarm.record import Incident, Level, open_incidents, store_incident
from tocsin.alarm.rules import AlarmRules, read_alarm_rules
from tocsin.alarm.timeline import add_entry
from tocsin.core.clock import MINUTE_US, SECOND_US
from tocsin.core.db import Database, Tx
from tocsin.core.event import append_event
from tocsin.core.loop import for_each_merchant


def lift_incident(
    tx: Tx, present: Incident, *, level: Level, why: str, why_data: dict[str, Any], rules: AlarmRules
) -> Incident:
    """Return an incident after a rule fired: the reason of its highest level stays; a new sound starts."""
    if why in present.fired() and (level == "light" or present.level == "sound"):
        return present
    first_of_rule = why not in present.fired()
    lifted = replace(present, rules=",".join(sorted({*present.fired(), why})))
    if first_of_rule and present.rules:
        add_entry(tx, incident_id=present.id, kind="rule", data={"code": why, **why_data})
    if level == "light" or present.level == "sound":
        return lifted
    lifted = replace(lifted, level="sound", why=why, why_data=msgspec.json.encode(why_data).decode())
    return ring(tx, lifted, seconds=rules.sound_seconds, entry="sound")


def ring(tx: Tx, present: Incident, *, seconds: int, entry: str) -> Incident:
    """Return an incident that sounds from now on, told to whoever drives the sirens."""
    add_entry(tx, incident_id=present.id, kind=entry, data={"seconds": seconds})
    told = {"incident": str(present.id), "level": "sound", "why": present.why}
    append_event(tx, "alarm.level", subject_id=present.id, data=told)
    return replace(
        present, sounded_at_us=tx.now_us, sound_until_us=tx.now_us + seconds * SECOND_US, rings_at_us=0,
        loud_since_us=tx.now_us if present.loud_since_us is None else present.loud_since_us,
    )  # fmt: skip


def ring_again(tx: Tx, present: Incident, *, rules: AlarmRules) -> Incident:
    """Return an incident that new signals came to: it sounds again where its noise ended and a minute has passed."""
    if present.level != "sound" or present.silenced_at_us is not None or present.sounds(tx.now_us):
        return present
    started_us = present.sounded_at_us or 0
    if abs(tx.now_us - started_us) < MINUTE_US:
        return present
    return ring(tx, present, seconds=rules.sound_seconds, entry="sound")


def ring_after_restart(db: Database) -> int:
    """Let each incident that sounded and that nobody silenced or cleared sound again; return how many."""

    def restart(merchant_id: int) -> int:
        return db.write(merchant_id, _restart) if db.read(merchant_id, _unsilenced) else 0

    return for_each_merchant(db, restart, again=False)  # the desk opens for the others, whatever it meets


def _restart(tx: Tx) -> int:
    rules, loud = read_alarm_rules(tx), _unsilenced(tx)
    for one in loud:
        store_incident(tx, ring(tx, one, seconds=rules.sound_seconds, entry="restarted"))
    return len(loud)


def _unsilenced(tx: Tx) -> list[Incident]:
    return [one for one in open_incidents(tx) if one.level == "sound" and one.silenced_at_us is None]
