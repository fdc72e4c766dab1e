"""Undo, and what a platform answered: acts on an order's page."""

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.orders.platform import answer_request
from tocsin.orders.undo import undo_amendment
from tocsin.web.act import run_act
from tocsin.web.form import Form, read_number
from tocsin.web.guard import PageRequest
from tocsin.web.order import order_path
from tocsin.web.shell import go


@get(["/orders/{number:str}/undo", "/orders/{number:str}/requests"], sync_to_thread=False)
def get_undo(*, number: FromPath[str]) -> Redirect:
    """Lead to the order: what was refused is shown at such an address, and can't be opened there again."""
    return go(order_path(number))


@post("/orders/{number:str}/undo", sync_to_thread=True, status_code=303)
def post_undo(request: PageRequest, *, number: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Take the last amendment back by a revision of its own."""
    return run_act(request, number, body, act="undo", done="undone", verb=_undo)


@post("/orders/{number:str}/requests", sync_to_thread=True, status_code=303)
def post_request(request: PageRequest, *, number: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Say what came of a request at the platform."""
    return run_act(request, number, body, act="requests", done="saved", verb=_answer)


def _undo(tx: Tx, actor: Actor, order_id: int, form: Form) -> None:
    seen, printed = read_number(form.get("revision", "")), bool(form.get("printed"))
    undo_amendment(
        tx, actor, order_id=order_id, seen=seen, reason=form.get("reason", ""), printed_too=printed
    )


def _answer(tx: Tx, actor: Actor, order_id: int, form: Form) -> None:
    request_id, done = read_number(form.get("id", "")), form.get("answer") == "done"
    answer_request(
        tx, actor, order_id=order_id, request_id=request_id, done=done, reason=form.get("reason", "")
    )


UNDO = [get_undo, post_undo, post_request]
