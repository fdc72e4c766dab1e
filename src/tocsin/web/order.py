"""One order as a page: masked, with its findings, holds, history and tickets; and its receiver, revealed for a while."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect
from msgspec.structs import asdict

from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.clock import SECOND_US, now_us
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.orders.amend import compare_orders
from tocsin.orders.draft import Order
from tocsin.orders.query import look_up_order
from tocsin.orders.reveal import purposes_of, reveal_receiver, show_open
from tocsin.orders.second_person import SecondPersonNeeded
from tocsin.orders.stop import open_holds
from tocsin.orders.store import list_revisions, load_order
from tocsin.orders.watch_list import watched_among
from tocsin.tickets.check import is_void
from tocsin.tickets.device import list_printers
from tocsin.tickets.job import ON_PAPER, SPOILED, jobs_of_order
from tocsin.tickets.paper_file import KIND
from tocsin.tickets.problem import findings_of
from tocsin.web.beside import read_beside
from tocsin.web.change import show_changes
from tocsin.web.form import AddressWrong, Form, read_form, read_number
from tocsin.web.found import show_found, show_holds
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.lookups import show_seen
from tocsin.web.rows import show_printers
from tocsin.web.say import channel_word
from tocsin.web.shell import go, show, show_actor, status_of, told, words_of
from tocsin.web.words import Words

DOOR = "page"
_COMPARED_MOST = 10
_FOLLOWS = ("queued", *ON_PAPER)


@get("/orders/{number:str}", sync_to_thread=True)
def get_order(request: PageRequest, *, number: FromPath[str]) -> Response[str]:
    """Show an order at its head; the look-up is recorded."""
    desk, actor = enter(request)
    return show_order(request, actor, look_up_order(desk.db, actor, number=number, door=DOOR))


@get("/orders/{number:str}/revisions/{revision:str}", sync_to_thread=True)
def get_revision(request: PageRequest, *, number: FromPath[str], revision: FromPath[str]) -> Response[str]:
    """Show an order at a past revision."""
    desk, actor = enter(request)
    wanted = read_number(revision)
    if not wanted:  # revisions begin with 1; the head is at the order's own address
        raise AddressWrong
    return show_order(
        request, actor, look_up_order(desk.db, actor, number=number, door=DOOR, revision=wanted)
    )


@get("/orders/{number:str}/reveals", sync_to_thread=True)
def get_reveals(request: PageRequest, *, number: FromPath[str]) -> Response[str] | Redirect:
    """Show an order with the texts that the reader has open; without one it is the masked page."""
    desk, actor = enter(request)
    order = look_up_order(desk.db, actor, number=number, door=DOOR)
    opened, until = desk.db.read(actor.merchant_id, partial(show_open, actor=actor, order=order))
    if not until:
        return go(order_path(number))
    shown = show_order(request, actor, order, opened=opened, until=until)
    # Without scripts too: the browser asks again by itself, and what is open no more comes masked.
    left = -((now_us() - min(until.values())) // SECOND_US)
    shown.headers["refresh"] = f"{max(1, left)}; url={order_path(order.number)}/reveals"
    return shown


@post("/orders/{number:str}/reveals", sync_to_thread=True, status_code=303)
def post_reveal(request: PageRequest, *, number: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Open one field of the receiver for a while, for a purpose; recorded, a denied one too."""
    desk, actor = enter(request)
    form = read_form(request, body)
    order = look_up_order(desk.db, actor, number=number, door=DOOR)
    try:
        found = reveal_receiver(
            desk.db, actor, order_id=order.id, purpose=form.get("purpose", ""), door=DOOR,
            fields=(form.get("field", ""),), said=form.get("said", ""),
        )  # fmt: skip
        if not found.allowed:
            raise NotAllowed(right="reveal")
    except SecondPersonNeeded:
        raise
    except Refusal as refusal:
        return show_order(request, actor, order, refusal=refusal, act="reveals", form=form)
    return go(f"{order_path(order.number)}/reveals#receiver")


def order_path(number: str) -> str:
    """Return the address of an order's page, from a number that came in an address."""
    return f"/orders/{quote(number.strip(), safe='')}"


def show_order(
    request: PageRequest, actor: Actor, order: Order, *, opened: Order | None = None, until: Mapping[str, int] | None = None,
    refusal: Refusal | None = None, act: str = "", form: Form | None = None,
) -> Response[str]:  # fmt: skip
    """Answer with an order's page; a refused act stays open there, with what was typed."""
    words = words_of(request, actor)
    context = desk_of(request).db.read(
        actor.merchant_id, partial(read_context, actor=actor, order=order, words=words)
    )
    return show(
        request, "orders/order.html", actor=actor, section="orders", status=status_of(refusal) if refusal else 200,
        order=opened or order, open_until=until or {}, closed={**asdict(order.receiver), "merchant_note": order.merchant_note},
        act=act, form=form or {},
        error=told(refusal, words) if refusal else "", **context,
    )  # fmt: skip


