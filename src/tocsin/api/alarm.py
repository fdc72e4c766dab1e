"""Box 8 over the API: incidents, what people do about them, and the posture of the desk."""

from collections.abc import Callable

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, RawBody
from msgspec import Struct

from tocsin.access.lockdown import set_posture_by_hand
from tocsin.alarm.incident import (
    acknowledge_incident,
    alarm_now,
    clear_incident,
    get_incident,
    list_incidents,
    list_signals,
    list_sources,
    read_timeline,
    silence_incident,
    wanted,
)
from tocsin.alarm.posture import read_posture, read_postures
from tocsin.api.alarm_shape import (
    ActedOut,
    AlarmOut,
    IncidentDetailOut,
    IncidentOut,
    PostureOut,
    PosturesOut,
    alarm_out,
    entry_out,
    incident_out,
    named_sources,
    posture_out,
    signal_out,
    source_out,
)
from tocsin.api.guard import ApiRequest, change_once, enter, read_body, read_id
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.journal import NEWEST


class NoteIn(Struct, frozen=True, forbid_unknown_fields=True):
    """What there is to say about it; it may be empty."""

    note: str = ""


class PostureIn(Struct, frozen=True, forbid_unknown_fields=True):
    """How the desk is to stand (calm, alert, lockdown), and why."""

    state: str
    reason: str


@get("/alarm", sync_to_thread=True)
def get_alarm(request: ApiRequest) -> AlarmOut:
    """Return how the alarm stands."""
    desk, actor = enter(request)
    require(actor, "query")

    def read(tx: Tx) -> AlarmOut:
        return alarm_out(alarm_now(tx), wanted(tx), tx.now_us)

    return desk.db.read(actor.merchant_id, read)


@get("/incidents", sync_to_thread=True)
def get_incidents(
    request: ApiRequest, *, only_open: FromQuery[bool] = False, before: FromQuery[str] = ""
) -> list[IncidentOut]:
    """Return incidents, the newest first; give the last one's id back as `before` for more."""
    desk, actor = enter(request)
    until = read_id(before) if before else NEWEST

    def read(tx: Tx) -> list[IncidentOut]:
        found = list_incidents(tx, actor, open_only=only_open, before=until)
        return [incident_out(one, tx.now_us) for one in found]

    return desk.db.read(actor.merchant_id, read)


@get("/incidents/{incident_id:str}", sync_to_thread=True)
def get_one_incident(request: ApiRequest, *, incident_id: FromPath[str]) -> IncidentDetailOut:
    """Return an incident with its timeline, signals and sources."""
    desk, actor = enter(request)
    number = read_id(incident_id)

    def read(tx: Tx) -> IncidentDetailOut:
        return IncidentDetailOut(
            incident=incident_out(get_incident(tx, actor, incident_id=number), tx.now_us),
            timeline=tuple(entry_out(one) for one in read_timeline(tx, incident_id=number)),
            signals=tuple(signal_out(one) for one in list_signals(tx, actor, incident_id=number)),
            sources=tuple(map(source_out, named_sources(list_sources(tx, actor, incident_id=number)))),
        )

    return desk.db.read(actor.merchant_id, read)


@post("/incidents/{incident_id:str}/silence", sync_to_thread=True, status_code=200)
def silence(
    request: ApiRequest, *, incident_id: FromPath[str], data: JSONBody[NoteIn], body: RawBody
) -> Response[ActedOut]:
    """Stop an incident's noise; its light stays. What is new to it sounds again."""
    del data
    return _act(request, incident_id, body=body, verb=silence_incident)


@post("/incidents/{incident_id:str}/acknowledgement", sync_to_thread=True, status_code=200)
def acknowledge_one(
    request: ApiRequest, *, incident_id: FromPath[str], data: JSONBody[NoteIn], body: RawBody
) -> Response[ActedOut]:
    """Say that you have it: nobody else is called."""
    del data
    return _act(request, incident_id, body=body, verb=acknowledge_incident)


@post("/incidents/{incident_id:str}/clearance", sync_to_thread=True, status_code=200)
def clear(
    request: ApiRequest, *, incident_id: FromPath[str], data: JSONBody[NoteIn], body: RawBody
) -> Response[ActedOut]:
    """Say that it is over: light and sound end, the posture stays."""
    del data
    return _act(request, incident_id, body=body, verb=clear_incident)


@get("/posture", sync_to_thread=True)
def get_posture(request: ApiRequest) -> PosturesOut:
    """Return how the desk stands, since when and why, and how it stood before."""
    desk, actor = enter(request)
    require(actor, "query")

    def read(tx: Tx) -> PosturesOut:
        return PosturesOut(posture_out(read_posture(tx)), tuple(map(posture_out, read_postures(tx))))

    return desk.db.read(actor.merchant_id, read)


@post("/posture", sync_to_thread=True, status_code=200)
def set_posture(request: ApiRequest, *, data: JSONBody[PostureIn], body: RawBody) -> Response[PostureOut]:
    """Set the posture by hand, with a reason; a lockdown is lifted by a person alone, after a fresh proof."""
    del data
    given = read_body(body, PostureIn)

    def run(tx: Tx, actor: Actor) -> PostureOut:
        set_posture_by_hand(tx, actor, state=given.state, reason=given.reason)
        return posture_out(read_posture(tx))

    return change_once(request, body, run)


def _act(
    request: ApiRequest, incident_id: str, *, body: bytes, verb: Callable[..., None]
) -> Response[ActedOut]:
    given = read_body(body, NoteIn)

    def run(tx: Tx, actor: Actor) -> ActedOut:
        verb(tx, actor, incident_id=read_id(incident_id), note=given.note)
        return ActedOut(incident_id)

    return change_once(request, body, run)


ALARM = [
    get_alarm, get_incidents, get_one_incident, silence, acknowledge_one, clear, get_posture, set_posture
]  # fmt: skip
