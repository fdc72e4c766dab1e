"""The watch list as a page of the settings: what is watched and why; put on, taken off, ended by a day."""

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.step_up import require_proof
from tocsin.core.actor import Actor, require
from tocsin.core.clock import day_bounds_us
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.tenant import get_shop
from tocsin.orders.syntax_dates import read_date
from tocsin.orders.watch_list import KINDS, add_watch, list_watches, remove_watch
from tocsin.tickets.take_back import Undo, offer_undo
from tocsin.web.form import Form, read_form, read_number
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.shell import go, show, status_of, told, words_of

HERE = "/settings/watch-list"


@get(HERE, sync_to_thread=True)
def get_watch_list(request: PageRequest) -> Response[str]:
    """Show what is watched, and the form of one more."""
    _, actor = enter(request)
    return _page(request, actor, form={"value": request.query_params.get("order", "")[:80]})


@post(HERE, sync_to_thread=True, status_code=303)
def post_watch(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Put an order, a receiver or a query on the list."""
    desk, actor = enter(request)
    form = read_form(request, body)
    require(actor, "shop_settings")
    kind, value, reason = (form.get(name, "").strip()[:2000] for name in ("kind", "value", "reason"))

    def add(tx: Tx) -> None:
        last = form.get("until", "").strip()
        until_us = day_bounds_us(read_date(last), get_shop(tx).zone)[1] if last else 0
        add_watch(tx, actor, kind=kind, value=value, reason=reason, until_us=until_us)

    try:
        desk.db.write(actor.merchant_id, add)
    except Refusal as refusal:
        if refusal.kind not in ("invalid", "missing", "conflict"):
            raise
        return _page(request, actor, form=form, refusal=refusal)
    return go(HERE, done="saved")


@post(HERE + "/{watch_id:str}/removal", sync_to_thread=True, status_code=303)
def post_removal(request: PageRequest, *, watch_id: FromPath[str], body: RawBody) -> Redirect:
    """Take an entry off; the alarm hears of it."""
    desk, actor = enter(request)
    read_form(request, body)
    require(actor, "shop_settings")
    require_proof(actor)
    wanted = read_number(watch_id)

    def remove(tx: Tx) -> str:
        taken = remove_watch(tx, actor, watch_id=wanted)
        return "dropped" + offer_undo(tx, actor, Undo(act="watch", back=HERE, watch=taken))

    return go(HERE, done=desk.db.write(actor.merchant_id, remove))


def _page(request: PageRequest, actor: Actor, *, form: Form, refusal: Refusal | None = None) -> Response[str]:
    found = desk_of(request).db.read(actor.merchant_id, lambda tx: list_watches(tx, actor))
    return show(
        request, "settings/watch_list.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        rows=found, form=form, kinds=KINDS, error=told(refusal, words_of(request, actor)) if refusal else "",
    )  # fmt: skip


WATCH_LIST = [get_watch_list, post_watch, post_removal]
