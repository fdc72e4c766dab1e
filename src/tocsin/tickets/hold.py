"""Box 19, hold: what must not be printed now, by hand or by a finding, and how each kind is let go.

`check` closes by itself when a new revision passes; `acknowledge` when its warnings are
acknowledged; `unknown` when a person says what became of the paper; the rest are released.
"""

from functools import partial
from typing import Literal

from msgspec import Struct

from tocsin.core.actor import Actor, Right, desk_actor, require
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal, is_everybodys
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.log import get_log
from tocsin.core.loop import for_each_merchant
from tocsin.core.mask import mask_text
from tocsin.orders.stop import HoldMissing, close_hold, due_holds, get_hold, open_hold, open_holds
from tocsin.orders.store import load_order
from tocsin.tickets.check import Verdict, check_order, is_void, lock_order
from tocsin.tickets.intercept import confirm_pulled
from tocsin.tickets.job import DID_NOT, Job, end_job, get_job, mark_printed
from tocsin.tickets.reenter import reenter
from tocsin.tickets.remembered import ACKNOWLEDGE, remember
from tocsin.tickets.terminal import Requested
from tocsin.tickets.two_persons import sign

_RELEASE_RIGHTS: dict[str, Right] = {
    "manual": "release", "later": "hold", "failed": "hold", "conflict": "amend", "refund": "release",
}  # fmt: skip
REASON_CHARACTERS = 500
_log = get_log("tickets.hold")


class HoldReasonMissing(Refusal):
    """There is no reason yet: say why, in 1 to 500 characters"""

    kind, code = "invalid", "hold_reason_missing"


class HoldNotReleasable(Refusal):
    """A hold of kind “{kind}” is not released by hand: {cure}"""

    kind, code = "refused", "hold_not_releasable"


class NothingToAcknowledge(Refusal):
    """Revision {revision} has no warning {codes} that waits for an acknowledgement: look at the order as it is now"""

    kind, code = "missing", "nothing_to_acknowledge"


class NotUnknown(Refusal):
    """That ticket is {state}: only one of unknown outcome can be settled"""

    kind, code = "conflict", "not_unknown"


class Released(Struct, frozen=True):
    """What a release led to: the print that it re-entered at the terminal, if any."""

    hold_id: int
    requested: Requested | None


_CURES = {
    "check": "revise the order, a revision that passes closes it",
    "acknowledge": "acknowledge its warnings, or revise the order",
    "unknown": "say whether the paper came out",
}


def hold_order(
    tx: Tx, actor: Actor, *, order_id: int, reason: str, kind: Literal["manual", "later"] = "manual",
    until_us: int | None = None,
) -> int:  # fmt: skip
    """Hold an order by hand, or until a time; return the hold's id.

    Raises:
        NotAllowed, HoldReasonMissing, OrderMissing
    """
    require(actor, "hold")
    _require_reason(reason)
    order = load_order(tx, order_id=order_id, real=True)
    return open_hold(
        tx, actor, order_id=order.id, revision=order.revision, kind=kind,
        reason=mask_text(reason.strip(), order.receiver), until_us=until_us,
    )  # fmt: skip


def release_hold(tx: Tx, actor: Actor, *, hold_id: int, reason: str, base_url: str = "") -> Released:
    """Release a hold; what it kept from a printer re-enters at the print terminal, each on its printer and copy.

    An order that nobody asked for, or whose papers are out, stays where it is.

    Raises:
        NotAllowed, HoldMissing, HoldReasonMissing
        HoldNotReleasable: its kind closes another way.
    """
    found = get_hold(tx, hold_id=hold_id)
    if found.kind in _CURES:
        raise HoldNotReleasable(kind=found.kind, cure=_CURES[found.kind])
    require(actor, _RELEASE_RIGHTS[found.kind])
    _require_reason(reason)
    lock_order(tx, order_id=found.order_id)
    receiver = load_order(tx, order_id=found.order_id, real=True).receiver
    if not close_hold(tx, actor, found, reason=mask_text(reason.strip(), receiver)):
        raise HoldMissing  # somebody else was faster, and what follows a release has followed his
    if found.kind == "refund":
        confirm_pulled(tx, actor, order_id=found.order_id)
    # What was refunded after paper is over: its ticket was pulled, none follows.
    again = bool(base_url) and found.kind != "refund"
    return Released(hold_id, reenter(tx, actor, found, base_url=base_url) if again else None)


