"""A conflict with the source as a page: at the source before, at the desk, at the source now; chosen, with a reason."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor, require
from tocsin.core.errors import Refusal
from tocsin.orders.compare import Change
from tocsin.orders.conflict import Conflict, resolve_conflict, show_conflict
from tocsin.orders.draft import Order
from tocsin.orders.query import look_up_order
from tocsin.web.change import show_changes
from tocsin.web.form import Form, read_number, read_typed
from tocsin.web.guard import PageRequest, desk_of, enter, locale_of
from tocsin.web.order import DOOR, order_path
from tocsin.web.shell import go, show, status_of, told, words_of

_SIDES = {"theirs": "source", "mine": "desk", "follows": "follows", "": ""}


@get("/orders/{number:str}/conflict", sync_to_thread=True)
def get_conflict(request: PageRequest, *, number: FromPath[str]) -> Response[str]:
    """Show the three versions; the look-up is recorded."""
    desk, actor = enter(request)
    require(actor, "amend")
    order = look_up_order(desk.db, actor, number=number, door=DOOR)
    return _page(request, actor, order, form={})


@post("/orders/{number:str}/conflict", sync_to_thread=True, status_code=303)
def post_conflict(request: PageRequest, *, number: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Make the revision that ends the conflict; what can't be taken is said there, with all choices kept."""
    desk, actor = enter(request)
    form, stale = read_typed(request, body)
    require(actor, "amend")
    order = look_up_order(desk.db, actor, number=number, door=DOOR)
    picks = {name.removeprefix("pick."): side for name, side in form.items() if name.startswith("pick.")}
    try:
        if stale:
            raise stale
        seen = read_number(form.get("revision", ""))
        desk.db.write(actor.merchant_id, lambda tx: resolve_conflict(
            tx, actor, order_id=order.id, seen=seen, picks=picks, reason=form.get("reason", "")
        ))  # fmt: skip
    except Refusal as refusal:
        if refusal.kind not in ("invalid", "conflict") and refusal is not stale:
            raise
        return _page(request, actor, order, form=form, refusal=refusal)
    return go(order_path(order.number), done="amended")


def _page(
    request: PageRequest, actor: Actor, order: Order, *, form: Form, refusal: Refusal | None = None
) -> Response[str]:
    desk, words = desk_of(request), words_of(request, actor)
    found = desk.db.read(actor.merchant_id, lambda tx: show_conflict(tx, actor, order_id=order.id))
    return show(
        request, "orders/conflict.html", actor=actor, section="orders", status=status_of(refusal) if refusal else 200, order=order,
        form=form, errors={"reason": told(refusal, words)} if refusal else {}, at_us=found.at_us, revision=found.revision,
        rows=_rows(found, order, locale=locale_of(request, actor)),
    )  # fmt: skip


def _rows(found: Conflict, order: Order, *, locale: str) -> list[dict[str, Any]]:
    rows = []
    for way in found.ways:
        shown = [
            show_changes([Change(way.field, way.base, text)], before=order, locale=locale)[0]
            for text in (way.theirs, way.mine)
        ]
        rows.append({
            "name": way.field, "field": shown[0].field, "before": shown[0].before, "source": shown[0].after, "desk": shown[1].after,
            "side": _SIDES[way.side],
        })  # fmt: skip
    return rows


CONFLICT = [get_conflict, post_conflict]
