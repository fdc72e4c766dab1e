"""Enrolled desks as a page, and when sessions end; the PIN of this desk is on the page of one's sessions."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect
from msgspec.structs import asdict

from tocsin.access.desk import DeskSeen, enrol_desk, list_desks, revoke_desk
from tocsin.access.operator import list_operators
from tocsin.access.session_rule import BOUNDS, BOX, SessionRules, change_session_rules, read_session_rules
from tocsin.access.step_up import ProofNeeded
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.preference import preference_revision
from tocsin.core.tenant import list_shops
from tocsin.core.words import Words
from tocsin.web.form import Form, read_form, read_number
from tocsin.web.guard import PageRequest, desk_cookie, desk_of, enter
from tocsin.web.shell import go, show, status_of, told, words_of

RULES = {
    "idle_minutes": "Ends unused after (minutes)", "longest_minutes": "Ends in any case after (minutes)",
    "lock_minutes": "An enrolled desk locks unused after (minutes)", "lockdown_idle_minutes": "In lockdown: ends unused after (minutes)",
    "lockdown_longest_minutes": "In lockdown: ends in any case after (minutes)",
}  # fmt: skip
_EVERY_SHOP = "Every shop"
_DIGITS = 6


@get("/settings/desks", sync_to_thread=True)
def get_desks(request: PageRequest) -> Response[str]:
    """Show the enrolled desks, the form of this one, and when sessions end."""
    _, actor = enter(request)
    return _page(request, actor, form={})


@post("/settings/desks", sync_to_thread=True, status_code=303)
def post_desk(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Enrol the browser that this form came from."""
    desk, actor = enter(request)
    form = read_form(request, body)
    shop = form.get("shop", "")
    try:
        made = desk.db.write(actor.merchant_id, lambda tx: enrol_desk(
            tx, actor, name=form.get("name", ""), place=form.get("place", ""), shop_id=read_number(shop) if shop else 0,
        ))  # fmt: skip
    except ProofNeeded:
        raise
    except Refusal as refusal:
        return _page(request, actor, form=form, refusal=refusal)
    return go("/settings/desks", done="enrolled", cookies=[desk_cookie(request, made.token)])


@post("/settings/desks/rules", sync_to_thread=True, status_code=303)
def post_rules(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Change when sessions end."""
    desk, actor = enter(request)
    form = read_form(request, body)
    try:
        rules = SessionRules(**{name: _minutes(form.get(name, "")) for name in RULES})
        desk.db.write(actor.merchant_id, lambda tx: change_session_rules(
            tx, actor, rules, revision=read_number(form.get("revision", "")))
        )  # fmt: skip
    except Refusal as refusal:
        return _page(request, actor, form=form, refusal=refusal)
    return go("/settings/desks", done="saved")


@post("/settings/desks/{desk_id:str}/revocation", sync_to_thread=True, status_code=303)
def post_desk_revocation(request: PageRequest, *, desk_id: FromPath[str], body: RawBody) -> Redirect:
    """Revoke a desk: its sessions end, its PINs are gone."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(desk_id)
    desk.db.write(actor.merchant_id, lambda tx: revoke_desk(tx, actor, desk_id=wanted))
    return go("/settings/desks", done="desk_revoked")


def _page(request: PageRequest, actor: Actor, *, form: Form, refusal: Refusal | None = None) -> Response[str]:
    require(actor, "shop_settings")
    desk, words = desk_of(request), words_of(request, actor)

    def read(tx: Tx) -> dict[str, Any]:
        shops = {str(shop.id): shop.name for shop in list_shops(tx)}
        names = {one.id: one.display_name for one in list_operators(tx, actor)}
        found = list_desks(tx, actor)
        return {
            "desks": [_show(one, actor, shops=shops, names=names, words=words) for one in found],
            "shops": {"": words.translate(_EVERY_SHOP), **shops},
            "rules": _show_rules(read_session_rules(tx), form, words),
            "rules_revision": preference_revision(tx, box=BOX),
            "here": any(one.id == actor.desk_id for one in found),
        }  # fmt: skip

    errors = {_place_of(refusal): told(refusal, words)} if refusal else {}
    return show(
        request, "access/desks.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        form=form, errors=errors, **desk.db.read(actor.merchant_id, read),
    )  # fmt: skip


def _place_of(refusal: Refusal) -> str:
    return str(refusal.data.get("field", "shop" if refusal.code == "shop_missing" else "name"))


def _minutes(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else -1


def _show_rules(rules: SessionRules, form: Form, words: Words) -> list[dict[str, Any]]:
    return [
        {"name": name, "word": words.translate(RULES[name]), "value": form.get(name, str(value)), "least": BOUNDS[name][0],
         "most": BOUNDS[name][1]}
        for name, value in asdict(rules).items()
    ]  # fmt: skip


def _show(
    one: DeskSeen, actor: Actor, *, shops: dict[str, str], names: dict[int, str], words: Words
) -> dict[str, Any]:
    return {
        "id": one.id, "name": one.name, "place": one.place, "by": names.get(one.created_by, "—"),
        "shop": shops.get(str(one.shop_id), words.translate(_EVERY_SHOP)), "created_at_us": one.created_at_us,
        "last_seen_us": one.last_seen_us, "revoked_at_us": one.revoked_at_us, "here": one.id == actor.desk_id,
    }  # fmt: skip


DESKS = [get_desks, post_desk, post_rules, post_desk_revocation]
