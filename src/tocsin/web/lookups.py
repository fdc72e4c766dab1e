"""Box 13 as pages: one's look-ups to run again, everybody's with the right, and who has seen an order."""

from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.orders.listing import list_heads
from tocsin.orders.lookup import Lookup, all_lookups, own_lookups, read_query, who_has_seen
from tocsin.orders.screen_query import Fields, filter_of
from tocsin.orders.store import find_order_id
from tocsin.web.form import read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import show, words_of
from tocsin.web.words import Words

NEWEST = 2**63 - 1
PAGE_ROWS = 50
_SHOWN_NUMBERS = 6


@get("/lookups", sync_to_thread=True)
def get_lookups(request: PageRequest) -> Response[str]:
    """Show one's own look-ups, or everybody's; which orders have changed since."""
    desk, actor = enter(request)
    everybody = request.query_params.get("of") == "all"
    require(actor, "journal" if everybody else "query")
    place = request.query_params.get("before", "")
    before = read_number(place) if place else NEWEST
    words = words_of(request, actor)

    def read(tx: Tx) -> list[dict[str, Any]]:
        pick = all_lookups if everybody else own_lookups
        found = pick(tx, actor, before=before, limit=PAGE_ROWS + 1)
        return [_show(tx, one, actor, words) for one in found]

    rows = desk.db.read(actor.merchant_id, read)
    base = "/lookups?of=all" if everybody else "/lookups"
    more = (
        f"{base}{'&' if everybody else '?'}before={rows[PAGE_ROWS - 1]['id']}"
        if len(rows) > PAGE_ROWS
        else ""
    )
    page = {"count_text": "", "previous_url": base if place else "", "next_url": more}
    return show(
        request, "orders/lookups.html", actor=actor, section="orders", rows=rows[:PAGE_ROWS], page=page, mine=not everybody,
        may_all=actor.may("journal"), order_number="",
    )  # fmt: skip


@get("/orders/{number:str}/lookups", sync_to_thread=True)
def get_order_lookups(request: PageRequest, *, number: FromPath[str]) -> Response[str]:
    """Show who has seen an order."""
    desk, actor = enter(request)
    require(actor, "journal")
    words = words_of(request, actor)

    def read(tx: Tx) -> list[dict[str, Any]]:
        found = who_has_seen(tx, actor, order_id=find_order_id(tx, number=number))
        return [_show(tx, one, actor, words) for one in found]

    rows = desk.db.read(actor.merchant_id, read)
    return show(
        request, "orders/lookups.html", actor=actor, section="orders", rows=rows, mine=False, may_all=True,
        order_number=number, page={"count_text": "", "previous_url": "", "next_url": ""},
    )  # fmt: skip


def _show(tx: Tx, found: Lookup, actor: Actor, words: Words) -> dict[str, Any]:
    mine = found.actor_id == actor.id and found.actor_kind == actor.kind
    pairs = found.pairs()
    heads = {head.id: head for head in list_heads(tx, order_ids=[order_id for order_id, _ in pairs])}
    changed = sum(1 for order_id, seen in pairs if order_id in heads and heads[order_id].revision != seen)
    # What another one asked may be a name or a phone: who may read the ledger reads it too.
    asked = read_query(tx, found) if mine or actor.may("journal") else ""
    if found.kind in ("screen", "download"):
        asked = _query_of(tx, asked)
    return {
        "id": found.id, "at_us": found.at_us, "by": found.actor_name, "kind": found.kind, "purpose": found.purpose,
        "asked_text": asked or (words.translate("All orders") if found.kind in ("screen", "download") else ""), "order_count": found.count, "changed_count": changed,
        "again_url": _again(found.kind, asked) if mine else "",
        "numbers": [heads[order_id].number for order_id, _ in pairs[:_SHOWN_NUMBERS] if order_id in heads],
    }  # fmt: skip


def _again(kind: str, asked: str) -> str:
    if kind in ("search", "screen"):
        return f"/orders?q={quote(asked, safe='')}"
    if kind == "import":
        return f"/imports/{quote(asked, safe='')}"
    if kind == "detail":
        return f"/orders/{quote(asked, safe='')}"
    return ""


def _query_of(tx: Tx, asked: str) -> str:
    """Return the query of a screen's look-up, or the name of a file."""
    try:
        found = msgspec.json.decode(asked, type=dict[str, Any])
        if "file" in found:
            return str(found["file"])
        return filter_of(tx, msgspec.convert(found.get("filter", found), Fields)).query
    except msgspec.MsgspecError:
        return ""


LOOKUPS = [get_lookups, get_order_lookups]
