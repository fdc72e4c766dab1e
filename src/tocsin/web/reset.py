"""A new password without the old one: by the name and a code, whoever showed it; the page tells nothing of either."""

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.access.limiter import SignInRefused
from tocsin.access.login import SignedIn
from tocsin.access.recovery import redeem_code
from tocsin.core.errors import Refusal
from tocsin.gate import refused_try
from tocsin.web.access import NAME_NEEDED, TWICE_DIFFERENT, enter_desk, try_sign_in
from tocsin.web.form import Form, read_form
from tocsin.web.guard import PageRequest, address_of, desk_of, device_token
from tocsin.web.shell import go, show_door, told, words_of

CODE_WRONG = "The name or the code is wrong, or the code is too old; this attempt has been recorded"


@get("/reset", sync_to_thread=True)
def get_reset(request: PageRequest) -> Response[str]:
    """Ask for the name, the code and a new password."""
    return _page(request, form={"name": request.query_params.get("name", "")[:64]}, errors={})


@post("/reset", sync_to_thread=True, status_code=200)
def post_reset(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Set the password and sign in with it; what is wrong with it is said at the form, and the code stays open."""
    form, words = read_form(request, body), words_of(request)
    name, password = form.get("name", "").strip()[:64], form.get("password", "")
    kept = {"name": name, "code": form.get("code", "")}
    if not name:
        return _page(request, form=kept, errors={"name": words.translate(NAME_NEEDED)}, status=422)
    if form.get("again", password) != password:
        return _page(request, form=kept, errors={"again": words.translate(TWICE_DIFFERENT)}, status=422)
    try:
        made = redeem_code(
            desk_of(request).db, name=name, code=kept["code"], password=password, address=address_of(request),
            device=device_token(request),
        )  # fmt: skip
    except Refusal as refusal:
        return _page(request, form=kept, errors={"password": told(refusal, words)}, status=422)
    if isinstance(made, SignInRefused):
        late = told(refused_try(made), words) if made.code == "locked" else ""
        errors = {"code": late or words.translate(CODE_WRONG)}
        return _page(request, form=kept, errors=errors, status=429 if late else 401)
    found = try_sign_in(request, name=made.name, password=password) if made.strength == "full" else None
    return enter_desk(request, found, "/orders") if isinstance(found, SignedIn) else go("/sign-in?set")


def _page(request: PageRequest, *, form: Form, errors: dict[str, str], status: int = 200) -> Response[str]:
    return show_door(request, "access/reset.html", status=status, form=form, errors=errors, back="/orders")


RESET = [get_reset, post_reset]
