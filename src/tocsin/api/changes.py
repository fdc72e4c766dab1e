"""What surrounds amending, over the API: undo, conflicts with the source, requests to platforms, who edits, the timeline."""

from functools import partial
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter, RawBody
from msgspec import Struct

from tocsin.api.guard import ApiRequest, change_once, enter, read_body, read_id
from tocsin.api.orders import DOOR
from tocsin.api.shape import iso
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.journal import NEWEST
from tocsin.orders.conflict import resolve_conflict, show_conflict
from tocsin.orders.editing import who_edits
from tocsin.orders.platform import PlatformRequest, answer_request, list_requests
from tocsin.orders.query import find_open_order, look_up_order
from tocsin.orders.store import find_order_id
from tocsin.orders.undo import undo_amendment
from tocsin.tickets.timeline import read_timeline

_SIDES = {"theirs": "source", "mine": "desk", "follows": "follows", "": ""}
Before = Annotated[str, QueryParameter(max_length=20)]


class UndoIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Take back the amendment that made revision `seen`; `printed_too` where its paper is out."""

    seen: int
    reason: str
    printed_too: bool = False


class PicksIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`source` or `desk` by field, for each that collides at least, against the revision that was `seen`."""

    seen: int
    reason: str
    picks: dict[str, str] = {}


class AnswerIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of a request at the platform."""

    done: bool
    reason: str = ""


class ChangedOut(Struct, frozen=True):
    """The revision that an order is at."""

    number: str
    revision: int


class WayOut(Struct, frozen=True, kw_only=True):
    """One field in three versions, masked; `holds` is source, desk, or follows from the lines, empty where a pick is needed."""

    field: str
    source_before: str
    desk: str
    source_now: str
    holds: str


class ConflictOut(Struct, frozen=True, kw_only=True):
    """A source's change of what the desk amended."""

    number: str
    revision: int
    hold_id: str
    at: str
    fields: tuple[WayOut, ...]


class RequestOut(Struct, frozen=True, kw_only=True):
    """What the platform is to change: asked, done, refused or withdrawn. This desk calls no platform."""

    id: str
    part: str
    state: str
    revision: int
    at: str
    by: str
    ended_at: str
    ended_by: str
    reason: str


class EditorOut(Struct, frozen=True):
    """Who has the form of an order open, empty: nobody."""

    name: str
    since: str


class EntryOut(Struct, frozen=True, kw_only=True):
    """One thing that happened to an order."""

    at: str
    by: str
    what: str
    data: dict[str, Any]


class TimelineOut(Struct, frozen=True):
    """A page of what happened, the newest first; give `next` back as `before`, it is 0 at the end."""

    entries: tuple[EntryOut, ...]
    next: str
    lookups: int


@post("/orders/{number:str}/undo", sync_to_thread=True, status_code=201)
def undo(
    request: ApiRequest, *, number: FromPath[str], data: JSONBody[UndoIn], body: RawBody
) -> Response[ChangedOut]:
    """Take the last amendment back by a revision of its own."""
    del data
    given = read_body(body, UndoIn)

    def run(tx: Tx, actor: Actor) -> ChangedOut:
        made = undo_amendment(
            tx, actor, order_id=find_order_id(tx, number=number), seen=given.seen, reason=given.reason, printed_too=given.printed_too
        )  # fmt: skip
        return ChangedOut(made.number, made.revision)

    return change_once(request, body, run, status=201)


@get("/orders/{number:str}/conflict", sync_to_thread=True)
def get_conflict(request: ApiRequest, *, number: FromPath[str]) -> ConflictOut:
    """Return the three versions of a conflict with the source, masked; the look-up is recorded."""
    desk, actor = enter(request)
    order = look_up_order(desk.db, actor, number=number, door=DOOR)
    found = desk.db.read(actor.merchant_id, lambda tx: show_conflict(tx, actor, order_id=order.id))
    ways = tuple(
        WayOut(field=way.field, source_before=way.base, desk=way.mine, source_now=way.theirs, holds=_SIDES[way.side])
        for way in found.ways
    )  # fmt: skip
    return ConflictOut(
        number=found.number, revision=found.revision, hold_id=str(found.hold.id), at=iso(found.at_us), fields=ways
    )  # fmt: skip


