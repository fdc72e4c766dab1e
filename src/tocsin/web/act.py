"""What is done to one order from its page: cancel, hold, acknowledge, mark; each a resource of the order."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import cast
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.step_up import ProofNeeded
from tocsin.core.actor import Actor
from tocsin.core.clock import from_datetime
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.tenant import get_shop
from tocsin.orders.amend import cancel_order
from tocsin.orders.archive import bring_back
from tocsin.orders.draft import Fulfilment, Payment
from tocsin.orders.mark import mark_order
from tocsin.orders.query import look_up_order
from tocsin.orders.store import find_order_id, load_order
from tocsin.tickets.hold import acknowledge_and_print, hold_order
from tocsin.tickets.take_back import Undo, offer_undo
from tocsin.web.form import Form, once, read_number, read_typed
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.order import DOOR, order_path, show_order
from tocsin.web.said import code_given
from tocsin.web.shell import go


class UntilWrong(Refusal):
    """The time can't be read or has passed: choose one that is still to come, or leave it empty"""

    kind, code = "invalid", "until_wrong"


Act = Callable[[Tx, Actor, int, Form], str | None]
"""Does it; returns what the page says then, where that is something else than usual."""
ACTED = ("cancellation", "holds", "acknowledgements", "marks", "retrieval")


@get([f"/orders/{{number:str}}/{act}" for act in ACTED], sync_to_thread=False)
def get_act(*, number: FromPath[str]) -> Redirect:
    """Lead to the order: what was refused is shown at such an address, and can't be opened there again."""
    return go(order_path(number))


@post("/orders/{number:str}/cancellation", sync_to_thread=True, status_code=303)
def post_cancellation(
    request: PageRequest, *, number: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Cancel the order: its tickets become VOID."""
    return run_act(request, number, body, act="cancellation", done="cancelled", verb=_cancel)


@post("/orders/{number:str}/holds", sync_to_thread=True, status_code=303)
def post_hold(request: PageRequest, *, number: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Hold the order by hand, or until a time of the shop's clock."""
    return run_act(request, number, body, act="holds", done="held", verb=_hold)


@post("/orders/{number:str}/acknowledgements", sync_to_thread=True, status_code=303)
def post_acknowledgement(
    request: PageRequest, *, number: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Acknowledge a warning of the revision that was seen; what was asked for while it waited is printed."""
    verb = partial(_acknowledge, base_url=desk_of(request).settings.base_url())
    return run_act(request, number, body, act="acknowledgements", done="acknowledged", verb=verb)


@post("/orders/{number:str}/marks", sync_to_thread=True, status_code=303)
def post_mark(request: PageRequest, *, number: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Set payment or fulfilment by hand, with a reason."""
    return run_act(request, number, body, act="marks", done="marked", verb=_mark)


@post("/orders/{number:str}/retrieval", sync_to_thread=True, status_code=303)
def post_retrieval(request: PageRequest, *, number: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Take the order out of the archive."""
    return run_act(request, number, body, act="retrieval", done="retrieved", verb=_retrieve)


def run_act(
    request: PageRequest, number: str, body: bytes, *, act: str, done: str, verb: Act
) -> Response[str] | Redirect:
    """Do something to an order, once however often the form is sent; what is refused is said on its page."""
    desk, actor = enter(request)
    form, stale = read_typed(request, body)
    try:
        if stale:
            raise stale
        run = partial(_run, actor=actor, number=number, form=form, verb=verb)
        said = desk.db.write(actor.merchant_id, lambda tx: once(
            tx, actor, form, route=f"orders.{act} {number}", make=lambda: run(tx) or done
        ))  # fmt: skip
    except ProofNeeded:  # he is led to prove it, and back to the order
        raise
    except Refusal as refusal:
        order = look_up_order(desk.db, actor, number=number, door=DOOR)
        return show_order(request, actor, order, refusal=refusal, act=act, form=form)
    return go(order_path(number), done=said)


def _run(tx: Tx, *, actor: Actor, number: str, form: Form, verb: Act) -> str | None:
    return verb(tx, actor, find_order_id(tx, number=number), form)


def _cancel(tx: Tx, actor: Actor, order_id: int, form: Form) -> str:
    cancel_order(tx, actor, order_id=order_id, reason=form.get("reason", ""))
    return "cancelled" + offer_undo(
        tx, actor, Undo(act="cancelled", back=_back(tx, order_id), subject_id=order_id)
    )


def _hold(tx: Tx, actor: Actor, order_id: int, form: Form) -> str:
    until_us = _read_until(tx, form.get("until", "").strip())
    kind = "manual" if until_us is None else "later"
    reason = form.get("reason", "")
    hold_id = hold_order(tx, actor, order_id=order_id, reason=reason, kind=kind, until_us=until_us)  # type: ignore[arg-type]
    if kind == "manual" and not actor.may("release"):
        return "held"
    return "held" + offer_undo(tx, actor, Undo(act="held", back=_back(tx, order_id), subject_id=hold_id))


def _back(tx: Tx, order_id: int) -> str:
    return order_path(load_order(tx, order_id=order_id).number)


def _acknowledge(tx: Tx, actor: Actor, order_id: int, form: Form, *, base_url: str) -> str | None:
    revision, code = read_number(form.get("revision", "")), form.get("code", "")[:60]
    found, requested = acknowledge_and_print(
        tx, actor, order_id=order_id, revision=revision, codes=(code,), keep=form.get("keep") == "1", base_url=base_url
    )  # fmt: skip
    return "signed" if found.waits_for_second((code,)) else code_given(tx, requested, done="acknowledged")


def _mark(tx: Tx, actor: Actor, order_id: int, form: Form) -> None:
    mark_order(
        tx, actor, order_id=order_id, reason=form.get("reason", ""),
        payment=cast("Payment | None", form.get("payment") or None),
        fulfilment=cast("Fulfilment | None", form.get("fulfilment") or None),
    )  # fmt: skip


def _retrieve(tx: Tx, actor: Actor, order_id: int, _: Form) -> str:
    bring_back(tx, actor, order_id=order_id)
    undo = Undo(act="brought_back", back=_back(tx, order_id), subject_id=order_id)
    return "retrieved" + offer_undo(tx, actor, undo)


def _read_until(tx: Tx, text: str) -> int | None:
    """Return the instant of a `datetime-local` field, None where it was left empty."""
    if not text:
        return None
    try:
        until_us = from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(get_shop(tx).zone)))
    except (ValueError, OverflowError):
        raise UntilWrong from None
    if until_us <= tx.now_us:
        raise UntilWrong
    return until_us


ACTS = [get_act, post_cancellation, post_hold, post_acknowledgement, post_mark, post_retrieval]
