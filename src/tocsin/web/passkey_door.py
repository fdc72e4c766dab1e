"""Box 7 at the door: signing in with a passkey, before the name or after it."""

from typing import Any

from litestar import Response, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.access.assertion import ask_passkey
from tocsin.access.login import SignedIn, sign_in_by_passkey
from tocsin.access.verification import find_candidate
from tocsin.gate import TooManyTries
from tocsin.web.access import ask_credential, ask_name, enter_desk
from tocsin.web.ceremony import NOT_TAKEN, show_options, take_report, where_of
from tocsin.web.form import read_form
from tocsin.web.guard import PageRequest, desk_of, session_token
from tocsin.web.shell import own_address, told, words_of


@post("/sign-in/passkey/options", sync_to_thread=True, status_code=200)
def post_options(request: PageRequest, *, body: RawBody) -> Response[bytes]:
    """Answer what the browser is asked: for a name's passkeys, or for any of the desk's."""
    form = read_form(request, body)
    db, name, where = desk_of(request).db, form.get("name", "").strip()[:64], where_of(request)
    candidate = find_candidate(db, name) if name else None
    return show_options(
        request, ask_passkey(db, candidate, where, purpose="sign_in", pressed=form.get("waiting") != "1")
    )  # fmt: skip


@post("/sign-in/passkey/failure", sync_to_thread=True, status_code=200)
def post_failure(request: PageRequest, *, body: RawBody) -> Response[bytes]:
    """Take the page's word that the finger was not taken."""
    return take_report(request, read_form(request, body), purpose="sign_in")


@post("/sign-in/passkey", sync_to_thread=True, status_code=200)
def post_passkey(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Sign in with what the browser answered; refused, the password is there as before."""
    form, words = read_form(request, body), words_of(request)
    name, back = form.get("name", "").strip()[:64], own_address(form.get("back", ""))
    found = sign_in_by_passkey(
        desk_of(request).db, form.get("answer", ""), where_of(request), user_agent=request.headers.get("user-agent", ""),
        replaces=session_token(request),
    )  # fmt: skip
    if isinstance(found, SignedIn):
        return enter_desk(request, found, back)
    late = TooManyTries(retry_after_seconds=found.retry_after_seconds)
    errors = {"passkey": told(late, words) if found.code == "locked" else words.translate(NOT_TAKEN)}
    status = 429 if found.code == "locked" else 401
    if name:
        return ask_credential(request, name, back=back, errors=errors, status=status)
    return ask_name(request, back=back, errors=errors, status=status)


PASSKEY_DOOR: list[Any] = [post_options, post_failure, post_passkey]
