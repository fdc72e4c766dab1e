"""Boxes 2 to 7 as pages: sign-in by name and password, sign-out, the one-time link of an owner."""

from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.finger_attempt import desk_has_reader
from tocsin.access.lapsed import end_lapsed, lapsed_name
from tocsin.access.limiter import SignInRefused
from tocsin.access.login import SignedIn, begin_sign_in, sign_in, sign_out
from tocsin.access.owner_link import link_is_open, redeem_owner_link
from tocsin.access.verification import sign_in_key
from tocsin.core.errors import Refusal
from tocsin.gate import TooManyTries, refused_try
from tocsin.web.ceremony import offers_passkeys
from tocsin.web.form import Form, read_form
from tocsin.web.guard import (
    PageRequest,
    address_of,
    cleared,
    desk_of,
    desk_token,
    device_token,
    locale_of,
    look,
    no_session_cookie,
    session_cookies,
    session_token,
    visitor,
)
from tocsin.web.shell import go, locale_cookie, own_address, show_door, told, words_of

WRONG = "The name or the password is wrong; this attempt has been recorded"
NAME_NEEDED = "Type the name to sign in with"
SAID = {
    "out": "You are signed out",
    "set": "The password is set: sign in with it; one of fewer than 15 characters opens at enrolled desks alone",
    "locked": "Your account is locked: a manager or an owner switches it on again",
}
TWICE_DIFFERENT = "The two passwords differ: type the same one twice"


@get("/sign-in", sync_to_thread=True)
def get_sign_in(request: PageRequest) -> Response[str] | Redirect:
    """Ask for the name, or for the proof of who has not signed out here; who is signed in goes on to the desk.

    Of somebody else (`other`) the name is asked; what the browser has kept is left alone.
    """
    back = own_address(request.query_params.get("next", ""))
    if visitor(request) is not None:
        return go(back)
    said = next((text for asked, text in SAID.items() if asked in request.query_params), "")
    if not said and "other" not in request.query_params and (name := greeted(request)):
        return ask_credential(request, name, back=back, errors={})
    notice = words_of(request).translate(said) if said else ""
    return ask_name(request, back=back, errors={}, notice=notice)


@post("/sign-in", sync_to_thread=True, status_code=200)
def post_name(request: PageRequest, *, body: RawBody) -> Response[str]:
    """Take the name and offer the methods; unknown names are answered as known ones are."""
    form = read_form(request, body)
    name, back = form.get("name", "").strip()[:64], own_address(form.get("back", ""))
    if not name:
        errors = {"name": words_of(request).translate(NAME_NEEDED)}
        return ask_name(request, back=back, errors=errors, status=422)
    return ask_credential(request, name, back=back, errors={})


@post("/sign-in/other", sync_to_thread=True, status_code=303)
def post_other(request: PageRequest, *, body: RawBody) -> Redirect:
    """End the session that lapsed here, take away what was kept of its pages, and ask for the name.

    What a tab has noted stays: it comes back to the same operator alone.
    """
    back = own_address(read_form(request, body).get("back", ""))
    end_lapsed(desk_of(request).db, session_token(request))
    asked = go(f"/sign-in?next={quote(back)}", cookies=[no_session_cookie(request)])
    return cleared(asked, notes=False)


@get("/sign-in/password", sync_to_thread=True)
def get_password(request: PageRequest) -> Redirect:
    """Lead to the first page: the name comes first."""
    return go("/sign-in" if visitor(request) is None else "/orders")


