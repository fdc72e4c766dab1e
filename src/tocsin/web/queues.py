"""Box 16's queues as a page of the settings: role, printer, back-up, and which orders come to each by themselves."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.tenant import list_shops
from tocsin.desk import Desk
from tocsin.tickets.device import COPIES, list_printers
from tocsin.tickets.print_queue import EVERY, PrintQueue, count_waiting, get_queue, list_queues
from tocsin.tickets.queue_setup import add_queue, change_queue, remove_queue
from tocsin.tickets.take_back import Undo, offer_undo
from tocsin.web.form import Form, once, read_form, read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, show, status_of, told, words_of

_AT = "/settings/queues"


@get(_AT, sync_to_thread=True)
def get_queues(request: PageRequest) -> Response[str]:
    """Show the queues, and a form for another one."""
    desk, actor = enter(request)
    require(actor, "shop_settings")
    return _page(request, desk, actor)


@get("/settings/queues/{queue_id:str}", sync_to_thread=True)
def get_queue_form(request: PageRequest, *, queue_id: FromPath[str]) -> Response[str]:
    """Show one queue's settings."""
    desk, actor = enter(request)
    require(actor, "shop_settings")
    wanted = read_number(queue_id)
    queue = desk.db.read(actor.merchant_id, lambda tx: get_queue(tx, queue_id=wanted or -1))
    return _page(request, desk, actor, queue_id=queue.id, form=_form_of(queue))


@post(_AT, sync_to_thread=True, status_code=303)
def post_queue(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Set up another queue; what is wrong is said above its form."""
    desk, actor = enter(request)
    form = read_form(request, body)
    require(actor, "shop_settings")

    def add(tx: Tx) -> str:
        add_queue(tx, actor, queue=_read(form, queue_id=0))
        return "/settings/queues"

    try:
        address = desk.db.write(
            actor.merchant_id, lambda tx: once(tx, actor, form, route="queues", make=lambda: add(tx))
        )
    except Refusal as wrong:
        return _page(request, desk, actor, form=form, wrong=wrong)
    return go(address, done="created")


@post("/settings/queues/{queue_id:str}", sync_to_thread=True, status_code=303)
def post_queue_change(
    request: PageRequest, *, queue_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Store a queue's settings; with another printer, what waits follows it there."""
    desk, actor = enter(request)
    form, wanted = read_form(request, body), read_number(queue_id)
    require(actor, "shop_settings")
    try:
        moved = desk.db.write(
            actor.merchant_id, lambda tx: change_queue(tx, actor, queue=_read(form, queue_id=wanted or -1))
        )
    except Refusal as wrong:
        if wrong.kind != "invalid" and wrong.code != "printer_missing":
            raise
        return _page(request, desk, actor, queue_id=wanted, form=form, wrong=wrong)
    return go(_AT, done="saved") if not moved else go(f"/terminals/{wanted}?moved={moved}")


@post("/settings/queues/{queue_id:str}/removal", sync_to_thread=True, status_code=303)
def post_queue_removal(
    request: PageRequest, *, queue_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Take an empty queue away."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(queue_id)

    def remove(tx: Tx) -> str:
        remove_queue(tx, actor, queue_id=wanted or -1)
        return "dropped" + offer_undo(tx, actor, Undo(act="queue", back=_AT, subject_id=wanted))

    return go(_AT, done=desk.db.write(actor.merchant_id, remove))


def _read(form: Form, *, queue_id: int) -> PrintQueue:
    """Return the queue that a form describes."""
    orders = form.get("orders", "")
    takes = {"every": EVERY, "query": form.get("takes", "").strip()}.get(orders, "")
    minutes = form.get("backup_minutes", "").strip()
    return PrintQueue(
        id=queue_id, name=form.get("name", ""), role=form.get("place", ""), shop_id=_id(form, "shop"),
        printer_id=_id(form, "printer"), backup_id=_id(form, "backup"), backup_minutes=int(minutes) if minutes.isdecimal() else 5,
        copies=",".join(copy for copy in COPIES if form.get(f"copy_{copy}")), takes=takes,
        own_lines=int(orders == "query" and form.get("own_lines") == "1"), paused=0,
    )  # fmt: skip


def _id(form: Form, name: str) -> int:
    return read_number(form[name]) if form.get(name) else 0


def _form_of(queue: PrintQueue) -> dict[str, str]:
    """Return a queue as its form's fields."""
    return {
        "name": queue.name, "place": queue.role, "printer": str(queue.printer_id), "backup": str(queue.backup_id or ""),
        "backup_minutes": str(queue.backup_minutes), "shop": str(queue.shop_id or ""),
        "orders": {"": "hand", EVERY: "every"}.get(queue.takes, "query"),
        "takes": "" if queue.takes == EVERY else queue.takes, "own_lines": "1" if queue.own_lines else "",
        **{f"copy_{copy}": "1" for copy in queue.copy_list()},
    }  # fmt: skip


def _page(
    request: PageRequest, desk: Desk, actor: Actor, *, queue_id: int = 0, form: Form | None = None,
    wrong: Refusal | None = None,
) -> Response[str]:  # fmt: skip
    words = words_of(request, actor)
    context = desk.db.read(actor.merchant_id, _read_page)
    chosen = next((one for one in context["queues"] if one["id"] == queue_id), None)
    return show(
        request, "settings/queues.html", actor=actor, section="settings", status=status_of(wrong) if wrong else 200,
        queue=chosen, form=form or {}, errors={"name": told(wrong, words)} if wrong else {}, copies=COPIES,
        **context,
    )  # fmt: skip


def _read_page(tx: Tx) -> dict[str, Any]:
    printers = {device.id: device.name for device in list_printers(tx)}
    shops = {shop.id: shop.name for shop in list_shops(tx)}
    waiting = count_waiting(tx)
    queues = [
        {
            "id": queue.id, "name": queue.name, "role": queue.role, "printer": printers.get(queue.printer_id, "—"),
            "backup": printers.get(queue.backup_id, ""), "backup_minutes": queue.backup_minutes,
            "shop": shops.get(queue.shop_id, ""), "copies": queue.copy_list(), "takes": queue.takes,
            "own_lines": bool(queue.own_lines), "pending": waiting[queue.id].pending if queue.id in waiting else 0,
        }
        for queue in list_queues(tx)
    ]  # fmt: skip
    chosen = {str(printer_id): name for printer_id, name in printers.items()}
    places = {str(shop_id): name for shop_id, name in shops.items()} if len(shops) > 1 else {}
    return {"queues": queues, "printers": chosen, "shops": places}


QUEUES = [get_queues, get_queue_form, post_queue, post_queue_change, post_queue_removal]
