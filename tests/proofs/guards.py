"""Guards taken away on purpose, one at a time, in this process: the state machine must find each."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa
from msgspec.structs import replace

from tocsin.core.ident import new_id
from tocsin.core.statement import NOUGHT, Statement, any_of, bind, own
from tocsin.orders.stop import page_holds
from tocsin.orders.store import load_order
from tocsin.orders.table import order_head
from tocsin.tickets import auto_print, check, claim, hand_over, hold, late, radar, spool, terminal
from tocsin.tickets.marks import Marks
from tocsin.tickets.table import print_job

_OLDEST = Statement[tuple[int]](
    sa.select(print_job.c.id)
    .where(own(print_job), print_job.c.printer_id == bind("printer_id"), print_job.c.state == "queued")
    .order_by(print_job.c.id).limit(1)
)  # fmt: skip
_THOUGH_PAUSED = Statement[tuple[int]](
    sa.select(print_job.c.id)
    .join(order_head, sa.and_(order_head.c.merchant_id == print_job.c.merchant_id, order_head.c.id == print_job.c.order_id))
    .where(
        own(print_job), print_job.c.printer_id == bind("printer_id"), claim._waits,
        sa.or_(order_head.c.holds_open <= NOUGHT, claim._never), ~claim._sent, sa.not_(any_of(print_job.c.id, "ids")),
    )
    .order_by(print_job.c.id).limit(1)
)  # fmt: skip
_REQUEUE = Statement[None](
    sa.update(print_job).where(own(print_job), print_job.c.state == "sending"), sets=("state",)
)
_ANY_REVISION = Statement[tuple[str]](
    sa.select(check.acknowledgement.c.code).where(
        own(check.acknowledgement), check.acknowledgement.c.order_id == bind("order_id"),
        check.acknowledgement.c.revision <= bind("revision"),
    )
)  # fmt: skip
_NO_PAPER = Statement[tuple[int]](
    sa.select(print_job.c.id).where(
        own(print_job), print_job.c.order_id == bind("order_id"), print_job.c.revision == bind("revision"),
        print_job.c.state == "nowhere",
    )
)  # fmt: skip
_bounds = radar._bounds
Replaced = dict[str, Any]
"""`module.name` of the product → what stands there instead."""


def _oldest(tx: Any, *, printer_id: int, **_: Any) -> int | None:
    return tx.value(_OLDEST, printer_id=printer_id)  # type: ignore[no-any-return]


def _never_late(tx: Any, *names: str) -> dict[str, int]:
    return {**_bounds(tx, *names), "unprinted_us": 0}


def _approve(tx: Any, _actor: Any, *, order_id: int, **_: Any) -> check.Verdict:
    revision = load_order(tx, order_id=order_id).revision
    return check.Verdict(
        id=new_id(), order_id=order_id, revision=revision, passed=True, findings=(), unacknowledged=()
    )  # fmt: skip


def _stale() -> Replaced:
    ends, content = claim._ends, claim._content_now

    def no_end(tx: Any, actor: Any, job: Any, order: Any) -> bool:
        return ends(tx, actor, replace(job, revision=order.revision), order)

    def old_content(tx: Any, job: Any, order: Any, device: Any) -> Any:
        return content(tx, job, order, device) if job.revision == order.revision else None

    return {"claim._ends": no_end, "claim._content_now": old_content}


def _void() -> Replaced:
    run = check.run_checks

    def find_no_state(*asked: Any, **more: Any) -> Any:
        return tuple(finding for finding in run(*asked, **more) if finding.code != "state")

    never = lambda _: False
    return {"check.run_checks": find_no_state, "claim.is_void": never, "terminal.is_void": never}


def _old_request() -> Replaced:
    ask = terminal.request_print

    def ask_head(tx: Any, actor: Any, *, order_id: int, seen: int, **more: Any) -> Any:
        del seen
        head = load_order(tx, order_id=order_id).revision
        return ask(tx, actor, order_id=order_id, seen=head, **more)

    return {"terminal.request_print": ask_head}


def _paused() -> Replaced:
    return {"claim._NEXT": _THOUGH_PAUSED}


def _lost() -> Replaced:
    give_up = claim.give_up
    return {"claim.give_up": lambda tx, job, **more: give_up(tx, job, **{**more, "held": False})}


def _late() -> Replaced:
    end, every = late.end_job, ("sending", "unknown", "printed", "failed")
    return {"late.end_job": lambda tx, **more: end(tx, **{**more, "came_from": every})}


def _resent() -> Replaced:
    lease = spool.lease_station

    def lease_again(tx: Any, **more: Any) -> bool:
        tx.run(_REQUEUE, state="queued")
        return lease(tx, **more)

    return {"spool.lease_station": lease_again}


GUARDS = {
    "superseded": _stale,
    "void": _void,
    "held_at_claim": lambda: {"claim.next_job": _oldest, "claim.open_holds": lambda *_, **__: []},
    "held_at_terminal": lambda: {"terminal.open_holds": lambda *_, **__: []},
    "unchecked_at_claim": lambda: {"claim.check_order": _approve},
    "unchecked_at_terminal": lambda: {
        "terminal.check_order": _approve,
        "terminal.open_holds": lambda *_, **__: [],
    },
    "asked_on_old_revision": _old_request,
    "acknowledged_once_for_all": lambda: {"check._ACKNOWLEDGED": _ANY_REVISION},
    "too_old": lambda: {"claim._waited_us": lambda *_: 0},
    "two_at_a_printer": lambda: {"claim.next_job": _oldest},
    "paused": _paused,
    "unmarked": lambda: {"claim.marks": lambda *_, **__: Marks(), "terminal.marks": lambda *_, **__: Marks()},
    "sent_again": _resent,
    "late_word": _late,
    "unknown_unseen": lambda: {"late.open_hold": lambda *_, **__: 0},
    "lost_at_claim": _lost,
    "lost_at_settlement": lambda: {"hold._keep_in_sight": lambda *_: None},
    "handed_over_twice": lambda: {"hand_over.handed_over": lambda *_, **__: []},
    "unprinted_unseen": lambda: {"radar._bounds": _never_late},
    "late_news_untold": lambda: {"check._hold_late_news": lambda *_: None},
    "printed_by_screen_and_hand": lambda: {"auto_print._PAPERED": _NO_PAPER},
    "woken_early": lambda: {"hold.due_holds": lambda tx: [h for h in page_holds(tx) if h.kind == "later"]},
}
_MODULES = {
    "auto_print": auto_print,
    "check": check,
    "claim": claim,
    "hand_over": hand_over,
    "hold": hold,
    "radar": radar,
    "late": late,
    "spool": spool,
    "terminal": terminal,
}


@contextmanager
def without(guard: str) -> Iterator[None]:
    """Take one guard away; an empty name takes none."""
    with ExitStack() as stack:
        for place, instead in (GUARDS[guard]() if guard else {}).items():
            module, _, name = place.partition(".")
            stack.enter_context(patch.object(_MODULES[module], name, instead))
        yield
