"""Who edits an order, as a part of its pages: told to the others, kept alive by the open form, taken over with a word."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.orders.editing import Editor, keep_editing, take_over, who_edits
from tocsin.orders.store import find_order_id
from tocsin.web.beside import show_editor
from tocsin.web.form import read_form
from tocsin.web.guard import PageRequest, enter, locale_of
from tocsin.web.order import order_path
from tocsin.web.page import render
from tocsin.web.shell import answer, go, make_shell

Shown = dict[str, Any]


@get("/orders/{number:str}/editing", sync_to_thread=True)
def get_editing(request: PageRequest, *, number: FromPath[str]) -> Response[str] | Redirect:
    """Show who edits an order, as a part of its page."""
    desk, actor = enter(request)
    require(actor, "query")
    if request.headers.get("hx-request") != "true":
        return go(order_path(number))
    editor = desk.db.read(
        actor.merchant_id, lambda tx: who_edits(tx, order_id=find_order_id(tx, number=number))
    )
    return _part(request, actor, number, editing=show_editor(actor, editor, form=False))


@post("/orders/{number:str}/editing", sync_to_thread=True, status_code=200)
def post_editing(request: PageRequest, *, number: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Say that a form is still open, or take the order over; without scripts that leads to a form of his own."""
    desk, actor = enter(request)
    form = read_form(request, body)
    token, takes = form.get("editing", ""), "take" in form

    def run(tx: Tx) -> Editor | None:
        order_id = find_order_id(tx, number=number)
        if takes:
            return take_over(tx, actor, order_id=order_id)
        return keep_editing(tx, actor, order_id=order_id, token=token)

    editor = desk.db.write(actor.merchant_id, run)
    if request.headers.get("hx-request") != "true":
        return go(f"{order_path(number)}/amendments")
    own = editor.token if takes and editor else token
    return _part(request, actor, number, editing=show_editor(actor, editor, token=own))


def _part(request: PageRequest, actor: Actor, number: str, *, editing: Shown) -> Response[str]:
    shell = make_shell(request, actor, section="orders")
    html = render(
        "orders/editing.html", locale=locale_of(request, actor), shell=shell, number=number, editing=editing
    )
    return answer(html)


EDITING = [get_editing, post_editing]
