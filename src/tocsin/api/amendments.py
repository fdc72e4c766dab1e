"""Boxes 11 and 20 over the API: amend an order, or revise a held one, against the revision that was seen."""

from collections.abc import Callable
from functools import partial
from typing import Any

from litestar import Response, post
from litestar.params import FromPath, JSONBody, RawBody
from msgspec import UNSET, Struct, UnsetType, structs

from tocsin.api.errors import refusal_problem
from tocsin.api.guard import ApiRequest, change_once, enter, read_body, read_id
from tocsin.api.orders import DOOR
from tocsin.api.shape import FindingOut, change_out, finding_out, order_out
from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.money import plain_minor
from tocsin.orders.amend import (
    Amendment,
    OrderMoved,
    PartyChanges,
    TotalsChanges,
    amend_order,
)
from tocsin.orders.draft import Delivery, Method
from tocsin.orders.importer import ImportOptions
from tocsin.orders.preview import Preview, preview_amendment
from tocsin.orders.query import look_up_order
from tocsin.orders.second_person import pass_second_person
from tocsin.orders.store import find_order_id, load_order
from tocsin.orders.wire import LineIn, OrderIn, TotalsIn, draft_from_in
from tocsin.tickets.revise import revise_order


class TotalsChangesIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New amounts as decimal strings; what is left out stays."""

    goods: str | UnsetType = UNSET
    shipping: str | UnsetType = UNSET
    tax: str | UnsetType = UNSET
    fees: str | UnsetType = UNSET
    promotion: str | UnsetType = UNSET
    coupon: str | UnsetType = UNSET
    points: str | UnsetType = UNSET
    adjustment: str | UnsetType = UNSET
    payable: str | UnsetType = UNSET


class ChangesIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change; `lines` is the whole new list, `recalculate` makes all sums follow from it."""

    receiver: PartyChanges = PartyChanges()
    totals: TotalsChangesIn = TotalsChangesIn()
    lines: tuple[LineIn, ...] | UnsetType = UNSET
    delivery: Delivery | UnsetType = UNSET
    campaign: str | UnsetType = UNSET
    payment_method: Method | UnsetType = UNSET
    merchant_note: str | UnsetType = UNSET
    carrier: str | UnsetType = UNSET
    waybill: str | UnsetType = UNSET
    pickup_point: str | UnsetType = UNSET
    community: str | UnsetType = UNSET
    recalculate: bool = False


class AmendmentIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amendment of the revision that was `seen`, and why."""

    seen: int
    reason: str
    changes: ChangesIn


class PreviewIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amendment to be seen before it is made."""

    seen: int
    changes: ChangesIn


class RevisionIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amendment that mends a held order; `print_again` sends it back to the print terminal."""

    seen: int
    reason: str
    changes: ChangesIn
    print_again: bool = True
    terminal: str = ""


class PreviewOut(Struct, frozen=True):
    """What an amendment would change."""

    seen: int
    currency: str
    payable_before: str
    payable_after: str
    changes: list[dict[str, str]]


class IssuedOut(Struct, frozen=True):
    """The revision that was made."""

    id: str
    number: str
    revision: int


class RevisedOut(Struct, frozen=True, kw_only=True):
    """The revision that mends: whether it passed, what is still found, and the papers that wait."""

    number: str
    revision: int
    passed: bool
    findings: tuple[FindingOut, ...]
    result: str
    prints: tuple[str, ...]


@post("/orders/{number:str}/amendments", sync_to_thread=True, status_code=201)
def amend(
    request: ApiRequest, *, number: FromPath[str], data: JSONBody[AmendmentIn], body: RawBody
) -> Response[IssuedOut]:
    """Make the next revision of an order; 409 carries both versions when it has moved on."""
    del data
    given = read_body(body, AmendmentIn)

    def run(tx: Tx, actor: Actor) -> IssuedOut:
        order_id, amendment = _amendment(tx, number, given.changes)
        issued = amend_order(
            tx, actor, order_id=order_id, seen=given.seen, amendment=amendment, reason=given.reason
        )
        return IssuedOut(str(issued.order_id), issued.number, issued.revision)

    return _or_both(request, number, lambda: change_once(request, body, run, status=201))


@post("/orders/{number:str}/amendments/preview", sync_to_thread=True, status_code=200)
def preview(
    request: ApiRequest, *, number: FromPath[str], data: JSONBody[PreviewIn], body: RawBody
) -> Response[Any]:
    """Return what an amendment would change, the money before and after; nothing is stored."""
    del data
    given = read_body(body, PreviewIn)
    desk, actor = enter(request)
    order_id = desk.db.read(actor.merchant_id, partial(find_order_id, number=number))
    pass_second_person(desk.db, actor, order_id=order_id, act="open", door=DOOR)

    def run(tx: Tx) -> Preview:
        order_id, amendment = _amendment(tx, number, given.changes)
        return preview_amendment(tx, actor, order_id=order_id, seen=given.seen, amendment=amendment)

    return _or_both(request, number, lambda: Response(_preview_out(desk.db.read(actor.merchant_id, run))))


@post("/orders/{number:str}/revision", sync_to_thread=True, status_code=201)
def revise(
    request: ApiRequest, *, number: FromPath[str], data: JSONBody[RevisionIn], body: RawBody
) -> Response[RevisedOut]:
    """Mend a held order: the new revision is checked, and goes back to the print terminal when it passes."""
    del data
    given = read_body(body, RevisionIn)
    base_url = request.app.state.desk.settings.base_url()

    def run(tx: Tx, actor: Actor) -> RevisedOut:
        order_id, amendment = _amendment(tx, number, given.changes)
        made = revise_order(
            tx, actor, order_id=order_id, seen=given.seen, amendment=amendment, reason=given.reason, base_url=base_url,
            print_again=given.print_again, queue_id=read_id(given.terminal) if given.terminal else 0,
        )  # fmt: skip
        asked = made.requested
        return RevisedOut(
            number=made.issued.number, revision=made.issued.revision, passed=made.verdict.passed,
            findings=tuple(finding_out(finding) for finding in made.verdict.findings),
            result=asked.result if asked else ("not_asked" if made.verdict.passed else "held"),
            prints=tuple(str(job_id) for job_id in asked.job_ids) if asked else (),
        )  # fmt: skip

    return _or_both(request, number, lambda: change_once(request, body, run, status=201))


def _amendment(tx: Tx, number: str, changes: ChangesIn) -> tuple[int, Amendment]:
    order_id = find_order_id(tx, number=number)
    currency = load_order(tx, order_id=order_id).currency
    totals = {name: text for name, text in structs.asdict(changes.totals).items() if text is not UNSET}
    lines = () if isinstance(changes.lines, UnsetType) else changes.lines
    # Read as an order's are: the same rules for amounts and texts.
    read = draft_from_in(OrderIn(currency=currency, lines=lines, totals=TotalsIn(**totals)), ImportOptions())
    same = (
        "delivery",
        "campaign",
        "payment_method",
        "merchant_note",
        "carrier",
        "waybill",
        "pickup_point",
        "community",
        "receiver",
        "recalculate",
    )
    return order_id, Amendment(
        **{name: getattr(changes, name) for name in same},
        lines=UNSET if isinstance(changes.lines, UnsetType) else read.lines,
        totals=TotalsChanges(**{f"{name}_minor": getattr(read.totals, f"{name}_minor") for name in totals}),
    )


def _or_both(request: ApiRequest, number: str, answer: Callable[[], Response[Any]]) -> Response[Any]:
    """Answer; where the order has moved on, with the version that was seen and the present one."""
    try:
        return answer()
    except OrderMoved as moved:
        desk, actor = enter(request)
        versions = {"present_version": order_out(look_up_order(desk.db, actor, number=number, door=DOOR))}
        seen = int(moved.data["seen"])
        if 0 < seen < versions["present_version"].revision:
            past = look_up_order(desk.db, actor, number=number, door=DOOR, revision=seen)
            versions["seen_version"] = order_out(past)
        return refusal_problem(request, moved, **versions)


def _preview_out(found: Preview) -> PreviewOut:
    return PreviewOut(
        found.seen, found.currency, plain_minor(found.payable_before_minor, found.currency),
        plain_minor(found.payable_after_minor, found.currency), [change_out(change) for change in found.changes],
    )  # fmt: skip


AMENDMENTS = [amend, preview, revise]
