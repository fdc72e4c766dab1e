"""Campaigns as pages: which there are with their orders, and the form of a new one."""

from typing import Any

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor
from tocsin.core.clock import now_us
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.orders.campaign import add_campaign, list_campaigns
from tocsin.orders.campaign_report import count_campaigns
from tocsin.web.campaign_form import FAULTS, fault_of, read_plan
from tocsin.web.form import Form, once, read_form
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.rows import show_count
from tocsin.web.shell import go, show, status_of, words_of
from tocsin.web.tallied import Fresh, read_fresh


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
        return f"/campaigns/{add_campaign(tx, actor, plan=read_plan(tx, form))}?done=created"

    try:
        address = desk.db.write(
            actor.merchant_id, lambda tx: once(tx, actor, form, route="campaigns", make=lambda: make(tx))
        )
    except FAULTS as refusal:
        return _list(request, actor, form=form, refusal=refusal)
    return go(address)


def _list(
    request: PageRequest, actor: Actor, *, form: Form | None = None, refusal: Refusal | None = None
) -> Response[str]:
    words, now = words_of(request, actor), now_us()

    def read(tx: Tx, fresh: Fresh) -> list[dict[str, Any]]:
        counts = count_campaigns(tx, actor, tallies=fresh.tallies)
        return [
            {"one": one, "state": one.state(now), "count_text": show_count(words, counts.get(one.id, 0))}
            for one in list_campaigns(tx, actor)
        ]

    return show(
        request, "orders/campaigns.html", actor=actor, section="campaign", status=status_of(refusal) if refusal else 200,
        campaigns=read_fresh(desk_of(request).db, actor.merchant_id, read), form=form or {},
        errors=fault_of(refusal, words) if refusal else {}, may_set=actor.may("shop_settings"),
    )  # fmt: skip


CAMPAIGNS = [get_campaigns, post_campaign]
