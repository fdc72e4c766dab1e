"""What the clerk just did, taken back at one touch: each kind of act with the verb that undoes it, whole or not at all."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import asdict

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.undo import find_undo, keep_undo, use_undo
from tocsin.orders.archive import put_back
from tocsin.orders.saved_screen import Screen, restore_screen
from tocsin.orders.stop import Hold, open_hold
from tocsin.orders.undo import undo_amendment
from tocsin.orders.watch_list import TakenOff, add_watch
from tocsin.tickets.again import print_again
from tocsin.tickets.check import lock_order
from tocsin.tickets.hold import release_hold
from tocsin.tickets.job import get_jobs
from tocsin.tickets.queue_setup import restore_queue
from tocsin.tickets.reopen import reopen_order
from tocsin.tickets.terminal import Requested

TAKEN_BACK = "taken back"
REOPENED_KINDS = frozenset({"manual", "later", "failed"})
"""Kinds of holds that open again: letting a conflict or a refund go has settled what can't be unsettled."""


class PaperGone(Refusal):
    """The ticket is on its way to the printer or out: hold the order again, and pull the paper"""

    kind, code = "conflict", "paper_gone"


class Undo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What would take one act back, and the page where that is seen; `subject_id` is an order, hold, job, screen … ."""

    act: str
    back: str
    subject_id: int = 0
    seen: int = 0
    jobs: tuple[int, ...] = ()
    hold: Hold | None = None
    screen: Screen | None = None
    watch: TakenOff | None = None


def offer_undo(tx: Tx, actor: Actor, undo: Undo) -> str:
    """Keep what would take an act back; return what the address of the page that follows carries."""
    return f"&undo={keep_undo(tx, actor, undo)}"


def undo_offered(tx: Tx, actor: Actor, *, name: str) -> bool:
    """Tell whether an act can be taken back under that name."""
    return find_undo(tx, actor, name=name, shape=Undo) is not None


def offer_release(tx: Tx, actor: Actor, found: Hold, *, requested: Requested | None, back: str) -> str:
    """Offer to hold an order again that was released; empty for kinds of holds that don't open again."""
    if found.kind not in REOPENED_KINDS:
        return ""
    jobs = requested.job_ids if requested else ()
    return offer_undo(tx, actor, Undo(act="released", back=back, hold=found, jobs=jobs))


def take_back(tx: Tx, actor: Actor, *, name: str, base_url: str) -> tuple[Undo, Requested | None]:
    """Take an act back; return what it was, and the print that this led to, if any.

    Raises:
        UndoOver: it was taken back, or is too old.
        PaperGone, JobNotWaiting, NotReopened, OrderMoved, … : what has happened since stands in the way; nothing is changed.
    """
    undo = use_undo(tx, actor, name=name, shape=Undo)
    return undo, _VERBS[undo.act](tx, actor, undo, base_url)


def _held(tx: Tx, actor: Actor, undo: Undo, base_url: str) -> Requested | None:
    return release_hold(tx, actor, hold_id=undo.subject_id, reason=TAKEN_BACK, base_url=base_url).requested


def _released(tx: Tx, actor: Actor, undo: Undo, _: str) -> None:
    """Hold again: what the release has queued waits by the guard, as long as none of it has gone."""
    require(actor, "hold")
    found = undo.hold
    assert found is not None, "a release is offered with its hold"
    lock_order(tx, order_id=found.order_id)
    if any(job.state != "queued" for job in get_jobs(tx, job_ids=undo.jobs).values()):
        raise PaperGone
    later = found.kind == "later" and (found.until_us or 0) > tx.now_us
    kind = found.kind if found.kind != "later" or later else "manual"
    open_hold(
        tx, actor, order_id=found.order_id, revision=found.revision, kind=kind, reason=found.reason, job_id=found.job_id,  # type: ignore[arg-type]
        copy=found.copy, until_us=found.until_us if later else None,
    )  # fmt: skip


def _amended(tx: Tx, actor: Actor, undo: Undo, _: str) -> None:
    undo_amendment(tx, actor, order_id=undo.subject_id, seen=undo.seen, reason=TAKEN_BACK)


def _cancelled(tx: Tx, actor: Actor, undo: Undo, _: str) -> None:
    reopen_order(tx, actor, order_id=undo.subject_id)


def _brought_back(tx: Tx, actor: Actor, undo: Undo, _: str) -> None:
    lock_order(tx, order_id=undo.subject_id)
    put_back(tx, actor, order_id=undo.subject_id)


def _job_cancelled(tx: Tx, actor: Actor, undo: Undo, base_url: str) -> Requested:
    return print_again(tx, actor, job_id=undo.subject_id, base_url=base_url)[0]


def _screen_dropped(tx: Tx, actor: Actor, undo: Undo, _: str) -> None:
    assert undo.screen is not None, "a screen is offered whole"
    restore_screen(tx, actor, undo.screen)


def _watch_removed(tx: Tx, actor: Actor, undo: Undo, _: str) -> None:
    assert undo.watch is not None, "an entry is offered whole"
    add_watch(tx, actor, **asdict(undo.watch))


def _queue_removed(tx: Tx, actor: Actor, undo: Undo, _: str) -> None:
    restore_queue(tx, actor, queue_id=undo.subject_id)


_VERBS: dict[str, Callable[[Tx, Actor, Undo, str], Requested | None]] = {
    "held": _held, "released": _released, "amended": _amended, "cancelled": _cancelled, "brought_back": _brought_back, "job": _job_cancelled,
    "screen": _screen_dropped, "watch": _watch_removed, "queue": _queue_removed,
}  # fmt: skip
