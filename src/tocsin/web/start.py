"""The first hour as a page: what has really happened, and one thing to do for each step that has not."""

from pathlib import Path
from typing import Any

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.core.actor import require
from tocsin.core.clock import DAY_US, now_us, to_datetime
from tocsin.core.tenant import get_shop
from tocsin.tickets.first_hour import STEPS, forget_far, hide_first_hour, read_steps
from tocsin.web.form import read_form
from tocsin.web.guard import PageRequest, enter, locale_of
from tocsin.web.shell import go, show

_SAMPLES = Path(__file__).parent / "samples"


@get("/start", sync_to_thread=True)
def get_start(request: PageRequest) -> Response[str]:
    """Show how far the first hour is."""
    desk, actor = enter(request)
    require(actor, "shop_settings")
    forget_far(desk.db, actor.merchant_id)
    steps = desk.db.read(actor.merchant_id, read_steps)
    told = {name: bool(getattr(steps, name)) for name in STEPS}
    return show(
        request, "settings/start.html", actor=actor, section="settings", steps=told, done=steps.done(), hidden=steps.hidden(), next=steps.left(),
    )  # fmt: skip


@get("/start/sample.csv", sync_to_thread=True)
def get_sample(request: PageRequest) -> Response[bytes]:
    """Hand out a small sheet of made-up orders, the third with a phone that is a digit short."""
    desk, actor = enter(request)
    require(actor, "import")
    zone = desk.db.read(actor.merchant_id, get_shop).zone
    at = to_datetime(now_us() - DAY_US // 24, zone)
    paid = to_datetime(now_us() - DAY_US // 25, zone)
    own = _SAMPLES / f"{locale_of(request, actor)}.csv"
    headings, *rows = (own if own.exists() else _SAMPLES / "en.csv").read_text("utf-8").splitlines()
    rows = [row.format(at=f"{at:%Y-%m-%d %H:%M:%S}", paid=f"{paid:%Y-%m-%d %H:%M:%S}") for row in rows]
    made = "\ufeff" + "\r\n".join([headings, *rows]) + "\r\n"
    headers = {"content-disposition": 'attachment; filename="tocsin-sample.csv"'}
    return Response(made.encode(), media_type="text/csv; charset=utf-8", headers=headers)


@post("/start", sync_to_thread=True, status_code=303)
def post_start(request: PageRequest, *, body: RawBody) -> Redirect:
    """Put the first hour away, or bring it back."""
    desk, actor = enter(request)
    hidden = read_form(request, body).get("hidden") == "1"
    desk.db.write(actor.merchant_id, lambda tx: hide_first_hour(tx, actor, hidden=hidden))
    forget_far(desk.db, actor.merchant_id)
    return go("/orders", done="start_hidden") if hidden else go("/start")


START: list[Any] = [get_start, get_sample, post_start]