@post("/orders/{number:str}/conflict", sync_to_thread=True, status_code=201)
def resolve(
    request: ApiRequest, *, number: FromPath[str], data: JSONBody[PicksIn], body: RawBody
) -> Response[ChangedOut]:
    """Make the revision that ends a conflict, from what was picked; its hold closes."""
    del data
    given = read_body(body, PicksIn)

    def run(tx: Tx, actor: Actor) -> ChangedOut:
        made = resolve_conflict(
            tx, actor, order_id=find_order_id(tx, number=number), seen=given.seen, picks=given.picks, reason=given.reason
        )  # fmt: skip
        return ChangedOut(made.number, made.revision)

    return change_once(request, body, run, status=201)


@get("/orders/{number:str}/requests", sync_to_thread=True)
def get_requests(request: ApiRequest, *, number: FromPath[str]) -> list[RequestOut]:
    """Return what an order's platform was asked, the newest first."""
    desk, actor = enter(request)
    order_id = find_open_order(desk.db, actor, number=number, door=DOOR)
    found = desk.db.read(actor.merchant_id, partial(list_requests, order_id=order_id))
    return [_request_out(one) for one in found]


@post("/orders/{number:str}/requests/{request_id:str}", sync_to_thread=True, status_code=200)
def answer(
    request: ApiRequest, *, number: FromPath[str], request_id: FromPath[str], data: JSONBody[AnswerIn], body: RawBody
) -> Response[ChangedOut]:  # fmt: skip
    """Say what came of a request at the platform."""
    del data
    given = read_body(body, AnswerIn)

    def run(tx: Tx, actor: Actor) -> ChangedOut:
        order_id = find_order_id(tx, number=number)
        found = answer_request(
            tx, actor, order_id=order_id, request_id=read_id(request_id), done=given.done, reason=given.reason
        )  # fmt: skip
        return ChangedOut(number, found.revision)

    return change_once(request, body, run)


@get("/orders/{number:str}/editing", sync_to_thread=True)
def get_editing(request: ApiRequest, *, number: FromPath[str]) -> EditorOut:
    """Return who has an order's form open."""
    desk, actor = enter(request)
    require(actor, "query")
    found = desk.db.read(
        actor.merchant_id, lambda tx: who_edits(tx, order_id=find_order_id(tx, number=number))
    )
    return EditorOut(found.name, iso(found.since_us)) if found else EditorOut("", "")


@get("/orders/{number:str}/timeline", sync_to_thread=True)
def get_timeline(request: ApiRequest, *, number: FromPath[str], before: Before = "") -> TimelineOut:
    """Return a page of everything that happened to an order, the newest first."""
    desk, actor = enter(request)
    order_id = find_open_order(desk.db, actor, number=number, door=DOOR)
    start = read_id(before) if before.strip("0") else NEWEST
    found = desk.db.read(
        actor.merchant_id, partial(read_timeline, actor=actor, order_id=order_id, before=start)
    )
    entries = tuple(
        EntryOut(at=iso(one.at_us), by=one.by, what=one.what, data=one.data) for one in found.entries
    )
    return TimelineOut(entries, str(found.next), found.lookups)


def _request_out(one: PlatformRequest) -> RequestOut:
    return RequestOut(
        id=str(one.id), part=one.part, state=one.state, revision=one.revision, at=iso(one.at_us), by=one.by_name,
        ended_at=iso(one.ended_at_us or None), ended_by=one.ended_by, reason=one.reason,
    )  # fmt: skip


CHANGES = [undo, get_conflict, resolve, get_requests, answer, get_editing, get_timeline]
