"""A second person as a page: ask for one, see what was answered, confirm for others."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.orders.listing import list_heads
from tocsin.orders.second_person import ACTS, Ask, answer_ask, ask_second_person, own_asks, waiting_asks
from tocsin.tickets.problem import signed_once
from tocsin.web.form import Form, read_form, read_number
from tocsin.web.found import show_found
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.shell import go, show, status_of, told, words_of

HERE = "/second-person"


@get(HERE, sync_to_thread=True)
def get_second_person(request: PageRequest) -> Response[str]:
    """Show what one may ask for, what one has asked, and what waits to be confirmed."""
    _, actor = enter(request)
    asked = request.query_params
    return _page(request, actor, form={"order": asked.get("order", "")[:80], "act": asked.get("act", "open")})


@post(HERE, sync_to_thread=True, status_code=303)
def post_ask(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Ask for a second person."""
    desk, actor = enter(request)
    form = read_form(request, body)
    given = {
        "number": form.get("order", "").strip()[:80],
        "act": form.get("act", ""),
        "reason": form.get("reason", ""),
    }
    try:
        desk.db.write(actor.merchant_id, lambda tx: ask_second_person(tx, actor, **given))
    except Refusal as refusal:
        if refusal.kind not in ("invalid", "missing"):
            raise
        return _page(request, actor, form=form, refusal=refusal)
    return go(HERE, done="asked")


@post(HERE + "/{ask_id:str}/answer", sync_to_thread=True, status_code=303)
def post_answer(request: PageRequest, *, ask_id: FromPath[str], body: RawBody) -> Redirect:
    """Confirm or refuse what somebody else asks."""
    desk, actor = enter(request)
    approved, wanted = read_form(request, body).get("answer") == "confirm", read_number(ask_id)
    desk.db.write(actor.merchant_id, lambda tx: answer_ask(tx, actor, ask_id=wanted, approved=approved))
    return go(HERE, done="confirmed" if approved else "saved")


def _page(request: PageRequest, actor: Actor, *, form: Form, refusal: Refusal | None = None) -> Response[str]:
    require(actor, "query")
    words = words_of(request, actor)

    def read(tx: Tx) -> dict[str, Any]:
        waiting, mine = waiting_asks(tx, actor), own_asks(tx, actor)
        signed = signed_once(tx) if actor.may("second_person") else []
        asked = {ask.order_id for ask in (*waiting, *mine)} | {one.order_id for one in signed}
        heads = list_heads(tx, order_ids=list(asked))
        numbers = {head.id: head.number for head in heads}
        return {
            "waiting": [_show(ask, numbers, tx.now_us, mine=actor.id in (ask.asked_by, ask.maker_id)) for ask in waiting],
            "mine": [_show(ask, numbers, tx.now_us, mine=True) for ask in mine],
            "signed": [
                {"number": numbers.get(one.order_id, ""), "found": shown}
                for one, shown in zip(signed, show_found(signed, words, reader=actor), strict=True)
            ],
        }  # fmt: skip

    return show(
        request, "orders/second_person.html", actor=actor, section="orders", status=status_of(refusal) if refusal else 200,
        form=form, acts=ACTS, error=told(refusal, words) if refusal else "", **desk_of(request).db.read(actor.merchant_id, read),
    )  # fmt: skip


def _show(ask: Ask, numbers: dict[int, str], now_us: int, *, mine: bool) -> dict[str, Any]:
    return {
        "id": ask.id, "number": numbers.get(ask.order_id, ""), "act": ask.act, "reason": ask.reason, "by": ask.asked_name,
        "at_us": ask.at_us, "state": ask.shown_state(now_us), "decided_by": ask.decided_name, "until_us": ask.until_us, "mine": mine,
    }  # fmt: skip


SECOND_PERSON = [get_second_person, post_ask, post_answer]
