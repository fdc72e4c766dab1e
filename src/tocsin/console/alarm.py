"""The alarm from the console: what is open, and silence, acknowledge, clear and posture by hand."""

from collections.abc import Callable

from msgspec import Struct

from tocsin.alarm.incident import (
    Incident,
    IncidentAcknowledged,
    IncidentMakesNoSound,
    IncidentSilenced,
    acknowledge_incident,
    clear_incident,
    list_incidents,
    silence_incident,
)
from tocsin.alarm.posture import Posture, change_posture, read_posture
from tocsin.console.command import Caller, Command
from tocsin.core.actor import Actor
from tocsin.core.db import Tx

# Of all open incidents, those that a command has nothing to do with.
_IDLE = (IncidentMakesNoSound, IncidentSilenced, IncidentAcknowledged)


class ListIn(Struct, frozen=True):
    """Whose incidents, and whether those that are over too."""

    merchant: int = 0
    everything: bool = False


class ActIn(Struct, frozen=True):
    """What is done about which incident; 0: all that are open."""

    incident: int = 0
    note: str = ""
    merchant: int = 0


class PostureIn(Struct, frozen=True):
    """The posture to set, and why."""

    state: str
    reason: str
    merchant: int = 0


class IncidentOut(Struct, frozen=True):
    """An incident as the console lists it."""

    id: int
    kind: str
    level: str
    why: str
    signals: int
    raised_at_us: int
    silenced: bool
    acknowledged: bool
    over: bool


class AlarmOut(Struct, frozen=True):
    """How the alarm stands."""

    posture: str
    incidents: list[IncidentOut]


def list_(caller: Caller, given: ListIn) -> AlarmOut:
    """Tell the posture and the incidents."""
    found = caller.merchant(given.merchant)
    actor = caller.actor(found.id)

    def read(tx: Tx) -> tuple[Posture, list[Incident]]:
        return read_posture(tx), list_incidents(tx, actor, open_only=not given.everything)

    posture, incidents = caller.desk.db.read(found.id, read)
    return AlarmOut(posture.state, [_show(one) for one in incidents])


def silence(caller: Caller, given: ActIn) -> list[int]:
    """Stop the noise."""
    return _act(caller, given, silence_incident)


def acknowledge(caller: Caller, given: ActIn) -> list[int]:
    """Say that a person has it."""
    return _act(caller, given, acknowledge_incident)


def clear(caller: Caller, given: ActIn) -> list[int]:
    """Say that it is over."""
    return _act(caller, given, clear_incident)


def posture(caller: Caller, given: PostureIn) -> str:
    """Set the posture."""
    found = caller.merchant(given.merchant)
    actor, state, reason = caller.actor(found.id), given.state, given.reason
    caller.desk.db.write(found.id, lambda tx: change_posture(tx, actor, state=state, reason=reason))
    return state


def _act(caller: Caller, given: ActIn, verb: Callable[..., None]) -> list[int]:
    found = caller.merchant(given.merchant)
    actor = caller.actor(found.id)

    def run(tx: Tx) -> list[int]:
        if given.incident:
            verb(tx, actor, incident_id=given.incident, note=given.note)
            return [given.incident]
        opened = [one.id for one in list_incidents(tx, actor, open_only=True)]
        return [each for each in opened if _do(tx, actor, each, verb=verb, note=given.note)]

    return caller.desk.db.write(found.id, run)


def _do(tx: Tx, actor: Actor, incident_id: int, *, verb: Callable[..., None], note: str) -> bool:
    try:
        verb(tx, actor, incident_id=incident_id, note=note)
    except _IDLE:  # it is so already, which is what was asked for
        return False
    return True


def _show(one: Incident) -> IncidentOut:
    return IncidentOut(
        one.id, one.kind, one.level, one.why, one.signals, one.raised_at_us, silenced=one.silenced_at_us is not None,
        acknowledged=one.acknowledged_at_us is not None, over=not one.is_open,
    )  # fmt: skip


COMMANDS = {
    "alarm.list": Command(ListIn, list_), "alarm.silence": Command(ActIn, silence),
    "alarm.acknowledge": Command(ActIn, acknowledge), "alarm.clear": Command(ActIn, clear),
    "alarm.posture": Command(PostureIn, posture),
}  # fmt: skip
