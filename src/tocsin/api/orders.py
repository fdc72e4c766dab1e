"""Boxes 10 to 14 over the API: take in, look up, screen, cancel, reveal."""

from functools import partial
from typing import Annotated

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter, RawBody
from msgspec import Struct

from tocsin.api.guard import ApiRequest, change_once, enter, read_body, tell
from tocsin.api.shape import (
    HoldOut,
    OrderOut,
    PageOut,
    RevisionOut,
    hold_out,
    iso,
    order_out,
    page_out,
    receiver_out,
    revision_out,
)
from tocsin.core.actor import Actor, NotAllowed, require
from tocsin.core.db import Tx
from tocsin.core.tenant import get_shop
from tocsin.orders.amend import cancel_order
from tocsin.orders.archive import bring_back
from tocsin.orders.ask import ask_orders
from tocsin.orders.importer import ImportOptions
from tocsin.orders.intake import take_in
from tocsin.orders.query import find_open_order, look_up_order
from tocsin.orders.reveal import reveal_receiver
from tocsin.orders.screen import Filter, screen_orders
from tocsin.orders.screen_query import query_of
from tocsin.orders.stop import list_holds
from tocsin.orders.store import find_order_id, list_revisions
from tocsin.orders.wire import OrderIn, ReceiverIn, draft_from_in

DOOR = "api"
Limit = Annotated[int, QueryParameter(ge=1, le=100)]
Text = Annotated[str, QueryParameter(max_length=200)]
State = Annotated[str, QueryParameter(name="state", max_length=40)]
Revision = Annotated[int, QueryParameter(ge=0, lt=2**31)]


class TakenOut(Struct, frozen=True):
    """What became of an order that was sent: new, unchanged, changed, moved, conflict or older."""

    result: str
    id: str
    number: str
    revision: int


class ReasonIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: str


class PurposeIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Which fields are opened (name, phone, address, note), and for which of the known purposes; `said`: in words."""

    fields: list[str]
    purpose: str
    said: str = ""


class ReceiverOut(Struct, frozen=True):
    """The receiver and the merchant's note, real where it was asked for, and until when they may be kept on a screen."""

    receiver: ReceiverIn
    merchant_note: str
    until: str


class CancelledOut(Struct, frozen=True):
    """The order that was cancelled."""

    number: str
    desk_state: str


class RetrievedOut(Struct, frozen=True):
    """The order that was taken out of the archive."""

    number: str
    desk_state: str


@post("/orders", sync_to_thread=True, status_code=201, opt={"short": True})
def create_order(request: ApiRequest, *, data: JSONBody[OrderIn], body: RawBody) -> Response[TakenOut]:
    """Take one order in: again with the same external id it is the same order."""
    del data  # read again below: its declaration describes the body, the sound reading refuses more
    given = read_body(body, OrderIn)

    def take(tx: Tx, actor: Actor) -> TakenOut:
        shop = get_shop(tx, code=given.shop)
        draft = draft_from_in(given, ImportOptions(channel="api", zone=shop.zone, currency=shop.currency))
        taken = take_in(tx, actor, draft)
        return TakenOut(taken.result, str(taken.order_id), taken.number, taken.revision)

    return change_once(request, body, take, status=201)


@get("/orders", sync_to_thread=True)
def find_orders(
    request: ApiRequest, *, q: Text = "", after: Text = "", limit: Limit = 50, desk_state: State = "", payment: Text = "",
    fulfilment: Text = "", held: Text = "", finding: Text = "", date_from: Text = "", date_to: Text = "",
    amount_min: Text = "", amount_max: Text = "", currency: Text = "", campaign: Text = "", channel: Text = "", shop: Text = "",
) -> Response[PageOut]:  # fmt: skip
    """Look orders up by words or a query of the query language (`q`), or screen them by the other fields.

    Amounts are of `currency`, the shop's where none is named; only orders in it are shown then.
    """
    desk, actor = enter(request)
    if q:
        return tell(page_out(ask_orders(desk.db, actor, text=q, door=DOOR, after=after, limit=limit)))
    query = query_of({
        "state": desk_state, "payment": payment, "fulfilment": fulfilment, "held": held, "finding": finding,
        "campaign": campaign, "channel": channel, "shop": shop, "currency": currency, "date_from": date_from,
        "date_to": date_to, "amount_from": amount_min, "amount_to": amount_max,
    })  # fmt: skip
    wanted = Filter(query=query)
    return tell(page_out(screen_orders(desk.db, actor, wanted=wanted, door=DOOR, after=after, limit=limit)))


