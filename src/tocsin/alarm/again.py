"""Again: what is new ends a silence and an acknowledgement; a silence that has lasted its time ends by itself.

Who silenced an incident, or has it, did so of what he had seen: another rule, or another account that is attacked
in earnest, is not it. The same attack that merely goes on stays silent. A restore has no hands: what it silenced, and
took so that nobody is called, is as new with the next signal.
"""

from typing import Any

import msgspec
from msgspec.structs import replace

from tocsin.alarm.evidence import SignalRow, mark_reached, unreached_accounts
from tocsin.alarm.fact import CREDENTIALS, failures_of
from tocsin.alarm.record import Incident, store_incident
from tocsin.alarm.ring import ring
from tocsin.alarm.rules import AlarmRules, read_alarm_rules
from tocsin.alarm.timeline import add_entry
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.event import append_event

ACCOUNT = "account_failures"
BY_RESTORE = "restore"
"""In whose name a restore silences and acknowledges what it finds."""
Reason = tuple[str, dict[str, Any]]


def newly_attacked(tx: Tx, told: list[SignalRow], *, incident_id: int, rules: AlarmRules) -> list[Reason]:
    """Return the accounts that reach the account rule only now in an incident, as reasons; each once."""
    setting = rules.setting(ACCOUNT)
    tried = {
        one.operator_id for one in told if one.operator_id and one.kind in CREDENTIALS and not one.untested
    }
    found = []
    for operator_id in unreached_accounts(tx, incident_id=incident_id, operator_ids=tried):
        counted = failures_of(tx, operator_id, setting=setting)
        if counted >= setting.count:
            mark_reached(tx, incident_id=incident_id, operator_id=operator_id)
            data = {"count": counted, "minutes": setting.minutes, "operator": str(operator_id)}
            found.append((ACCOUNT, data))
    return found if setting.level == "sound" else []


def end_silence(tx: Tx, present: Incident, *, rules: AlarmRules) -> Incident:
    """Return an incident that still goes on: its silence is over after its time, by whichever way the clock went."""
    silent_us = None if present.silenced_at_us is None else abs(tx.now_us - present.silenced_at_us)
    if silent_us is None or silent_us < rules.silence_minutes * MINUTE_US:
        return present
    add_entry(tx, incident_id=present.id, kind="silence_over", data={"minutes": rules.silence_minutes})
    return _unsilenced(present)


def ring_for_new(tx: Tx, present: Incident, *, reason: Reason, rules: AlarmRules) -> Incident:
    """Return an incident to which something new has come: nobody has silenced that, and nobody has it."""
    silenced, taken = present.silenced_at_us is not None, present.acknowledged_at_us is not None
    if not silenced and not taken:
        return present
    _tell_again(tx, present, reason)
    why, data = reason
    noisy = present.sounds(tx.now_us)
    anew = replace(_unsilenced(present), why=why, why_data=msgspec.json.encode(data).decode())
    if taken:
        anew = replace(_untaken(anew), loud_since_us=tx.now_us)
    return anew if noisy else _ring_in_time(tx, anew, rules=rules)


def end_restore(tx: Tx, present: Incident) -> Incident:
    """Return an incident to which something came: no longer silent, nor in anybody's hands, by a restore alone."""
    silenced = (present.silenced_by, present.silenced_name) == (0, BY_RESTORE)
    taken = (present.acknowledged_by, present.acknowledged_name) == (0, BY_RESTORE)
    anew = _unsilenced(present) if silenced else present
    if taken:
        anew = replace(_untaken(anew), loud_since_us=tx.now_us if anew.was_loud else None)
    if silenced:  # only what was loud was silenced
        _tell_again(tx, present, (present.why, present.why_fields()))
    return anew


def ring_due(tx: Tx, present: Incident) -> None:
    """Let a locked incident sound whose minute is over."""
    store_incident(tx, ring(tx, present, seconds=read_alarm_rules(tx).sound_seconds, entry="sound"))


def is_ring_due(present: Incident, now_us: int) -> bool:
    """Tell that an incident was to sound again, and its minute is over."""
    return present.is_open and 0 < present.rings_at_us <= now_us


def _ring_in_time(tx: Tx, present: Incident, *, rules: AlarmRules) -> Incident:
    """Ring at most once a minute: what comes sooner waits for its time."""
    started_us = present.sounded_at_us or 0
    if abs(tx.now_us - started_us) >= MINUTE_US:
        return ring(tx, present, seconds=rules.sound_seconds, entry="sound")
    return replace(present, sound_until_us=tx.now_us, rings_at_us=started_us + MINUTE_US)


def _tell_again(tx: Tx, present: Incident, reason: Reason) -> None:
    why, data = reason
    add_entry(tx, incident_id=present.id, kind="again", data={"code": why, **data})
    append_event(tx, "alarm.again", subject_id=present.id, data={"incident": str(present.id), "why": why})


def _untaken(present: Incident) -> Incident:
    """The next people are called from the beginning."""
    return replace(
        present, acknowledged_at_us=None, acknowledged_by=0, acknowledged_name="", escalated=0
    )  # fmt: skip


def _unsilenced(present: Incident) -> Incident:
    return replace(present, silenced_at_us=None, silenced_by=0, silenced_name="")
