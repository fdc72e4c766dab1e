"""Campaigns: group buys, flash sales, coupons, votes, lotteries, with the dates, limits and stock that checks ask.

An order is of a campaign by its code, which the order's source names.
"""

from typing import Literal, get_args

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.money import MICRO
from tocsin.core.party import party
from tocsin.core.schema import big, index, merchant_table, text
from tocsin.core.statement import Statement, any_of, bind, insert_into, own
from tocsin.orders.draft import Order
from tocsin.orders.table import order_head, order_line

Kind = Literal[
    "group_buy", "flash_sale", "time_limited", "coupon", "vote", "lottery", "points", "other"
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)
_TEXT_MOST, _PIECES_MOST, _SKUS_MOST, _LISTED_MOST = 100, 10**9, 500, 200

campaign = merchant_table(
    "campaign", big("id"), text("kind"), text("title"), text("code"), big("starts_at_us", nullable=True),
    big("ends_at_us", nullable=True), big("min_group"), big("per_buyer"), text("stock"), big("closed"),
    big("created_at_us"), key=("id",),
)  # fmt: skip
index(campaign, "merchant_id", "code", unique=True)


class CampaignMissing(Refusal):
    """There is no such campaign: look at the list again"""

    kind, code = "missing", "campaign_missing"


class CampaignTwice(Refusal):
    """There is a campaign with this code already: change that one"""

    kind, code = "conflict", "campaign_twice"


class CampaignWrong(Refusal):
    """The campaign can't be set so ({field}): {problem}"""

    kind, code = "invalid", "campaign_wrong"


class Plan(Struct, frozen=True, kw_only=True):
    """What a campaign is to be; instants in microseconds, None for open; 0 for no limit; `stock` pieces by SKU."""

    kind: Kind
    title: str
    code: str
    starts_at_us: int | None = None
    ends_at_us: int | None = None
    min_group: int = 0
    per_buyer: int = 0
    stock: dict[str, int] = {}
    closed: bool = False


class Campaign(Struct, frozen=True):
    """A campaign as it is kept; `stock` is JSON, pieces by SKU."""

    id: int
    kind: str
    title: str
    code: str
    starts_at_us: int | None
    ends_at_us: int | None
    min_group: int
    per_buyer: int
    stock: str
    closed: int

    def pieces(self) -> dict[str, int]:
        """Return the stock, pieces by SKU."""
        return msgspec.json.decode(self.stock, type=dict[str, int])

    def state(self, now_us: int) -> str:
        """Return `soon`, `running` or `ended`."""
        if self.closed or (self.ends_at_us is not None and now_us >= self.ends_at_us):
            return "ended"
        return "soon" if self.starts_at_us is not None and now_us < self.starts_at_us else "running"


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


_COLUMNS = tuple(campaign.c[name] for name in Campaign.__struct_fields__)
_ADD = insert_into(campaign)
_LIST = Statement(
    sa.select(*_COLUMNS).where(own(campaign)).order_by(campaign.c.id.desc()).limit(_LISTED_MOST), Campaign
)
_GET = Statement(sa.select(*_COLUMNS).where(own(campaign), campaign.c.id == bind("campaign_id")), Campaign)
_BY_CODE = Statement(
    sa.select(*_COLUMNS).where(own(campaign), campaign.c.code == bind("code", str)), Campaign
)
_ANY = Statement[tuple[int]](sa.select(campaign.c.id).where(own(campaign)).limit(1))
_CHANGE = Statement[None](
    sa.update(campaign).where(own(campaign), campaign.c.id == bind("b_id")),
    sets=("kind", "title", "code", "starts_at_us", "ends_at_us", "min_group", "per_buyer", "stock", "closed"),
)
_h, _l, _same = order_head.c, order_line.c, party.alias("same_receiver")
_of_head = sa.and_(_l.merchant_id == _h.merchant_id, _l.order_id == _h.id, _l.revision == _h.revision)
_BOUGHT = Statement[tuple[int | None]](
    sa.select(sa.cast(sa.func.sum(_l.quantity_micro), sa.BigInteger))
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
    sa.select(_l.sku, sa.cast(sa.func.sum(_l.quantity_micro), sa.BigInteger))
    .select_from(order_head.join(order_line, _of_head))
    .where(
        own(order_head), _h.campaign == bind("code", str), _h.desk_state != "cancelled", _h.id < bind("order_id"),
        any_of(_l.sku, "skus"),
    )
    .group_by(_l.sku)
)  # fmt: skip


