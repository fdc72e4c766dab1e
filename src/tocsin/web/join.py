"""The invitation as a page: a new operator chooses a password or a passkey of his own."""

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.limiter import SignInRefused
from tocsin.access.login import SignedIn
from tocsin.access.operator_invite import join_with_passkey, join_with_password, whose_invitation
from tocsin.access.password import DESK_SHORTEST, SHORTEST
from tocsin.access.verification import FULL_ROLES
from tocsin.core.errors import Refusal
from tocsin.gate import TooManyTries
from tocsin.web.access import TWICE_DIFFERENT, enter_desk, try_sign_in
from tocsin.web.form import read_form
from tocsin.web.guard import (
    PageRequest,
    address_of,
    desk_of,
    desk_token,
    device_token,
    locale_of,
    session_token,
)
from tocsin.web.shell import go, show_door, told, words_of


@get("/join/{token:str}", sync_to_thread=True)
def get_join(request: PageRequest, *, token: FromPath[str]) -> Response[str]:
    """Show the page of an invitation, or that it is used up."""
    return _page(request, token, errors={})


@post("/join/{token:str}", sync_to_thread=True, status_code=200)
def post_join(request: PageRequest, *, token: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Set the password and sign in with it; a short one opens at an enrolled desk alone."""
    form, words = read_form(request, body), words_of(request)
    password = form.get("password", "")
    if form.get("again", password) != password:
        return _page(request, token, errors={"again": words.translate(TWICE_DIFFERENT)}, status=422)
    try:
        made = join_with_password(
            desk_of(request).db, token, given=password, address=address_of(request), locale=locale_of(request)
        )
    except Refusal as refusal:
        return _page(request, token, errors={"password": told(refusal, words)}, status=422)
    if isinstance(made, SignInRefused):
        return _refused(request, token, made)
    here = made.strength == "full" or bool(desk_token(request))
    found = try_sign_in(request, name=made.name, password=password) if here else None
    return enter_desk(request, found, "/orders") if isinstance(found, SignedIn) else go("/sign-in?set")


@post("/join/{token:str}/passkey", sync_to_thread=True, status_code=200)
def post_join_passkey(
    request: PageRequest, *, token: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Sign in once by the invitation, to make a passkey."""
    read_form(request, body)
    made = join_with_passkey(
        desk_of(request).db, token, address=address_of(request), user_agent=request.headers.get("user-agent", ""),
        device=device_token(request), replaces=session_token(request), desk=desk_token(request),
        locale=locale_of(request),
    )  # fmt: skip
    if isinstance(made, SignInRefused):
        return _refused(request, token, made)
    return enter_desk(request, made, "/settings/passkeys")


def _refused(request: PageRequest, token: str, made: SignInRefused) -> Response[str]:
    if made.code == "locked":
        raise TooManyTries(retry_after_seconds=made.retry_after_seconds)
    return _page(request, token, errors={})


def _page(request: PageRequest, token: str, *, errors: dict[str, str], status: int = 200) -> Response[str]:
    name, role = whose_invitation(desk_of(request).db, token, address=address_of(request))
    return show_door(
        request, "access/join.html", status=status if name else 410, token=token, name=name, errors=errors, used=not name,
        shortest=SHORTEST if role in FULL_ROLES else DESK_SHORTEST,
    )  # fmt: skip


JOIN = [get_join, post_join, post_join_passkey]