def read_context(tx: Tx, *, actor: Actor, order: Order, words: Words) -> dict[str, Any]:
    """Return what an order's page shows beside the order; findings belong to the head alone."""
    past = order.revision != order.head_revision
    holds = open_holds(tx, order_id=order.id)
    found = [] if past else findings_of(tx, order_ids=[order.id])[order.id]
    return {
        "findings": show_found(found, words, reader=actor),
        "holds": [] if past else show_holds(tx, holds, orders=[order], actor=actor, words=words),
        "history": _history(tx, order, words), "jobs": _jobs(tx, order), "printers": show_printers(tx),
        "watched": bool(watched_among(tx, order_ids=[order.id])),
        "lookups": show_seen(tx, actor, order_id=order.id, words=words),
        "purposes": purposes_of(actor, held=not past and any(hold.kind in ("check", "acknowledge") for hold in holds)),
        "outdated": [] if past else _outdated(tx, order), "viewing_past": past, "beside": read_beside(tx, actor, order, words=words),
    }  # fmt: skip


def _history(tx: Tx, order: Order, words: Words) -> list[dict[str, Any]]:
    """Return the revisions, newest first; the newest ten with what changed."""
    entries = list_revisions(tx, order_id=order.id)
    compared = entries[: _COMPARED_MOST + 1]
    # Real texts are compared, so that a change under the same mask shows; what is shown is masked again.
    versions = [
        load_order(tx, order_id=order.id, revision=entry.revision, real=len(compared) > 1)
        for entry in compared
    ]
    steps = []
    for place, entry in enumerate(entries):
        changes = []
        if place + 1 < len(versions):
            before, after = versions[place + 1], versions[place]
            changes = show_changes(
                compare_orders(before, after), before=before, after=after, locale=words.locale
            )
        steps.append({
            "revision": entry.revision, "at_us": entry.at_us, "by": show_actor(entry.actor_name, words), "reason": show_reason(entry.reason, words),
            "changes": changes, "url": f"/orders/{order.number}/revisions/{entry.revision}",
        })  # fmt: skip
    return steps


def show_reason(reason: str, words: Words) -> str:
    """Return why a revision was made: intake's own reason in words, a person's as it is."""
    kind, parted, channel = reason.partition(": ")
    if parted and kind == "intake":
        return words.translate("Came in by %(channel)s") % {"channel": channel_word(channel, words)}
    return reason


def _outdated(tx: Tx, order: Order) -> list[dict[str, Any]]:
    """Return the papers of earlier revisions that are out, and that none of the present one follows yet."""
    if is_void(order) or order.fulfilment not in ("unfulfilled", "partial"):
        return []
    found: dict[tuple[int, str], dict[str, Any]] = {}
    jobs = jobs_of_order(tx, order_id=order.id)
    follows = {
        (job.home_id(), job.copy) for job in jobs if job.revision == order.revision and job.state in _FOLLOWS
    }
    for job in jobs:
        out = job.revision < order.revision and job.state in ("printed", "unknown") and job.reason != SPOILED
        if out and (job.home_id(), job.copy) not in follows:
            found.setdefault(
                (job.home_id(), job.copy), {"id": job.id, "revision": job.revision, "serial": job.serial}
            )
    return list(found.values())


def _jobs(tx: Tx, order: Order) -> list[dict[str, Any]]:
    devices = list_printers(tx)
    names = {device.id: device.name for device in devices}
    filing = {device.id for device in devices if device.kind == KIND}
    return [
        {
            "serial": job.serial, "state": job.shown_state(), "copy_kind": job.copy, "revision": job.revision,
            "reprint": job.reprint_no, "replaces": job.replaces, "at_us": job.ended_at_us or job.asked_at_us,
            "printer": names.get(job.printer_id, "—"), "scan_url": f"/scan?code={job.id}", "picture_url": f"/jobs/{job.id}/ticket",
            "file_url": f"/jobs/{job.id}/file" if job.state == "printed" and job.printer_id in filing else "",
        }
        for job in jobs_of_order(tx, order_id=order.id)
    ]  # fmt: skip


ORDER = [get_order, get_revision, get_reveals, post_reveal]
