"""The posture by hand: calm, alert or lockdown, with a reason; a resource of the desk."""

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.access.lockdown import set_posture_by_hand
from tocsin.alarm.posture import PostureSame, PostureWrong
from tocsin.core.actor import require
from tocsin.core.db import Tx
from tocsin.web.alarm import show_alarm_page
from tocsin.web.form import once, read_form
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, status_of, told, words_of


@get("/posture", sync_to_thread=False)
def get_posture() -> Redirect:
    """Lead to the alarm: what was refused is shown at this address, and can't be opened here again."""
    return go("/alarm")


@post("/posture", sync_to_thread=True, status_code=303)
def post_posture(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Set the posture, with a reason."""
    desk, actor = enter(request)
    form, words = read_form(request, body), words_of(request, actor)
    require(actor, "incident_clear")

    def make(tx: Tx) -> str:
        set_posture_by_hand(tx, actor, state=form.get("state", ""), reason=form.get("reason", ""))
        return "/alarm?done=posture"

    try:
        address = desk.db.write(
            actor.merchant_id, lambda tx: once(tx, actor, form, route="posture", make=lambda: make(tx))
        )
    except (PostureWrong, PostureSame) as refusal:
        errors = {str(refusal.data.get("field", "state")): told(refusal, words)}
        return show_alarm_page(request, actor, form=form, errors=errors, status=status_of(refusal))
    return go(address)


POSTURE = [get_posture, post_posture]
