"""Problem view over the API: how many problems of each kind, and the oldest of one."""

from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Struct

from tocsin.api.guard import ApiRequest, enter
from tocsin.api.shape import iso
from tocsin.core.actor import require
from tocsin.tickets.radar import KINDS, Counts, count_problems, list_problems


class ProblemOut(Struct, frozen=True, kw_only=True):
    """An order with a problem, since when, and the print that it is about, if any."""

    number: str
    since: str
    print: str
    serial: str
    reason: str


@get("/problems", sync_to_thread=True)
def get_problem_counts(request: ApiRequest) -> Counts:
    """Return how many problems of each kind there are, counted to 1,001."""
    desk, actor = enter(request)
    require(actor, "query")
    return desk.db.read(actor.merchant_id, count_problems)


@get("/problems/{kind:str}", sync_to_thread=True)
def get_problem_list(request: ApiRequest, *, kind: FromPath[str]) -> list[ProblemOut]:
    """Return the oldest problems of a kind, at most 100."""
    desk, actor = enter(request)
    require(actor, "query")
    if kind not in KINDS:
        raise NotFoundException(f"problems are {', '.join(KINDS)}")
    found = desk.db.read(actor.merchant_id, lambda tx: list_problems(tx, kind=kind))
    return [
        ProblemOut(
            number=one.number, since=iso(one.since_us) or "", print=str(one.job_id or ""), serial=one.serial, reason=one.reason
        )
        for one in found
    ]  # fmt: skip


PROBLEMS = [get_problem_counts, get_problem_list]
