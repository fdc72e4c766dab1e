"""The archive: closed orders that nobody works on any more leave the daily list; every act on one brings it back."""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.preference import change_preference, preference_revision, read_preference
from tocsin.core.statement import NOUGHT, Statement, among, any_of, bind, own
from tocsin.orders.store import load_order
from tocsin.orders.table import order_head

BOX = "archive"
ARCHIVED, BROUGHT_BACK = "order.archived", "order.brought_back"
DAYS_LEAST, DAYS_MOST = 30, 3650
SENT = ("shipped", "delivered", "returned")


class ArchiveDaysWrong(Refusal):
    """Closed orders are archived never (0) or after {least} to {most} days: choose others"""

    kind, code = "invalid", "archive_days_wrong"


class NotArchived(Refusal):
    """{number} is not in the archive (any more): look at the order again"""

    kind, code = "conflict", "not_archived"


class NotClosed(Refusal):
    """{number} is not closed: into the archive goes what is printed, sent, and held by nothing"""

    kind, code = "conflict", "not_closed"


class ArchiveRules(Struct, frozen=True):
    """After how many days without a change closed orders are archived; 0 never, as it is until somebody chooses."""

    days: int = 0


_h = order_head.c
CLOSED = sa.and_(
    among(_h.desk_state, "printed"), among(_h.fulfilment, *SENT), _h.holds_open <= NOUGHT
)  # fmt: skip
_ARCHIVE = Statement[None](
    sa.update(order_head).where(own(order_head), any_of(_h.id, "ids"), CLOSED), sets=("desk_state",)
)
_WAKE = Statement[None](
    sa.update(order_head).where(own(order_head), _h.id == bind("b_id"), among(_h.desk_state, "archived")),
    sets=("desk_state",),
)
_ANY = Statement[tuple[int]](
    sa.select(_h.id).where(own(order_head), among(_h.desk_state, "archived")).order_by(_h.id.desc()).limit(1)
)


def archive_rules(tx: Tx) -> tuple[ArchiveRules, int]:
    """Return when orders are archived, with the revision that a change is made against."""
    return read_preference(tx, ArchiveRules, box=BOX), preference_revision(tx, box=BOX)


def change_archive_rules(tx: Tx, actor: Actor, *, days: int, revision: int) -> int:
    """Store after how many days orders are archived; return the new revision.

    Raises:
        ArchiveDaysWrong, NotAllowed, PreferenceMoved
    """
    if days != 0 and not DAYS_LEAST <= days <= DAYS_MOST:
        raise ArchiveDaysWrong(least=DAYS_LEAST, most=DAYS_MOST)
    return change_preference(tx, actor, ArchiveRules(days=days), box=BOX, revision=revision)


def archive_orders(tx: Tx, *, order_ids: list[int]) -> bool:
    """Move orders, which this transaction has locked, into the archive, and tell of each; False: none of them is closed."""
    if not tx.run(_ARCHIVE, ids=order_ids, desk_state="archived"):
        return False
    for order_id in order_ids:
        append_event(tx, ARCHIVED, subject_id=order_id)
    return True


def bring_back(tx: Tx, actor: Actor, *, order_id: int) -> None:
    """Take an order out of the archive; it stays out for as long as if it had changed.

    Raises:
        NotAllowed, OrderMissing, NotArchived
    """
    require(actor, "mark")
    if not wake_order(tx, order_id=order_id):
        raise NotArchived(number=load_order(tx, order_id=order_id).number)
    append_event(tx, BROUGHT_BACK, subject_id=order_id)
    write_journal(tx, actor, verb="orders.bring_back", subject=f"order:{order_id}")


def put_back(tx: Tx, actor: Actor, *, order_id: int) -> None:
    """Put an order that was brought back into the archive again.

    Raises:
        NotAllowed, OrderMissing
        NotClosed: it has been held or has changed since.
    """
    require(actor, "mark")
    if not archive_orders(tx, order_ids=[order_id]):
        raise NotClosed(number=load_order(tx, order_id=order_id).number)
    write_journal(tx, actor, verb="orders.put_back", subject=f"order:{order_id}")


def wake_order(tx: Tx, *, order_id: int) -> bool:
    """Have an archived order live again, as printed; tell whether it was one. Whoever calls tells of it."""
    return bool(tx.run(_WAKE, b_id=order_id, desk_state="printed"))


def has_archived(tx: Tx) -> bool:
    """Tell whether the merchant has an archived order."""
    return tx.value(_ANY) is not None
