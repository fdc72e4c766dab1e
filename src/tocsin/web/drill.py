"""Drills as a page: begun by hand or by a plan, each link with its time, and what a screen says when it shows one."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.alarm.drill import Drill, Link, get_drill, list_drills, start_drill
from tocsin.alarm.drill_chain import note_screen, read_chain
from tocsin.alarm.drill_plan import (
    DrillPlan,
    DrillPlanWrong,
    change_plan,
    last_planned_us,
    plan_revision,
    read_plan,
    warning_of,
)
from tocsin.core.actor import Actor, require
from tocsin.core.clock import DAY_US
from tocsin.core.db import Tx
from tocsin.core.errors import fill_in
from tocsin.web.form import once, read_form, read_number
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.shell import go, show, show_actor, status_of, told, words_of
from tocsin.web.words import Words

HERE = "/drills"
DAYS = {
    "-1": "Never by itself", "0": "Mondays", "1": "Tuesdays", "2": "Wednesdays", "3": "Thursdays", "4": "Fridays",
    "5": "Saturdays", "6": "Sundays",
}  # fmt: skip
LINKS = {
    "signal": "Signal to incident", "siren_on": "Siren on", "siren_off": "Siren off", "person": "Message", "screen": "Open pages"
}  # fmt: skip
PASSED = "{links} links held, the longest {ms} ms"
FAILED = "failed: {failed}"
WARNINGS = {
    "failed": "The last drill failed: mend the link that is marked, then drill again",
    "overdue": "The weekly drill is overdue: the desk was off at its time, or an alarm was open. Drill by hand",
}


@get(HERE, sync_to_thread=True)
def get_drills(request: PageRequest) -> Response[str]:
    """Show the last drills, and when the next one runs."""
    _, actor = enter(request)
    require(actor, "incident")
    return _page(request, actor)


@post(HERE, sync_to_thread=True, status_code=303)
def post_drill(request: PageRequest, *, body: RawBody) -> Redirect:
    """Begin a drill."""
    desk, actor = enter(request)
    form = read_form(request, body)
    return go(desk.db.write(actor.merchant_id, lambda tx: once(
        tx, actor, form, route="drill", make=lambda: f"{HERE}/{start_drill(tx, actor)}"
    )))  # fmt: skip


@get(HERE + "/{drill_id:str}", sync_to_thread=True)
def get_one(request: PageRequest, *, drill_id: FromPath[str]) -> Response[str]:
    """Show one drill, as it runs and afterwards."""
    _, actor = enter(request)
    require(actor, "incident")
    return _page(request, actor, drill_id=read_number(drill_id))


@post("/drill-plan", sync_to_thread=True, status_code=303)
def post_plan(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Choose when a drill runs by itself."""
    desk, actor = enter(request)
    form, words = read_form(request, body), words_of(request, actor)
    hour, day = form.get("hour", ""), form.get("weekday", "")
    chosen = DrillPlan(
        weekday=int(day) if day in DAYS else 7,
        hour=int(hour) if hour.isascii() and hour.isdigit() and len(hour) < 3 else 24,
    )
    revision = read_number(form.get("revision", "") or "0")
    try:
        desk.db.write(actor.merchant_id, lambda tx: change_plan(tx, actor, chosen=chosen, revision=revision))
    except DrillPlanWrong as refusal:
        errors = {str(refusal.data["field"]): told(refusal, words)}
        return _page(request, actor, errors=errors, status=status_of(refusal))
    return go(HERE, done="saved")


@post("/incidents/{incident_id:str}/screen", sync_to_thread=True, status_code=204)
def post_screen(request: PageRequest, *, incident_id: FromPath[str], body: RawBody) -> None:
    """Keep that an open page shows a drill's incident; a real one has no such line."""
    desk, actor = enter(request)
    read_form(request, body)
    require(actor, "query")
    wanted = read_number(incident_id)
    desk.db.write(actor.merchant_id, lambda tx: note_screen(tx, actor, incident_id=wanted))


def show_drill(tx: Tx, one: Drill, words: Words) -> dict[str, Any]:
    """Return a drill as pages show it; who says later that a message came is shown later."""
    chain = read_chain(tx, one)
    if one.state != "running":
        kept = {(each.link, each.name): each for each in one.chain()}
        late = {
            (each.link, each.name): each for each in chain if each.link == "person" and each.state == "ok"
        }
        chain = list((kept | {key: each for key, each in late.items() if key in kept}).values())
    return {
        "id": str(one.id), "at_us": one.at_us, "state": one.state, "by": show_actor(one.actor_name, words),
        "by_hand": bool(one.by_hand), "incident_id": str(one.incident_id) if one.incident_id else "",
        "links": [_show_link(each, words) for each in chain], "total_ms": max((each.ms for each in chain), default=0),
    }  # fmt: skip


def last_drill(tx: Tx, words: Words) -> dict[str, Any] | None:
    """Return the last drill as the alarm's home shows it, with what is to be said of it."""
    found = next((one for one in list_drills(tx, limit=2) if one.state != "running"), None)
    if found is None:
        return None
    chain = found.chain()
    broken = [one for one in chain if one.state == "failed"] or [one for one in chain if one.state == "none"]
    failed = [words.translate(LINKS[one.link]) for one in broken]
    data = {
        "links": len(chain),
        "ms": max((one.ms for one in chain), default=0),
        "failed": words.translate(", ").join(failed),
    }
    text = FAILED if found.state == "failed" else PASSED
    warning = warning_of(tx)
    said = fill_in(words.translate(text), data)
    shown = f"{said} {words.translate(WARNINGS[warning])}" if warning == "overdue" else said
    return {"at_us": found.at_us, "ok": not warning, "text": shown}


def _show_link(one: Link, words: Words) -> dict[str, Any]:
    problem = f"{words.translate(one.problem)} {one.number}".strip() if one.problem else ""
    return {
        "link": words.translate(LINKS[one.link]), "code": one.link, "name": one.name, "state": one.state, "ms": one.ms, "problem": problem
    }  # fmt: skip


def _page(
    request: PageRequest, actor: Actor, *, drill_id: int = 0, errors: dict[str, str] | None = None, status: int = 200
) -> Response[str]:  # fmt: skip
    desk, words = desk_of(request), words_of(request, actor)

    def read(tx: Tx) -> dict[str, Any]:
        found = list_drills(tx)
        chosen = get_drill(tx, drill_id=drill_id) if drill_id else next(iter(found), None)
        plan, warning = read_plan(tx), warning_of(tx)
        return {
            "drill": show_drill(tx, chosen, words) if chosen else None,
            "past": [{"id": str(one.id), "at_us": one.at_us, "state": one.state, "by": show_actor(one.actor_name, words)} for one in found],
            "plan": plan, "revision": plan_revision(tx), "warning": words.translate(WARNINGS[warning]) if warning else "",
            "next_us": last_planned_us(tx, plan) + 7 * DAY_US if plan.weekday >= 0 else None,
        }  # fmt: skip

    return show(
        request, "alarm/drill.html", actor=actor, section="alarm", status=status, errors=errors or {},
        days={number: words.translate(text) for number, text in DAYS.items()}, **desk.db.write(actor.merchant_id, read),
    )  # fmt: skip


DRILLS = [get_drills, post_drill, get_one, post_plan, post_screen]
