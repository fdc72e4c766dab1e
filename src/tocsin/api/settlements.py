"""What became of papers, over the API: a person says whether one came out, or hands goods over by it."""

from litestar import Response, post
from litestar.params import FromPath, JSONBody, RawBody
from msgspec import Struct

from tocsin.api.guard import ApiRequest, change_once, read_body, read_id
from tocsin.api.shape import iso
from tocsin.api.tickets import IdOut
from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.tickets.hand_over import hand_over
from tocsin.tickets.hold import settle_unknown


class SettlementIn(Struct, frozen=True, forbid_unknown_fields=True):
    """What became of a paper of unknown outcome."""

    came_out: bool


class HandOverOut(Struct, frozen=True, kw_only=True):
    """When goods were handed over by a ticket, and by whom."""

    serial: str
    at: str
    by: str


@post("/prints/{print_id:str}/hand-over", sync_to_thread=True, status_code=200)
def hand_print_over(request: ApiRequest, *, print_id: FromPath[str], body: RawBody) -> Response[HandOverOut]:
    """Record that goods were handed over by a ticket; the same ticket again answers what was recorded."""

    def run(tx: Tx, actor: Actor) -> HandOverOut:
        made = hand_over(tx, actor, job_id=read_id(print_id))
        return HandOverOut(serial=made.serial, at=iso(made.at_us), by=made.by_name)

    return change_once(request, body, run)


@post("/prints/{print_id:str}/settlement", sync_to_thread=True, status_code=200)
def settle_print(
    request: ApiRequest, *, print_id: FromPath[str], data: JSONBody[SettlementIn], body: RawBody
) -> Response[IdOut]:
    """Say whether a paper of unknown outcome came out."""
    del data
    given = read_body(body, SettlementIn)

    def run(tx: Tx, actor: Actor) -> IdOut:
        settle_unknown(tx, actor, job_id=read_id(print_id), came_out=given.came_out)
        return IdOut(print_id)

    return change_once(request, body, run)


SETTLEMENTS = [settle_print, hand_print_over]
