"""Fingers as a page: whose readers know, enrolling one with its progress, deleting one."""

from typing import Any

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.access.finger import ENROL, Finger, ask_enrolment, delete_finger, list_fingers, stop_enrolment
from tocsin.access.operator import list_operators, require_above
from tocsin.access.presence import is_there
from tocsin.access.reader import FINGERS
from tocsin.access.station import live_stations
from tocsin.access.step_up import ProofNeeded, is_proved
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.clock import now_us
from tocsin.core.command import Asked, read_command
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.words import Words
from tocsin.web.form import AddressWrong, Form, read_form, read_number
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.shell import go, show, status_of, told, words_of

HERE = "/settings/fingers"
NAMES = {
    "right-thumb": "Right thumb", "right-index-finger": "Right index finger", "right-middle-finger": "Right middle finger",
    "right-ring-finger": "Right ring finger", "right-little-finger": "Right little finger", "left-thumb": "Left thumb",
    "left-index-finger": "Left index finger", "left-middle-finger": "Left middle finger", "left-ring-finger": "Left ring finger",
    "left-little-finger": "Left little finger",
}  # fmt: skip
OUTCOMES = {
    "enrolled": ("ok", "The finger is enrolled; the sessions elsewhere have ended"),
    "duplicate": (
        "bad",
        "This finger is enrolled at this reader already, by this person or somebody else: choose another",
    ),
    "bad_scan": (
        "bad",
        "The finger could not be read well enough: wipe the glass and the finger, and begin again",
    ),
    "device_error": ("bad", "The reader failed: begin again"),
    "cancelled": ("warn", "No finger was laid in time: begin again"),
    "vanished": ("bad", "The reader has gone: see to its cable, and begin again"),
}
RETRIES = {
    "retry-scan": "It was not read: lay the finger again",
    "swipe-too-short": "That was too short: lay the whole finger",
    "finger-not-centered": "Lay the finger in the middle",
    "remove-and-retry": "Lift the finger, then lay it again",
    "too-fast": "That was too fast: leave the finger a little longer",
}
WAITING = "Lay the finger on the reader, and lift it when it has been read"
NOT_ANSWERED = "The station did not answer: see that it runs, and begin again"


@get(HERE, sync_to_thread=True)
def get_fingers(request: PageRequest) -> Response[str]:
    """Show the fingers of those whom the actor looks after, his own among them, and how far an enrolment is."""
    _, actor = enter(request)
    return _page(request, actor, form={})


