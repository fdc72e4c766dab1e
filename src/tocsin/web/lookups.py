"""Box 13 as pages: one's look-ups to run again, what has changed since, everybody's with the right, who has seen an order."""

from typing import Any
from urllib.parse import quote, urlencode

from litestar import Response, get
from litestar.params import FromPath

from tocsin.core.actor import Actor, require
from tocsin.core.clock import day_bounds_us
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.tenant import get_shop, list_shops
from tocsin.orders.handed import sizes_of
from tocsin.orders.ledger import DOORS, Asked, all_lookups, names_of_people, who_has_seen
from tocsin.orders.listing import HeadRow, list_heads
from tocsin.orders.lookup import NEWEST, Lookup, own_lookups
from tocsin.orders.retention import ledger_days
from tocsin.orders.since import AGAIN_KINDS, Then, asked_text, find_changes, reason_of
from tocsin.orders.store import find_order_id
from tocsin.orders.syntax_dates import DateUnreadable, read_date
from tocsin.web.form import read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import show, show_actor, status_of, told, words_of
from tocsin.web.words import Words

DOOR = "page"
PAGE_ROWS = 50
_SHOWN_NUMBERS, _SEEN_ROWS = 6, 5
_ASKED = ("who", "door", "shop", "from", "to", "text")
Shown = dict[str, Any]


@get("/lookups", sync_to_thread=True)
def get_lookups(request: PageRequest) -> Response[str]:
    """Show one's own look-ups, or everybody's as they are asked for; which orders have changed since."""
    desk, actor = enter(request)
    everybody = request.query_params.get("of") == "all"
    require(actor, "journal" if everybody else "query")
    before, words = _before(request), words_of(request, actor)
    form = {name: request.query_params.get(name, "").strip()[:200] for name in _ASKED} if everybody else {}
    refusal: Refusal | None = None

    def read(tx: Tx) -> Shown:
        nonlocal refusal
        try:
            found = (
                all_lookups(tx, actor, asked=_read_asked(tx, form), before=before, limit=PAGE_ROWS + 1)
                if everybody
                else own_lookups(tx, actor, before=before, limit=PAGE_ROWS + 1)
            )
        except DateUnreadable as wrong:
            found, refusal = [], wrong
        return {
            "rows": _show_all(tx, found[:PAGE_ROWS], actor=actor, words=words), "more": len(found) > PAGE_ROWS,
            "people": names_of_people(tx, actor) if everybody else [], "shops": list_shops(tx) if everybody else [],
            "days": ledger_days(tx),
        }  # fmt: skip

    context = desk.db.read(actor.merchant_id, read)
    asked = {"of": "all", **{name: text for name, text in form.items() if text}} if everybody else {}
    page = _pager("/lookups", asked, context, placed=before != NEWEST)
    return show(
        request, "orders/lookups.html", actor=actor, section="orders", page=page, mine=not everybody, form=form, doors=DOORS,
        status=status_of(refusal) if refusal else 200, error=told(refusal, words) if refusal else "",
        may_all=actor.may("journal"), order_number="", **context,
    )  # fmt: skip


@get("/lookups/{lookup_id:str}", sync_to_thread=True)
def get_since(request: PageRequest, *, lookup_id: FromPath[str]) -> Response[str]:
    """Show what has changed since a look-up of one's own; recorded as a look-up."""
    desk, actor = enter(request)
    words = words_of(request, actor)
    since = find_changes(desk.db, actor, lookup_id=read_number(lookup_id), door=DOOR)
    fates = ("new", "changed", "gone", "removed", "same")
    shown = [*(_show_new(row) for row in since.new), *(_show_then(each) for each in since.orders)]
    return show(
        request, "orders/since.html", actor=actor, section="orders", found=since.found, again=since.again,
        asked_text=_say(since.found.kind, since.asked, words), again_url=_again(since.found.kind, since.asked), refused=told(since.refused, words) if since.refused else "",
        rows=sorted(shown, key=lambda row: fates.index(row["fate"])),
        counts={fate: sum(row["fate"] == fate for row in shown) for fate in fates},
    )  # fmt: skip


@get("/orders/{number:str}/lookups", sync_to_thread=True)
def get_order_lookups(request: PageRequest, *, number: FromPath[str]) -> Response[str]:
    """Show who has seen an order."""
    desk, actor = enter(request)
    require(actor, "journal")
    before, words = _before(request), words_of(request, actor)

    def read(tx: Tx) -> Shown:
        order_id = find_order_id(tx, number=number)
        found = who_has_seen(tx, actor, order_id=order_id, before=before, limit=PAGE_ROWS + 1)
        return {
            "rows": _show_all(tx, found[:PAGE_ROWS], actor=actor, words=words), "more": len(found) > PAGE_ROWS,
            "days": ledger_days(tx),
        }  # fmt: skip

    context = desk.db.read(actor.merchant_id, read)
    page = _pager(f"/orders/{quote(number, safe='')}/lookups", {}, context, placed=before != NEWEST)
    return show(
        request, "orders/lookups.html", actor=actor, section="orders", mine=False, may_all=True, order_number=number,
        page=page, form={}, error="", **context,
    )  # fmt: skip


