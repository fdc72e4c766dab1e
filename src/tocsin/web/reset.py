"""A new password by a one-time link: an operator's superior makes it, the operator sets the password on its page."""

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.limiter import SignInRefused
from tocsin.access.login import SignedIn
from tocsin.access.owner_link import redeem_reset_link, whose_reset_link
from tocsin.core.errors import Refusal
from tocsin.gate import TooManyTries
from tocsin.web.access import TWICE_DIFFERENT, enter_desk, try_sign_in
from tocsin.web.form import read_form
from tocsin.web.guard import PageRequest, address_of, desk_of
from tocsin.web.shell import go, show_door, told, words_of


@get("/reset/{token:str}", sync_to_thread=True)
def get_reset(request: PageRequest, *, token: FromPath[str]) -> Response[str]:
    """Show the page of a one-time link, or that it is used up."""
    return _page(request, token, errors={})


@post("/reset/{token:str}", sync_to_thread=True, status_code=200)
def post_reset(request: PageRequest, *, token: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Set the password and sign in with it; what is wrong is said at the form, and the link stays open."""
    form, desk, words = read_form(request, body), desk_of(request), words_of(request)
    password = form.get("password", "")
    if form.get("again", password) != password:
        return _page(request, token, errors={"again": words.translate(TWICE_DIFFERENT)}, status=422)
    try:
        made = redeem_reset_link(desk.db, token, password=password, address=address_of(request))
    except Refusal as refusal:
        return _page(request, token, errors={"password": told(refusal, words)}, status=422)
    if isinstance(made, SignInRefused):
        if made.code == "locked":
            raise TooManyTries(retry_after_seconds=made.retry_after_seconds)
        return _page(request, token, errors={})
    found = try_sign_in(request, name=made.name, password=password)
    return enter_desk(request, found, "/orders") if isinstance(found, SignedIn) else go("/sign-in")


def _page(request: PageRequest, token: str, *, errors: dict[str, str], status: int = 200) -> Response[str]:
    name = whose_reset_link(desk_of(request).db, token)
    return show_door(
        request, "access/reset.html", status=status if name else 410, name=name, errors=errors, used=not name
    )  # fmt: skip


RESET = [get_reset, post_reset]
