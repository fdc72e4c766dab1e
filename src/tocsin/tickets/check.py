"""Box 17, check: is this order right? Asked at each new revision, and again before paper.

A verdict is a row, written before anything depends on it. All findings are kept, not the first.
"""

from collections.abc import Iterable
from functools import partial
from itertools import islice

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, desk_actor
from tocsin.core.clock import DAY_US
from tocsin.core.db import Database, Tx
from tocsin.core.event import append_event, move_consumer, peek_events
from tocsin.core.ident import new_id
from tocsin.core.party import party
from tocsin.core.preference import read_preference
from tocsin.core.statement import Statement, among, bind, insert_into, own
from tocsin.core.tenant import get_shop
from tocsin.orders.campaign_ask import ask_campaign
from tocsin.orders.draft import PERSONAL_FIELDS, Order
from tocsin.orders.listing import HeadRow
from tocsin.orders.profile import declares_masking
from tocsin.orders.stop import Hold, HoldKind, close_hold, list_holds, open_hold, open_holds
from tocsin.orders.store import load_order, load_orders
from tocsin.orders.table import acknowledgement, order_finding, order_head
from tocsin.orders.watch_list import watched_among
from tocsin.tickets.check_choice import BOX, CheckPreference
from tocsin.tickets.glyph import missing_glyphs
from tocsin.tickets.intercept import queue_slips
from tocsin.tickets.own_rule import own_checks
from tocsin.tickets.remembered import recall
from tocsin.tickets.rule import (
    CheckContext,
    Finding,
    is_masked,
    run_checks,
)
from tocsin.tickets.table import print_job, verdict
from tocsin.tickets.unchecked import hold_unchecked

CONSUMER = "tickets.check"
_TOGETHER = 8  # they share a commit, and hold each other's orders as long
WAKING = ("order.produced", "order.moved", "order.cancelled", "order.acknowledged")
"""The kinds of events after which an order is checked."""
_VOIDING = frozenset({"refunded", "closed"})


class Verdict(Struct, frozen=True, kw_only=True):
    """What the checks said of one revision: passed when no E is left, and no W that nobody acknowledged."""

    id: int
    order_id: int
    revision: int
    passed: bool
    findings: tuple[Finding, ...]
    unacknowledged: tuple[Finding, ...]

    def errors(self) -> tuple[Finding, ...]:
        """Return the findings of level E."""
        return tuple(finding for finding in self.findings if finding.level == "E")

    def waits_for_second(self, codes: Iterable[str]) -> tuple[str, ...]:
        """Return those of the codes just acknowledged that stand until a second person has acknowledged them too."""
        return tuple(sorted({finding.code for finding in self.unacknowledged} & set(codes)))


_ADD = insert_into(verdict)
_CLEAR_FINDINGS = Statement[tuple[str]](
    sa.delete(order_finding).where(own(order_finding), order_finding.c.order_id == bind("order_id"))
    .returning(order_finding.c.code)
)  # fmt: skip
_ADD_FINDING = insert_into(order_finding)
_LOCK = Statement[tuple[int]](
    sa.select(order_head.c.id).where(own(order_head), order_head.c.id == bind("id")).with_for_update()
)
_MARK = Statement[None](
    sa.update(order_head).where(own(order_head), order_head.c.id == bind("b_id")), sets=("checked",)
)
_ACKNOWLEDGED = Statement[tuple[str]](
    sa.select(acknowledgement.c.code).where(
        own(acknowledgement), acknowledgement.c.order_id == bind("order_id"),
        acknowledgement.c.revision == bind("revision"),
    )
)  # fmt: skip
_same = party.alias("same")
_SAME_RECEIVER = Statement[tuple[int]](
    sa.select(order_head.c.id).distinct()
    .join(_same, sa.and_(_same.c.merchant_id == order_head.c.merchant_id, _same.c.order_id == order_head.c.id))
    .join(party, sa.and_(party.c.merchant_id == _same.c.merchant_id, party.c.receiver_digest == _same.c.receiver_digest))
    .where(
        own(order_head), party.c.order_id == bind("order_id"), party.c.version == bind("version"),
        order_head.c.id != bind("order_id"), order_head.c.desk_state != "cancelled",
        order_head.c.placed_at_us.between(bind("since"), bind("until")),
    ).limit(10)
)  # fmt: skip
_PAPERS = Statement[tuple[int]](
    sa.select(sa.func.max(print_job.c.verdict_id)).where(
        own(print_job), print_job.c.order_id == bind("order_id"), among(print_job.c.state, "printed", "unknown", "sending")
    )
)  # fmt: skip


