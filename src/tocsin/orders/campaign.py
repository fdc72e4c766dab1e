"""Campaigns: group buys, flash sales, coupons, votes, lotteries, with the dates, limits and stock that checks ask.

An order is of a campaign by its code, which the order's source names.
"""

from typing import Literal, cast, get_args

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.schema import big, index, merchant_table, text
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.text import read_name

Kind = Literal[
    "group_buy", "flash_sale", "time_limited", "coupon", "vote", "lottery", "points", "other"
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)
_TEXT_MOST, _PIECES_MOST, _SKUS_MOST = 100, 10**9, 500
LISTED_MOST = 200

campaign = merchant_table(
    "campaign", big("id"), text("kind"), text("title"), text("code"), big("starts_at_us", nullable=True),
    big("ends_at_us", nullable=True), big("min_group"), big("per_buyer"), text("stock"), big("closed"),
    big("created_at_us"), big("revision"), text("before"), key=("id",),
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


class CampaignMoved(Refusal):
    """Somebody has changed the campaign meanwhile: look at it as it is now, then change it again"""

    kind, code = "conflict", "campaign_moved"


class CampaignUnchanged(Refusal):
    """Nothing of this campaign was changed yet: there is nothing to take back"""

    kind, code = "conflict", "campaign_unchanged"


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
    """A campaign as it is kept; `stock` is JSON, pieces by SKU, `before` its plan before the last change."""

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
    revision: int = 0
    before: str = ""

    def pieces(self) -> dict[str, int]:
        """Return the stock, pieces by SKU."""
        return msgspec.json.decode(self.stock, type=dict[str, int])

    def plan(self) -> Plan:
        """Return what the campaign is to be."""
        return Plan(
            kind=cast("Kind", self.kind), title=self.title, code=self.code, starts_at_us=self.starts_at_us,
            ends_at_us=self.ends_at_us, min_group=self.min_group, per_buyer=self.per_buyer, stock=self.pieces(),
            closed=bool(self.closed),
        )  # fmt: skip

    def state(self, now_us: int) -> str:
        """Return `soon`, `running` or `ended`."""
        if self.closed or (self.ends_at_us is not None and now_us >= self.ends_at_us):
            return "ended"
        return "soon" if self.starts_at_us is not None and now_us < self.starts_at_us else "running"


_COLUMNS = tuple(campaign.c[name] for name in Campaign.__struct_fields__)
_ADD = insert_into(campaign)
_LIST = Statement(
    sa.select(*_COLUMNS).where(own(campaign)).order_by(campaign.c.id.desc()).limit(LISTED_MOST), Campaign
)
_GET = Statement(sa.select(*_COLUMNS).where(own(campaign), campaign.c.id == bind("campaign_id")), Campaign)
BY_CODE = Statement(sa.select(*_COLUMNS).where(own(campaign), campaign.c.code == bind("code", str)), Campaign)
_CHANGE = Statement[None](
    sa.update(campaign).where(own(campaign), campaign.c.id == bind("b_id")),
    sets=(
        "kind",
        "title",
        "code",
        "starts_at_us",
        "ends_at_us",
        "min_group",
        "per_buyer",
        "stock",
        "closed",
        "revision",
        "before",
    ),
)


def add_campaign(tx: Tx, actor: Actor, *, plan: Plan) -> int:
    """Add a campaign; return its id.

    Raises:
        NotAllowed, CampaignWrong, CampaignTwice
    """
    require(actor, "shop_settings")
    made, values = new_id(), _values(tx, plan, campaign_id=0)
    tx.run(_ADD, id=made, created_at_us=tx.now_us, revision=1, before="", **values)
    write_journal(tx, actor, verb="orders.campaign_add", subject=f"campaign:{made}", data={"code": plan.code})
    return made


def change_campaign(tx: Tx, actor: Actor, *, campaign_id: int, plan: Plan, seen: int = 0) -> None:
    """Set a campaign anew; orders are judged by it when they are checked again.

    Args:
        seen: the revision that was looked at; 0 sets it whatever it is.

    Raises:
        NotAllowed, CampaignMissing, CampaignWrong, CampaignTwice, CampaignMoved
    """
    require(actor, "shop_settings")
    present = get_campaign(tx, actor, campaign_id=campaign_id)
    if seen and seen != present.revision:
        raise CampaignMoved
    before, values = msgspec.json.encode(present.plan()).decode(), _values(tx, plan, campaign_id=campaign_id)
    tx.run(_CHANGE, b_id=campaign_id, revision=present.revision + 1, before=before, **values)
    data = {"code": plan.code, "closed": plan.closed}
    write_journal(tx, actor, verb="orders.campaign_change", subject=f"campaign:{campaign_id}", data=data)


def close_campaign(tx: Tx, actor: Actor, *, campaign_id: int, closed: bool) -> None:
    """Close a campaign, or open it again; done already, nothing happens.

    Raises:
        NotAllowed, CampaignMissing
    """
    require(actor, "shop_settings")
    plan = get_campaign(tx, actor, campaign_id=campaign_id).plan()
    if plan.closed != closed:
        change_campaign(tx, actor, campaign_id=campaign_id, plan=replace(plan, closed=closed))


def undo_campaign(tx: Tx, actor: Actor, *, campaign_id: int, seen: int = 0) -> None:
    """Take the last change of a campaign back; done again, it stands as it did.

    Raises:
        NotAllowed, CampaignMissing, CampaignMoved, CampaignTwice
        CampaignUnchanged: it was never changed.
    """
    require(actor, "shop_settings")
    before = get_campaign(tx, actor, campaign_id=campaign_id).before
    if not before:
        raise CampaignUnchanged
    plan = msgspec.json.decode(before, type=Plan)
    change_campaign(tx, actor, campaign_id=campaign_id, plan=plan, seen=seen)


def list_campaigns(tx: Tx, actor: Actor) -> list[Campaign]:
    """Return the merchant's newest campaigns.

    Raises:
        NotAllowed
    """
    require(actor, "query")
    return tx.rows(_LIST)


def campaign_titles(tx: Tx, actor: Actor) -> dict[str, str]:
    """Return the titles of the newest campaigns, by their codes.

    Raises:
        NotAllowed
    """
    return {one.code: one.title for one in list_campaigns(tx, actor)}


def running_campaigns(tx: Tx, actor: Actor) -> dict[str, str]:
    """Return the titles of the campaigns that are running now, by their codes.

    Raises:
        NotAllowed
    """
    return {one.code: one.title for one in list_campaigns(tx, actor) if one.state(tx.now_us) == "running"}


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


def _values(tx: Tx, plan: Plan, *, campaign_id: int) -> dict[str, object]:
    title, code = read_name(plan.title, most=_TEXT_MOST), read_name(plan.code, most=_TEXT_MOST)
    for field, given in (("title", title), ("code", code)):
        if not given:
            raise CampaignWrong(field=field, problem="write 1 to 100 characters")
    if {'"', "“", "”"} & {*code}:  # a query could not name it
        raise CampaignWrong(field="code", problem="leave quotation marks out")
    if None not in (plan.starts_at_us, plan.ends_at_us) and (plan.starts_at_us or 0) >= (
        plan.ends_at_us or 0
    ):
        raise CampaignWrong(field="ends_at", problem="it ends before it begins")
    limits = {"min_group": [plan.min_group], "per_buyer": [plan.per_buyer], "stock": plan.stock.values()}
    for field, numbers in limits.items():
        if len(numbers) > _SKUS_MOST or not all(0 <= number <= _PIECES_MOST for number in numbers):
            raise CampaignWrong(field=field, problem="write pieces from 0 on, of 500 SKUs at most")
    present = tx.one(BY_CODE, code=code)
    if present is not None and present.id != campaign_id:
        raise CampaignTwice
    return {
        "kind": plan.kind, "title": title, "code": code, "starts_at_us": plan.starts_at_us, "ends_at_us": plan.ends_at_us,
        "min_group": plan.min_group, "per_buyer": plan.per_buyer, "closed": int(plan.closed),
        "stock": msgspec.json.encode(plan.stock).decode(),
    }  # fmt: skip
