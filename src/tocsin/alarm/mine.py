"""“It was me”: what the owner of an account says of an incident about it.

It always stands in the timeline. It ends the incident only where nothing but his own account was
tried, no rule made it sound and no decoy or revoked credential came into it: then it was a person
at his own password. Whatever sounded waits for somebody who may clear.
"""

from typing import Literal

from msgspec.structs import replace

from tocsin.alarm.concerned import concerned_by
from tocsin.alarm.evidence import count_sources
from tocsin.alarm.incident import IncidentMissing, IncidentOver, end_incident
from tocsin.alarm.record import Incident, lock_incident
from tocsin.alarm.timeline import add_entry
from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import write_journal

_HARMLESS = frozenset({"wrong_credential", "out_of_hours"})


class IncidentNotYours(Refusal):
    """This incident is not about your account: leave it to those who look after the alarm"""

    kind, code = "refused", "incident_not_yours"


def require_mine(tx: Tx, actor: Actor, *, incident_id: int) -> Incident:
    """Return an incident about the actor's own account, locked.

    Raises:
        IncidentMissing, IncidentNotYours
    """
    found = lock_incident(tx, incident_id=incident_id)
    if found is None:
        raise IncidentMissing(incident=str(incident_id))
    his = actor.kind == "operator" and (
        found.operator_id == actor.id
        or concerned_by(tx, incident_id=incident_id, operator_ids=frozenset({actor.id}))
    )
    if not his:
        raise IncidentNotYours
    return found


def say_it_was_me(tx: Tx, actor: Actor, *, incident_id: int) -> Literal["ended", "noted"]:
    """Keep that the owner of the account says so, and end the incident where his word is enough.

    Raises:
        IncidentMissing, IncidentNotYours, IncidentOver
    """
    found = require_mine(tx, actor, incident_id=incident_id)
    if not found.is_open:
        raise IncidentOver(outcome=found.outcome)
    add_entry(tx, incident_id=incident_id, kind="was_me", actor=actor)
    write_journal(tx, actor, verb="alarm.was_me", subject=f"incident:{incident_id}")
    if not ends_by_his_word(tx, found):
        return "noted"
    end_incident(tx, actor, replace(found, note=""), outcome="cleared")
    return "ended"


def ends_by_his_word(tx: Tx, found: Incident) -> bool:
    """Tell whether the word of the account's owner is enough."""
    alone = count_sources(tx, incident_id=found.id, kind="account") <= 1
    return alone and found.level == "light" and not found.was_loud and found.fired() <= _HARMLESS
