"""The first hour: from set-up to the first printed ticket; each step is told by what has really happened, never by a tick."""

import time
from weakref import WeakKeyDictionary

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.table import operator
from tocsin.alarm.drill import drill
from tocsin.alarm.recipient import recipient
from tocsin.alarm.table import siren
from tocsin.core.actor import Actor, require
from tocsin.core.db import Database, Tx
from tocsin.core.journal import journal
from tocsin.core.preference import change_preference, preference, preference_revision
from tocsin.core.statement import NOUGHT, Statement, among, own
from tocsin.core.tenant import shop
from tocsin.orders.table import import_batch, order_head
from tocsin.tickets.table import print_job, printer, verdict

BOX = "first_hour"
TESTED = "tickets.test_page"
SOON_SECONDS, LATE_SECONDS = 3, 600
"""How long pages go by what one of them has asked: while a step is left, and once none is or it was put away."""


class FirstHour(Struct, frozen=True):
    """Whether a merchant has put the first hour away."""

    hidden: bool = False


class Steps(Struct, frozen=True):
    """How far it is: 1 where it has happened, in their order; and what was last said of putting it away."""

    shop: int
    printer: int
    page: int
    siren: int
    reached: int
    sheet: int
    checked: int
    ticket: int
    second: int
    said: str | None

    def hidden(self) -> bool:
        """Tell whether the merchant has put it away."""
        return bool(self.said) and msgspec.json.decode(self.said or "", type=FirstHour).hidden

    def left(self) -> str:
        """Return the first step that has not happened, or nothing."""
        return next((name for name in STEPS if not getattr(self, name)), "")

    def done(self) -> int:
        """Return how many have happened."""
        return sum(1 for name in STEPS if getattr(self, name))


STEPS: tuple[str, ...] = Steps.__struct_fields__[:-1]


class Far(Struct, frozen=True):
    """How far it is, as every page says it: how many steps are done, and the first that is not."""

    done: int
    next: str


_known: WeakKeyDictionary[Database, dict[int, tuple[Far | None, float]]] = WeakKeyDictionary()


def _there(*chosen: sa.ColumnElement[bool], of: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.exists(sa.select(sa.literal_column("1")).select_from(of).where(*chosen))


def _either(*found: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.case((sa.or_(*found), 1), else_=0)


def _told(*chosen: sa.ColumnElement[bool], of: sa.FromClause) -> sa.ColumnElement[int]:
    return _either(_there(*chosen, of=of))


def _text(kind: str, column: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    return sa.literal_column(f"'{kind}:'") + sa.cast(column, sa.Text)


def _journalled(of: sa.Table, kind: str, *, verb: str, data: str = "%") -> sa.ColumnElement[int]:
    same = sa.and_(journal.c.merchant_id == of.c.merchant_id, journal.c.subject == _text(kind, of.c.id))
    return _told(own(of), journal.c.verb == verb, journal.c.data.like(data), of=of.join(journal, same))


_ON_A_PAGE = '%"link":"screen","state":"ok"%'
_second = operator.alias("second")
_TWO = sa.and_(_second.c.merchant_id == operator.c.merchant_id, _second.c.id > operator.c.id)
_STEPS = Statement(
    sa.select(
        _journalled(shop, "shop", verb="shop.change").label("shop"),
        _told(own(printer), printer.c.removed == NOUGHT, of=printer).label("printer"),
        _journalled(printer, "printer", verb=TESTED, data='%"printed"%').label("page"),
        _either(
            _there(own(siren), siren.c.removed == NOUGHT, siren.c.tested_at_us > NOUGHT, of=siren),
            _there(own(drill), drill.c.id > NOUGHT, drill.c.links.like(_ON_A_PAGE), of=drill),
        ).label("siren"),
        _told(own(recipient), recipient.c.removed == NOUGHT, recipient.c.confirmed_at_us.is_not(None), of=recipient).label("reached"),
        _told(own(import_batch), import_batch.c.id > NOUGHT, import_batch.c.status == "committed", of=import_batch).label("sheet"),
        _told(own(verdict), of=verdict.join(order_head, sa.and_(
            order_head.c.merchant_id == verdict.c.merchant_id, order_head.c.id == verdict.c.order_id
        ))).label("checked"),
        _told(own(print_job), among(print_job.c.state, "printed"), of=print_job).label("ticket"),
        _told(own(operator), of=operator.join(_second, _TWO)).label("second"),
        sa.select(preference.c.value).where(
            own(preference), preference.c.shop_id == NOUGHT, preference.c.box == sa.literal_column(f"'{BOX}'")
        ).order_by(preference.c.revision.desc()).limit(sa.literal_column("1")).scalar_subquery().label("said"),
    ),
    Steps,
)  # fmt: skip


def read_steps(tx: Tx) -> Steps:
    """Return how far the first hour is, by one statement."""
    found = tx.one(_STEPS)
    assert found is not None  # it counts, and finds nothing
    return found


def far_of(tx: Tx, db: Database, actor: Actor) -> Far | None:
    """Return how far it is to who sets the shop up, or None once nothing is left or it was put away.

    Asked once in a while for all pages of this node, whoever opens them.
    """
    if "shop_settings" not in actor.rights:
        return None
    kept = _known.setdefault(db, {})
    far, until = kept.get(actor.merchant_id, (None, 0.0))
    if until < time.monotonic():
        steps = read_steps(tx)
        far = Far(steps.done(), steps.left()) if steps.left() and not steps.hidden() else None
        kept[actor.merchant_id] = (far, time.monotonic() + (SOON_SECONDS if far else LATE_SECONDS))
    return far


def forget_far(db: Database, merchant_id: int) -> None:
    """Let the next page ask anew: something of it is known to have changed."""
    _known.get(db, {}).pop(merchant_id, None)


def hide_first_hour(tx: Tx, actor: Actor, *, hidden: bool) -> None:
    """Put the first hour away, or bring it back.

    Raises:
        NotAllowed: the actor may not change shop settings.
    """
    require(actor, "shop_settings")
    revision = preference_revision(tx, box=BOX)
    change_preference(tx, actor, FirstHour(hidden), box=BOX, revision=revision)