@get("/orders/{number:str}", sync_to_thread=True, opt={"short": True})
def get_order(request: ApiRequest, *, number: FromPath[str], revision: Revision = 0) -> Response[OrderOut]:
    """Return an order, masked, at its head or at a past `revision`; the look-up is recorded."""
    desk, actor = enter(request)
    return tell(order_out(look_up_order(desk.db, actor, number=number, door=DOOR, revision=revision)))


@get("/orders/{number:str}/revisions", sync_to_thread=True)
def get_revisions(request: ApiRequest, *, number: FromPath[str]) -> list[RevisionOut]:
    """Return who made each revision of an order, when and why, the newest first."""
    desk, actor = enter(request)
    order_id = find_open_order(desk.db, actor, number=number, door=DOOR)
    found = desk.db.read(actor.merchant_id, partial(list_revisions, order_id=order_id))
    return [revision_out(entry) for entry in found]


@get("/orders/{number:str}/holds", sync_to_thread=True)
def get_holds(request: ApiRequest, *, number: FromPath[str]) -> list[HoldOut]:
    """Return an order's holds, open and closed, with their findings."""
    desk, actor = enter(request)
    order_id = find_open_order(desk.db, actor, number=number, door=DOOR)
    found = desk.db.read(actor.merchant_id, partial(list_holds, order_id=order_id))
    return [hold_out(hold) for hold in found]


@post("/orders/{number:str}/cancellation", sync_to_thread=True, status_code=200)
def cancel(
    request: ApiRequest, *, number: FromPath[str], data: JSONBody[ReasonIn], body: RawBody
) -> Response[CancelledOut]:
    """Cancel an order; its tickets become VOID."""
    del data
    given = read_body(body, ReasonIn)

    def run(tx: Tx, actor: Actor) -> CancelledOut:
        cancel_order(tx, actor, order_id=find_order_id(tx, number=number), reason=given.reason)
        return CancelledOut(number, "cancelled")

    return change_once(request, body, run)


@post("/orders/{number:str}/retrieval", sync_to_thread=True, status_code=200)
def retrieve(request: ApiRequest, *, number: FromPath[str], body: RawBody) -> Response[RetrievedOut]:
    """Take an order out of the archive: it is `printed` again."""

    def run(tx: Tx, actor: Actor) -> RetrievedOut:
        bring_back(tx, actor, order_id=find_order_id(tx, number=number))
        return RetrievedOut(number, "printed")

    return change_once(request, body, run)


@post("/orders/{number:str}/reveal", sync_to_thread=True, status_code=200)
def reveal(
    request: ApiRequest, *, number: FromPath[str], data: JSONBody[PurposeIn], body: RawBody
) -> ReceiverOut:
    """Return some fields of the receiver real, for a purpose; the reveal, or its denial, is recorded first."""
    del data
    given = read_body(body, PurposeIn)
    desk, actor = enter(request)
    require(actor, "query")
    order_id = desk.db.read(actor.merchant_id, partial(find_order_id, number=number))
    revealed = reveal_receiver(
        desk.db, actor, order_id=order_id, purpose=given.purpose, door=DOOR, fields=given.fields, said=given.said
    )  # fmt: skip
    if revealed.receiver is None:
        raise NotAllowed(right="reveal")
    return ReceiverOut(receiver_out(revealed.receiver), revealed.merchant_note, iso(revealed.until_us))


ORDERS = [create_order, find_orders, get_order, get_revisions, get_holds, cancel, retrieve, reveal]
