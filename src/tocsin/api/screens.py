"""Box 14 over the API: saved screens; and one's own look-ups."""

from litestar import Response, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody, RawBody
from msgspec import Struct

from tocsin.api.guard import ApiRequest, change_once, enter, read_body, read_id
from tocsin.api.shape import iso
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.orders.lookup import own_lookups, read_query
from tocsin.orders.saved_screen import Screen, drop_screen, get_screen, list_screens, save_screen
from tocsin.orders.screen import Filter
from tocsin.orders.screen_query import Fields, filter_of
from tocsin.tickets.auto_print import list_automatic, switch_off, switch_on


class ScreenIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A filter to be kept under a name."""

    name: str
    filter: Fields
    shared: bool = False
    columns: tuple[str, ...] = ()


class AutomaticIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a shared screen prints what is new on it by itself."""

    automatic: bool


class AutomaticOut(Struct, frozen=True, kw_only=True):
    """Since when a screen prints by itself, and who has switched that on."""

    since: str
    by: str


class ScreenOut(Struct, frozen=True, kw_only=True):
    """A saved screen, one's own or shared."""

    id: str
    name: str
    shared: bool
    own: bool
    filter: Filter
    columns: tuple[str, ...]
    automatic: AutomaticOut | None = None


class CreatedOut(Struct, frozen=True):
    """The id of what was made."""

    id: str


class LookupOut(Struct, frozen=True, kw_only=True):
    """One of one's own look-ups: what was asked, and how much came back."""

    id: str
    at: str
    door: str
    kind: str
    purpose: str
    query: str
    count: int


@get("/screens", sync_to_thread=True)
def get_screens(request: ApiRequest) -> list[ScreenOut]:
    """Return one's own screens and shared ones, by name."""
    desk, actor = enter(request)
    require(actor, "query")
    return desk.db.read(
        actor.merchant_id, lambda tx: [_screen_out(tx, screen, actor) for screen in list_screens(tx, actor)]
    )


@post("/screens", sync_to_thread=True, status_code=201)
def create_screen(request: ApiRequest, *, data: JSONBody[ScreenIn], body: RawBody) -> Response[CreatedOut]:
    """Save a filter under a name."""
    del data
    given = read_body(body, ScreenIn)

    def run(tx: Tx, actor: Actor) -> CreatedOut:
        return CreatedOut(
            str(
                save_screen(
                    tx,
                    actor,
                    name=given.name,
                    wanted=filter_of(tx, given.filter),
                    shared=given.shared,
                    columns=given.columns,
                )
            )
        )

    return change_once(request, body, run, status=201)


@get("/screens/{screen_id:str}", sync_to_thread=True)
def get_one_screen(request: ApiRequest, *, screen_id: FromPath[str]) -> ScreenOut:
    """Return one saved screen."""
    desk, actor = enter(request)
    require(actor, "query")
    wanted = read_id(screen_id)
    return desk.db.read(
        actor.merchant_id, lambda tx: _screen_out(tx, get_screen(tx, actor, screen_id=wanted), actor)
    )


@delete("/screens/{screen_id:str}", sync_to_thread=True, status_code=200)
def delete_screen(request: ApiRequest, *, screen_id: FromPath[str]) -> Response[CreatedOut]:
    """Delete one of one's own screens."""

    def run(tx: Tx, actor: Actor) -> CreatedOut:
        require(actor, "query")
        drop_screen(tx, actor, screen_id=read_id(screen_id))
        return CreatedOut(screen_id)

    return change_once(request, b"", run)


@post("/screens/{screen_id:str}/automatic", sync_to_thread=True, status_code=200)
def create_automatic(
    request: ApiRequest, *, screen_id: FromPath[str], data: JSONBody[AutomaticIn], body: RawBody
) -> Response[CreatedOut]:
    """Have a shared screen print each order that is made from now on and shown by it, or no longer."""
    del data
    switch = switch_on if read_body(body, AutomaticIn).automatic else switch_off

    def run(tx: Tx, actor: Actor) -> CreatedOut:
        switch(tx, actor, screen_id=read_id(screen_id))
        return CreatedOut(screen_id)

    return change_once(request, body, run)


@get("/lookups/mine", sync_to_thread=True)
def get_own_lookups(request: ApiRequest, *, before: FromQuery[str] = "") -> list[LookupOut]:
    """Return one's own look-ups, the newest first; give the last one's id back as `before` for more."""
    desk, actor = enter(request)
    require(actor, "query")
    until = read_id(before) if before else 2**63 - 1

    def read(tx: Tx) -> list[LookupOut]:
        return [
            LookupOut(
                id=str(row.id), at=iso(row.at_us), door=row.door, kind=row.kind, purpose=row.purpose,
                query=read_query(tx, row), count=row.count,
            )
            for row in own_lookups(tx, actor, before=until)
        ]  # fmt: skip

    return desk.db.read(actor.merchant_id, read)


def _screen_out(tx: Tx, screen: Screen, actor: Actor) -> ScreenOut:
    printing = next((one for one in list_automatic(tx) if one.screen_id == screen.id), None)
    return ScreenOut(
        id=str(screen.id), name=screen.name, shared=bool(screen.shared), own=screen.owner_id == actor.id,
        filter=screen.saved_filter(tx), columns=screen.shown_columns(),
        automatic=AutomaticOut(since=iso(printing.since_us), by=printing.by_name) if printing else None,
    )  # fmt: skip


SCREENS = [get_screens, create_screen, get_one_screen, delete_screen, create_automatic, get_own_lookups]
