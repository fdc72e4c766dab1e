"""One recipient of the alarm: tried by a message with a code, confirmed, changed, switched off, taken away."""

from functools import partial

from litestar import get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.people import change_person, drop_person
from tocsin.alarm.receipt import confirm_code, start_test
from tocsin.web.form import read_form, read_number, read_pairs
from tocsin.web.guard import PageRequest, enter
from tocsin.web.people import HERE, locale_of, step_of, wanted_of
from tocsin.web.shell import go, own_address

_ONE = HERE + "/{recipient_id:str}"


@get([f"{_ONE}/{act}" for act in ("test", "confirmation", "removal")] + [_ONE], sync_to_thread=False)
def get_act(*, recipient_id: FromPath[str]) -> Redirect:
    """Lead to the list: what was refused is shown at such an address, and can't be opened there again."""
    return go(f"{HERE}#r{read_number(recipient_id)}")


@post(_ONE, sync_to_thread=True, status_code=303)
def post_change(request: PageRequest, *, recipient_id: FromPath[str], body: RawBody) -> Redirect:
    """Change of what a recipient is told, and whether at all."""
    desk, actor = enter(request)
    pairs = read_pairs(request, body)
    form = dict(pairs)
    desk.db.write(actor.merchant_id, partial(
        change_person, actor=actor, recipient_id=read_number(recipient_id), name=form.get("name", ""), locale=locale_of(form),
        wants=wanted_of(pairs), step=step_of(form), active=form.get("active", "") == "1",
    ))  # fmt: skip
    return go(_back(form), done="saved")


@post(f"{_ONE}/test", sync_to_thread=True, status_code=303)
def post_test(request: PageRequest, *, recipient_id: FromPath[str], body: RawBody) -> Redirect:
    """Send a message with a code."""
    desk, actor = enter(request)
    form, wanted = read_form(request, body), read_number(recipient_id)
    desk.db.write(actor.merchant_id, lambda tx: start_test(
        tx, actor, desk.queue, recipient_id=wanted, base_url=desk.settings.base_url()
    ))  # fmt: skip
    return go(f"{_back(form)}?said=tested#r{wanted}")


@post(f"{_ONE}/confirmation", sync_to_thread=True, status_code=303)
def post_confirmation(request: PageRequest, *, recipient_id: FromPath[str], body: RawBody) -> Redirect:
    """Take the code that came."""
    desk, actor = enter(request)
    form, wanted = read_form(request, body), read_number(recipient_id)
    found = desk.db.write(
        actor.merchant_id,
        lambda tx: confirm_code(tx, actor, recipient_id=wanted, code=form.get("code", "")[:40]),
    )
    return go(f"{_back(form)}?said={found}#r{wanted}")


@post(f"{_ONE}/removal", sync_to_thread=True, status_code=303)
def post_removal(request: PageRequest, *, recipient_id: FromPath[str], body: RawBody) -> Redirect:
    """Take a recipient away."""
    desk, actor = enter(request)
    form, wanted = read_form(request, body), read_number(recipient_id)
    desk.db.write(actor.merchant_id, lambda tx: drop_person(tx, actor, recipient_id=wanted))
    return go(_back(form), done="dropped")


def _back(form: dict[str, str]) -> str:
    return own_address(form.get("back", ""), HERE)


PERSON = [get_act, post_change, post_test, post_confirmation, post_removal]
