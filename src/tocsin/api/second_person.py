"""A second person over the API: a key asks, a person confirms on the page."""

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, RawBody
from msgspec import Struct

from tocsin.api.guard import ApiRequest, change_once, enter, read_body
from tocsin.api.shape import iso
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.orders.listing import list_heads
from tocsin.orders.second_person import ask_second_person, own_asks


class AskIn(Struct, frozen=True, forbid_unknown_fields=True):
    """What is wanted with a watched order (open, reveal, download or print), and why."""

    act: str
    reason: str


class AskedOut(Struct, frozen=True):
    """The id of what was asked."""

    id: str


class AskOut(Struct, frozen=True, kw_only=True):
    """What one has asked for: waiting, approved (until an instant), refused or over."""

    id: str
    number: str
    act: str
    reason: str
    state: str
    asked_at: str
    decided_by: str
    until: str


@post("/orders/{number:str}/second-person", sync_to_thread=True, status_code=201)
def ask(
    request: ApiRequest, *, number: FromPath[str], data: JSONBody[AskIn], body: RawBody
) -> Response[AskedOut]:
    """Ask a second person to confirm an act on a watched order; somebody else does so on the page."""
    del data
    given = read_body(body, AskIn)

    def run(tx: Tx, actor: Actor) -> AskedOut:
        return AskedOut(str(ask_second_person(tx, actor, number=number, act=given.act, reason=given.reason)))

    return change_once(request, body, run, status=201)


@get("/second-person", sync_to_thread=True)
def get_asks(request: ApiRequest) -> list[AskOut]:
    """Return what one has asked a second person for, the newest first."""
    desk, actor = enter(request)
    require(actor, "query")

    def read(tx: Tx) -> list[AskOut]:
        asks = own_asks(tx, actor)
        numbers = {
            head.id: head.number for head in list_heads(tx, order_ids=list({one.order_id for one in asks}))
        }
        return [
            AskOut(
                id=str(one.id), number=numbers.get(one.order_id, ""), act=one.act, reason=one.reason, state=one.shown_state(tx.now_us),
                asked_at=iso(one.at_us), decided_by=one.decided_name, until=iso(one.until_us) if one.until_us else "",
            )
            for one in asks
        ]  # fmt: skip

    return desk.db.read(actor.merchant_id, read)


SECOND_PERSON = [ask, get_asks]
