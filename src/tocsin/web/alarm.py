"""Boxes 8 and 9 as a page: how the desk stands, what is open, what was, which sirens and people would hear it."""

from typing import Any

from litestar import Response, get

from tocsin.access.named import display_names
from tocsin.alarm.concerned import concerning
from tocsin.alarm.incident import Incident, get_incident, list_incidents
from tocsin.alarm.posture import read_posture
from tocsin.alarm.recipient import all_recipients
from tocsin.alarm.siren_row import SirenRow, list_sirens
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.journal import NEWEST
from tocsin.core.words import Words
from tocsin.web.drill import last_drill
from tocsin.web.form import Form, read_number
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.incident import show_incident
from tocsin.web.incident_words import headline_of
from tocsin.web.shell import show, show_actor, words_of
from tocsin.web.subject import subject_of

_OPEN, _PAST = 100, 20


@get("/alarm", sync_to_thread=True)
def get_alarm(request: PageRequest) -> Response[str]:
    """Show the alarm's home."""
    _, actor = enter(request)
    require(actor, "incident")
    return show_alarm_page(request, actor)


def show_alarm_page(
    request: PageRequest, actor: Actor, *, form: Form | None = None, errors: dict[str, str] | None = None, status: int = 200
) -> Response[str]:  # fmt: skip
    """Answer with the alarm's home, and what was wrong with a posture that was asked for."""
    desk, words = desk_of(request), words_of(request, actor)
    given = request.query_params.get("before", "")
    before = read_number(given) if given else NEWEST
    seen = desk.db.read(actor.merchant_id, lambda tx: _read(tx, actor, before=before, words=words))
    page = {
        "count_text": "", "previous_url": "/alarm" if given else "",
        "next_url": f"/alarm?before={seen.pop('following')}" if seen["following"] else "",
    }  # fmt: skip
    return show(
        request, "alarm/alarm.html", actor=actor, section="alarm", status=status, page=page, form=form or {},
        errors=errors or {}, may_lock=actor.role == "owner", **seen,
    )  # fmt: skip


def _read(tx: Tx, actor: Actor, *, before: int, words: Words) -> dict[str, Any]:
    open_ = list_incidents(tx, actor, open_only=True, limit=_OPEN)
    found = list_incidents(tx, actor, before=before, limit=_PAST)
    names = display_names(tx, operator_ids={one.operator_id for one in (*open_, *found)})

    own = concerning(tx, operator_id=actor.id, incident_ids=[one.id for one in open_])

    def row(one: Incident) -> dict[str, Any]:
        return show_incident(
            one,
            tx.now_us,
            words,
            account=names.get(one.operator_id, ""),
            own=one.id in own,
            subject=subject_of(tx, one),
        )

    return {
        "posture": _show_posture(tx, actor, words), "open": [row(one) for one in open_], "past": [row(one) for one in found if not one.is_open],
        "sirens": [_show_siren(one, words) for one in list_sirens(tx)], "people": _show_people(tx, words),
        "following": str(found[-1].id) if len(found) == _PAST else "",
    }  # fmt: skip


def _show_posture(tx: Tx, actor: Actor, words: Words) -> dict[str, Any]:
    stands = read_posture(tx)
    cause = get_incident(tx, actor, incident_id=stands.incident_id) if stands.incident_id else None
    names = display_names(tx, operator_ids={cause.operator_id}) if cause else {}
    return {
        "state": stands.state, "why": "" if stands.by_desk else stands.why, "since_us": stands.since_us,
        "by": show_actor(stands.actor_name, words), "incident_id": stands.incident_id,
        "cause": headline_of(cause, words, account=names.get(cause.operator_id, ""), own=False, subject=subject_of(tx, cause)) if cause else "",
    }  # fmt: skip


def _show_people(tx: Tx, words: Words) -> dict[str, Any]:
    told = [one for one in all_recipients(tx) if one.active]
    return {
        "count": len(told),
        "unproved": sum(one.confirmed_at_us is None for one in told),
        "drill": last_drill(tx, words),
    }


def _show_siren(one: SirenRow, words: Words) -> dict[str, str]:
    problem = words.translate(one.problem) if one.problem else ""
    return {"name": one.name, "place": one.place, "state": one.state, "problem": problem}


ALARM = [get_alarm]
