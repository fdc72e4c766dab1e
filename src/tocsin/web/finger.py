"""A finger at the reader of this desk, as pages: to sign in, to unlock, to prove oneself; the page waits for the reader.

Without scripts the page's button asks how it stands; with them it goes on by itself.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from litestar import MediaType, Response, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.access.finger_attempt import NoReaderHere, Opened, Purpose, attempt_state, open_attempt
from tocsin.access.finger_use import Browser, prove_by_finger, sign_in_by_finger, unlock_by_finger
from tocsin.access.limiter import SignInRefused
from tocsin.access.operator import read_names
from tocsin.access.proof import candidate_of
from tocsin.access.verification import find_candidate
from tocsin.core.event import on_event
from tocsin.gate import refused_try
from tocsin.web.access import ask_credential, enter_desk
from tocsin.web.form import read_form, read_number
from tocsin.web.guard import (
    PageRequest,
    address_of,
    cleared,
    desk_of,
    desk_token,
    device_token,
    enter,
    session_cookie,
    session_token,
)
from tocsin.web.lock import desk_here, show_lock
from tocsin.web.prove import proved, show_prove
from tocsin.web.shell import go, own_address, show_door, told, words_of

STATES = {
    "no_match": "The finger was not recognised; this attempt has been recorded",
    "bad_scan": "The finger could not be read: wipe the glass and the finger, lay it flat, and try again",
    "device_error": "The reader failed: try again, or use your password",
    "vanished": "The reader has gone: use your password or a passkey, and see to its cable",
}
WAITING = ("open", "asking")
NOT_LAID = "No finger was laid in time: try again, or use your password"
STILL_OPEN = "The reader has not seen a finger yet: lay it flat, then go on"
_WAIT_SECONDS, _LOOK_SECONDS = 8.0, 1.0


@post("/sign-in/finger", sync_to_thread=True, status_code=200)
def post_finger(request: PageRequest, *, body: RawBody) -> Response[str]:
    """Ask the reader for the finger of a name, known or not."""
    form = read_form(request, body)
    name, back = form.get("name", "").strip()[:64], own_address(form.get("back", ""))
    opened = open_at_reader(request, name, purpose="sign_in")
    if isinstance(opened, Opened):
        return wait_page(
            request,
            opened.token,
            name=name,
            act="/sign-in/finger/session",
            otherwise="/sign-in",
            fields={"name": name, "back": back},
        )
    return ask_credential(request, name, back=back, errors={"finger": opened[0]}, status=opened[1])


@post("/sign-in/finger/session", sync_to_thread=True, status_code=200)
def post_finger_session(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Sign in by what the reader has matched, or say what it saw."""
    form, desk = read_form(request, body), desk_of(request)
    name, back, token = form.get("name", "")[:64], own_address(form.get("back", "")), form.get("attempt", "")
    state = attempt_state(desk.db, token)
    if state in WAITING:
        return wait_page(
            request,
            token,
            name=name,
            act="/sign-in/finger/session",
            otherwise="/sign-in",
            fields={"name": name, "back": back},
            late=True,
        )
    if state == "matched":
        found = sign_in_by_finger(desk.db, token, browser_of(request))
        if not isinstance(found, SignInRefused):
            return enter_desk(request, found, back)
    return ask_credential(request, name, back=back, errors={"finger": say_state(request, state)}, status=401)


