"""What the checks ask of an order's campaign: which it is, what its buyer has of it, what is left of its stock."""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.db import Tx
from tocsin.core.money import MICRO
from tocsin.core.party import party
from tocsin.core.statement import Statement, any_of, bind, bounded_sum, own
from tocsin.orders.campaign import BY_CODE, Campaign, campaign
from tocsin.orders.draft import Order
from tocsin.orders.table import order_head, order_line


class Asked(Struct, frozen=True):
    """What the checks ask of an order's campaign.

    Args:
        any: the merchant has campaigns, so that one of another code is unknown.
        bought: pieces that the same receiver has ordered before in it.
        left: pieces by SKU that earlier orders have left, where stock is known.
    """

    any: bool = False
    found: Campaign | None = None
    bought: int = 0
    left: tuple[tuple[str, int], ...] = ()


_ANY = Statement[tuple[int]](sa.select(campaign.c.id).where(own(campaign)).limit(1))
_h, _l, _same = order_head.c, order_line.c, party.alias("same_receiver")
_of_head = sa.and_(_l.merchant_id == _h.merchant_id, _l.order_id == _h.id, _l.revision == _h.revision)
_BOUGHT = Statement[tuple[int | None]](
    sa.select(bounded_sum(_l.quantity_micro))
    .select_from(order_head.join(order_line, _of_head))
    .where(
        own(order_head), _h.campaign == bind("code", str), _h.desk_state != "cancelled", _h.id < bind("order_id"),
        _h.id.in_(
            sa.select(party.c.order_id)
            .join(_same, sa.and_(
                _same.c.merchant_id == party.c.merchant_id, _same.c.receiver_digest == party.c.receiver_digest
            ))
            .where(
                own(party), _same.c.merchant_id == sa.bindparam("merchant_id", type_=sa.BigInteger),
                _same.c.order_id == bind("order_id"), _same.c.version == bind("version"),
            )
        ),
    )
)  # fmt: skip
_SOLD = Statement[tuple[str, int]](
    sa.select(_l.sku, bounded_sum(_l.quantity_micro))
    .select_from(order_head.join(order_line, _of_head))
    .where(
        own(order_head), _h.campaign == bind("code", str), _h.desk_state != "cancelled", _h.id < bind("order_id"),
        any_of(_l.sku, "skus"),
    )
    .group_by(_l.sku)
)  # fmt: skip


def ask_campaign(tx: Tx, order: Order) -> Asked:
    """Return what the checks ask of an order's campaign."""
    if not order.campaign or tx.one(_ANY) is None:
        return Asked()
    found = tx.one(BY_CODE, code=order.campaign)
    if found is None:
        return Asked(any=True)
    bought = left = None
    if found.per_buyer:
        bought = tx.value(_BOUGHT, code=found.code, order_id=order.id, version=order.revision)
    if stock := found.pieces():
        skus = sorted({line.sku for line in order.lines if line.sku in stock})
        sold = dict(tx.rows(_SOLD, code=found.code, order_id=order.id, skus=skus)) if skus else {}
        left = tuple((sku, stock[sku] - int(sold.get(sku, 0)) // MICRO) for sku in skus)
    return Asked(any=True, found=found, bought=int(bought or 0) // MICRO, left=left or ())
