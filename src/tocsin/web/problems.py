"""Problem view as a page: what is late, unknown, held too long, or wrong on paper; and one question for a batch."""

from collections import Counter
from typing import Any

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.core.actor import require
from tocsin.core.db import Tx
from tocsin.orders.stop import open_holds_of
from tocsin.tickets.device import list_printers
from tocsin.tickets.intercept import slips_of_many
from tocsin.tickets.known_printer import all_known
from tocsin.tickets.radar import KINDS, SHOWN, Late, count_problems, list_problems
from tocsin.tickets.settlement import ask_together, settle_many
from tocsin.web.form import read_number, read_pairs
from tocsin.web.found import show_reason
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, show, words_of
from tocsin.web.terminal import show_state

_AWAY = ("offline", "paper_out", "cover_open")


@get("/problems", sync_to_thread=True)
def get_problems(request: PageRequest) -> Response[str]:
    """Show each kind of problem with its oldest; numbers and times alone, so that looking is no look-up."""
    desk, actor = enter(request)
    require(actor, "query")
    words = words_of(request, actor)

    def read(tx: Tx) -> dict[str, Any]:
        counts = count_problems(tx)
        devices = list_printers(tx)
        names = {device.id: device.name for device in devices}
        others = [
            printer_id for printer_id, one in all_known(tx).items() if one.other and printer_id in names
        ]
        lists = {kind: list_problems(tx, kind=kind) if getattr(counts, kind) else [] for kind in KINDS}
        failed, void = list_problems(tx, kind="failed"), [one.order_id for one in lists["after_print"]]
        return {
            "held": counts.held, "others": [{"id": printer_id, "name": names[printer_id]} for printer_id in others],
            "away": [{"id": one.id, "name": one.name, "state": state} for one in devices if (state := show_state(one)) in _AWAY],
            **_of_void(tx, void),
            "parts": [
                {"kind": "failed", "count": len(failed), "rows": [_row(one, names) for one in failed]},
                *({"kind": kind, "count": getattr(counts, kind), "rows": [_row(one, names) for one in lists[kind]]}
                for kind in KINDS if kind != "unknown")
            ],
            "questions": [
                {"printer": names.get(one.printer_id, "—"), "first": one.first, "last": one.last, "job_ids": one.job_ids, "since_us": one.since_us,
                 "reason": show_reason(one.reason, words)}
                for one in ask_together(lists["unknown"])
            ],
            "unknown": counts.unknown, "shown_most": SHOWN,
        }  # fmt: skip

    return show(
        request,
        "tickets/problems.html",
        actor=actor,
        section="problem",
        **desk.db.read(actor.merchant_id, read),
    )


@post("/problems/settlement", sync_to_thread=True, status_code=303)
def post_batch_settlement(request: PageRequest, *, body: RawBody) -> Redirect:
    """Say of a batch of papers whether they came out."""
    desk, actor = enter(request)
    pairs = read_pairs(request, body)
    job_ids = [read_number(value) for name, value in pairs if name == "job"]
    came_out = dict(pairs).get("answer") == "came_out"
    desk.db.write(actor.merchant_id, lambda tx: settle_many(tx, actor, job_ids=job_ids, came_out=came_out))
    return go("/problems", done="settled")


def _of_void(tx: Tx, order_ids: list[int]) -> dict[str, Any]:
    """Return what lies about of void orders: the slips of each, and the hold that ends when its paper is pulled."""
    slips = Counter((slip.order_id, slip.state) for slip in slips_of_many(tx, order_ids=order_ids))
    holds = open_holds_of(tx, order_ids=order_ids) if order_ids else []
    return {
        "pulls": {hold.order_id: hold.id for hold in holds if hold.kind == "refund"},
        "slips": [
            {"order_id": order_id, "state": state, "count": n} for (order_id, state), n in slips.items()
        ],
    }


def _row(one: Late, names: dict[int, str]) -> dict[str, Any]:
    return {
        "order_id": one.order_id, "job_id": one.job_id or 0, "number": one.number, "since_us": one.since_us, "serial": one.serial, "reason": one.reason,
        "printer": names.get(one.printer_id or 0, ""),
    }  # fmt: skip


PROBLEMS = [get_problems, post_batch_settlement]