@post("/lock/finger", sync_to_thread=True, status_code=200)
def post_lock_finger(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Ask the reader for the finger of who wants to go on at this desk."""
    form, here = read_form(request, body), desk_here(request)
    if here is None:
        return go("/sign-in")
    operator_id, back = read_number(form.get("operator", "")), own_address(form.get("back", ""))
    names = desk_of(request).db.read(here.merchant_id, lambda tx: read_names(tx, operator_id=operator_id))
    opened = open_at_reader(request, names.name, purpose="unlock")
    if isinstance(opened, Opened):
        fields = {"operator": str(operator_id), "back": back}
        return wait_page(
            request,
            opened.token,
            name=names.display_name,
            act="/lock/finger/session",
            otherwise="/lock",
            fields=fields,
        )
    return show_lock(request, here, back=back, chosen=operator_id, error=opened[0], status=opened[1])


@post("/lock/finger/session", sync_to_thread=True, status_code=200)
def post_lock_finger_session(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Go on with a session at this desk by what the reader has matched."""
    form, here, desk = read_form(request, body), desk_here(request), desk_of(request)
    if here is None:
        return go("/sign-in")
    operator_id, back, token = (
        read_number(form.get("operator", "")),
        own_address(form.get("back", "")),
        form.get("attempt", ""),
    )
    state = attempt_state(desk.db, token)
    if state in WAITING:
        fields = {"operator": str(operator_id), "back": back}
        return wait_page(
            request, token, name="", act="/lock/finger/session", otherwise="/lock", fields=fields, late=True
        )
    if state == "matched":
        done = unlock_by_finger(desk.db, token, browser_of(request))
        if not isinstance(done, SignInRefused):
            return cleared(go(back, cookies=[session_cookie(request, done.token)]))
    return show_lock(
        request, here, back=back, chosen=operator_id, error=say_state(request, state), status=401
    )


@post("/prove/finger", sync_to_thread=True, status_code=200)
def post_prove_finger(request: PageRequest, *, body: RawBody) -> Response[str]:
    """Ask the reader for the finger of who is signed in."""
    desk, actor = enter(request)
    back = own_address(read_form(request, body).get("back", ""), "/settings")
    candidate = candidate_of(desk.db, actor)
    opened = open_at_reader(request, candidate.name_key, purpose="prove", session_id=actor.session_id)
    if isinstance(opened, Opened):
        return wait_page(
            request,
            opened.token,
            name=actor.name,
            act="/prove/finger/session",
            otherwise=back,
            fields={"back": back},
        )
    return show_prove(request, actor, back=back, errors={"finger": opened[0]}, status=opened[1])


@post("/prove/finger/session", sync_to_thread=True, status_code=200)
def post_prove_finger_session(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Take what the reader has matched as a fresh proof."""
    desk, actor = enter(request)
    form = read_form(request, body)
    back, token = own_address(form.get("back", ""), "/settings"), form.get("attempt", "")
    state = attempt_state(desk.db, token)
    if state in WAITING:
        return wait_page(
            request,
            token,
            name=actor.name,
            act="/prove/finger/session",
            otherwise=back,
            fields={"back": back},
            late=True,
        )
    if (
        state == "matched"
        and prove_by_finger(desk.db, actor, token=token, browser=browser_of(request)) == "reader"
    ):
        return proved(request, actor, back)
    return show_prove(request, actor, back=back, errors={"finger": say_state(request, state)}, status=401)


@post("/finger/state", status_code=200, media_type=MediaType.TEXT)
async def post_finger_state(request: PageRequest, *, body: RawBody) -> str:
    """Answer how an attempt stands: at once where that is not what the page has seen, else when it moves, within 8 seconds."""
    form, desk = read_form(request, body), desk_of(request)
    token, seen = form.get("attempt", ""), form.get("seen", "open")
    loop, woken = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        loop.call_soon_threadsafe(woken.set)

    unlisten, until = on_event(wake), loop.time() + _WAIT_SECONDS
    try:
        while True:
            woken.clear()
            state = await asyncio.to_thread(attempt_state, desk.db, token)
            left = until - loop.time()
            if state != seen or state not in WAITING or left <= 0 or desk.closing:
                return state
            await _rest(woken, min(left, _LOOK_SECONDS))
    finally:
        unlisten()


async def _rest(woken: asyncio.Event, seconds: float) -> None:
    waking = asyncio.create_task(woken.wait())
    await asyncio.wait({waking}, timeout=seconds)
    waking.cancel()


def open_at_reader(
    request: PageRequest, name: str, *, purpose: Purpose, session_id: int = 0
) -> Opened | tuple[str, int]:
    """Open an attempt; else return what is said, and the status."""
    db, words = desk_of(request).db, words_of(request)
    try:
        found = open_attempt(
            db, find_candidate(db, name), purpose=purpose, desk_token=desk_token(request), address=address_of(request),
            session_id=session_id,
        )  # fmt: skip
    except NoReaderHere as refusal:
        return told(refusal, words), 409
    return (told(refused_try(found), words), 429) if isinstance(found, SignInRefused) else found


def browser_of(request: PageRequest) -> Browser:
    """Return the browser at this desk, as what a finger opens takes it."""
    return Browser(
        desk_token(request), address_of(request), device_token(request), request.headers.get("user-agent", ""),
        session_token(request),
    )  # fmt: skip


def say_state(request: PageRequest, state: str) -> str:
    """Return what is said of an attempt that opened nothing."""
    return words_of(request).translate(STATES.get(state, NOT_LAID))


def wait_page(
    request: PageRequest, token: str, *, name: str, act: str, fields: Mapping[str, str], otherwise: str, late: bool = False
) -> Response[str]:  # fmt: skip
    """Answer with the page that waits for the reader.

    Args:
        act: where it goes on, with these `fields` and the attempt's token.
        otherwise: where another way is; "": where it goes on, which is then sent `otherwise` beside the fields.
    """
    say = words_of(request).translate(STILL_OPEN) if late else ""
    return show_door(
        request, "access/finger.html", name=name, act=act, fields={**fields, "attempt": token}, say=say,
        otherwise=otherwise,
    )  # fmt: skip


FINGER: list[Any] = [
    post_finger, post_finger_session, post_lock_finger, post_lock_finger_session, post_prove_finger, post_prove_finger_session,
    post_finger_state,
]  # fmt: skip
