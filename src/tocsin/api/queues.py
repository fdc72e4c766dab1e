"""Box 16's queues over the API: set up by role, with what comes to each by itself; paused and moved."""

from litestar import Response, delete, get, post, put
from litestar.params import FromPath, JSONBody, RawBody
from msgspec import Struct
from msgspec.structs import replace

from tocsin.api.guard import ApiRequest, change_once, enter, read_body, read_id
from tocsin.api.shape import iso
from tocsin.api.tickets import IdOut
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.tenant import get_shop
from tocsin.tickets.print_queue import PrintQueue, Waiting, count_waiting, list_queues
from tocsin.tickets.queue_move import move_job, move_queue
from tocsin.tickets.queue_setup import add_queue, change_queue, pause_queue, remove_queue


class QueueIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A queue: `takes` is empty for what is given by hand, `*` for every order, else a query; `printer` its printer's id.

    `role` is counter, kitchen, packing or empty; `shop` the code of one shop, empty for all. With `own_lines` a paper
    shows the lines that the query finds, no others. After `backup_minutes` away, `backup` prints what waits.
    """

    name: str
    printer: str
    role: str = ""
    shop: str = ""
    copies: tuple[str, ...] = ("merchant",)
    takes: str = ""
    own_lines: bool = False
    backup: str = ""
    backup_minutes: int = 5


class QueueOut(Struct, frozen=True, kw_only=True):
    """A queue as it is set up, and at a glance."""

    id: str
    name: str
    printer: str
    role: str
    shop: str
    copies: tuple[str, ...]
    takes: str
    own_lines: bool
    backup: str
    backup_minutes: int
    paused: bool
    pending: int
    oldest_at: str


class PauseIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a queue rests."""

    paused: bool


class MoveIn(Struct, frozen=True, forbid_unknown_fields=True):
    """The queue that what waits is moved to."""

    to: str


class MovedOut(Struct, frozen=True):
    """How many waiting prints went to another printer or queue."""

    moved: int


@get("/queues", sync_to_thread=True)
def get_queues(request: ApiRequest) -> list[QueueOut]:
    """Return the merchant's print queues, and how much waits in each; their queries to those who may set them."""
    desk, actor = enter(request)
    require(actor, "query")

    def read(tx: Tx) -> list[QueueOut]:
        waiting = count_waiting(tx)
        shown = [_queue_out(tx, queue, waiting.get(queue.id)) for queue in list_queues(tx)]
        return shown if actor.may("shop_settings") else [replace(one, takes="") for one in shown]

    return desk.db.read(actor.merchant_id, read)


@post("/queues", sync_to_thread=True, status_code=201)
def create_queue(request: ApiRequest, *, data: JSONBody[QueueIn], body: RawBody) -> Response[IdOut]:
    """Set up another print queue."""
    del data
    given = read_body(body, QueueIn)

    def run(tx: Tx, actor: Actor) -> IdOut:
        return IdOut(str(add_queue(tx, actor, queue=_queue(tx, given, queue_id=0))))

    return change_once(request, body, run, status=201)


@put("/queues/{queue_id:str}", sync_to_thread=True, status_code=200)
def put_queue(
    request: ApiRequest, *, queue_id: FromPath[str], data: JSONBody[QueueIn], body: RawBody
) -> Response[MovedOut]:
    """Change a print queue; with another printer what waits goes there, checked and drawn anew."""
    del data
    given = read_body(body, QueueIn)

    def run(tx: Tx, actor: Actor) -> MovedOut:
        return MovedOut(change_queue(tx, actor, queue=_queue(tx, given, queue_id=read_id(queue_id))))

    return change_once(request, body, run)


@delete("/queues/{queue_id:str}", sync_to_thread=True, status_code=200)
def delete_queue(request: ApiRequest, *, queue_id: FromPath[str]) -> Response[IdOut]:
    """Take an empty print queue away."""

    def run(tx: Tx, actor: Actor) -> IdOut:
        remove_queue(tx, actor, queue_id=read_id(queue_id))
        return IdOut(queue_id)

    return change_once(request, b"", run)


@post("/queues/{queue_id:str}/pause", sync_to_thread=True, status_code=200)
def create_pause(
    request: ApiRequest, *, queue_id: FromPath[str], data: JSONBody[PauseIn], body: RawBody
) -> Response[IdOut]:
    """Stop a print queue, or let it go on."""
    del data
    given = read_body(body, PauseIn)

    def run(tx: Tx, actor: Actor) -> IdOut:
        pause_queue(tx, actor, queue_id=read_id(queue_id), paused=given.paused)
        return IdOut(queue_id)

    return change_once(request, body, run)


@post("/queues/{queue_id:str}/move", sync_to_thread=True, status_code=200)
def create_move(
    request: ApiRequest, *, queue_id: FromPath[str], data: JSONBody[MoveIn], body: RawBody
) -> Response[MovedOut]:
    """Move all that waits in a print queue to another one, in its order."""
    del data
    given = read_body(body, MoveIn)

    def run(tx: Tx, actor: Actor) -> MovedOut:
        return MovedOut(move_queue(tx, actor, queue_id=read_id(queue_id), to_id=read_id(given.to)))

    return change_once(request, body, run)


@post("/prints/{print_id:str}/move", sync_to_thread=True, status_code=200)
def move_print(
    request: ApiRequest, *, print_id: FromPath[str], data: JSONBody[MoveIn], body: RawBody
) -> Response[IdOut]:
    """Move a waiting print to another queue: there it is checked and drawn anew."""
    del data
    given = read_body(body, MoveIn)

    def run(tx: Tx, actor: Actor) -> IdOut:
        move_job(tx, actor, job_id=read_id(print_id), queue_id=read_id(given.to))
        return IdOut(print_id)

    return change_once(request, body, run)


def _queue(tx: Tx, given: QueueIn, *, queue_id: int) -> PrintQueue:
    return PrintQueue(
        id=queue_id, name=given.name, role=given.role, shop_id=get_shop(tx, code=given.shop).id if given.shop else 0,
        printer_id=read_id(given.printer), backup_id=read_id(given.backup) if given.backup else 0,
        backup_minutes=given.backup_minutes, copies=",".join(given.copies), takes=given.takes,
        own_lines=int(given.own_lines), paused=0,
    )  # fmt: skip


def _queue_out(tx: Tx, queue: PrintQueue, waiting: Waiting | None) -> QueueOut:
    return QueueOut(
        id=str(queue.id), name=queue.name, printer=str(queue.printer_id), role=queue.role,
        shop=get_shop(tx, shop_id=queue.shop_id).code if queue.shop_id else "", copies=tuple(queue.copy_list()),
        takes=queue.takes, own_lines=bool(queue.own_lines), backup=str(queue.backup_id) if queue.backup_id else "",
        backup_minutes=queue.backup_minutes, paused=bool(queue.paused), pending=waiting.pending if waiting else 0,
        oldest_at=iso(waiting.oldest_us) if waiting else "",
    )  # fmt: skip


QUEUES = [get_queues, create_queue, put_queue, delete_queue, create_pause, create_move, move_print]