def check_new_revisions(db: Database, *, limit: int = 100) -> int:
    """Check what the events since last time tell of; return how many events were read.

    At least once: a revision that is checked twice gets two verdicts and one hold.
    """
    events = db.write(0, lambda tx: peek_events(tx, CONSUMER, limit=limit))
    waiting: dict[int, dict[int, None]] = {}
    for event in events:
        if event.kind in WAKING:
            waiting.setdefault(event.merchant_id, {})[event.subject_id] = None
    for merchant_id, order_ids in waiting.items():
        asked = iter(order_ids)
        while piece := list(islice(asked, _TOGETHER)):
            _check_orders(db, merchant_id, sorted(piece))  # two that check at once lock in one order
    if events:
        db.write(0, lambda tx: move_consumer(tx, CONSUMER, events[-1]))
    return len(events)


def _check_orders(db: Database, merchant_id: int, order_ids: list[int]) -> None:
    actor = desk_actor(merchant_id)
    found = db.write_each(
        merchant_id, [partial(check_order, actor=actor, order_id=order_id) for order_id in order_ids]
    )
    for order_id, outcome in zip(order_ids, found, strict=True):
        if outcome.fault is not None:
            hold_unchecked(db, merchant_id, order_id=order_id, fault=outcome.fault)


def lock_order(tx: Tx, *, order_id: int) -> None:
    """Lock an order's head: it can't be amended, cancelled, held or sent by another until this commits."""
    tx.value(_LOCK, id=order_id)


def is_void(order: Order | HeadRow) -> bool:
    """Tell whether nothing of an order may become paper, whatever the checks are set to."""
    return order.desk_state == "cancelled" or order.payment in _VOIDING


def check_order(tx: Tx, actor: Actor, *, order_id: int, job_id: int | None = None) -> Verdict:
    """Check an order's head, record the verdict, and open or close its holds by it."""
    lock_order(tx, order_id=order_id)
    order = load_order(tx, order_id=order_id, real=True)
    found = run_checks(order, context_of(tx, order))
    acknowledged = {row[0] for row in tx.rows(_ACKNOWLEDGED, order_id=order.id, revision=order.revision)}
    acknowledged |= recall(tx, order, codes={f.code for f in found if f.level == "W"} - acknowledged)
    open_w = tuple(f for f in found if f.level == "W" and f.code not in acknowledged)
    passed = not open_w and not any(f.level == "E" for f in found)
    made = Verdict(
        id=new_id(), order_id=order.id, revision=order.revision, passed=passed, findings=found, unacknowledged=open_w
    )  # fmt: skip
    _record(tx, order, made, job_id)
    holds = open_holds(tx, order_id=order.id)
    _settle(tx, actor, made, holds, "check", made.errors())
    _settle(tx, actor, made, holds, "acknowledge", () if made.errors() else open_w)
    _hold_late_news(tx, actor, order)
    return made


def axes_of(order: Order) -> str:
    """Return what a verdict depends on beside the revision: the axes that the shop moves."""
    return msgspec.json.encode(
        [order.payment, order.fulfilment, order.desk_state, order.totals.paid_minor, order.status_known]
    ).decode()


def context_of(tx: Tx, order: Order, *, asked_revision: int | None = None) -> CheckContext:
    """Return what a verdict on an order depends on beside the order."""
    chosen = read_preference(tx, CheckPreference, box=BOX, shop_id=order.shop_id)
    return CheckContext(
        now_us=tx.now_us, zone=get_shop(tx, shop_id=order.shop_id).zone, levels=chosen.levels,
        masking_channels=_masking(tx, order, chosen.masking_channels), large_quantity_micro=chosen.large_quantity_micro,
        duplicate_of=_duplicates(tx, order, chosen.duplicate_window_hours), missing_glyphs=missing_glyphs,
        asked_revision=asked_revision, cancelled=order.desk_state == "cancelled",
        own=own_checks(tx, order), campaign=ask_campaign(tx, order), watched=bool(watched_among(tx, order_ids=[order.id])),
        remote_areas=frozenset(chosen.remote_areas), unserved_areas=frozenset(chosen.unserved_areas),
        no_cod_areas=frozenset(chosen.no_cod_areas), no_cod_skus=frozenset(chosen.no_cod_skus),
        known_skus=frozenset(chosen.known_skus), service_skus=frozenset(chosen.service_skus),
        currencies=frozenset(chosen.currencies), old_days=chosen.old_days,
    )  # fmt: skip


