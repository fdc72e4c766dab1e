"""What a change led to at the print terminal, in the address that follows it, and in words: which queue got how many tickets."""

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.undo import Told, find_refused
from tocsin.orders.second_person import SecondPersonNeeded
from tocsin.tickets.job import get_jobs
from tocsin.tickets.print_queue import list_queues
from tocsin.tickets.take_back import undo_offered
from tocsin.tickets.terminal import Requested
from tocsin.web.figures import Figures
from tocsin.web.guard import PageRequest
from tocsin.web.say import say
from tocsin.web.words import Words

_BY_ITSELF = frozenset({"acknowledge", "manual", "later", "failed", "conflict"})
"""Kinds of holds after which a print that was asked for in vain follows by itself."""


def code_given(tx: Tx, *asked: Requested | None, done: str) -> str:
    """Return what `go` says was done, with what was given to which queues; where nothing was asked for, that alone."""
    requested = [one for one in asked if one]
    jobs = [job_id for one in requested if one.result == "queued" for job_id in one.job_ids]
    if jobs:
        found = get_jobs(tx, job_ids=jobs)
        queues = dict.fromkeys(str(found[job_id].queue_id) for job_id in jobs)
        return f"{done}&given={len(jobs)}&at={'-'.join(queues)}"
    if not requested:
        return done
    return f"{done}_{'watched' if requested[0].refused == SecondPersonNeeded.code else 'held'}"


def code_held(requested: Requested) -> str:
    """Return what `go` says of a print that was held: whether it follows by itself, or is to be asked for again."""
    return "held_waits" if requested.holds and _BY_ITSELF.issuperset(requested.holds) else "held_mend"


def read_queues(tx: Tx, request: PageRequest) -> list[str]:
    """Return the names of the queues that an address says got something."""
    wanted = request.query_params.get("at", "")[:200].split("-")
    return [queue.name for queue in list_queues(tx) if str(queue.id) in wanted] if wanted != [""] else []


def read_undo(tx: Tx, actor: Actor, request: PageRequest) -> str:
    """Return under which name the act that an address tells of can be taken back; empty where it can't be."""
    name = request.query_params.get("undo", "")[:19]
    return name if name.isascii() and name.isdigit() and undo_offered(tx, actor, name=name) else ""


def read_refused(tx: Tx, actor: Actor, request: PageRequest) -> Told | None:
    """Return why what an address tells of was not taken back."""
    name = request.query_params.get("refused", "")[:19]
    return find_refused(tx, actor, name=name) if name.isascii() and name.isdigit() else None


def say_refused(told: Told | None, words: Words) -> list[dict[str, str]]:
    """Return the toast that says why something was not taken back and what to do, if there is one."""
    return [{"kind": "bad", "text": say(told.template, told.data, words)}] if told else []


def say_given(request: PageRequest, words: Words, *, done: str, queues: list[str]) -> str:
    """Return what was done, and which queues got how many tickets where some did."""
    given = request.query_params.get("given", "")[:4]
    if not queues or not (given.isascii() and given.isdigit()):
        return done
    what = Figures(words).translated_count("one ticket", "%(num)s tickets", int(given))
    text = words.translate("%(done)s; %(what)s given to %(queue)s")
    return text % {"done": done, "what": what, "queue": Figures(words).listed(queues)}
