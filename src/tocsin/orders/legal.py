"""Legal hold: an order whose receiver must stay, such as in a dispute; nobody erases him, and retention passes by."""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import write_journal
from tocsin.core.mask import mask_text
from tocsin.core.statement import Statement, any_of, bind, own, upsert
from tocsin.orders.store import load_order
from tocsin.orders.table import legal_hold

_ADD = Statement[None](
    upsert(legal_hold).on_conflict_do_nothing(),
    sets=("merchant_id", "order_id", "reason", "by_id", "by_name", "at_us"),
)
_LIFT = Statement[None](
    sa.delete(legal_hold).where(own(legal_hold), legal_hold.c.order_id == bind("order_id"))
)
_AMONG = Statement[tuple[int]](
    sa.select(legal_hold.c.order_id).where(own(legal_hold), any_of(legal_hold.c.order_id, "ids"))
)


class LegalHold(Struct, frozen=True):
    """An order that is kept by law, and who said why."""

    order_id: int
    reason: str
    by_name: str
    at_us: int


_LIST = Statement(
    sa.select(*(legal_hold.c[name] for name in LegalHold.__struct_fields__)).where(own(legal_hold))
    .order_by(legal_hold.c.order_id.desc()).limit(bind("limit")),
    LegalHold,
)  # fmt: skip


class LegalReasonMissing(Refusal):
    """A legal hold needs a reason: say which dispute or order of an authority it is"""

    kind, code = "invalid", "legal_reason_missing"


def hold_by_law(tx: Tx, actor: Actor, *, order_id: int, reason: str) -> bool:
    """Keep an order's receiver whatever else asks for his erasure; False when it was kept already.

    Raises:
        NotAllowed, LegalReasonMissing, OrderMissing
    """
    require(actor, "shop_settings")
    if not reason.strip():
        raise LegalReasonMissing
    said = mask_text(reason.strip()[:200], load_order(tx, order_id=order_id, real=True).receiver)
    held = bool(tx.run(
        _ADD, order_id=order_id, reason=said, by_id=actor.id, by_name=actor.name, at_us=tx.now_us
    ))  # fmt: skip
    if held:
        write_journal(tx, actor, verb="orders.hold_by_law", subject=f"order:{order_id}")
    return held


def lift_by_law(tx: Tx, actor: Actor, *, order_id: int) -> bool:
    """Lift a legal hold; False where there was none.

    Raises:
        NotAllowed
    """
    require(actor, "shop_settings")
    lifted = bool(tx.run(_LIFT, order_id=order_id))
    if lifted:
        write_journal(tx, actor, verb="orders.lift_by_law", subject=f"order:{order_id}")
    return lifted


def list_kept(tx: Tx, actor: Actor, *, limit: int = 200) -> list[LegalHold]:
    """Return the orders that are kept by law, the newest first.

    Raises:
        NotAllowed
    """
    require(actor, "shop_settings")
    return tx.rows(_LIST, limit=limit)


def kept_by_law(tx: Tx, *, order_ids: list[int]) -> set[int]:
    """Return those of some orders that are on legal hold."""
    return {row[0] for row in tx.rows(_AMONG, ids=order_ids)}
