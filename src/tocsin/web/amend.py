"""Box 11 as a page: amend an order against the revision that was seen, with the money shown before it is stored."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.lockdown import require_proof_in_lockdown
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.desk import Desk
from tocsin.orders.amend import (
    Amendment,
    OrderMoved,
    ReasonMissing,
    amend_order,
    require_open,
)
from tocsin.orders.draft import Order
from tocsin.orders.editing import Editor, begin_editing, end_editing
from tocsin.orders.query import look_up_order
from tocsin.tickets.foresee import foresee_amendment
from tocsin.tickets.problem import Found, findings_of
from tocsin.tickets.take_back import Undo, offer_undo
from tocsin.web.beside import read_form_around
from tocsin.web.change import show_changes
from tocsin.web.form import read_form, read_typed
from tocsin.web.found import show_finding, show_found
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.merge_form import Row, apply_picks
from tocsin.web.moved import load_seen, meet_head
from tocsin.web.order import DOOR, order_path
from tocsin.web.order_form import fields_of, line_count_of, read_amendment
from tocsin.web.page import render
from tocsin.web.shell import answer, go, make_shell, show, status_of, told, words_of
from tocsin.web.words import Words

Shown = dict[str, Any]


@get("/orders/{number:str}/amendments", sync_to_thread=True)
def get_amendment(request: PageRequest, *, number: FromPath[str]) -> Response[str]:
    """Show the order's fields; the look-up is recorded."""
    desk, actor = enter(request)
    require(actor, "amend")
    desk.db.read(actor.merchant_id, lambda tx: require_proof_in_lockdown(tx, actor))
    order = look_up_order(desk.db, actor, number=number, door=DOOR)
    require_open(order, order.revision)
    opened = desk.db.write(actor.merchant_id, lambda tx: begin_editing(tx, actor, order_id=order.id))
    return _page(request, actor, order, form=fields_of(order), opened=opened)


@post("/orders/{number:str}/amendments", sync_to_thread=True, status_code=303)
def post_amendment(request: PageRequest, *, number: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Make the next revision; where another came first, show both with what was typed."""
    desk, actor = enter(request)
    require(actor, "amend")
    (form, stale), words = read_typed(request, body), words_of(request, actor)
    if stale and "revision" not in form:
        raise stale
    seen = load_seen(desk, actor, number, form=form)
    if stale:
        return _page(request, actor, seen, form=form, errors={"reason": told(stale, words)}, status=403)
    form, asked = apply_picks(form, seen)
    amendment, errors = read_amendment(form, seen, words=words)
    if "add_line" in form or asked:
        return _page(
            request, actor, seen, form=form, asked=asked, status=422 if "add_line" not in form else 200
        )
    if "preview" in form or errors:
        preview = None if errors else _preview(desk, actor, seen, amendment, words)
        return _page(
            request, actor, seen, form=form, errors=errors, preview=preview, status=422 if errors else 200
        )
    reason = form.get("reason", "")
    try:
        done = desk.db.write(
            actor.merchant_id, lambda tx: _amend(tx, actor, seen, amendment=amendment, reason=reason)
        )
    except OrderMoved:
        head, conflict, merged = meet_head(desk, actor, seen, form=form)
        return _page(request, actor, head, form=merged, conflict=conflict, status=409)
    except Refusal as refusal:
        if refusal.kind != "invalid":
            raise
        place = "reason" if isinstance(refusal, ReasonMissing) else str(refusal.data.get("field", "revision"))
        errors = {place: told(refusal, words)}
        return _page(request, actor, seen, form=form, errors=errors, status=status_of(refusal))
    return go(order_path(seen.number), done=done)


@post("/orders/{number:str}/amendments/preview", sync_to_thread=True, status_code=200)
def post_preview(request: PageRequest, *, number: FromPath[str], body: RawBody) -> Response[str]:
    """Show what an amendment would change, as a part of the page."""
    desk, actor = enter(request)
    require(actor, "amend")
    form, words = read_form(request, body), words_of(request, actor)
    seen = load_seen(desk, actor, number, form=form)
    amendment, errors = read_amendment(form, seen, words=words)
    preview = (
        _refused_preview(seen, *errors.values()) if errors else _preview(desk, actor, seen, amendment, words)
    )
    shell = make_shell(request, actor, section="orders")
    return answer(render("orders/money.html", locale=words.locale, shell=shell, preview=preview))


def _preview(desk: Desk, actor: Actor, seen: Order, amendment: Amendment, words: Words) -> Shown:
    try:
        found = desk.db.read(actor.merchant_id, lambda tx: foresee_amendment(
            tx, actor, order_id=seen.id, seen=seen.revision, amendment=amendment
        ))  # fmt: skip
    except Refusal as refusal:
        return _refused_preview(seen, told(refusal, words))
    made = found.preview
    return {
        "before_minor": made.payable_before_minor, "after_minor": made.payable_after_minor, "currency": made.currency,
        "changes": show_changes(made.changes, before=seen, locale=words.locale),
        "findings": [show_finding(finding, words) for finding in found.findings],
    }  # fmt: skip


def _refused_preview(seen: Order, *texts: str) -> Shown:
    found = [{"code": "", "level": "E", "field": "", "text": text, "acknowledged_by": ""} for text in texts]
    return {
        "before_minor": seen.payable_minor, "after_minor": seen.payable_minor, "currency": seen.currency, "changes": [],
        "findings": found,
    }  # fmt: skip


def _amend(tx: Tx, actor: Actor, seen: Order, *, amendment: Amendment, reason: str) -> str:
    made = amend_order(tx, actor, order_id=seen.id, seen=seen.revision, amendment=amendment, reason=reason)
    end_editing(tx, actor, order_id=seen.id)
    back = order_path(seen.number)
    return "amended" + offer_undo(
        tx, actor, Undo(act="amended", back=back, subject_id=seen.id, seen=made.revision)
    )


def _page(
    request: PageRequest, actor: Actor, order: Order, *, form: Mapping[str, str], errors: dict[str, str] | None = None,
    preview: Shown | None = None, conflict: Shown | None = None, asked: list[Row] | None = None, status: int = 200,
    opened: tuple[Editor, bool] | None = None,
) -> Response[str]:  # fmt: skip
    words, desk = words_of(request, actor), desk_of(request)
    if asked:
        errors = {
            "collisions": words.translate("Choose one of the two for each field that both have changed")
        }

    def read(tx: Tx) -> tuple[list[Found], Shown]:
        return findings_of(tx, order_ids=[order.id])[order.id], read_form_around(
            tx, actor, order_id=order.id, token=form.get("editing", ""), opened=opened
        )

    found, around = desk.db.read(actor.merchant_id, read)
    return show(
        request, "orders/amend.html", actor=actor, section="orders", status=status, order=order, form=form,
        errors=errors or {}, findings=show_found(found, words, reader=actor), line_count=line_count_of(form, len(order.lines)),
        currency=order.currency, may_see_receiver=False, preview=preview, conflict=conflict, asked=asked or [], **around,
    )  # fmt: skip


AMEND = [get_amendment, post_amendment, post_preview]
