"""Box 18 over the API: what a printer is known again by, and that another one answers in its place."""

from litestar import Response, get, post, put
from litestar.params import FromPath, JSONBody, RawBody
from msgspec import Struct

from tocsin.api.guard import ApiRequest, change_once, enter, read_body, read_id, work_once
from tocsin.api.shape import iso
from tocsin.api.tickets import IdOut
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.desk import Desk
from tocsin.tickets.device import get_printer
from tocsin.tickets.identity import Identity
from tocsin.tickets.known_printer import accept_printer, find_known, let_rest
from tocsin.tickets.printer_change import change_printer
from tocsin.tickets.printer_place import move_printer
from tocsin.tickets.printer_search import look_for


class WhoOut(Struct, frozen=True, kw_only=True):
    """What a printer tells of itself, as far as it does; empty is what nobody tells."""

    maker: str
    model: str
    serial: str
    mac: str


class KnownOut(Struct, frozen=True, kw_only=True):
    """What a printer is known again by since it was asked; `other` is who answers in its place, `rests` whether papers wait while it does."""

    who: WhoOut | None
    asked_at: str | None
    other: WhoOut | None
    rests: bool


class AcceptIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Who was shown as `other`: another one that answers there meanwhile is not accepted with it."""

    serial: str = ""
    mac: str = ""


class RestIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether papers wait while another printer answers in this one's place."""

    rests: bool


class SearchIn(Struct, frozen=True, forbid_unknown_fields=True):
    """With `ask` each address of the declared networks is spoken to, ten seconds at most; without, only this machine's own neighbours are looked at."""

    ask: bool = False


class ChangeIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a printer is called, what lies in it (0 high: a roll) and which language its tickets speak."""

    name: str
    paper_mm: int
    paper_high_mm: int = 0
    locale: str


class FoundOut(Struct, frozen=True, kw_only=True):
    """A printer that may be the one: `evidence` is serial, mac or model, the strongest that is equal."""

    host: str
    port: int
    evidence: str
    who: WhoOut


class SearchOut(Struct, frozen=True, kw_only=True):
    """What was found, the strongest first; `asked` of `reachable` addresses were spoken to before the time was up."""

    found: list[FoundOut]
    asked: int
    reachable: int


class PlaceIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a printer stands now; a port of 0 leaves it as it is."""

    host: str
    port: int = 0


@get("/terminals/{terminal_id:str}/identity", sync_to_thread=True)
def get_identity(request: ApiRequest, *, terminal_id: FromPath[str]) -> KnownOut:
    """Return what a printer is known again by, and whether another one answers in its place."""
    desk, actor = enter(request)
    require(actor, "query")

    def read(tx: Tx) -> KnownOut:
        device = get_printer(tx, printer_id=read_id(terminal_id) or -1)
        known = find_known(tx, printer_id=device.id)
        if known is None:
            return KnownOut(who=None, asked_at=None, other=None, rests=False)
        other = known.instead()
        return KnownOut(
            who=who_out(known.who()), asked_at=iso(known.asked_at_us) if known.asked_at_us else None,
            other=who_out(other) if other else None, rests=bool(known.rests),
        )  # fmt: skip

    return desk.db.read(actor.merchant_id, read)


@post("/terminals/{terminal_id:str}/identity/acceptance", sync_to_thread=True, status_code=200)
def accept_identity(
    request: ApiRequest, *, terminal_id: FromPath[str], data: JSONBody[AcceptIn], body: RawBody
) -> Response[IdOut]:
    """Say that the printer that answers in a printer's place is meant to stand there; a person does, never a key."""
    del data
    given = read_body(body, AcceptIn)

    def run(tx: Tx, actor: Actor) -> IdOut:
        accept_printer(tx, actor, printer_id=read_id(terminal_id), serial=given.serial, mac=given.mac)
        return IdOut(terminal_id)

    return change_once(request, body, run)


@post("/terminals/{terminal_id:str}/identity/rest", sync_to_thread=True, status_code=200)
def choose_rest(
    request: ApiRequest, *, terminal_id: FromPath[str], data: JSONBody[RestIn], body: RawBody
) -> Response[IdOut]:
    """Choose whether a printer's papers wait while another one answers in its place."""
    del data
    given = read_body(body, RestIn)

    def run(tx: Tx, actor: Actor) -> IdOut:
        let_rest(tx, actor, printer_id=read_id(terminal_id), rests=given.rests)
        return IdOut(terminal_id)

    return change_once(request, body, run)


@post("/terminals/{terminal_id:str}/search", sync_to_thread=True, status_code=200)
def search_terminal(
    request: ApiRequest, *, terminal_id: FromPath[str], data: JSONBody[SearchIn], body: RawBody
) -> Response[SearchOut]:
    """Look for a printer at other addresses; what is found is proposed, nothing is changed."""
    del data
    given = read_body(body, SearchIn)

    def run(desk: Desk, actor: Actor) -> SearchOut:
        search = look_for(desk.db, actor, printer_id=read_id(terminal_id), ask=given.ask)
        found = [
            FoundOut(host=one.host, port=one.port, evidence=one.evidence, who=who_out(one.who)) for one in search.found
        ]  # fmt: skip
        return SearchOut(found=found, asked=search.asked, reachable=search.reachable)

    return work_once(request, body, run)


@put("/terminals/{terminal_id:str}/place", sync_to_thread=True, status_code=200)
def put_place(
    request: ApiRequest, *, terminal_id: FromPath[str], data: JSONBody[PlaceIn], body: RawBody
) -> Response[IdOut]:
    """Say that a printer stands at another address now, as a person, never a key; its papers, queues and past stay with it."""
    del data
    given = read_body(body, PlaceIn)

    def run(tx: Tx, actor: Actor) -> IdOut:
        move_printer(tx, actor, printer_id=read_id(terminal_id), host=given.host, port=given.port)
        return IdOut(terminal_id)

    return change_once(request, body, run)


@put("/terminals/{terminal_id:str}", sync_to_thread=True, status_code=200)
def put_terminal(
    request: ApiRequest, *, terminal_id: FromPath[str], data: JSONBody[ChangeIn], body: RawBody
) -> Response[IdOut]:
    """Change a printer's name, paper and language; what waits for it is checked and drawn anew when its turn comes."""
    del data
    given = read_body(body, ChangeIn)

    def run(tx: Tx, actor: Actor) -> IdOut:
        change_printer(
            tx, actor, printer_id=read_id(terminal_id), name=given.name, paper_mm=given.paper_mm,
            paper_high_mm=given.paper_high_mm, locale=given.locale,
        )  # fmt: skip
        return IdOut(terminal_id)

    return change_once(request, body, run)


def who_out(who: Identity) -> WhoOut:
    """Return what a printer tells of itself as the API says it."""
    return WhoOut(maker=who.maker, model=who.model, serial=who.serial, mac=who.mac)


PRINTERS = [get_identity, accept_identity, choose_rest, search_terminal, put_place, put_terminal]
