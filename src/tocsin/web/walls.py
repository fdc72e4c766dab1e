"""Links of walls as a page of the settings: what hangs where, making one that is shown once, and revoking it."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.operator import list_operators
from tocsin.access.step_up import ProofNeeded, is_proved
from tocsin.access.wall_link import WallLink, create_wall_link, list_wall_links, revoke_wall_link
from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.tenant import list_shops
from tocsin.web.form import Form, once, read_form, read_number
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.install import qr_picture
from tocsin.web.shell import go, show, status_of, told, words_of

_EVERY_SHOP = "Every shop"


@get("/settings/walls", sync_to_thread=True)
def get_walls(request: PageRequest) -> Response[str]:
    """Show the walls, and the form of a new one."""
    _, actor = enter(request)
    return _page(request, actor, form={})


@post("/settings/walls", sync_to_thread=True, status_code=200)
def post_wall(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Make a link; its secret is on this answer alone, so that it is at no address; sent again, the form makes none."""
    desk, actor = enter(request)
    form = read_form(request, body)
    shop, made = form.get("shop", ""), list[str]()

    def make(tx: Tx) -> str:
        made[:] = [
            create_wall_link(tx, actor, name=form.get("name", ""), shop_id=read_number(shop) if shop else 0)
        ]
        return "/settings/walls?done=created"

    def run(tx: Tx) -> str:
        made.clear()
        return once(tx, actor, form, route="walls", make=lambda: make(tx))

    try:
        address = desk.db.write(actor.merchant_id, run)
    except ProofNeeded:
        raise
    except Refusal as refusal:
        return _page(request, actor, form=form, refusal=refusal)
    if not made:
        return go(address)
    link = f"{desk.settings.base_url()}/wall/{made[0]}"
    shown = {"name": form.get("name", ""), "link": link, "code": qr_picture(link)}
    return _page(request, actor, form={}, made=shown)


@post("/settings/walls/{link_id:str}/revocation", sync_to_thread=True, status_code=303)
def post_wall_revocation(request: PageRequest, *, link_id: FromPath[str], body: RawBody) -> Redirect:
    """Revoke a link: its screen goes dark."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(link_id)
    desk.db.write(actor.merchant_id, lambda tx: revoke_wall_link(tx, actor, link_id=wanted))
    return go("/settings/walls", done="wall_revoked")


def _page(
    request: PageRequest, actor: Actor, *, form: Form, refusal: Refusal | None = None, made: dict[str, str] | None = None
) -> Response[str]:  # fmt: skip
    desk, words = desk_of(request), words_of(request, actor)

    def read(tx: Tx) -> dict[str, Any]:
        found = list_wall_links(tx, actor)
        shops = {str(shop.id): shop.name for shop in list_shops(tx)}
        names = {one.id: one.display_name for one in list_operators(tx, actor)}
        every = words.translate(_EVERY_SHOP)
        return {
            "walls": [_show(one, by=names.get(one.created_by, "—"), shop=shops.get(str(one.shop_id), every)) for one in found],
            "shops": {"": every, **shops},
        }  # fmt: skip

    place = "shop" if refusal and refusal.code == "shop_missing" else "name"
    return show(
        request, "settings/walls.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        form=form, errors={place: told(refusal, words)} if refusal else {}, made=made, proved=is_proved(actor),
        **desk.db.read(actor.merchant_id, read),
    )  # fmt: skip


def _show(one: WallLink, *, by: str, shop: str) -> dict[str, Any]:
    return {
        "id": one.id, "name": one.name, "shop": shop, "by": by, "created_at_us": one.created_at_us,
        "opened_at_us": one.opened_at_us or None, "times_opened": one.times_opened, "address": one.address,
        "last_seen_us": one.last_seen_us or None, "revoked_at_us": one.revoked_at_us,
    }  # fmt: skip


WALLS = [get_walls, post_wall, post_wall_revocation]
