"""Lock, unlock and change of operators at an enrolled desk, as pages; each lets the browser forget what it showed."""

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.access.desk import EnrolledDesk, find_desk
from tocsin.access.finger_attempt import desk_has_reader
from tocsin.access.limiter import SignInRefused
from tocsin.access.lock import NotAtDesk, Unlocker, list_unlockers, lock_session
from tocsin.access.login import sign_out
from tocsin.access.pin import TRIES, unlock_with_pin
from tocsin.core.db import DIRECTORY_SCOPE
from tocsin.core.words import Words
from tocsin.gate import refused_try
from tocsin.web.form import read_form, read_number
from tocsin.web.guard import (
    PageRequest,
    address_of,
    cleared,
    desk_of,
    desk_token,
    enter,
    look,
    no_session_cookie,
    session_cookie,
    session_token,
    visitor,
)
from tocsin.web.shell import go, own_address, show_door, told, words_of

PIN_WRONG = "The PIN is wrong; this attempt has been recorded"


@get("/lock", sync_to_thread=True)
def get_lock(request: PageRequest) -> Response[str] | Redirect:
    """Show who may go on at this desk; who is at work goes on, and elsewhere one signs in."""
    back = own_address(request.query_params.get("next", ""))
    here = desk_here(request)
    if visitor(request) is not None or here is None:
        return go(back if here else "/sign-in")
    return show_lock(request, here, back=back)


@post("/lock", sync_to_thread=True, status_code=303)
def post_lock(request: PageRequest, *, body: RawBody) -> Redirect:
    """Lock the session, for a pause or for the next operator; away from an enrolled desk it ends."""
    desk, actor = enter(request)
    form, token = read_form(request, body), session_token(request)
    try:
        locked = desk.db.write(actor.merchant_id, lambda tx: lock_session(tx, actor, token=token))
    except NotAtDesk:
        desk.db.write(actor.merchant_id, lambda tx: sign_out(tx, actor, token=token))
        return cleared(go("/sign-in?out", cookies=[no_session_cookie(request)]))
    back = own_address(form.get("back", ""), "")
    return cleared(go(f"/lock?next={back}" if back else "/lock", cookies=[session_cookie(request, locked)]))


@post("/lock/pin", sync_to_thread=True, status_code=200)
def post_pin(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Go on with one's session at this desk by its PIN."""
    form, here, words = read_form(request, body), desk_here(request), words_of(request)
    if here is None:
        return go("/sign-in")
    operator_id, back = read_number(form.get("operator", "")), own_address(form.get("back", ""))
    done = unlock_with_pin(
        desk_of(request).db, operator_id=operator_id, desk=here, desk_token=desk_token(request), given=form.get("pin", ""),
        address=address_of(request),
    )  # fmt: skip
    if not isinstance(done, SignInRefused):
        kept = go(back, cookies=[session_cookie(request, done.token)])
        return cleared(kept, notes=False)  # what he typed before the lock is his, and nobody else gets it
    late = done.code == "locked"
    error = _say(done, words)
    answer = show_lock(request, here, back=back, chosen=operator_id, error=error, status=429 if late else 401)
    if late:
        answer.headers["retry-after"] = str(done.retry_after_seconds)
    return answer


def desk_here(request: PageRequest) -> EnrolledDesk | None:
    """Return the enrolled desk that a request comes from, of whatever merchant."""
    token = desk_token(request)
    return desk_of(request).db.read(DIRECTORY_SCOPE, lambda tx: find_desk(tx, token=token))


def _say(refused: SignInRefused, words: Words) -> str:
    if refused.code == "locked":
        return told(refused_try(refused), words)
    return words.translate(PIN_WRONG)


def show_lock(
    request: PageRequest, here: EnrolledDesk, *, back: str, chosen: int = 0, error: str = "", status: int = 200
) -> Response[str]:  # fmt: skip
    """Show who may go on at a desk; `error` stands beside the chosen one."""
    found = desk_of(request).db.read(here.merchant_id, lambda tx: list_unlockers(tx, desk_id=here.id))
    return show_door(
        request, "access/lock.html", status=status, desk_name=here.name, people=[_show(one) for one in found], chosen=chosen,
        error=error, back=back, locked=look(request).actor is not None,
        reader=desk_has_reader(desk_of(request).db, desk_token=desk_token(request)),
    )  # fmt: skip


def _show(one: Unlocker) -> dict[str, object]:
    return {
        "id": one.operator_id, "name": one.name, "display_name": one.display_name, "role": one.role,
        "pin": one.pin_failures >= 0, "spent": one.pin_failures >= TRIES,
    }  # fmt: skip


LOCK = [get_lock, post_lock, post_pin]