def show_seen(tx: Tx, actor: Actor, *, order_id: int, words: Words) -> list[Shown]:
    """Return the newest look-ups of an order, for its page; none for who may not read the ledger."""
    if not actor.may("journal"):
        return []
    found = who_has_seen(tx, actor, order_id=order_id, limit=_SEEN_ROWS)
    return [_show(tx, row, actor, words=words) for row in found]


def _before(request: PageRequest) -> int:
    place = request.query_params.get("before", "")
    return read_number(place) if place else NEWEST


def _pager(path: str, asked: dict[str, str], context: Shown, *, placed: bool) -> dict[str, str]:
    """Return what the pager needs; an address holds what was asked and the last id."""
    following = {**asked, "before": str(context["rows"][-1]["id"])} if context.pop("more") else {}
    first = f"{path}?{urlencode(asked)}" if asked else path
    return {
        "count_text": "", "previous_url": first if placed else "",
        "next_url": f"{path}?{urlencode(following)}" if following else "",
    }  # fmt: skip


def _read_asked(tx: Tx, form: dict[str, str]) -> Asked:
    """Return what the filter's form asks for; days are the shop's, both included.

    Raises:
        DateUnreadable
    """
    shops = {str(shop.id): shop for shop in list_shops(tx)}
    shop = shops.get(form["shop"])
    zone = (shop or get_shop(tx)).zone
    first, last = (read_date(form[name]) if form[name] else None for name in ("from", "to"))
    return Asked(
        actor_id=int(form["who"]) if form["who"].isascii() and form["who"].isdigit() and len(form["who"]) < 19 else 0,
        door=form["door"] if form["door"] in DOORS else "", shop_id=shop.id if shop else 0, text=form["text"],
        since_us=day_bounds_us(first, zone)[0] if first else 0,
        until_us=day_bounds_us(last, zone)[1] if last else 0,
    )  # fmt: skip


def _show_all(tx: Tx, found: list[Lookup], *, actor: Actor, words: Words) -> list[Shown]:
    order_ids = {order_id for row in found for order_id, _ in row.pairs()}
    heads = {head.id: head for head in list_heads(tx, order_ids=sorted(order_ids))} if order_ids else {}
    sizes = sizes_of(tx, lookup_ids=[row.of_id for row in found if row.of_id])
    return [
        {
            **_show(tx, row, actor, words=words),
            **_show_orders(row, heads, sizes.get(row.of_id)),
        }
        for row in found
    ]


def _show_orders(found: Lookup, heads: dict[int, HeadRow], size: int | None) -> Shown:
    pairs, axes = found.pairs(), found.axes()
    stood = axes if len(axes) == len(pairs) else [()] * len(pairs)
    changed = 0
    for (order_id, seen), then in zip(pairs, stood, strict=True):
        now = heads.get(order_id)
        moved = now and then and then != (now.desk_state, now.payment, now.fulfilment)
        changed += bool(now and (now.revision != seen or moved))
    shown = [heads[order_id].number for order_id, _ in pairs[:_SHOWN_NUMBERS] if order_id in heads]
    return {"order_count": found.count if size is None else size, "changed_count": changed, "numbers": shown}


def _show(tx: Tx, found: Lookup, actor: Actor, *, words: Words) -> Shown:
    mine = found.actor_id == actor.id and found.actor_kind == actor.kind
    # What another one asked may be a name or a phone: who may read the ledger reads it too.
    asked = asked_text(tx, found) if mine or actor.may("journal") else ""
    return {
        "id": found.id, "at_us": found.at_us, "by": show_actor(found.actor_name, words), "by_id": found.actor_id, "door": found.door,
        "kind": "fetched" if found.of_id not in (0, found.id) else found.kind, "purpose": reason_of(tx, found),
        "fields": [name for name in found.fields.split(",") if name], "asked_text": _say(found.kind, asked, words),
        "again_url": _again(found.kind, asked) if mine else "",
        "since_url": f"/lookups/{found.id}" if mine and (found.count or found.kind in AGAIN_KINDS) else "",
    }  # fmt: skip


def _show_then(each: Then) -> Shown:
    now = each.now
    return {
        "fate": each.fate, "number": each.number, "then": {"revision": each.revision, "axes": each.axes},
        "now": {"revision": now.revision, "axes": (now.desk_state, now.payment, now.fulfilment)} if now else None,
    }  # fmt: skip


def _show_new(row: HeadRow) -> Shown:
    axes = (row.desk_state, row.payment, row.fulfilment)
    return {
        "fate": "new",
        "number": row.number,
        "then": None,
        "now": {"revision": row.revision, "axes": axes},
    }


def _again(kind: str, asked: str) -> str:
    if kind in AGAIN_KINDS:
        return f"/orders?q={quote(asked, safe='')}"
    if kind == "import":
        return f"/imports/{quote(asked, safe='')}"
    return f"/orders/{quote(asked, safe='')}" if kind == "detail" else ""


def _say(kind: str, asked: str, words: Words) -> str:
    return asked or (words.translate("All orders") if kind in ("screen", "download") else "")


LOOKUPS = [get_lookups, get_since, get_order_lookups]
