"""Escalation: what time alone does to incidents. Nobody has it: the next are called. It stays quiet: it ends."""

from collections.abc import Callable

from msgspec.structs import replace

from tocsin.alarm.again import is_ring_due, ring_due
from tocsin.alarm.attack import tell_count
from tocsin.alarm.incident import DRILL, end_incident
from tocsin.alarm.record import Incident, lock_incident, open_incidents, store_incident
from tocsin.alarm.rule import RULES
from tocsin.alarm.rules import AlarmRules, read_alarm_rules
from tocsin.alarm.timeline import add_entry
from tocsin.core.clock import MINUTE_US, SECOND_US
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.event import append_event
from tocsin.core.loop import for_each_merchant

WAITING_KINDS = frozenset({DRILL, "restored", "backup_late"})
"""Kinds of incidents that only a person ends."""


def tend_incidents(db: Database) -> int:
    """Escalate, end and tell what is due, one step an incident; return how many."""

    def tend(merchant_id: int) -> int:
        return db.write(merchant_id, _tend) if db.read(merchant_id, _any_due) else 0

    return for_each_merchant(db, tend, besides=(DIRECTORY_SCOPE,))


def next_step(present: Incident, rules: AlarmRules, now_us: int) -> int:
    """Return the step of escalation that is due, 0 where none is: a sound that nobody has acknowledged."""
    if present.loud_since_us is None or present.acknowledged_at_us is not None:
        return 0
    if present.escalated >= len(rules.escalate_minutes):
        return 0
    due_us = present.loud_since_us + rules.escalate_minutes[present.escalated] * MINUTE_US
    return present.escalated + 1 if now_us >= due_us else 0


def is_quiet(present: Incident, rules: AlarmRules, now_us: int) -> bool:
    """Tell that an incident ends by itself: it never sounded, its kind does not wait, and nothing came for long."""
    rule = RULES.get(present.why)
    waits = present.was_loud or present.kind in WAITING_KINDS or (rule is not None and rule.waits)
    return not waits and now_us - present.last_at_us >= rules.quiet_minutes * MINUTE_US


def _is_counted(present: Incident, now_us: int) -> bool:
    told_now = 0 <= now_us - present.counted_at_us < SECOND_US
    return told_now or present.counted_at_us >= present.last_at_us or not present.signals


def _any_due(tx: Tx) -> bool:
    found = open_incidents(tx)
    rules = read_alarm_rules(tx) if found else AlarmRules()
    return any(_work_of(one, rules, tx.now_us) for one in found)


def _tend(tx: Tx) -> int:
    rules, done = read_alarm_rules(tx), 0
    for seen in open_incidents(tx):
        # Looked at again under its lock: another server may have done it, a person may have come.
        present = lock_incident(tx, incident_id=seen.id) if _work_of(seen, rules, tx.now_us) else None
        work = _work_of(present, rules, tx.now_us) if present and present.is_open else None
        if present and work:
            work(tx, present)
            done += 1
    return done


def _work_of(present: Incident, rules: AlarmRules, now_us: int) -> Callable[[Tx, Incident], None] | None:
    if is_ring_due(present, now_us):
        return ring_due
    if next_step(present, rules, now_us):
        return _escalate
    if is_quiet(present, rules, now_us):
        return _end_quiet
    return None if _is_counted(present, now_us) else _tell


def _escalate(tx: Tx, present: Incident) -> None:
    step = present.escalated + 1
    store_incident(tx, replace(present, escalated=step, escalated_at_us=tx.now_us))
    add_entry(tx, incident_id=present.id, kind="escalated", data={"step": step})
    told = {"incident": str(present.id), "step": step}
    append_event(tx, "alarm.escalated", subject_id=present.id, data=told)


def _end_quiet(tx: Tx, present: Incident) -> None:
    end_incident(tx, None, present, outcome="quiet")


def _tell(tx: Tx, present: Incident) -> None:
    store_incident(tx, tell_count(tx, present))
