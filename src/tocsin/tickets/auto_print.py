"""Automatic printing: a shared screen asks the print terminal for each new order that it shows, once for ever.

It follows the events behind the checks, so that what is wrong is held before it is asked for. Nothing here prints:
it asks as a person would, through the one guard, and what it does not ask for stays in sight as unprinted.
"""

import math
from collections.abc import Iterable
from functools import partial

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, desk_actor, require
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal, is_everybodys
from tocsin.core.event import Event, move_consumer, peek_events, position_of
from tocsin.core.journal import write_journal
from tocsin.core.log import get_log
from tocsin.core.loop import for_each_event
from tocsin.core.statement import Statement, among, bind, insert_into, own
from tocsin.orders.draft import Order
from tocsin.orders.saved_screen import get_screen
from tocsin.orders.screen import read_filter
from tocsin.orders.screen_query import kept_filter
from tocsin.orders.second_person import barred_among, told_lately
from tocsin.orders.stop import open_holds
from tocsin.orders.store import load_order
from tocsin.orders.syntax_match import matches, subject_of
from tocsin.orders.table import order_head, screen
from tocsin.tickets.check import CONSUMER as CHECKED
from tocsin.tickets.check import is_void, lock_order
from tocsin.tickets.print_queue import get_queue
from tocsin.tickets.problem import findings_of
from tocsin.tickets.table import auto_asked, auto_print, print_job
from tocsin.tickets.terminal import request_papers

CONSUMER = "tickets.auto_print"
ASKED = "tickets.print_by_screen"
WAKING = ("order.produced", "order.moved", "order.released", "order.acknowledged")
"""The kinds of events after which an order may be printed by itself."""
_BATCH, _MOVE_AFTER = 200, 100
_log = get_log("tickets.auto_print")


class ScreenNotShared(Refusal):
    """Only a shared screen prints by itself, so that everybody sees what it takes: save it once more, for everybody"""

    kind, code = "refused", "screen_not_shared"


class Automatic(Struct, frozen=True):
    """A screen that prints by itself: since when, by whom, and the newest order that it leaves alone."""

    screen_id: int
    name: str
    filter: str
    since_us: int
    since_id: int
    by_name: str


_this_screen = sa.and_(
    screen.c.merchant_id == auto_print.c.merchant_id, screen.c.id == auto_print.c.screen_id
)
# A screen that was removed prints nothing any more.
_LIST = Statement(
    sa.select(
        auto_print.c.screen_id, screen.c.name, screen.c.filter, auto_print.c.since_us, auto_print.c.since_id, auto_print.c.by_name
    )
    .select_from(auto_print.join(screen, _this_screen)).where(own(auto_print), screen.c.shared == 1)
    .order_by(auto_print.c.screen_id),
    Automatic,
)  # fmt: skip
_ADD = insert_into(auto_print)
_DROP = Statement[None](
    sa.delete(auto_print).where(own(auto_print), auto_print.c.screen_id == bind("screen_id"))
)
_NEWEST = Statement[tuple[int]](sa.select(sa.func.max(order_head.c.id)).where(own(order_head)))
_ASK = insert_into(auto_asked)
_ASKED = Statement[tuple[int]](
    sa.select(auto_asked.c.screen_id).where(
        own(auto_asked), auto_asked.c.order_id == bind("order_id"), auto_asked.c.revision == bind("revision")
    )
)
# A paper of this revision, whatever became of it, or one of an earlier revision that may lie about.
_PAPERED = Statement[tuple[int]](
    sa.select(print_job.c.id).where(
        own(print_job), print_job.c.order_id == bind("order_id"),
        sa.or_(print_job.c.revision == bind("revision"), among(print_job.c.state, "printed", "unknown", "sending")),
    ).limit(1)
)  # fmt: skip


def switch_on(tx: Tx, actor: Actor, *, screen_id: int) -> None:
    """Have a shared screen print each order that is made from now on; one that does so already stays as it is.

    Raises:
        NotAllowed: the actor may not change shop settings.
        ScreenMissing, ScreenNotShared
        QueueMissing: nothing can be printed yet.
    """
    require(actor, "shop_settings")
    found = get_screen(tx, actor, screen_id=screen_id)
    if not found.shared:
        raise ScreenNotShared
    get_queue(tx)
    if any(one.screen_id == screen_id for one in list_automatic(tx)):
        return
    tx.run(
        _ADD, screen_id=screen_id, since_us=tx.now_us, since_id=int(tx.value(_NEWEST) or 0), by_id=actor.id,
        by_name=actor.name,
    )  # fmt: skip
    write_journal(
        tx, actor, verb="tickets.auto_print", subject=f"screen:{screen_id}", data={"automatic": True}
    )


