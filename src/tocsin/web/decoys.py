"""Decoys as a page: sign-in names that nobody has, so that whoever tries one gives himself away."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.decoy import SUGGESTED, add_decoy, list_decoys, remove_decoy
from tocsin.access.step_up import require_proof
from tocsin.core.actor import Actor, require
from tocsin.core.errors import Refusal
from tocsin.web.form import read_form, read_number
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.shell import go, show, status_of, told, words_of


@get("/settings/decoys", sync_to_thread=True)
def get_decoys(request: PageRequest) -> Response[str]:
    """Show the decoys, and the form of a new one."""
    _, actor = enter(request)
    return _page(request, actor)


@post("/settings/decoys", sync_to_thread=True, status_code=303)
def post_decoy(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Add a decoy."""
    desk, actor = enter(request)
    name = read_form(request, body).get("name", "")
    require(actor, "shop_settings")
    require_proof(actor)
    try:
        desk.db.write(actor.merchant_id, lambda tx: add_decoy(tx, actor, name=name))
    except Refusal as refusal:
        errors = {"name": told(refusal, words_of(request, actor))}
        return _page(request, actor, name=name, errors=errors, status=status_of(refusal))
    return go("/settings/decoys", done="saved")


@post("/settings/decoys/{decoy_id:str}/removal", sync_to_thread=True, status_code=303)
def post_removal(request: PageRequest, *, decoy_id: FromPath[str], body: RawBody) -> Redirect:
    """Remove a decoy."""
    desk, actor = enter(request)
    read_form(request, body)
    require(actor, "shop_settings")
    require_proof(actor)
    wanted = read_number(decoy_id)
    desk.db.write(actor.merchant_id, lambda tx: remove_decoy(tx, actor, decoy_id=wanted))
    return go("/settings/decoys", done="dropped")


def _page(
    request: PageRequest, actor: Actor, *, name: str = "", errors: dict[str, str] | None = None, status: int = 200
) -> Response[str]:  # fmt: skip
    desk = desk_of(request)
    found = desk.db.read(actor.merchant_id, lambda tx: list_decoys(tx, actor))
    have = {one.name_key for one in found}
    decoys: list[dict[str, Any]] = [
        {"id": one.id, "name": one.name_key, "created_at_us": one.created_at_us} for one in found
    ]
    return show(
        request, "access/decoys.html", actor=actor, section="settings", status=status, decoys=decoys, name=name,
        errors=errors or {}, suggested=[one for one in SUGGESTED if one not in have],
    )  # fmt: skip


DECOYS = [get_decoys, post_decoy, post_removal]
