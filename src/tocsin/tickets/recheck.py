"""Checked again: what time or a setting has changed since is seen before somebody asks for paper.

Before paper every order is checked anew in any case. This goes over those that somebody looks at meanwhile, what a
check holds and what waits for a printer, so that a hold goes, or comes, once its reason has.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import takewhile

import msgspec
import sqlalchemy as sa

from tocsin.core.actor import desk_actor
from tocsin.core.db import Database, Tx
from tocsin.core.loop import for_each_merchant, rest_after
from tocsin.core.statement import Statement, among, bind, own
from tocsin.orders.stop import open_holds
from tocsin.orders.store import load_order
from tocsin.orders.table import hold, order_finding
from tocsin.tickets.check import check_order, context_of
from tocsin.tickets.rule import run_checks
from tocsin.tickets.table import print_job
from tocsin.tickets.unchecked import hold_unchecked

EVERY_SECONDS = 600.0
_PAGE = 100

_open = hold.c.closed_at_us.is_(None)
# By the order, not by the kind: there each page would read and sort all that is held behind it.
_held = sa.and_(own(hold), _open, among(hold.c.kind.concat(""), "check", "acknowledge"))
_HELD = Statement[tuple[int, ...]](
    sa.select(hold.c.order_id).where(_held, hold.c.order_id > bind("after")).order_by(hold.c.order_id).limit(_PAGE)
)  # fmt: skip
# What is held too was seen among those.
_WAITING = Statement[tuple[int, ...]](
    sa.select(print_job.c.id, print_job.c.order_id).where(
        own(print_job), print_job.c.state == "queued", print_job.c.id > bind("after"),
        ~sa.exists().where(_held, hold.c.order_id == print_job.c.order_id),
    ).order_by(print_job.c.id).limit(_PAGE)
)  # fmt: skip
_STANDING = Statement[tuple[str]](
    sa.select(order_finding.c.data)
    .where(own(order_finding), order_finding.c.order_id == bind("order_id"))
    .order_by(order_finding.c.position)
)


def recheck(db: Database, *, is_closing: Callable[[], bool] = lambda: False) -> int:
    """Check again the orders that checks hold or that wait for paper; return of how many more or less is found now.

    Each is followed by four times as long a rest: where tens of thousands are held it takes minutes, in which others ask.

    Args:
        is_closing: whether to leave the rest for another time.
    """

    def check_his(merchant_id: int) -> int:
        changed = 0
        for order_id in takewhile(lambda _: not is_closing(), _orders(db, merchant_id)):
            began = time.monotonic()
            changed += _check_again(db, merchant_id, order_id)
            rest_after(began, times=4)
        return changed

    return for_each_merchant(db, check_his)


def _orders(db: Database, merchant_id: int) -> Iterator[int]:
    """Yield each order that a check holds, then each other one that waits for paper."""
    for statement in (_HELD, _WAITING):
        after, last = 0, 0
        while rows := db.read(merchant_id, partial(_page, statement=statement, after=after)):
            yield from (one for one in dict.fromkeys(row[-1] for row in rows) if one != last)
            after, last = rows[-1][0], rows[-1][-1]


def _page(tx: Tx, *, statement: Statement[tuple[int, ...]], after: int) -> list[tuple[int, ...]]:
    return tx.rows(statement, after=after)


def _check_again(db: Database, merchant_id: int, order_id: int) -> int:
    """Look without writing; only what is found otherwise is judged anew."""
    try:
        if not db.read(merchant_id, partial(_differs, order_id=order_id)):
            return 0
        db.write(merchant_id, partial(check_order, actor=desk_actor(merchant_id), order_id=order_id))
    except Exception as fault:  # noqa: BLE001 - one that can't be judged must not keep the others from it
        hold_unchecked(db, merchant_id, order_id=order_id, fault=fault)
        return 0
    return 1


def _differs(tx: Tx, *, order_id: int) -> bool:
    order = load_order(tx, order_id=order_id, real=True)
    found = run_checks(order, context_of(tx, order))
    if [msgspec.json.encode(each).decode() for each in found] != [
        row[0] for row in tx.rows(_STANDING, order_id=order_id)
    ]:
        return True
    # What held an order whose check broke is no finding that stands: here it has not broken.
    stopped = any(each.level == "E" for each in found)
    return not stopped and any(one.kind == "check" for one in open_holds(tx, order_id=order_id))