def switch_off(tx: Tx, actor: Actor, *, screen_id: int) -> None:
    """Let a screen print nothing by itself any more; what it asked for stays asked for. Off stays off.

    Raises:
        NotAllowed: the actor may not change shop settings.
    """
    require(actor, "shop_settings")
    if tx.run(_DROP, screen_id=screen_id):
        write_journal(
            tx, actor, verb="tickets.auto_print", subject=f"screen:{screen_id}", data={"automatic": False}
        )


def list_automatic(tx: Tx) -> list[Automatic]:
    """Return the screens that print by themselves, the oldest first."""
    return tx.rows(_LIST)


def print_automatically(db: Database, *, base_url: str) -> int:
    """Ask for the papers of what the checked events since last time tell of; return how many events were read.

    At least once: an order is asked for once, since that it was stands beside its papers in one transaction.
    """
    events = db.read(0, _next_events)
    merchants = {one.merchant_id for one in events if one.kind in WAKING}
    since = {merchant_id: _since(db, merchant_id) for merchant_id in merchants}
    mine = [one for one in events if one.kind in WAKING and one.subject_id > since[one.merchant_id]]
    take = partial(_take_event, base_url=base_url)
    for_each_event(mine, lambda one: db.write(one.merchant_id, partial(take, event=one)))
    if not mine and len(events) < _MOVE_AFTER:
        return 0  # events of other boxes pass here too: no write for each of them
    db.write(0, lambda tx: move_consumer(tx, CONSUMER, events[-1]))
    return len(events)


def _since(db: Database, merchant_id: int) -> float:
    """Return the newest order that all of a merchant's screens leave alone; where they can't be read each event meets that."""
    try:
        return min((one.since_id for one in db.read(merchant_id, list_automatic)), default=math.inf)
    except Exception as fault:  # his alone: the others' are printed
        if is_everybodys(fault):
            raise
        return 0


def _next_events(tx: Tx) -> list[Event]:
    """Return the next events, as far as the checks have come."""
    checked = position_of(tx, CHECKED)
    found = peek_events(tx, CONSUMER, limit=_BATCH)
    return [one for one in found if (one.horizon, one.id) <= (checked.horizon, checked.event_id)]


def _take_event(tx: Tx, *, event: Event, base_url: str) -> None:
    """Ask for an order's papers where a screen wants it and nothing speaks against."""
    lock_order(tx, order_id=event.subject_id)
    order = load_order(tx, order_id=event.subject_id, real=True)
    wanting = _screen_for(tx, order) if _may_ask(tx, order) else None
    if wanting is not None:
        actor = desk_actor(tx.merchant_id)
        asked = request_papers(tx, actor, order_id=order.id, papers=(), base_url=base_url)
        # What is held or watched at the last moment is asked for again at what happens to it next.
        if asked.result == "queued":
            tx.run(_ASK, order_id=order.id, revision=order.revision, screen_id=wanting, at_us=tx.now_us)
            write_journal(
                tx, actor, verb=ASKED, subject=f"order:{order.id}", data={"screen": str(wanting), "result": asked.result}
            )  # fmt: skip


def _may_ask(tx: Tx, order: Order) -> bool:
    """Tell whether an order is to become paper, and nobody has asked for that yet."""
    if order.desk_state != "produced" or is_void(order) or order.fulfilment not in ("unfulfilled", "partial"):
        return False
    place = {"order_id": order.id, "revision": order.revision}
    if open_holds(tx, order_id=order.id) or tx.value(_PAPERED, **place) or tx.value(_ASKED, **place):
        return False
    return not _is_barred(tx, order)


def _is_barred(tx: Tx, order: Order) -> bool:
    """Tell whether an order waits for a second person, and the alarm has heard so within the hour."""
    waits = barred_among(tx, desk_actor(tx.merchant_id), order_ids=[order.id], act="print")
    return bool(waits) and told_lately(tx, order_id=order.id)


def _screen_for(tx: Tx, order: Order) -> int | None:
    """Return the first screen that shows an order which is newer than its switch."""
    automatic = [one for one in list_automatic(tx) if order.id > one.since_id]
    return next((one.screen_id for one in automatic if _shows(tx, one, order)), None)


def _shows(tx: Tx, automatic: Automatic, order: Order) -> bool:
    try:
        meaning = read_filter(tx, kept_filter(tx, automatic.filter)).meaning
    except (
        Refusal
    ) as refused:  # what it names is gone, a shop perhaps: the screens page shows it as unreadable
        _log.error("screen_unreadable", screen=str(automatic.screen_id), code=refused.code)
        return False
    return matches(meaning, subject_of(order, findings=_codes(tx, order)))


def _codes(tx: Tx, order: Order) -> Iterable[str]:
    return (one.finding.code for one in findings_of(tx, order_ids=[order.id])[order.id])
