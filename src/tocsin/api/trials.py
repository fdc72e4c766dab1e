"""Box 18 over the API: a printer is tried out, asked how it is or given a test page, or an address to come to."""

from functools import partial

from litestar import Response, post
from litestar.params import FromPath, RawBody
from msgspec import Struct

from tocsin.api.guard import ApiRequest, enter, read_id, work_once
from tocsin.core.actor import Actor
from tocsin.desk import Desk
from tocsin.tickets.poll_address import renew_address
from tocsin.tickets.trial import ask_printer, print_test_page, say_state


class StateOut(Struct, frozen=True, kw_only=True):
    """How a printer just said that it is: ready, paper_low, paper_out, cover_open or offline, and why."""

    state: str
    reason: str


class TrialOut(Struct, frozen=True, kw_only=True):
    """What became of a test page: printed, failed, unknown, or taken by what prints it later; and why."""

    result: str
    reason: str
    detail: str


class AddressOut(Struct, frozen=True):
    """Where a printer comes for its papers; it is on this answer alone."""

    address: str


@post("/terminals/{terminal_id:str}/probe", sync_to_thread=True, status_code=200)
def probe_terminal(request: ApiRequest, *, terminal_id: FromPath[str], body: RawBody) -> Response[StateOut]:
    """Ask a printer how it is (0 is the first)."""

    def run(desk: Desk, actor: Actor) -> StateOut:
        status = ask_printer(desk.db, actor, printer_id=read_id(terminal_id))
        return StateOut(state=say_state(status), reason=status.detail)

    return work_once(request, body, run)


@post("/terminals/{terminal_id:str}/test", sync_to_thread=True, status_code=200)
def test_terminal(request: ApiRequest, *, terminal_id: FromPath[str], body: RawBody) -> Response[TrialOut]:
    """Print a test page that carries no order (0 is the first printer)."""
    base_url = request.app.state.desk.settings.base_url()

    def run(desk: Desk, actor: Actor) -> TrialOut:
        outcome = print_test_page(desk.db, actor, printer_id=read_id(terminal_id), base_url=base_url)
        return TrialOut(result=outcome.result, reason=outcome.reason, detail=outcome.detail)

    return work_once(request, body, run)


@post("/terminals/{terminal_id:str}/address", sync_to_thread=True, status_code=200)
def renew_terminal_address(request: ApiRequest, *, terminal_id: FromPath[str]) -> AddressOut:
    """Give a printer that comes for its papers a new address; it takes a fresh proof of who asks, which no key can give."""
    desk, actor = enter(request)
    wanted = read_id(terminal_id)
    token = desk.db.write(actor.merchant_id, partial(renew_address, actor=actor, printer_id=wanted))
    return AddressOut(f"{desk.settings.base_url()}/cloudprnt/{token}")


TRIALS = [probe_terminal, test_terminal, renew_terminal_address]