@post("/sign-in/password", sync_to_thread=True, status_code=200)
def post_password(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Sign in, or say that it was refused; nothing tells an unknown name from a wrong password."""
    form = read_form(request, body)
    name, back = form.get("username", "").strip()[:64], own_address(form.get("back", ""))
    found = try_sign_in(request, name=name, password=form.get("password", ""))
    if isinstance(found, SignedIn):
        return enter_desk(request, found, back)
    words = words_of(request)
    if found.code == "locked":
        late = told(refused_try(found), words)
        refused = ask_credential(request, name, back=back, errors={"password": late}, status=429)
        refused.headers["retry-after"] = str(found.retry_after_seconds)
        return refused
    return ask_credential(request, name, back=back, errors={"password": words.translate(WRONG)}, status=401)


@post("/sign-out", sync_to_thread=True, status_code=303)
def post_sign_out(request: PageRequest, *, body: RawBody) -> Redirect:
    """End the session; a session that has ended already is no fault."""
    read_form(request, body)
    actor, desk, token = look(request).actor, desk_of(request), session_token(request)
    if actor is None:
        end_lapsed(desk.db, token)
    else:
        desk.db.write(actor.merchant_id, lambda tx: sign_out(tx, actor, token=token))
    return cleared(Redirect("/sign-in?out", status_code=303, cookies=[no_session_cookie(request)]))


@get("/owner/{token:str}", sync_to_thread=True)
def get_owner(request: PageRequest, *, token: FromPath[str]) -> Response[str]:
    """Show the page of a one-time link, or that it is used up."""
    used = not link_is_open(desk_of(request).db, token, address=address_of(request))
    return _ask_owner(request, token, form={}, errors={}, used=used, status=410 if used else 200)


@post("/owner/{token:str}", sync_to_thread=True, status_code=200)
def post_owner(request: PageRequest, *, token: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Create the owner and sign him in."""
    form, desk, words = read_form(request, body), desk_of(request), words_of(request)
    name, password = form.get("name", ""), form.get("password", "")
    if form.get("again", password) != password:
        errors = {"again": words.translate(TWICE_DIFFERENT)}
        return _ask_owner(request, token, form=form, errors=errors, used=False, status=422)
    try:
        made = redeem_owner_link(
            desk.db, token, name=name, display_name=name, password=password, address=address_of(request),
            locale=locale_of(request), zone=desk.settings.zone,
        )  # fmt: skip
    except Refusal as refusal:
        place = "password" if refusal.code.startswith("password") else "name"
        return _ask_owner(
            request, token, form=form, errors={place: told(refusal, words)}, used=False, status=422
        )
    if isinstance(made, SignInRefused):
        if made.code == "locked":
            raise TooManyTries(retry_after_seconds=made.retry_after_seconds)
        return _ask_owner(request, token, form={}, errors={}, used=True, status=410)
    found = try_sign_in(request, name=name, password=password)
    back = "/start" if isinstance(found, SignedIn) else "/sign-in"
    shown = show_door(request, "access/recovery_codes.html", codes=made.recovery_codes, back=back)
    shown.cookies.extend(enter_desk(request, found, back).cookies if isinstance(found, SignedIn) else [])
    return shown


def try_sign_in(request: PageRequest, *, name: str, password: str) -> SignedIn | SignInRefused:
    """Sign in from the browser of a request; its present session is replaced."""
    return sign_in(
        desk_of(request).db, name=name, password=password, address=address_of(request), device=device_token(request),
        user_agent=request.headers.get("user-agent", ""), replaces=session_token(request), desk=desk_token(request),
    )  # fmt: skip


def enter_desk(request: PageRequest, found: SignedIn, back: str) -> Redirect:
    """Lead to the desk with the cookies of a sign-in."""
    kept = session_cookies(request, token=found.token, device=found.device_token)
    return go(back, cookies=[*kept, locale_cookie(found.actor.locale)])


def greeted(request: PageRequest) -> str:
    """Return who has not signed out here, his session having lapsed; of one that is locked or barred, nobody is."""
    if look(request).actor is not None:
        return ""
    return lapsed_name(desk_of(request).db, session_token(request), desk_token=desk_token(request))


def ask_name(
    request: PageRequest, *, back: str, errors: dict[str, str], notice: str = "", status: int = 200
) -> Response[str]:
    """Show the first page: the name, or a passkey, which says whose it is."""
    return show_door(
        request, "access/name.html", status=status, errors=errors, notice=notice, back=back,
        passkeys=offers_passkeys(request),
    )  # fmt: skip


def ask_credential(
    request: PageRequest, name: str, *, back: str, errors: dict[str, str], status: int = 200
) -> Response[str]:
    """Show the second page: password, passkey and this desk's reader at once, for known names and unknown ones."""
    db = desk_of(request).db
    reader = desk_has_reader(db, desk_token=desk_token(request))
    offered = begin_sign_in(db, name, passkeys=offers_passkeys(request), reader=reader)
    return show_door(
        request, "access/password.html", status=status, name=name, methods=offered.methods, errors=errors, back=back,
        keep={"name": name, "back": back}, greeted=sign_in_key(name) == sign_in_key(greeted(request)),
    )  # fmt: skip


def _ask_owner(
    request: PageRequest, token: str, *, form: Form, errors: dict[str, str], used: bool, status: int
) -> Response[str]:
    merchants = desk_of(request).merchants()
    name = merchants[0].name if len(merchants) == 1 else "Tocsin"
    return show_door(
        request, "access/owner_link.html", status=status, token=token, shop_name=name, form=form, errors=errors, used=used
    )  # fmt: skip


ACCESS = [
    get_sign_in,
    post_name,
    post_other,
    get_password,
    post_password,
    post_sign_out,
    get_owner,
    post_owner,
]
