"""Box 19 as pages: problem orders by kind and by finding; acknowledge, release, go on to revise."""

from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.desk import Desk
from tocsin.orders.listing import HeadRow
from tocsin.orders.screen import Filter, count_rows, screen_orders
from tocsin.orders.screen_query import query_of
from tocsin.orders.stop import HOLD_KINDS, get_hold, open_holds_of
from tocsin.tickets.check import is_void
from tocsin.tickets.hold import NothingToAcknowledge, acknowledge_and_print, release_hold
from tocsin.tickets.job import list_jobs
from tocsin.tickets.problem import COUNT_MOST, count_codes, count_kinds, findings_of, signed_once
from tocsin.tickets.rule import BROKEN_CODE, OWN_PREFIX, loaded_checks
from tocsin.tickets.take_back import offer_release
from tocsin.tickets.terminal import Requested
from tocsin.tickets.two_persons import SecondSignatureNeeded
from tocsin.web.form import read_form, read_number, read_pairs
from tocsin.web.found import show_found, show_holds
from tocsin.web.guard import PageRequest, enter
from tocsin.web.rows import show_bounded, show_pager
from tocsin.web.said import code_given
from tocsin.web.shell import back_of, go, show, words_of
from tocsin.web.words import Words

DOOR = "page"
RELEASED = "released on the page"
PAGE_ROWS = 25  # a row is a panel of findings and acts: fifty were four thousand elements
_MOST = 500


class NothingChosen(Refusal):
    """Nothing was chosen: tick orders in the list first"""

    kind, code = "invalid", "nothing_chosen"


@get("/held", sync_to_thread=True)
def get_held(request: PageRequest) -> Response[str]:
    """Show the orders that are held, with all that was found on each; recorded as a look-up."""
    desk, actor = enter(request)
    require(actor, "query")
    kind, code = _asked(request)
    after, trail = request.query_params.get("after", "")[:60], request.query_params.get("trail", "")[:2000]
    wanted = Filter(query=query_of({"held": kind or "yes", "finding": code}))
    page = screen_orders(desk.db, actor, wanted=wanted, door=DOOR, after=after, limit=PAGE_ROWS)
    words = words_of(request, actor)

    def read(tx: Tx) -> dict[str, Any]:
        kinds, codes, held = count_kinds(tx), count_codes(tx), count_rows(tx, wanted=wanted)
        more = (
            "+" if sum(one.count for one in kinds) > COUNT_MOST else ""
        )  # findings were counted of the newest alone
        return {
            "rows": show_problems(tx, page.rows, actor=actor, words=words),
            "kinds": [
                {"kind": one.name, "count": show_bounded(words, one.count), "url": _url(one.name, code), "current": one.name == kind}
                for one in kinds
            ],
            "codes": [
                {"code": one.name, "count": show_bounded(words, one.count) + more, "current": one.name == code,
                 "url": _url(kind, "" if one.name == code else one.name)}
                for one in codes
            ],
            "count": held,
            "signed_once": len(signed_once(tx)) if actor.may("second_person") else 0,
            "unknown_jobs": len(list_jobs(tx, state="unknown", limit=200)),
        }  # fmt: skip

    context = desk.db.read(actor.merchant_id, read)
    pager = show_pager(
        words, path="/held", query={"kind": kind, "code": code}, after=after, trail=trail, following=page.next,
        count=context.pop("count"),
    )  # fmt: skip
    return show(request, "tickets/held.html", actor=actor, section="held", page=pager, **context)


