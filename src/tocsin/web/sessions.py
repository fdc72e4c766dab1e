"""One's own sessions as a page: where one is signed in, ending them, changing the password and the PIN of this desk."""

import re
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.account import see_notices
from tocsin.access.limiter import SignInRefused
from tocsin.access.login import change_password
from tocsin.access.password import DESK_SHORTEST, SHORTEST
from tocsin.access.pin import drop_pin, pin_failures, set_pin
from tocsin.access.recovery import count_recovery_codes
from tocsin.access.session import (
    SessionMissing,
    SessionSeen,
    end_other_sessions,
    end_session,
    list_sessions,
)
from tocsin.access.step_up import ProofNeeded, require_proof
from tocsin.access.verification import FULL_ROLES
from tocsin.core.actor import Actor
from tocsin.core.address import address_group
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.words import Words
from tocsin.gate import refused_try
from tocsin.web.form import read_form, read_number
from tocsin.web.guard import PageRequest, address_of, desk_of, device_token, enter
from tocsin.web.shell import go, own_address, show, status_of, told, words_of

PIN_TWICE = "The two PINs differ: type the same one twice"
PRESENT_WRONG = "The present password is wrong; this attempt has been recorded"
METHODS = {
    "password": "Password", "passkey": "Passkey", "reader": "Fingerprint at the desk", "pin": "PIN", "link": "One-time link",
    "code": "One-time code",
}  # fmt: skip
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Version", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


@get("/settings/sessions", sync_to_thread=True)
def get_sessions(request: PageRequest) -> Response[str]:
    """Show one's live sessions."""
    _, actor = enter(request)
    return _page(request, actor)


@post("/settings/sessions/others/end", sync_to_thread=True, status_code=303)
def post_end_others(request: PageRequest, *, body: RawBody) -> Redirect:
    """End all of one's sessions but this one."""
    desk, actor = enter(request)
    read_form(request, body)
    require_proof(actor)
    desk.db.write(actor.merchant_id, lambda tx: end_other_sessions(tx, actor))
    return go("/settings/sessions", done="ended")


@post("/settings/sessions/{session_id:str}/end", sync_to_thread=True, status_code=303)
def post_end(request: PageRequest, *, session_id: FromPath[str], body: RawBody) -> Redirect:
    """End one of one's sessions; one that has ended already is no fault."""
    desk, actor = enter(request)
    read_form(request, body)
    require_proof(actor)
    wanted = read_number(session_id)
    try:
        desk.db.write(actor.merchant_id, lambda tx: end_session(tx, actor, session_id=wanted))
    except SessionMissing:
        return go("/settings/sessions")
    return go("/settings/sessions", done="ended")


@post("/settings/password", sync_to_thread=True, status_code=303)
def post_new_password(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Change one's own password against the present one."""
    desk, actor = enter(request)
    form, words = read_form(request, body), words_of(request, actor)
    try:
        found = change_password(
            desk.db, actor, present=form.get("current", ""), new=form.get("password", ""), address=address_of(request),
            device=device_token(request),
        )  # fmt: skip
    except Refusal as refusal:
        return _page(request, actor, errors={"password": told(refusal, words)}, status=422)
    if not isinstance(found, SignInRefused):
        return go("/settings/sessions", done="password")
    if found.code == "locked":
        late = told(refused_try(found), words)
        return _page(request, actor, errors={"current": late}, status=429)
    return _page(request, actor, errors={"current": words.translate(PRESENT_WRONG)}, status=422)


@post("/settings/pin", sync_to_thread=True, status_code=303)
def post_new_pin(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Set one's own PIN at this desk, or take it away."""
    desk, actor = enter(request)
    form, words = read_form(request, body), words_of(request, actor)
    if "drop" in form:
        desk.db.write(actor.merchant_id, lambda tx: drop_pin(tx, actor))
        return go("/settings/sessions", done="pin_dropped")
    given = form.get("pin", "")
    if form.get("pin_again", "") != given:
        return _page(request, actor, errors={"pin_again": words.translate(PIN_TWICE)}, status=422)
    try:
        set_pin(desk.db, actor, given=given)
    except ProofNeeded:
        raise
    except Refusal as refusal:
        return _page(request, actor, errors={"pin": told(refusal, words)}, status=status_of(refusal))
    return go("/settings/sessions", done="pin")


@post("/notices/seen", sync_to_thread=True, status_code=303)
def post_notices_seen(request: PageRequest, *, body: RawBody) -> Redirect:
    """Note that one has seen what was changed about one's account."""
    desk, actor = enter(request)
    form = read_form(request, body)
    newest = read_number(form.get("newest", ""))
    desk.db.write(actor.merchant_id, lambda tx: see_notices(tx, actor, newest_id=newest))
    return go(own_address(form.get("back", "")))


def show_device(agent: str) -> str:
    """Return a browser's user agent as people know it: `Chrome 128 · Windows`."""
    browser = next(
        (f"{name} {found[1]}" for mark, name in _BROWSERS if (found := re.search(rf"{mark}/(\d{{1,4}})", agent))), ""
    )  # fmt: skip
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return " · ".join(part for part in (browser, system) if part) or agent[:40] or "—"


def _page(
    request: PageRequest, actor: Actor, *, errors: dict[str, str] | None = None, status: int = 200
) -> Response[str]:
    desk, words = desk_of(request), words_of(request, actor)

    def read(tx: Tx) -> tuple[list[SessionSeen], int, int]:
        failures = pin_failures(tx, operator_id=actor.id, desk_id=actor.desk_id)
        return list_sessions(tx, actor), failures, count_recovery_codes(tx, operator_id=actor.id)

    found, failures, codes_left = desk.db.read(actor.merchant_id, read)
    return show(
        request, "access/sessions.html", actor=actor, section="settings", status=status, everybody=False, errors=errors or {},
        sessions=[_show(one, actor, words) for one in found], at_desk=bool(actor.desk_id), has_pin=failures >= 0, codes_left=codes_left,
        shortest=SHORTEST if actor.role in FULL_ROLES else DESK_SHORTEST,
    )  # fmt: skip


def _show(one: SessionSeen, actor: Actor, words: Words) -> dict[str, Any]:
    return {
        "id": one.id, "device": show_device(one.device), "address": address_group(one.address), "desk": one.desk_name,
        "method": words.translate(METHODS.get(one.method, one.method)), "locked": bool(one.locked_at_us),
        "signed_in_us": one.created_at_us, "last_seen_us": one.last_seen_us, "here": one.id == actor.session_id,
        "operator": actor.name,
    }  # fmt: skip


SESSIONS = [get_sessions, post_end_others, post_end, post_new_password, post_new_pin, post_notices_seen]
