"""The chain of a drill, link by link: begun by the watch, tended by a loop, judged by what the timeline says."""

from functools import partial

from msgspec.structs import replace

from tocsin.alarm.drill import Drill, Link, end_drill, get_drill, list_drills, store_drill
from tocsin.alarm.incident import DRILL, end_incident, raise_incident
from tocsin.alarm.notice import Notice, notices_of_incident
from tocsin.alarm.outcome import read_problem
from tocsin.alarm.recipient import Recipient, all_recipients
from tocsin.alarm.record import lock_incident, store_incident
from tocsin.alarm.siren_row import SirenRow, list_sirens
from tocsin.alarm.timeline import Entry, add_entry, read_timeline
from tocsin.core.actor import Actor
from tocsin.core.clock import SECOND_US
from tocsin.core.db import Database, Tx
from tocsin.core.loop import for_each_merchant

SOUND_SECONDS = 3
SIGNAL_SECONDS, SIREN_SECONDS, END_SECONDS = 10, 15, 60
_ENTRIES, _SCREENS_MOST = 300, 20
_ON = frozenset({"siren_on", "siren_light", "siren_told", "siren_failed"})
_OFF = frozenset({"siren_off", "siren_off_told", "siren_failed"})


def begin_incident(tx: Tx, *, drill_id: int) -> None:
    """Make the incident of a drill that was signalled: it sounds a few seconds, then shows its light."""
    present = get_drill(tx, drill_id=drill_id)
    if present.incident_id or present.state != "running":
        return
    incident_id = raise_incident(
        tx, kind=DRILL, key=f"drill:{drill_id}", level="sound", why=DRILL, why_data={}
    )
    raised = lock_incident(tx, incident_id=incident_id)
    if raised is not None:
        store_incident(tx, replace(raised, sound_until_us=tx.now_us + SOUND_SECONDS * SECOND_US))
    store_drill(tx, replace(present, incident_id=incident_id, raised_at_us=tx.now_us))


def tend_drills(db: Database) -> int:
    """Take each running drill a step further; return how many ended."""
    return for_each_merchant(db, partial(_tend, db))


def read_chain(tx: Tx, present: Drill) -> list[Link]:
    """Return the links as they stand now."""
    entries = (
        read_timeline(tx, incident_id=present.incident_id, limit=_ENTRIES)[::-1]
        if present.incident_id
        else []
    )
    links = [_signal_link(present)]
    sirens = [one for one in list_sirens(tx) if not one.backup]
    links += [_on_link(present, one, entries) for one in sirens] or [Link("siren_on", "none")]
    if present.cleared_at_us:
        links += [_off_link(present, one, entries) for one in sirens]
    links += _people_links(tx, present)
    return [*links, _screen_link(present, entries)]


def note_screen(tx: Tx, actor: Actor, *, incident_id: int) -> None:
    """Keep that a browser showed a drill, once for each; of other incidents nothing is kept."""
    found = lock_incident(tx, incident_id=incident_id)
    if found is None or found.kind != DRILL:
        return
    seen = [one for one in read_timeline(tx, incident_id=incident_id, limit=_ENTRIES) if one.kind == "screen"]
    session = str(actor.session_id)
    if len(seen) < _SCREENS_MOST and all(one.fields().get("session") != session for one in seen):
        add_entry(tx, incident_id=incident_id, kind="screen", actor=actor, data={"session": session})


def _tend(db: Database, merchant_id: int) -> int:
    running = [one for one in db.read(merchant_id, partial(list_drills, limit=1)) if one.state == "running"]
    return sum(db.write(merchant_id, partial(_step, drill_id=one.id)) for one in running)


def _step(tx: Tx, *, drill_id: int) -> int:
    present = get_drill(tx, drill_id=drill_id)
    if present.state != "running":
        return 0
    since_us = tx.now_us - (present.raised_at_us or present.at_us)
    if not present.incident_id:
        return _finish(tx, present) if since_us > SIGNAL_SECONDS * SECOND_US else 0
    links = read_chain(tx, present)
    if not present.cleared_at_us:
        heard = all(one.state != "wait" for one in links if one.link == "siren_on")
        if since_us > SIREN_SECONDS * SECOND_US or (heard and since_us > SOUND_SECONDS * SECOND_US):
            _clear(tx, present)
        return 0
    done = all(one.state != "wait" for one in links if one.link in ("siren_off", "person"))
    return _finish(tx, present) if done or since_us > END_SECONDS * SECOND_US else 0


