"""What one does for oneself before or after a loss: new recovery codes, and a phone that is gone."""

from litestar import Response, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.access.lost import lose_phone
from tocsin.access.recovery import make_recovery_codes
from tocsin.web.form import read_form
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, show_door


@post("/settings/recovery-codes", sync_to_thread=True, status_code=200)
def post_recovery_codes(request: PageRequest, *, body: RawBody) -> Response[str]:
    """Make new recovery codes; they are on this answer alone, so that they are at no address."""
    desk, actor = enter(request)
    read_form(request, body)
    codes = desk.db.write(actor.merchant_id, lambda tx: make_recovery_codes(tx, actor))
    return show_door(request, "access/recovery_codes.html", codes=codes, back="/settings/sessions")


@post("/settings/lost-phone", sync_to_thread=True, status_code=303)
def post_lost_phone(request: PageRequest, *, body: RawBody) -> Redirect:
    """Take one's own lost phone's powers away; this session stays."""
    desk, actor = enter(request)
    read_form(request, body)
    desk.db.write(actor.merchant_id, lambda tx: lose_phone(tx, actor, operator_id=actor.id))
    return go("/settings/sessions", done="phone_lost")


LOST = [post_recovery_codes, post_lost_phone]
