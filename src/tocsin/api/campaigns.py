"""Campaigns over the API: what the checks judge orders of a campaign by."""

from typing import Annotated

from litestar import Response, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter, RawBody
from msgspec import Struct

from tocsin.api.guard import ApiRequest, change_once, enter, read_body, read_id
from tocsin.api.shape import iso
from tocsin.core.actor import Actor
from tocsin.core.clock import now_us
from tocsin.core.db import Tx
from tocsin.core.money import plain_micro
from tocsin.core.tally import Tallies
from tocsin.core.tenant import get_shop
from tocsin.orders.campaign import (
    Campaign,
    Kind,
    Plan,
    add_campaign,
    change_campaign,
    get_campaign,
    list_campaigns,
)
from tocsin.orders.campaign_report import Counted, Stock, count_campaign
from tocsin.orders.packing import Packed, pack_campaign, write_packing
from tocsin.orders.sheet_cells import read_instant
from tocsin.tickets.tallying import Counting, read_with_tallies


class CampaignIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A campaign. Times are ISO 8601, without an offset in the shop's zone, empty for open; 0 is no limit; stock is pieces by SKU."""

    kind: Kind
    title: str
    code: str
    starts_at: str = ""
    ends_at: str = ""
    min_group: int = 0
    per_buyer: int = 0
    stock: dict[str, int] = {}
    closed: bool = False


class CampaignOut(Struct, frozen=True, kw_only=True):
    """A campaign; `state` is soon, running or ended, as it is now."""

    id: str
    kind: str
    title: str
    code: str
    state: str
    starts_at: str
    ends_at: str
    min_group: int
    per_buyer: int
    stock: dict[str, int]
    closed: bool


class ReportOut(Struct, frozen=True, kw_only=True):
    """How a campaign goes: its orders over time (hours of a short one, else days), by state, by problem, and its stock."""

    campaign: CampaignOut
    orders: int
    times: tuple[Counted, ...]
    by_state: tuple[Counted, ...]
    problems: tuple[Counted, ...]
    stock: tuple[Stock, ...]


class PackedOut(Struct, frozen=True, kw_only=True):
    """How much of one article goes to one place; what is held is not in `quantity`."""

    pickup_point: str
    community: str
    sku: str
    title: str
    spec: str
    quantity: str
    held: str
    orders: int


class CampaignId(Struct, frozen=True):
    """The id of a campaign."""

    id: str


@get("/campaigns", sync_to_thread=True)
def get_campaigns(request: ApiRequest) -> list[CampaignOut]:
    """Return the newest campaigns."""
    desk, actor = enter(request)
    return [_out(one) for one in desk.db.read(actor.merchant_id, lambda tx: list_campaigns(tx, actor))]


@post("/campaigns", sync_to_thread=True, status_code=201)
def create_campaign(
    request: ApiRequest, *, data: JSONBody[CampaignIn], body: RawBody
) -> Response[CampaignId]:
    """Add a campaign; its orders name it by `code`."""
    del data
    given = read_body(body, CampaignIn)

    def run(tx: Tx, actor: Actor) -> CampaignId:
        return CampaignId(str(add_campaign(tx, actor, plan=_plan(tx, given))))

    return change_once(request, body, run, status=201)


@get("/campaigns/{campaign_id:str}", sync_to_thread=True)
def get_report(request: ApiRequest, *, campaign_id: FromPath[str]) -> ReportOut:
    """Return how a campaign goes."""
    desk, actor = enter(request)
    wanted = read_id(campaign_id)

    def read(tx: Tx, tallies: Tallies | Counting | None) -> ReportOut:
        one = get_campaign(tx, actor, campaign_id=wanted)
        # A program is told of this moment: where the tallies lag, the orders themselves are counted.
        whole = tallies if isinstance(tallies, Tallies) and not tallies.counted_to_us else None
        found = count_campaign(tx, actor, one=one, tallies=whole)
        return ReportOut(
            campaign=_out(one), orders=found.orders, times=found.times, by_state=found.by_state, problems=found.problems,
            stock=found.stock,
        )  # fmt: skip

    return read_with_tallies(desk.db, actor.merchant_id, read)


@get("/campaigns/{campaign_id:str}/packing", sync_to_thread=True)
def get_packing(
    request: ApiRequest, *, campaign_id: FromPath[str], format_name: Annotated[str, QueryParameter(name="format")] = "json",
) -> Response[list[PackedOut]] | Response[bytes]:  # fmt: skip
    """Return what is to be packed where, 2,000 rows at most; as CSV with `format=csv`."""
    desk, actor = enter(request)
    wanted = read_id(campaign_id)

    def read(tx: Tx) -> list[Packed]:
        return pack_campaign(tx, actor, code=get_campaign(tx, actor, campaign_id=wanted).code)

    rows = desk.db.read(actor.merchant_id, read)
    if format_name == "csv":
        headers = {"content-disposition": f'attachment; filename="packing-{wanted}.csv"'}
        return Response(write_packing(rows), media_type="text/csv", headers=headers)
    return Response([_packed_out(row) for row in rows])


@put("/campaigns/{campaign_id:str}", sync_to_thread=True, status_code=200)
def set_campaign(
    request: ApiRequest, *, campaign_id: FromPath[str], data: JSONBody[CampaignIn], body: RawBody
) -> Response[CampaignId]:
    """Set a campaign anew; orders are judged by it when they are checked again, at the latest before paper."""
    del data
    given, wanted = read_body(body, CampaignIn), read_id(campaign_id)

    def run(tx: Tx, actor: Actor) -> CampaignId:
        change_campaign(tx, actor, campaign_id=wanted, plan=_plan(tx, given))
        return CampaignId(campaign_id)

    return change_once(request, body, run)


def _plan(tx: Tx, given: CampaignIn) -> Plan:
    zone = get_shop(tx).zone
    return Plan(
        kind=given.kind, title=given.title, code=given.code, starts_at_us=read_instant(given.starts_at, zone),
        ends_at_us=read_instant(given.ends_at, zone), min_group=given.min_group, per_buyer=given.per_buyer,
        stock=given.stock, closed=given.closed,
    )  # fmt: skip


def _packed_out(row: Packed) -> PackedOut:
    return PackedOut(
        pickup_point=row.pickup_point, community=row.community, sku=row.sku, title=row.title, spec=row.spec,
        quantity=plain_micro(row.quantity_micro), held=plain_micro(row.held_micro), orders=row.orders,
    )  # fmt: skip


def _out(one: Campaign) -> CampaignOut:
    return CampaignOut(
        id=str(one.id), kind=one.kind, title=one.title, code=one.code, state=one.state(now_us()),
        starts_at=iso(one.starts_at_us), ends_at=iso(one.ends_at_us), min_group=one.min_group, per_buyer=one.per_buyer,
        stock=one.pieces(), closed=bool(one.closed),
    )  # fmt: skip


CAMPAIGNS = [get_campaigns, create_campaign, get_report, set_campaign, get_packing]