@post(HERE, sync_to_thread=True, status_code=303)
def post_finger_new(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Have a station enrol a finger."""
    desk, actor = enter(request)
    form = read_form(request, body)
    operator_id, station_id = read_number(form.get("operator", "")), read_number(form.get("station", ""))
    try:
        asked = desk.db.write(actor.merchant_id, lambda tx: ask_enrolment(
            tx, actor, operator_id=operator_id, station_id=station_id, name=form.get("finger", "")
        ))  # fmt: skip
    except ProofNeeded:
        raise
    except Refusal as refusal:
        return _page(request, actor, form=form, refusal=refusal)
    return go(f"{HERE}?asked={asked}")


@post(f"{HERE}/stop", sync_to_thread=True, status_code=303)
def post_finger_stop(request: PageRequest, *, body: RawBody) -> Redirect:
    """Wait no longer for a finger."""
    desk, actor = enter(request)
    form = read_form(request, body)
    operator_id, asked = read_number(form.get("operator", "")), read_number(form.get("asked", ""))
    desk.db.write(actor.merchant_id, lambda tx: stop_enrolment(
        tx, actor, operator_id=operator_id, command_id=asked
    ))  # fmt: skip
    return go(f"{HERE}?asked={asked}")


@post(f"{HERE}/deletion", sync_to_thread=True, status_code=303)
def post_finger_deletion(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Delete a finger: it opens nothing any more."""
    desk, actor = enter(request)
    form = read_form(request, body)
    operator_id, station_id = read_number(form.get("operator", "")), read_number(form.get("station", ""))
    try:
        desk.db.write(actor.merchant_id, lambda tx: delete_finger(
            tx, actor, operator_id=operator_id, station_id=station_id, name=form.get("finger", "")
        ))  # fmt: skip
    except ProofNeeded:
        raise
    except Refusal as refusal:
        return _page(request, actor, form={}, refusal=refusal)
    return go(HERE, done="finger_deleted")


def _page(request: PageRequest, actor: Actor, *, form: Form, refusal: Refusal | None = None) -> Response[str]:
    desk, words = desk_of(request), words_of(request, actor)
    asked = request.query_params.get("asked", "")

    def read(tx: Tx) -> dict[str, Any]:
        people = _people(tx, actor)
        stations = {one.id: one for one in live_stations(tx)}
        ready = {
            str(one.id): one.name
            for one in stations.values()
            if one.reader == "ready" and is_there(one, now_us())
        }
        known = list_fingers(tx, operator_ids=people)
        rows = [
            {"operator": one.operator_id, "name": people[one.operator_id], "finger": one.finger, "word": words.translate(NAMES.get(one.finger, one.finger)),
             "station": one.station_id, "station_name": stations[one.station_id].name if one.station_id in stations else "—",
             "made_at_us": one.made_at_us}
            for one in known if one.state == "enrolled"
        ]  # fmt: skip
        return {
            "rows": rows, "people": {str(who): name for who, name in people.items()}, "stations": ready,
            "progress": _progress(tx, known, asked, words),
        }  # fmt: skip

    error = told(refusal, words) if refusal else ""
    return show(
        request, "settings/fingers.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        form={"operator": str(actor.id), **form}, errors={"finger": error} if error else {}, proved=is_proved(actor),
        fingers={name: words.translate(NAMES[name]) for name in FINGERS}, **desk.db.read(actor.merchant_id, read),
    )  # fmt: skip


def _people(tx: Tx, actor: Actor) -> dict[int, str]:
    """Return whose fingers the actor looks after: his own, and those of who is under him."""
    try:
        found = list_operators(tx, actor)
    except NotAllowed:
        return {actor.id: actor.name}
    return {actor.id: actor.name} | {
        one.id: one.display_name for one in found if one.active and _is_above(actor, one.role)
    }


def _is_above(actor: Actor, role: str) -> bool:
    try:
        require_above(actor, role)
    except NotAllowed:
        return False
    return True


def _progress(tx: Tx, known: list[Finger], asked: str, words: Words) -> dict[str, Any] | None:
    """Return how far an enrolment is that the actor may know of."""
    try:
        found = read_command(tx, command_id=read_number(asked))
    except AddressWrong:
        return None
    if found is None or found.kind != ENROL:
        return None
    whose = next((one.operator_id for one in known if _is_of(one, found)), 0)
    result, stage = found.result(), found.last_progress()
    if result is None and found.deadline_us > now_us():
        if not whose:
            return None
        text = words.translate(RETRIES.get(str(stage.get("retry", "")), WAITING))
        return {
            "tone": "",
            "text": text,
            "done": _count(stage, "done"),
            "of": _count(stage, "of"),
            "operator": whose,
            "asked": asked,
        }
    tone, text = OUTCOMES.get(str((result or {}).get("outcome", "")), ("bad", NOT_ANSWERED))
    return {"tone": tone, "text": words.translate(text), "done": 0, "of": 0, "operator": 0, "asked": ""}


def _is_of(one: Finger, found: Asked) -> bool:
    return one.command_id == found.id and one.station_id == found.station_id


def _count(stage: dict[str, Any], name: str) -> int:
    count = stage.get(name, 0)
    return count if isinstance(count, int) and 0 <= count <= 100 else 0


FINGERS_PAGES: list[Any] = [get_fingers, post_finger_new, post_finger_stop, post_finger_deletion]
