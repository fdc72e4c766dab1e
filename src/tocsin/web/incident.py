"""One incident as a page: why, what, who, where from, what was done; and its three acts, each a resource."""

from collections.abc import Callable
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.named import display_names
from tocsin.alarm.concerned import concerned_by
from tocsin.alarm.evidence import SignalRow, Source, list_signals, list_sources
from tocsin.alarm.incident import (
    Incident,
    IncidentNoteLong,
    acknowledge_incident,
    clear_incident,
    get_incident,
    read_timeline,
    silence_incident,
)
from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import NEWEST
from tocsin.core.words import Words
from tocsin.web.figures import Figures
from tocsin.web.form import Form, once, read_form, read_number
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.incident_words import (
    ENTRY_LOOKS,
    KINDS,
    METHODS,
    OUTCOMES,
    entry_of,
    hands_of,
    headline_of,
    state_of,
    to_do_of,
    why_of,
)
from tocsin.web.say import posture_words
from tocsin.web.shell import answer, go, own_address, show, status_of, told, words_of
from tocsin.web.subject import subject_of

_ENTRIES, _SIGNALS, _SOURCES = 50, 50, 100
LOOK = {"restored": "/restored"}
"""Where more is to be seen of an incident, by its kind."""
Verb = Callable[..., None]


@get("/incidents/{incident_id:str}", sync_to_thread=True)
def get_incident_page(request: PageRequest, *, incident_id: FromPath[str]) -> Response[str]:
    """Show an incident."""
    _, actor = enter(request)
    return _page(request, actor, incident_id=read_number(incident_id))


@get(
    [f"/incidents/{{incident_id:str}}/{act}" for act in ("silence", "acknowledgement", "clearance")],
    sync_to_thread=False,
)
def get_act(*, incident_id: FromPath[str]) -> Redirect:
    """Lead to the incident: what was refused is shown at such an address, and can't be opened there again."""
    return go(f"/incidents/{read_number(incident_id)}")


