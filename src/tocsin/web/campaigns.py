"""Campaigns as pages: which there are, how each goes, and what is to be packed where."""

from typing import Any, cast

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor
from tocsin.core.clock import now_us
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.money import plain_micro
from tocsin.core.tenant import get_shop
from tocsin.orders.campaign import (
    KINDS,
    CampaignTwice,
    CampaignWrong,
    Plan,
    add_campaign,
    get_campaign,
    list_campaigns,
)
from tocsin.orders.campaign_report import count_campaign, pack_campaign
from tocsin.orders.sheet_cells import InstantOutside, InstantUnreadable, read_instant
from tocsin.web.form import Form, once, read_form, read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, show, status_of, told, words_of


@get("/campaigns", sync_to_thread=True)
def get_campaigns(request: PageRequest) -> Response[str]:
    """Show the campaigns, and the form of a new one."""
    return _list(request, enter(request)[1])


@post("/campaigns", sync_to_thread=True, status_code=303)
def post_campaign(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Add a campaign and lead to its page."""
    desk, actor = enter(request)
    form = read_form(request, body)

    def make(tx: Tx) -> str:
        return f"/campaigns/{add_campaign(tx, actor, plan=_plan(tx, form))}?done=created"

    try:
        address = desk.db.write(
            actor.merchant_id, lambda tx: once(tx, actor, form, route="campaigns", make=lambda: make(tx))
        )
    except (CampaignWrong, CampaignTwice, InstantUnreadable, InstantOutside) as refusal:
        return _list(request, actor, form=form, refusal=refusal)
    return go(address)


@get("/campaigns/{campaign_id:str}", sync_to_thread=True)
def get_campaign_page(request: PageRequest, *, campaign_id: FromPath[str]) -> Response[str]:
    """Show how a campaign goes: orders by day, state and problem, and its packing summary."""
    desk, actor = enter(request)
    wanted = read_number(campaign_id)

    def read(tx: Tx) -> dict[str, Any]:
        one = get_campaign(tx, actor, campaign_id=wanted)
        packed = [
            {"place": row.place, "sku": row.sku, "title": row.title, "spec": row.spec, "orders": row.orders,
             "quantity": plain_micro(row.quantity_micro)}
            for row in pack_campaign(tx, actor, code=one.code)
        ]  # fmt: skip
        counted = count_campaign(tx, actor, code=one.code)
        return {"one": one, "state": one.state(now_us()), "packed": packed, **counted}

    found = desk.db.read(actor.merchant_id, read)
    return show(request, "orders/campaign.html", actor=actor, section="orders", **found)


def _plan(tx: Tx, form: Form) -> Plan:
    zone, limit = get_shop(tx).zone, form.get("per_buyer", "").strip()
    kind = form.get("kind", "")
    return Plan(
        kind=cast("Any", kind if kind in KINDS else "other"), title=form.get("title", ""), code=form.get("code", ""),
        starts_at_us=read_instant(form.get("starts_at", "").replace("T", " "), zone),
        ends_at_us=read_instant(form.get("ends_at", "").replace("T", " "), zone),
        per_buyer=int(limit) if limit.isascii() and limit.isdigit() and len(limit) < 10 else 0 if not limit else -1,
    )  # fmt: skip


def _list(
    request: PageRequest, actor: Actor, *, form: Form | None = None, refusal: Refusal | None = None
) -> Response[str]:
    found = enter(request)[0].db.read(actor.merchant_id, lambda tx: list_campaigns(tx, actor))
    errors = {}
    if refusal is not None:
        field = "code" if isinstance(refusal, CampaignTwice) else str(refusal.data.get("field", "starts_at"))
        errors = {field: told(refusal, words_of(request, actor))}
    return show(
        request, "orders/campaigns.html", actor=actor, section="orders", status=status_of(refusal) if refusal else 200,
        campaigns=[{"one": each, "state": each.state(now_us())} for each in found], form=form or {}, errors=errors,
        may_set=actor.may("shop_settings"),
    )  # fmt: skip


CAMPAIGNS = [get_campaigns, post_campaign, get_campaign_page]