def _masking(tx: Tx, order: Order, chosen: tuple[str, ...]) -> frozenset[str]:
    """Return the channels that declare their masking; profiles are asked only of an order with a mask."""
    seen = any(is_masked(getattr(order.receiver, name)) for name in PERSONAL_FIELDS)
    if order.channel in chosen or not (seen and declares_masking(tx, channel=order.channel)):
        return frozenset(chosen)
    return frozenset((*chosen, order.channel))


def _duplicates(tx: Tx, order: Order, window_hours: int) -> tuple[str, ...]:
    """Return numbers of orders with the same receiver and lines, placed within the window."""
    if not order.lines or not order.receiver.phone or order.placed_at_us is None:
        return ()
    window_us = window_hours * DAY_US // 24
    ids = tx.rows(
        _SAME_RECEIVER, order_id=order.id, version=order.revision, since=order.placed_at_us - window_us,
        until=order.placed_at_us + window_us,
    )  # fmt: skip
    wanted = _goods(order)
    others = load_orders(tx, order_ids=[row[0] for row in ids]) if ids else []
    return tuple(sorted(other.number for other in others if _goods(other) == wanted))


def _goods(order: Order) -> list[tuple[str, str, int]]:
    return sorted((line.sku or line.title, line.spec, line.quantity_micro) for line in order.lines)


def _record(tx: Tx, order: Order, made: Verdict, job_id: int | None) -> None:
    tx.add(
        _ADD, id=made.id, order_id=order.id, revision=order.revision, job_id=job_id, content_hash=order.content_hash,
        axes=axes_of(order), passed=int(made.passed), findings=msgspec.json.encode(made.findings).decode(),
        at_us=tx.now_us,
    )  # fmt: skip
    before = {row[0] for row in tx.rows(_CLEAR_FINDINGS, order_id=order.id)}
    if before != {f.code for f in made.findings}:  # who counts problems hears of it; pages hear of the holds
        append_event(tx, "check.found", subject_id=order.id)
    if made.findings:
        tx.many(_ADD_FINDING, [
            {"order_id": order.id, "position": place, "revision": order.revision, "code": f.code, "level": f.level,
             "field": f.field, "data": msgspec.json.encode(f).decode()}
            for place, f in enumerate(made.findings)
        ])  # fmt: skip
    tx.add(_MARK, b_id=order.id, checked=made.findings[0].level if made.findings else "ok")


def _settle(
    tx: Tx, actor: Actor, made: Verdict, holds: Iterable[Hold], kind: HoldKind, findings: tuple[Finding, ...]
) -> None:
    """Keep one open hold of a kind for what was found on this very revision, or none."""
    encoded, standing = msgspec.json.encode(findings).decode(), False
    for hold in holds:
        if hold.kind == kind:
            if findings and hold.revision == made.revision and hold.findings == encoded:
                standing = True
            else:
                close_hold(tx, actor, hold, reason="checked again" if findings else "passed")
    if findings and not standing:
        open_hold(
            tx, actor, order_id=made.order_id, revision=made.revision, kind=kind,
            reason=", ".join(dict.fromkeys(f.code for f in findings)), findings=findings,
        )  # fmt: skip


def _hold_late_news(tx: Tx, actor: Actor, order: Order) -> None:
    """Hold an order that was cancelled or refunded after paper: somebody must pull the ticket."""
    if not is_void(order):
        return
    papers = tx.value(_PAPERS, order_id=order.id)
    told = [hold for hold in list_holds(tx, order_id=order.id) if hold.kind == "refund"]
    # Once for each paper: somebody who has released it has pulled that ticket. By ids, which follow each
    # other also when the clock was put back: a paper's verdict is made as it is sent.
    standing = any(hold.closed_at_us is None for hold in told)
    if papers is not None and not standing and max((hold.id for hold in told), default=0) < papers:
        open_hold(
            tx, actor, order_id=order.id, revision=order.revision, kind="refund",
            reason="Cancelled or refunded after its ticket was printed: pull the paper",
        )  # fmt: skip
        queue_slips(tx, order_id=order.id)
