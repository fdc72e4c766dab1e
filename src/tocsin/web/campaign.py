"""One campaign as a page: how it goes, in pictures and tables; changed, closed, and taken back."""

from collections.abc import Callable
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor, require
from tocsin.core.clock import now_us
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.money import plain_micro
from tocsin.core.tenant import get_shop
from tocsin.orders.campaign import (
    Campaign,
    change_campaign,
    close_campaign,
    get_campaign,
    undo_campaign,
)
from tocsin.orders.campaign_report import count_campaign
from tocsin.orders.packing import ROWS_MOST, Place, pack_campaign, places_of, write_packing
from tocsin.web.campaign_form import FAULTS, fault_of, form_of, read_plan
from tocsin.web.form import Form, read_form, read_number
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.shell import go, show, status_of, words_of
from tocsin.web.tallied import Fresh, read_fresh


@get("/campaigns/{campaign_id:str}", sync_to_thread=True)
def get_campaign_page(request: PageRequest, *, campaign_id: FromPath[str]) -> Response[str]:
    """Show how a campaign goes: orders over time, by state and by problem, its stock, and its form."""
    return _page(request, enter(request)[1], read_number(campaign_id))


@post("/campaigns/{campaign_id:str}", sync_to_thread=True, status_code=303)
def post_change(
    request: PageRequest, *, campaign_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Set a campaign anew, against the revision that was seen."""
    _, actor = enter(request)
    form, wanted = read_form(request, body), read_number(campaign_id)
    require(actor, "shop_settings")

    def change(tx: Tx) -> None:
        closed = bool(get_campaign(tx, actor, campaign_id=wanted).closed)
        plan, seen = read_plan(tx, form, closed=closed), read_number(form.get("revision", ""))
        change_campaign(tx, actor, campaign_id=wanted, plan=plan, seen=seen)

    return _done(request, wanted, form, change, done="saved")


@post("/campaigns/{campaign_id:str}/closure", sync_to_thread=True, status_code=303)
def post_closure(
    request: PageRequest, *, campaign_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Close a campaign, or open it again."""
    _, actor = enter(request)
    form, wanted = read_form(request, body), read_number(campaign_id)
    require(actor, "shop_settings")
    closed = form.get("closed") == "1"
    return _done(
        request, wanted, {}, lambda tx: close_campaign(tx, actor, campaign_id=wanted, closed=closed), done="saved"
    )  # fmt: skip


@post("/campaigns/{campaign_id:str}/undo", sync_to_thread=True, status_code=303)
def post_undo(request: PageRequest, *, campaign_id: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Take the last change back."""
    _, actor = enter(request)
    form, wanted = read_form(request, body), read_number(campaign_id)
    require(actor, "shop_settings")
    seen = read_number(form.get("revision", ""))
    return _done(
        request, wanted, {}, lambda tx: undo_campaign(tx, actor, campaign_id=wanted, seen=seen), done="undone"
    )  # fmt: skip


@get("/campaigns/{campaign_id:str}/packing", sync_to_thread=True)
def get_packing(request: PageRequest, *, campaign_id: FromPath[str]) -> Response[str]:
    """Show what is to be packed where, as a page that prints on A4."""
    desk, actor = enter(request)
    wanted = read_number(campaign_id)

    def read(tx: Tx) -> dict[str, Any]:
        one = get_campaign(tx, actor, campaign_id=wanted)
        rows = pack_campaign(tx, actor, code=one.code)
        return {"one": one, "places": _show_places(places_of(rows)), "cut": len(rows) == ROWS_MOST}

    found = desk.db.read(actor.merchant_id, read)
    return show(request, "orders/packing.html", actor=actor, section="campaign", at_us=now_us(), **found)


@get("/campaigns/{campaign_id:str}/packing.csv", sync_to_thread=True)
def get_packing_file(request: PageRequest, *, campaign_id: FromPath[str]) -> Response[bytes]:
    """Send the packing summary as CSV."""
    desk, actor = enter(request)
    wanted = read_number(campaign_id)

    def read(tx: Tx) -> bytes:
        one = get_campaign(tx, actor, campaign_id=wanted)
        return write_packing(pack_campaign(tx, actor, code=one.code))

    headers = {"content-disposition": f'attachment; filename="packing-{wanted}.csv"'}
    return Response(desk.db.read(actor.merchant_id, read), media_type="text/csv", headers=headers)


def _show_places(places: list[Place]) -> list[dict[str, Any]]:
    return [
        {
            "pickup_point": place.pickup_point, "community": place.community,
            "pieces": plain_micro(sum(row.quantity_micro for row in place.rows)),
            "held": sum(row.held_micro for row in place.rows),
            "rows": [
                {"sku": row.sku, "title": row.title, "spec": row.spec, "orders": row.orders,
                 "quantity": plain_micro(row.quantity_micro), "held": plain_micro(row.held_micro) if row.held_micro else ""}
                for row in place.rows
            ],
        }
        for place in places
    ]  # fmt: skip


def _done(
    request: PageRequest, campaign_id: int, form: Form, change: Callable[[Tx], None], *, done: str
) -> Response[str] | Redirect:
    desk, actor = enter(request)
    try:
        desk.db.write(actor.merchant_id, change)
    except FAULTS as refusal:
        return _page(request, actor, campaign_id, form=form, refusal=refusal)
    return go(f"/campaigns/{campaign_id}", done=done)


def _page(
    request: PageRequest, actor: Actor, campaign_id: int, *, form: Form | None = None, refusal: Refusal | None = None
) -> Response[str]:  # fmt: skip
    def read(tx: Tx, fresh: Fresh) -> tuple[Campaign, dict[str, Any]]:
        one = get_campaign(tx, actor, campaign_id=campaign_id)
        report = count_campaign(tx, actor, one=one, tallies=fresh.tallies)
        states = {row.name: row.orders for row in report.by_state}
        shown = {"report": report, "states_of": states, "fresh": fresh}
        return one, {**shown, "form": {**form_of(one.plan(), get_shop(tx).zone), **(form or {})}}

    one, found = read_fresh(desk_of(request).db, actor.merchant_id, read)
    return show(
        request, "orders/campaign.html", actor=actor, section="campaign", status=status_of(refusal) if refusal else 200,
        one=one, state=one.state(now_us()), wanted=f'campaign:"{one.code}"', may_set=actor.may("shop_settings"),
        errors=fault_of(refusal, words_of(request, actor)) if refusal else {}, **found,
    )  # fmt: skip


CAMPAIGN = [get_campaign_page, post_change, post_closure, post_undo, get_packing, get_packing_file]