def acknowledge_findings(
    tx: Tx, actor: Actor, *, order_id: int, revision: int, codes: tuple[str, ...], keep: bool = False
) -> Verdict:
    """Acknowledge warnings of a revision by their codes; return the verdict that follows.

    Those for which two persons are chosen stand until the second of them has.

    Args:
        keep: remember those that are about the receiver: his next orders are not asked about them again.

    Raises:
        NotAllowed: the actor may not acknowledge.
        NothingToAcknowledge: none of the codes waits on this revision.
        SecondSignatureNeeded: each of them was signed by the actor, or he may not be the second.
    """
    require(actor, "acknowledge")
    waiting = check_order(tx, actor, order_id=order_id)
    known = {finding.code for finding in waiting.unacknowledged} & set(codes)
    if waiting.revision != revision or not known:
        raise NothingToAcknowledge(revision=revision, codes=", ".join(codes))
    order = load_order(tx, order_id=order_id, real=True)
    done = sign(tx, actor, order, findings=[one for one in waiting.unacknowledged if one.code in known])
    if not done:
        return waiting
    for code, name in sorted(done.items()):
        tx.run(
            ACKNOWLEDGE, order_id=order_id, revision=revision, code=code, at_us=tx.now_us, actor_id=actor.id,
            actor_name=name,
        )  # fmt: skip
    if keep:
        remember(tx, actor, order, codes=set(done))
    write_journal(
        tx, actor, verb="tickets.acknowledge", subject=f"order:{order_id}", data={"codes": sorted(done)}
    )
    append_event(tx, "order.acknowledged", subject_id=order_id, data={"revision": revision})
    return check_order(tx, actor, order_id=order_id)


def acknowledge_and_print(
    tx: Tx, actor: Actor, *, order_id: int, revision: int, codes: tuple[str, ...], keep: bool = False, base_url: str
) -> tuple[Verdict, Requested | None]:  # fmt: skip
    """Acknowledge as `acknowledge_findings`; once nothing waits for it any more, what was asked for meanwhile prints.

    Raises:
        NotAllowed, NothingToAcknowledge, SecondSignatureNeeded
    """
    waiting = [hold for hold in open_holds(tx, order_id=order_id) if hold.kind == "acknowledge"]
    made = acknowledge_findings(tx, actor, order_id=order_id, revision=revision, codes=codes, keep=keep)
    if not waiting or not made.passed or not actor.may("print"):
        return made, None
    return made, reenter(tx, actor, waiting[-1], base_url=base_url)


def settle_unknown(tx: Tx, actor: Actor, *, job_id: int, came_out: bool) -> None:
    """Say what became of a paper of unknown outcome; one that did not come out holds its order as failed.

    Raises:
        NotAllowed, JobMissing
        NotUnknown: its outcome is known.
    """
    require(actor, "settle")
    job = get_job(tx, job_id=job_id)
    state = "printed" if came_out else "failed"
    if not end_job(
        tx, job_id=job_id, came_from=("unknown",), state=state, settled_by=actor.name,
        reason="came_out" if came_out else DID_NOT, outcome=job.last_outcome(),
    ):  # fmt: skip
        raise NotUnknown(state=job.state)
    for hold in open_holds(tx, order_id=job.order_id):
        if hold.kind == "unknown" and hold.job_id == job_id:
            close_hold(tx, actor, hold, reason="came out" if came_out else "did not come out")
    if came_out:
        mark_printed(tx, job)
    else:
        _keep_in_sight(tx, actor, job)
    append_event(tx, f"print.{state}", subject_id=job.order_id, data={"job": str(job_id), "settled": True})
    write_journal(
        tx, actor, verb="tickets.settle", subject=f"order:{job.order_id}",
        data={"job": str(job_id), "came_out": came_out},
    )  # fmt: skip


def wake_due(db: Database, *, base_url: str) -> int:
    """Release `later` holds whose time has come; each re-enters at the print terminal. Return how many."""
    return for_each_merchant(db, partial(_wake, db, base_url=base_url))


def _wake(db: Database, merchant_id: int, *, base_url: str) -> int:
    woken, release = 0, partial(release_hold, actor=desk_actor(merchant_id), reason="due", base_url=base_url)
    for hold in db.read(merchant_id, due_holds):
        try:
            db.write(merchant_id, partial(release, hold_id=hold.id))
        except HoldMissing:  # released by hand since we looked
            continue
        except Exception as fault:  # it stays, is told as overdue, and keeps no other from its time
            if is_everybodys(fault):
                raise
            _log.error("hold_not_woken", hold=str(hold.id), exc_info=fault)
            continue
        woken += 1
    return woken


def _keep_in_sight(tx: Tx, actor: Actor, job: Job) -> None:
    """Hold the order of a paper that never came out: released, it is printed; a newer revision asks for its own."""
    order = load_order(tx, order_id=job.order_id)
    if order.revision == job.revision and not is_void(order):
        open_hold(
            tx, actor, order_id=job.order_id, revision=job.revision, kind="failed", reason=DID_NOT, job_id=job.id,
            copy=job.copy,
        )  # fmt: skip


def _require_reason(reason: str) -> None:
    if not 0 < len(reason.strip()) <= REASON_CHARACTERS:
        raise HoldReasonMissing