def _clear(tx: Tx, present: Drill) -> None:
    standing = lock_incident(tx, incident_id=present.incident_id)
    if standing is not None and standing.is_open:
        end_incident(tx, None, standing, outcome="drilled")
    store_drill(tx, replace(present, cleared_at_us=tx.now_us))


def _finish(tx: Tx, present: Drill) -> int:
    late = "it did not come in time"
    links = [
        replace(one, state="failed", problem=late) if one.state == "wait" else one
        for one in read_chain(tx, present)
    ]
    end_drill(tx, present, links=links)
    return 1


def _signal_link(present: Drill) -> Link:
    if present.raised_at_us:
        return Link("signal", "ok", ms=_ms(present.at_us, present.raised_at_us))
    return Link("signal", "wait")


def _on_link(present: Drill, one: SirenRow, entries: list[Entry]) -> Link:
    found = _of_siren(entries, one, _ON)
    if found is None:
        return Link("siren_on", "wait", name=one.name)
    if found.kind == "siren_failed":
        return Link("siren_on", "failed", name=one.name, problem=str(found.fields().get("problem", "")))
    state = "sent" if found.kind == "siren_told" else "ok"
    return Link("siren_on", state, name=one.name, ms=_ms(present.at_us, found.at_us))


def _off_link(present: Drill, one: SirenRow, entries: list[Entry]) -> Link:
    found = _of_siren([each for each in entries if each.at_us >= present.raised_at_us], one, _OFF)
    if found is not None and found.kind == "siren_failed":
        return Link("siren_off", "failed", name=one.name, problem=str(found.fields().get("problem", "")))
    if found is not None:
        state = "sent" if found.kind == "siren_off_told" else "ok"
        return Link("siren_off", state, name=one.name, ms=max(0, _ms(present.cleared_at_us, found.at_us)))
    if one.state == "off" and one.state_at_us >= present.cleared_at_us:
        return Link("siren_off", "ok", name=one.name, ms=_ms(present.cleared_at_us, one.state_at_us))
    return Link("siren_off", "wait", name=one.name)


def _of_siren(entries: list[Entry], one: SirenRow, kinds: frozenset[str]) -> Entry | None:
    mine = (each for each in entries if each.kind in kinds and each.fields().get("siren_id") == str(one.id))
    return next(mine, None)


def _people_links(tx: Tx, present: Drill) -> list[Link]:
    if not present.incident_id:
        return []
    told = {one.recipient_id: one for one in notices_of_incident(tx, incident_id=present.incident_id)}
    asked = [one for one in all_recipients(tx) if one.active and "drill" in one.wanted()]
    return [_person_link(present, one, told.get(one.id)) for one in asked] or [Link("person", "none")]


def _person_link(present: Drill, one: Recipient, told: Notice | None) -> Link:
    if told is None or told.state == "waiting":
        return Link("person", "wait", name=one.name)
    if told.received_at_us is not None:
        return Link("person", "ok", name=one.name, ms=_ms(present.at_us, told.received_at_us))
    if told.state == "sent" and told.sent_at_us is not None:
        return Link("person", "sent", name=one.name, ms=_ms(present.at_us, told.sent_at_us))
    problem, number = read_problem(told.problem)
    return Link("person", "failed", name=one.name, problem=problem, number=number)


def _screen_link(present: Drill, entries: list[Entry]) -> Link:
    seen = [one for one in entries if one.kind == "screen"]
    if not seen:
        return Link("screen", "none")
    return Link("screen", "ok", name=str(len(seen)), ms=_ms(present.at_us, seen[0].at_us))


def _ms(from_us: int, to_us: int) -> int:
    return (to_us - from_us) // 1000
