"""Everything that happened to an order, as a page: the newest first."""

from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from tocsin.core.journal import NEWEST
from tocsin.orders.query import look_up_order
from tocsin.tickets.timeline import Entry, read_timeline
from tocsin.web.form import read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.journal_words import VERBS
from tocsin.web.order import DOOR, order_path, show_reason
from tocsin.web.shell import show, show_actor, words_of
from tocsin.web.words import Words

_ICONS = {
    "print": "terminal", "orders.hold": "held", "orders.release": "tick", "orders.cancel": "void", "orders.take_over": "edit",
    "orders.ask_platform": "info", "orders.produce": "layers", "orders.reveal": "eye",
}  # fmt: skip

TICKET = "Ticket"


@get("/orders/{number:str}/timeline", sync_to_thread=True)
def get_timeline(request: PageRequest, *, number: FromPath[str]) -> Response[str]:
    """Show a page of what happened to an order; the look-up is recorded."""
    desk, actor = enter(request)
    order = look_up_order(desk.db, actor, number=number, door=DOOR)
    place = request.query_params.get("before", "")
    before = read_number(place) if place else NEWEST
    words = words_of(request, actor)
    found = desk.db.read(
        actor.merchant_id, lambda tx: read_timeline(tx, actor, order_id=order.id, before=before)
    )
    base = f"{order_path(order.number)}/timeline"
    page = {
        "count_text": "", "previous_url": base if place else "", "next_url": f"{base}?before={found.next}" if found.next else "",
    }  # fmt: skip
    return show(
        request, "orders/timeline.html", actor=actor, section="orders", order=order, lookups=found.lookups, page=page,
        entries=[_show(one, words) for one in found.entries],
    )  # fmt: skip


def _show(entry: Entry, words: Words) -> dict[str, Any]:
    data = entry.data
    return {
        "at_us": entry.at_us, "by": show_actor(entry.by, words), "what": entry.what, "word": words.translate(TICKET if entry.what == "print" else VERBS.get(entry.what, entry.what)), "icon": _ICONS.get(entry.what, "dot"),
        "revision": data.get("revision", 0), "kind": str(data.get("kind", "")), "serial": str(data.get("serial", "")), "copy_kind": str(data.get("copy", "")),
        "state": str(data.get("state", "")), "part": str(data.get("part", "")), "taken_from": str(data.get("from", "")),
        "payment": str(data.get("payment", "")), "fulfilment": str(data.get("fulfilment", "")),
        "reason": show_reason(str(data.get("reason", "")), words),
    }  # fmt: skip


TIMELINE = [get_timeline]
