"""Boxes 16 and 18 as pages: one paper taken out of its queue, moved, settled by a person, or asked for again."""

from functools import partial

from litestar import post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.desk import Desk
from tocsin.orders.second_person import SecondPersonNeeded
from tocsin.tickets.again import print_again
from tocsin.tickets.hold import settle_unknown
from tocsin.tickets.job import Job, get_job
from tocsin.tickets.queue_move import move_job
from tocsin.tickets.spoil import spoil_paper
from tocsin.tickets.take_back import Undo, offer_undo
from tocsin.tickets.terminal import cancel_job
from tocsin.web.form import once, read_form, read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.said import code_given, code_held
from tocsin.web.shell import back_of, go
from tocsin.web.terminal import ask_for


@post("/jobs/{job_id:str}/move", sync_to_thread=True, status_code=200)
def post_job_move(request: PageRequest, *, job_id: FromPath[str], body: RawBody) -> Redirect:
    """Move a waiting paper to another queue."""
    desk, actor = enter(request)
    to, wanted = read_number(read_form(request, body).get("to", "")), read_number(job_id)
    desk.db.write(actor.merchant_id, lambda tx: move_job(tx, actor, job_id=wanted, queue_id=to))
    return go(f"/terminals/{to}?moved=1")


@post("/jobs/{job_id:str}/cancellation", sync_to_thread=True, status_code=200)
def post_cancellation(request: PageRequest, *, job_id: FromPath[str], body: RawBody) -> Redirect:
    """Take a waiting paper out of its queue."""
    desk, actor = enter(request)
    read_form(request, body)
    job = _job(desk, actor, job_id)
    queue = f"/terminals/{job.queue_id}"

    def cancel(tx: Tx) -> str:
        cancel_job(tx, actor, job_id=job.id)
        return "cancelled" + offer_undo(tx, actor, Undo(act="job", back=queue, subject_id=job.id))

    return go(queue, done=desk.db.write(actor.merchant_id, cancel))


@post("/jobs/{job_id:str}/settlement", sync_to_thread=True, status_code=200)
def post_settlement(request: PageRequest, *, job_id: FromPath[str], body: RawBody) -> Redirect:
    """Say whether a paper of unknown outcome came out."""
    desk, actor = enter(request)
    form = read_form(request, body)
    answer = form.get("answer", "")
    require(actor, "settle")
    if answer not in ("came_out", "did_not"):
        raise SettlementUnclear
    job = _job(desk, actor, job_id)
    desk.db.write(
        actor.merchant_id, lambda tx: settle_unknown(tx, actor, job_id=job.id, came_out=answer == "came_out")
    )
    return go(back_of(request, form, f"/terminals/{job.queue_id}"), done="saved")


class SettlementUnclear(Refusal):
    """Say whether the ticket came out or did not: look at the printer, then press one of the two"""

    kind, code = "invalid", "settlement_unclear"


@post("/jobs/{job_id:str}/reprint", sync_to_thread=True, status_code=200)
def post_reprint(request: PageRequest, *, job_id: FromPath[str], body: RawBody) -> Redirect:
    """Ask for the paper again, of the order as it is now: checked once more, marked REPRINT, REPLACEMENT (where it is spoiled) or AMENDED."""
    desk, actor = enter(request)
    form = read_form(request, body)
    require(actor, "print")
    job = _job(desk, actor, job_id)
    again = partial(
        _print_again,
        actor=actor,
        job=job,
        base_url=desk.settings.base_url(),
        spoiled=form.get("spoiled") == "1",
    )
    return go(desk.db.write(actor.merchant_id, lambda tx: once(
        tx, actor, form, route=f"jobs.reprint {job.id}", make=lambda: again(tx)
    )))  # fmt: skip


def _print_again(tx: Tx, *, actor: Actor, job: Job, base_url: str, spoiled: bool) -> str:
    if spoiled:
        spoil_paper(tx, actor, job_id=job.id)
    first, released = print_again(tx, actor, job_id=job.id, base_url=base_url)
    if first.result == "held":
        return f"/orders/{first.number}?done={'released_held' if released else code_held(first)}"
    if first.refused == SecondPersonNeeded.code:
        return ask_for(first.number)
    done = code_given(tx, first, done="released" if released else "asked_again")
    return f"/terminals/{job.home_id()}?done={done}"


def _job(desk: Desk, actor: Actor, job_id: str) -> Job:
    wanted = read_number(job_id)
    return desk.db.read(actor.merchant_id, lambda tx: get_job(tx, job_id=wanted))


PRINT_JOBS = [post_job_move, post_cancellation, post_settlement, post_reprint]