def add_campaign(tx: Tx, actor: Actor, *, plan: Plan) -> int:
    """Add a campaign; return its id.

    Raises:
        NotAllowed, CampaignWrong, CampaignTwice
    """
    require(actor, "shop_settings")
    made, values = new_id(), _values(tx, plan, campaign_id=0)
    tx.run(_ADD, id=made, created_at_us=tx.now_us, **values)
    write_journal(tx, actor, verb="orders.campaign_add", subject=f"campaign:{made}", data={"code": plan.code})
    return made


def change_campaign(tx: Tx, actor: Actor, *, campaign_id: int, plan: Plan) -> None:
    """Set a campaign anew; orders are judged by it when they are checked again.

    Raises:
        NotAllowed, CampaignMissing, CampaignWrong, CampaignTwice
    """
    require(actor, "shop_settings")
    get_campaign(tx, actor, campaign_id=campaign_id)
    tx.run(_CHANGE, b_id=campaign_id, **_values(tx, plan, campaign_id=campaign_id))
    data = {"code": plan.code, "closed": plan.closed}
    write_journal(tx, actor, verb="orders.campaign_change", subject=f"campaign:{campaign_id}", data=data)


def list_campaigns(tx: Tx, actor: Actor) -> list[Campaign]:
    """Return the merchant's newest campaigns.

    Raises:
        NotAllowed
    """
    require(actor, "query")
    return tx.rows(_LIST)


def get_campaign(tx: Tx, actor: Actor, *, campaign_id: int) -> Campaign:
    """Return one campaign.

    Raises:
        NotAllowed, CampaignMissing
    """
    require(actor, "query")
    found = tx.one(_GET, campaign_id=campaign_id)
    if found is None:
        raise CampaignMissing
    return found


def ask_campaign(tx: Tx, order: Order) -> Asked:
    """Return what the checks ask of an order's campaign."""
    if not order.campaign or tx.one(_ANY) is None:
        return Asked()
    found = tx.one(_BY_CODE, code=order.campaign)
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


def _values(tx: Tx, plan: Plan, *, campaign_id: int) -> dict[str, object]:
    title, code = plan.title.strip(), plan.code.strip()
    for field, given in (("title", title), ("code", code)):
        if not given or len(given) > _TEXT_MOST or not given.isprintable():
            raise CampaignWrong(field=field, problem="write 1 to 100 characters")
    if None not in (plan.starts_at_us, plan.ends_at_us) and (plan.starts_at_us or 0) >= (
        plan.ends_at_us or 0
    ):
        raise CampaignWrong(field="ends_at", problem="it ends before it begins")
    numbers = (plan.min_group, plan.per_buyer, *plan.stock.values())
    if len(plan.stock) > _SKUS_MOST or not all(0 <= number <= _PIECES_MOST for number in numbers):
        raise CampaignWrong(field="stock", problem="write pieces from 0 on, of 500 SKUs at most")
    present = tx.one(_BY_CODE, code=code)
    if present is not None and present.id != campaign_id:
        raise CampaignTwice
    return {
        "kind": plan.kind, "title": title, "code": code, "starts_at_us": plan.starts_at_us, "ends_at_us": plan.ends_at_us,
        "min_group": plan.min_group, "per_buyer": plan.per_buyer, "closed": int(plan.closed),
        "stock": msgspec.json.encode(plan.stock).decode(),
    }  # fmt: skip
