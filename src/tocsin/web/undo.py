"""Undo: what was just done, from its toast; the last amendment, on its page; and there too what a platform answered."""

from functools import partial

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.step_up import ProofNeeded
from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.undo import keep_refused
from tocsin.orders.platform import answer_request
from tocsin.orders.second_person import SecondPersonNeeded
from tocsin.orders.undo import undo_amendment
from tocsin.tickets.take_back import take_back
from tocsin.web.act import run_act
from tocsin.web.form import Form, read_form, read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.order import order_path
from tocsin.web.said import code_given
from tocsin.web.same_place import same_place
from tocsin.web.shell import go


@get(["/orders/{number:str}/undo", "/orders/{number:str}/requests"], sync_to_thread=False)
def get_undo(*, number: FromPath[str]) -> Redirect:
    """Lead to the order: what was refused is shown at such an address, and can't be opened there again."""
    return go(order_path(number))


@post("/undo/{name:str}", sync_to_thread=True, status_code=303)
def post_take_back(request: PageRequest, *, name: FromPath[str], body: RawBody) -> Redirect:
    """Take back what the toast told of; what stands in the way is said where one was, and nothing is changed."""
    desk, actor = enter(request)
    form = read_form(request, body)
    wanted, base_url = str(read_number(name)), desk.settings.base_url()

    def run(tx: Tx) -> tuple[str, str]:
        undo, requested = take_back(tx, actor, name=wanted, base_url=base_url)
        return undo.back, code_given(tx, requested, done="undone")

    try:
        back, done = desk.db.write(actor.merchant_id, run)
    except (ProofNeeded, SecondPersonNeeded):  # he is led to where that is given
        raise
    except Refusal as refusal:
        if refusal.kind == "broken":
            raise
        name = desk.db.write(actor.merchant_id, partial(keep_refused, actor=actor, refusal=refusal))
        place = same_place(request, form)
        return go(f"{place}{'&' if '?' in place else '?'}refused={name}")
    return go(back, done=done)


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


UNDO = [get_undo, post_take_back, post_undo, post_request]