@post("/incidents/{incident_id:str}/silence", sync_to_thread=True, status_code=303)
def post_silence(
    request: PageRequest, *, incident_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Stop the noise; the light stays."""
    return _act(request, incident_id, body, verb=silence_incident, done="silenced")


@post("/incidents/{incident_id:str}/acknowledgement", sync_to_thread=True, status_code=303)
def post_acknowledgement(
    request: PageRequest, *, incident_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Say that one has it."""
    return _act(request, incident_id, body, verb=acknowledge_incident, done="taken")


@post("/incidents/{incident_id:str}/clearance", sync_to_thread=True, status_code=303)
def post_clearance(
    request: PageRequest, *, incident_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Say that it is over."""
    return _act(request, incident_id, body, verb=clear_incident, done="cleared")


def _act(
    request: PageRequest, incident: str, body: bytes, *, verb: Verb, done: str
) -> Response[str] | Redirect:
    desk, actor = enter(request)
    form, incident_id = read_form(request, body), read_number(incident)
    address = f"/incidents/{incident_id}"

    def make(tx: Tx) -> str:
        verb(tx, actor, incident_id=incident_id, note=form.get("note", ""))
        return address

    try:
        desk.db.write(
            actor.merchant_id,
            lambda tx: once(tx, actor, form, route=f"incident.{done} {incident_id}", make=lambda: make(tx)),
        )
    except Refusal as refusal:
        if refusal.kind in ("missing", "refused"):
            raise
        return _page(request, actor, incident_id=incident_id, refusal=refusal, form=form)
    if request.headers.get("hx-request") == "true":
        return answer("", status=204)  # the banner of any page: the stream brings what it has become
    return go(own_address(form.get("back", ""), address), done=done)


def _page(
    request: PageRequest, actor: Actor, *, incident_id: int, refusal: Refusal | None = None, form: Form | None = None
) -> Response[str]:  # fmt: skip
    desk, words = desk_of(request), words_of(request, actor)
    earlier, before = (_place(request, name) for name in ("earlier", "before"))
    seen = desk.db.read(
        actor.merchant_id, lambda tx: _read(tx, actor, incident_id, places=(earlier, before), words=words)
    )
    errors = {"note": told(refusal, words)} if isinstance(refusal, IncidentNoteLong) else {}
    toasts = [{"kind": "warn", "text": told(refusal, words)}] if refusal and not errors else []
    return show(
        request, "alarm/incident.html", actor=actor, section="alarm", status=status_of(refusal) if refusal else 200, toasts=toasts,
        form=form or {}, errors=errors, **seen,
    )  # fmt: skip


def _place(request: PageRequest, name: str) -> int:
    given = request.query_params.get(name, "")
    return read_number(given) if given else NEWEST


def _read(tx: Tx, actor: Actor, incident_id: int, *, places: tuple[int, int], words: Words) -> dict[str, Any]:
    one = get_incident(tx, actor, incident_id=incident_id)
    sources = list_sources(tx, actor, incident_id=incident_id, limit=_SOURCES)
    signals = list_signals(tx, actor, incident_id=incident_id, before=places[1], limit=_SIGNALS)
    tried = {int(each.value) for each in sources if each.kind == "account" and each.value.isdigit()}
    names = display_names(tx, operator_ids={one.operator_id, *tried, *(each.operator_id for each in signals)})
    own = actor.id in concerned_by(tx, incident_id=incident_id, operator_ids=frozenset({actor.id}))
    path = f"/incidents/{one.id}"
    return {
        "incident": show_incident(one, tx.now_us, words, account=names.get(one.operator_id, ""), own=own, subject=subject_of(tx, one)),
        **_show_timeline(tx, incident_id, before=places[0], words=words),
        "tallies": {kind: _tally(sources, kind[:-1] if kind != "addresses" else "address", names=names, words=words)
                    for kind in ("accounts", "addresses", "devices")},
        "more_sources": len(sources) == _SOURCES,
        "signals": [_show_signal(each, names, words) for each in signals],
        "page": {
            "count_text": "", "previous_url": f"{path}#signals" if places[1] != NEWEST else "",
            "next_url": f"{path}?before={signals[-1].id}#signals" if len(signals) == _SIGNALS else "",
        },
    }  # fmt: skip


def show_incident(
    one: Incident, now_us: int, words: Words, *, account: str, own: bool, subject: str
) -> dict[str, Any]:
    """Return an incident as its page and the lists show it."""
    return {
        "id": one.id, "headline": headline_of(one, words, account=account, own=own, subject=subject),
        "why": why_of(one.why, one.why_fields(), words), "to_do": to_do_of(one, words, account=account, own=own),
        "state": state_of(one, now_us), "level": one.level, "by": hands_of(one, words), "signals": one.signals,
        "refused": one.refused, "accounts": one.accounts, "addresses": one.addresses, "raised_us": one.raised_at_us,
        "last_us": one.last_at_us, "sounded_us": one.loud_since_us, "escalated": one.escalated, "cleared_us": one.cleared_at_us,
        "note": one.note, "own": own, "can_silence": one.level == "sound" and one.silenced_at_us is None,
        "can_take": one.acknowledged_at_us is None, "look": LOOK.get(one.kind, ""),
    }  # fmt: skip


def _show_timeline(tx: Tx, incident_id: int, *, before: int, words: Words) -> dict[str, Any]:
    found = read_timeline(tx, incident_id=incident_id, before=before, limit=_ENTRIES)
    postures = posture_words(words)
    lines = []
    for entry in found:
        tone, icon = ENTRY_LOOKS.get(entry.kind, ("info", "info"))
        lines.append(
            {
                "at_us": entry.at_us,
                "text": entry_of(entry, words, postures=postures),
                "tone": tone,
                "icon": icon,
            }
        )
    following = f"/incidents/{incident_id}?earlier={found[-1].id}" if len(found) == _ENTRIES else ""
    return {"timeline": lines, "timeline_next": following}


def _tally(sources: list[Source], kind: str, *, names: dict[int, str], words: Words) -> list[tuple[str, int]]:
    found = [one for one in sources if one.kind == kind]
    if kind == "account":
        known = [(names[int(one.value)], one.signals) for one in found if one.value.isdigit()]
        unknown = [one.signals for one in found if not one.value.isdigit()]
        nobody = Figures(words).translated_count(
            "One name that nobody has", "%(num)s names that nobody has", len(unknown)
        )
        return [*known, *([(nobody, sum(unknown))] if unknown else [])]
    if kind == "device":
        return [
            (words.translate("Known device %(num)s") % {"num": at + 1}, one.signals)
            for at, one in enumerate(found)
        ]
    return [(one.value, one.signals) for one in found]


def _show_signal(one: SignalRow, names: dict[int, str], words: Words) -> dict[str, Any]:
    tried = METHODS.get(one.method) or KINDS.get(one.kind)
    return {
        "at_us": one.at_us, "account": names.get(one.operator_id, "") or words.translate("a name that nobody has" if one.name_digest else "—"),
        "method": words.translate(tried) if tried else one.method or one.kind,
        "outcome": words.translate(OUTCOMES.get(one.outcome, one.outcome)), "address": one.address,
        "device": words.translate("known") if one.device else "",
    }  # fmt: skip


INCIDENTS = [get_incident_page, get_act, post_silence, post_acknowledgement, post_clearance]
