"""Previews as pages: what a queue's printer would print of an order, and what a ticket says; masked until it is opened."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor, NotAllowed, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.desk import Desk
from tocsin.orders.draft import Order
from tocsin.orders.query import look_up_order
from tocsin.orders.reveal import purposes_of, reveal_receiver
from tocsin.orders.second_person import SecondPersonNeeded
from tocsin.orders.store import load_order
from tocsin.tickets.device import COPIES
from tocsin.tickets.job import get_job
from tocsin.tickets.paper_size import say_size
from tocsin.tickets.preview import Previewed, preview_job, preview_order
from tocsin.tickets.print_queue import list_queues
from tocsin.web.form import Form, read_form, read_number
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.order import order_path
from tocsin.web.shell import go, show, status_of, told, words_of

DOOR = "page"


@get("/orders/{number:str}/ticket", sync_to_thread=True)
def get_preview(request: PageRequest, *, number: FromPath[str]) -> Response[str]:
    """Show how an order's ticket would look, on a queue and as a copy of choice."""
    desk, actor = enter(request)
    return _show_order(request, actor, look_up_order(desk.db, actor, number=number, door=DOOR))


@post("/orders/{number:str}/ticket", sync_to_thread=True, status_code=303)
def post_preview(request: PageRequest, *, number: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Open the texts that a preview masks, for a purpose and a short while; recorded, a denied one too."""
    desk, actor = enter(request)
    form = read_form(request, body)
    order = look_up_order(desk.db, actor, number=number, door=DOOR)
    try:
        found = reveal_receiver(
            desk.db,
            actor,
            order_id=order.id,
            purpose=form.get("purpose", ""),
            door=DOOR,
            said=form.get("said", ""),
        )
        if not found.allowed:
            raise NotAllowed(right="reveal")
    except SecondPersonNeeded:
        raise
    except Refusal as refusal:
        return _show_order(request, actor, order, refusal=refusal, form=form)
    return go(f"{order_path(order.number)}/ticket?{urlencode(_choice(form))}")


@get("/orders/{number:str}/ticket.png", sync_to_thread=True)
def get_preview_picture(request: PageRequest, *, number: FromPath[str]) -> Response[bytes]:
    """Draw it as its printer would."""
    desk, actor = enter(request)
    order = look_up_order(desk.db, actor, number=number, door=DOOR)
    return _picture(_preview(desk, actor, order, request.query_params))


@get("/jobs/{job_id:str}/ticket", sync_to_thread=True)
def get_job_preview(request: PageRequest, *, job_id: FromPath[str]) -> Response[str]:
    """Show what a ticket says, as it was or will be drawn."""
    desk, actor = enter(request)
    order, seen = _of_job(desk, actor, read_number(job_id))
    return _page(request, actor, order, seen=seen, picture=f"/jobs/{read_number(job_id)}/ticket.png")


@get("/jobs/{job_id:str}/ticket.png", sync_to_thread=True)
def get_job_picture(request: PageRequest, *, job_id: FromPath[str]) -> Response[bytes]:
    """Draw it as its printer drew it, or will."""
    desk, actor = enter(request)
    return _picture(_of_job(desk, actor, read_number(job_id))[1])


def _of_job(desk: Desk, actor: Actor, job_id: int) -> tuple[Order, Previewed]:
    require(actor, "query")

    def read(tx: Tx) -> tuple[str, int]:
        job = get_job(tx, job_id=job_id)
        return load_order(tx, order_id=job.order_id, revision=job.revision).number, job.revision

    number, revision = desk.db.read(actor.merchant_id, read)
    order = look_up_order(desk.db, actor, number=number, door=DOOR, revision=revision)
    return order, desk.db.read(
        actor.merchant_id, partial(preview_job, actor=actor, job_id=job_id, order=order)
    )


def _preview(desk: Desk, actor: Actor, order: Order, asked: Any) -> Previewed:
    choice = _choice(asked)
    return desk.db.read(actor.merchant_id, partial(
        preview_order, actor=actor, order=order, base_url=desk.settings.base_url(), copy=choice["copy"],
        queue_id=read_number(choice["queue"]) if choice["queue"] else 0,
    ))  # fmt: skip


def _choice(asked: Any) -> dict[str, str]:
    return {name: asked.get(name, "") for name in ("queue", "copy")}


def _picture(seen: Previewed) -> Response[bytes]:
    """Draw after the transaction has ended: it takes tens of milliseconds."""
    return Response(seen.png(), media_type="image/png")


def _show_order(
    request: PageRequest,
    actor: Actor,
    order: Order,
    *,
    refusal: Refusal | None = None,
    form: Form | None = None,
) -> Response[str]:
    desk = desk_of(request)
    seen = _preview(desk, actor, order, form or request.query_params)
    queues = desk.db.read(actor.merchant_id, list_queues)
    asked = urlencode({"queue": seen.queue_id, "copy": seen.content.copy})
    return _page(
        request, actor, order, seen=seen, picture=f"{order_path(order.number)}/ticket.png?{asked}", refusal=refusal,
        form=form or {}, queues={str(one.id): one.name for one in queues},
    )  # fmt: skip


def _page(
    request: PageRequest, actor: Actor, order: Order, *, seen: Previewed, picture: str, refusal: Refusal | None = None,
    form: Form | None = None, queues: dict[str, str] | None = None,
) -> Response[str]:  # fmt: skip
    words = words_of(request, actor)
    return show(
        request, "tickets/preview.html", actor=actor, section="orders", status=status_of(refusal) if refusal else 200,
        number=order.number, serial="" if queues else seen.content.serial, copies=COPIES, copy=seen.content.copy,
        queue=str(seen.queue_id), queues=queues or {}, picture=picture, form_of=seen.form, hidden=sorted(seen.hidden),
        head=order.revision == order.head_revision, paper=say_size(seen.content.paper_mm, seen.content.paper_high_mm), purposes=purposes_of(actor, held=False),
        error=told(refusal, words) if refusal else "", form=form or {},
    )  # fmt: skip


PREVIEWS = [get_preview, post_preview, get_preview_picture, get_job_preview, get_job_picture]
