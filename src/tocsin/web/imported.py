"""What an import has made, as pages: its result, and the list of its own orders."""

from collections import Counter
from functools import partial
from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from tocsin.core.actor import require
from tocsin.core.db import Tx
from tocsin.orders.imported import held_among, orders_of_import
from tocsin.orders.importing import Import, get_import
from tocsin.orders.listing import list_heads
from tocsin.orders.lookup import record_lookup
from tocsin.tickets.problem import findings_of
from tocsin.tickets.rule import loaded_checks
from tocsin.web.form import read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.rows import show_count, show_printers, show_rows
from tocsin.web.shell import show, words_of

DOOR = "page"
PAGE_ROWS = 50
_EXPLAINED_MOST = 2000


def show_result(tx: Tx, *, found: Import) -> dict[str, Any]:
    """Return what an import came to; of its own orders alone, which are held and why."""
    held = held_among(tx, order_ids=orders_of_import(tx, import_id=found.id))
    codes = Counter[str]()
    for each in findings_of(tx, order_ids=held[:_EXPLAINED_MOST]).values() if held else ():
        codes.update({one.finding.code for one in each})
    address = f"/imports/{found.id}/orders"
    return {
        "imported": found.created, "unchanged": found.unchanged, "changed": found.changed, "conflict": found.conflicts,
        "quarantined": found.bad_rows, "held_total": len(held), "errors_url": f"/imports/{found.id}/errors.csv", "url": address, "held_url": f"{address}?held=1",
        "held": [
            {"code": code, "count": count, "url": f"{address}?held=1", "level": _level_of(code)}
            for code, count in sorted(codes.items())
        ],
    }  # fmt: skip


@get("/imports/{import_id:str}/orders", sync_to_thread=True)
def get_import_orders(request: PageRequest, *, import_id: FromPath[str]) -> Response[str]:
    """List the orders of one import, or those of them that are held; recorded as a look-up."""
    desk, actor = enter(request)
    require(actor, "query")
    wanted, words = read_number(import_id), words_of(request, actor)
    held, at = request.query_params.get("held") == "1", _page_of(request.query_params.get("page", ""))

    def read(tx: Tx) -> dict[str, Any]:
        found = get_import(tx, import_id=wanted)
        ids = orders_of_import(tx, import_id=wanted)
        ids = held_among(tx, order_ids=ids) if held else ids
        shown = ids[at * PAGE_ROWS : (at + 1) * PAGE_ROWS]
        heads = tuple(list_heads(tx, order_ids=shown)) if shown else ()
        base = f"/imports/{wanted}/orders?{'held=1&' if held else ''}page="
        page = {
            "count_text": show_count(words, len(ids)), "previous_url": f"{base}{at - 1}" if at else "",
            "next_url": f"{base}{at + 1}" if len(ids) > (at + 1) * PAGE_ROWS else "",
        }  # fmt: skip
        return {
            "rows": show_rows(tx, heads), "printers": show_printers(tx), "page": page, "file_name": found.filename,
            "pairs": [(head.id, head.revision) for head in heads],
        }  # fmt: skip

    context = desk.db.read(actor.merchant_id, read)
    keep = partial(
        record_lookup, actor=actor, door=DOOR, kind="import", query=str(wanted), pairs=context.pop("pairs")
    )
    desk.db.write(actor.merchant_id, keep)
    return show(
        request, "orders/imported.html", actor=actor, section="import", import_id=wanted, held=held,
        empty_title=words.translate("No order is like this"), empty_text="", **context,
    )  # fmt: skip


def _page_of(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0


def _level_of(code: str) -> str:
    check = loaded_checks().get(code)
    return check.level if check else "E"


IMPORTED = [get_import_orders]
