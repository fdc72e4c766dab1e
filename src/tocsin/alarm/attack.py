"""How signals of one key become, or join, an incident; and how a success ends one."""

from typing import Any

from msgspec.structs import replace

from tocsin.alarm.again import end_restore, end_silence, newly_attacked, ring_for_new
from tocsin.alarm.evidence import SignalRow, count_sources, is_source, join_signals, keep_evidence
from tocsin.alarm.fact import judge_rules
from tocsin.alarm.incident import end_incident, tell_raised
from tocsin.alarm.lane import ATTACK, bounded_key, lane_of
from tocsin.alarm.posture import raise_posture
from tocsin.alarm.record import Incident, Level, find_open, join_incident, new_incident, store_incident
from tocsin.alarm.ring import lift_incident, ring_again
from tocsin.alarm.rule import Rule, Setting
from tocsin.alarm.rules import AlarmRules
from tocsin.alarm.timeline import add_entry
from tocsin.core.clock import MINUTE_US, SECOND_US
from tocsin.core.db import Tx
from tocsin.core.event import append_event

MISTYPED_US = 2 * MINUTE_US
Fired = list[tuple[Rule, Setting, dict[str, Any]]]


def account_for(tx: Tx, told: list[SignalRow], *, key: str, rules: AlarmRules) -> None:
    """Count signals of one key in its incident; the first that a rule asks for raises it."""
    key = bounded_key(tx, key)
    present, lane = find_open(tx, key=key), lane_of(key)
    fired = judge_rules(
        tx, told, rules=rules, known=lane in ("device", "desk"),
        fired=present.fired() if present else frozenset(),
        failures_before=present.signals - present.refused if present else 0,
    )  # fmt: skip
    # What was refused untested is an attempt too: it fires no rule, but at an account it is shown.
    untested = all(one.untested for one in told)
    begins = (fired and not untested) if lane == "other" else (fired or untested)
    if present is None and not begins:
        return
    is_new = False
    if present is None:
        present, is_new = _begin(tx, told, key=key, fired=fired)
    elif not untested:
        present = end_restore(tx, present)
    for rule, setting, data in fired:
        level: Level = "sound" if setting.level == "sound" else "light"
        present = lift_incident(tx, present, level=level, why=rule.code, why_data=data, rules=rules)
    if not is_new and not untested:
        present = ring_again(tx, end_silence(tx, present, rules=rules), rules=rules)
    keep_evidence(tx, told, incident_id=present.id)
    news = [(rule.code, data) for rule, setting, data in fired if setting.level == "sound"]
    if lane == "attack":
        news += newly_attacked(tx, told, incident_id=present.id, rules=rules)
    if news:
        present = ring_for_new(tx, present, reason=news[0], rules=rules)
    store_incident(tx, tell_count(tx, _counted(tx, present, told), is_new=is_new))
    if is_new or fired:  # not again by each signal: a person may have set it back to calm
        _raise_posture(tx, present, fired)


def settle_success(tx: Tx, told: SignalRow, *, key: str) -> None:
    """End what a success explains: a known device that had mistyped, a device that had vanished.

    What has sounded waits for a person: then the success is a line of its timeline.
    """
    present = find_open(tx, key=key)
    if present is None:
        return
    outcome = "back" if told.kind == "device_back" else "mistyped"
    if key == ATTACK and not is_source(tx, incident_id=present.id, kind="account", value=told.account):
        return
    join_signals(tx, [told], incident_id=present.id)
    in_time = outcome == "back" or abs(told.at_us - present.last_at_us) <= MISTYPED_US
    if key != ATTACK and in_time and not present.was_loud:
        end_incident(tx, None, present, outcome=outcome)
        return
    kind = "back" if outcome == "back" else "signed_in"
    add_entry(
        tx, incident_id=present.id, kind=kind, data={"operator": str(told.operator_id), "method": told.method}
    )


def tell_count(tx: Tx, present: Incident, *, is_new: bool = False) -> Incident:
    """Return an incident whose count was told, at most once a second."""
    if 0 <= tx.now_us - present.counted_at_us < SECOND_US:
        return present
    if not is_new:
        told = {"incident": str(present.id), "signals": present.signals, "refused": present.refused}
        append_event(tx, "alarm.counted", subject_id=present.id, data=told)
    return replace(present, counted_at_us=tx.now_us)


def _begin(tx: Tx, told: list[SignalRow], *, key: str, fired: Fired) -> tuple[Incident, bool]:
    loudest = max(fired, key=lambda each: each[1].level == "sound", default=None)
    why, data = (loudest[0].code, loudest[2]) if loudest else ("wrong_credential", {"count": len(told)})
    lane = lane_of(key)
    made = new_incident(
        tx, kind=told[0].kind if lane == "other" else lane, key=key, why=why, why_data=data,
        operator_id=told[-1].operator_id,
    )  # fmt: skip
    present, is_new = join_incident(tx, made)
    if is_new:
        tell_raised(tx, present, level="sound" if loudest and loudest[1].level == "sound" else "light")
    return present, is_new


def _counted(tx: Tx, present: Incident, told: list[SignalRow]) -> Incident:
    return replace(
        present,
        signals=present.signals + len(told),
        refused=present.refused + sum(one.untested for one in told),
        accounts=count_sources(tx, incident_id=present.id, kind="account"),
        addresses=count_sources(tx, incident_id=present.id, kind="address"),
        last_at_us=max(present.last_at_us, *(one.at_us for one in told)),
    )


def _raise_posture(tx: Tx, present: Incident, fired: Fired) -> None:
    """A person who mistypes at his own device makes no alert; somebody signed in who is unlike himself locks down."""
    locked = [rule.code for rule, setting, _ in fired if rule.insider and setting.level == "sound"]
    if locked:
        raise_posture(tx, state="lockdown", why=locked[0], incident_id=present.id)
    elif present.level == "sound" or lane_of(present.key) not in ("device", "desk"):
        raise_posture(tx, state="alert", why=present.why, incident_id=present.id)