@post("/held/acknowledgements", sync_to_thread=True, status_code=200)
def post_selection(request: PageRequest, *, body: RawBody) -> Redirect:
    """Acknowledge the warnings of the chosen orders, all or of one code, each at the revision that was seen."""
    desk, actor = enter(request)
    pairs = read_pairs(request, body)
    chosen, single, left, signed = [value for name, value in pairs if name == "orders"], dict(pairs), 0, False
    asked: list[Requested] = []
    require(actor, "acknowledge")
    if not 0 < len(chosen) <= _MOST:
        raise NothingChosen
    for text in chosen:
        order_id, _, revision = text.partition(":")
        seen = (read_number(order_id), read_number(revision))
        try:
            waits, requested = _acknowledge_all(
                desk, actor, seen, code=single.get("code", "")[:60], keep=single.get("keep") == "1"
            )
            signed, asked = signed or waits, [*asked, *([requested] if requested else [])]
        except (NothingToAcknowledge, SecondSignatureNeeded) as refused:
            left, signed = left + 1, signed or isinstance(refused, SecondSignatureNeeded)
            if left == len(chosen):
                raise
            # it has moved on since it was seen: it stands in the list as it is now
    done = "signed" if signed else "acknowledged_some" if left else "acknowledged"
    printed = [one for one in asked if one.result == "queued"]
    return go("/held", done=desk.db.read(actor.merchant_id, lambda tx: code_given(tx, *printed, done=done)))


@post("/holds/{hold_id:str}/release", sync_to_thread=True, status_code=200)
def post_release(request: PageRequest, *, hold_id: FromPath[str], body: RawBody) -> Redirect:
    """Let a hold go; an order that it kept from a printer goes back to the print terminal."""
    desk, actor = enter(request)
    form = read_form(request, body)
    reason = form.get("reason", "").strip() or RELEASED
    wanted, base_url = read_number(hold_id), desk.settings.base_url()

    back = back_of(request, form, "/held")

    def release(tx: Tx) -> str:
        found = get_hold(tx, hold_id=wanted)
        done = release_hold(tx, actor, hold_id=wanted, reason=reason, base_url=base_url)
        undo = offer_release(tx, actor, found, requested=done.requested, back=back)
        return code_given(tx, done.requested, done="released") + undo

    return go(back, done=desk.db.write(actor.merchant_id, release))


def show_problems(tx: Tx, rows: tuple[HeadRow, ...], *, actor: Actor, words: Words) -> list[dict[str, Any]]:
    """Return held orders with their holds and all their findings."""
    ids = [row.id for row in rows]
    holds = open_holds_of(tx, order_ids=ids) if ids else []
    found = findings_of(tx, order_ids=ids) if ids else {}
    every = show_holds(tx, holds, orders=rows, actor=actor, words=words)
    shown = []
    for row in rows:
        own = [hold for hold in every if hold["order_id"] == row.id]
        shown.append({
            "order_id": row.id, "number": row.number, "revision": row.revision, "receiver_name": row.receiver_name,
            "goods": row.summary, "payable_minor": row.payable_minor, "currency": row.currency, "holds": own,
            "since_us": min((hold["since_us"] for hold in own), default=None),
            "findings": show_found(found.get(row.id, []), words, reader=actor), "void": is_void(row),
        })  # fmt: skip
    return shown


def _acknowledge_all(
    desk: Desk, actor: Actor, seen: tuple[int, int], *, code: str, keep: bool
) -> tuple[bool, Requested | None]:
    """Acknowledge what waits on an order; tell whether some of it waits for a second person now, and what prints."""
    order_id, revision = seen

    def run(tx: Tx) -> tuple[bool, Requested | None]:
        found = findings_of(tx, order_ids=[order_id])[order_id]
        codes = {
            one.finding.code
            for one in found
            if one.finding.level == "W" and not one.acknowledged_by and code in ("", one.finding.code)
        }
        if not codes:  # one that somebody else has acknowledged meanwhile asks for nothing
            return False, None
        after, requested = acknowledge_and_print(
            tx,
            actor,
            order_id=order_id,
            revision=revision,
            codes=tuple(sorted(codes)),
            keep=keep,
            base_url=desk.settings.base_url(),
        )
        return bool(after.waits_for_second(codes)), requested

    return desk.db.write(actor.merchant_id, run)


def _asked(request: PageRequest) -> tuple[str, str]:
    kind, code = request.query_params.get("kind", ""), request.query_params.get("code", "")
    known = {*loaded_checks(), BROKEN_CODE}
    return kind if kind in HOLD_KINDS else "", code[:60] if code in known or code.startswith(
        OWN_PREFIX
    ) else ""


def _url(kind: str, code: str) -> str:
    query = urlencode({name: value for name, value in (("kind", kind), ("code", code)) if value})
    return f"/held?{query}" if query else "/held"


HELD = [get_held, post_selection, post_release]
