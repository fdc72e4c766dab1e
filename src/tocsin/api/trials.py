"""Box 18 over the API: a printer is tried out, asked how it is or given a test page."""

from litestar import Response, post
from litestar.params import FromPath, RawBody
from msgspec import Struct

from tocsin.api.guard import ApiRequest, read_id, work_once
from tocsin.core.actor import Actor
from tocsin.desk import Desk
from tocsin.tickets.trial import ask_printer, print_test_page, say_state


class StateOut(Struct, frozen=True, kw_only=True):
    """How a printer just said that it is: ready, paper_low, paper_out, cover_open or offline, and why."""

    state: str
    reason: str


class TrialOut(Struct, frozen=True, kw_only=True):
    """What became of a test page: printed, failed or unknown, and why."""

    result: str
    reason: str
    detail: str


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


TRIALS = [probe_terminal, test_terminal]
