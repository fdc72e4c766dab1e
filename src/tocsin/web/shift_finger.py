"""A signature of a shift handover by the reader of this desk: asked for, waited for, taken."""

from collections.abc import Callable, Mapping

from litestar import Response, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.finger_attempt import Opened, attempt_state
from tocsin.access.proof import Proof, candidate_of
from tocsin.core.actor import Actor, require
from tocsin.web.access import NAME_NEEDED
from tocsin.web.finger import WAITING, open_at_reader, say_state, wait_page
from tocsin.web.form import AddressWrong, Form, read_form, read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import words_of
from tocsin.web.shift import HERE, Signing, show_shift, sign_offer, sign_signature, sign_takeover

_SIGNS: Mapping[str, Callable[..., Signing]] = {
    "offer": sign_offer, "takeover": sign_takeover, "signature": sign_signature,
}  # fmt: skip
_KEPT = ("act", "to", "note", "name")


@post(HERE + "/{shift_id:str}/finger", sync_to_thread=True, status_code=200)
def post_shift_finger(request: PageRequest, *, shift_id: FromPath[str], body: RawBody) -> Response[str]:
    """Ask the reader for the finger of who signs: of who is signed in, or of a name at his screen."""
    desk, actor = enter(request)
    require(actor, "query")
    form, wanted = read_form(request, body), read_number(shift_id)
    _sign_of(form)
    named = form.get("name", "").strip()[:64] if form["act"] == "signature" else ""
    if form["act"] == "signature" and not named:
        errors = {"name": words_of(request, actor).translate(NAME_NEEDED)}
        return show_shift(request, actor, chosen=wanted, form=form, errors=errors, status=422)
    name = named or candidate_of(desk.db, actor).name_key
    opened = open_at_reader(request, name, purpose="shift", session_id=actor.session_id)
    if isinstance(opened, Opened):
        return _wait(request, form, opened.token, shift_id=wanted, name=named or actor.name)
    said, status = opened
    return show_shift(request, actor, chosen=wanted, form=form, errors={"finger": said}, status=status)


@post(HERE + "/{shift_id:str}/finger/session", sync_to_thread=True, status_code=200)
def post_shift_finger_session(
    request: PageRequest, *, shift_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Sign by what the reader has matched, or say what it saw; where another way is chosen, what was typed stays."""
    desk, actor = enter(request)
    require(actor, "query")
    form, wanted = read_form(request, body), read_number(shift_id)
    if form.get("otherwise"):
        return show_shift(request, actor, chosen=wanted, form=form)
    token = form.get("attempt", "")
    state, sign = attempt_state(desk.db, token), _sign_of(form)
    if state in WAITING:
        return _wait(request, form, token, shift_id=wanted, name="", late=True)
    if state == "matched":
        return sign(request, actor, form, proof=Proof(finger=token), shift_id=wanted)
    return _not_signed(request, actor, form, state, shift_id=wanted)


def _sign_of(form: Form) -> Callable[..., Signing]:
    sign = _SIGNS.get(form.get("act", ""))
    if sign is None:
        raise AddressWrong
    return sign


def _not_signed(
    request: PageRequest, actor: Actor, form: Form, state: str, *, shift_id: int
) -> Response[str]:
    said = {"finger": say_state(request, state)}
    return show_shift(request, actor, chosen=shift_id, form=form, errors=said, status=401)


def _wait(
    request: PageRequest, form: Form, token: str, *, shift_id: int, name: str, late: bool = False
) -> Response[str]:
    return wait_page(
        request, token, name=name, act=f"{HERE}/{shift_id}/finger/session", late=late, otherwise="",
        fields={key: form[key] for key in _KEPT if form.get(key)},
    )  # fmt: skip


SHIFT_FINGER = [post_shift_finger, post_shift_finger_session]
