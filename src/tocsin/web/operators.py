"""Operators as a page: who may sign in, with which role, and the invitation of a new one."""

from typing import Any

from litestar import Response, get, post
from litestar.params import RawBody

from tocsin.access.link import LIFE_US
from tocsin.access.operator import OPERATOR_ROLES, Operator, list_operators, require_above
from tocsin.access.operator_invite import invite_operator, waited_for
from tocsin.access.step_up import ProofNeeded
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.web.form import Form, read_form
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.shell import show, status_of, told, words_of

_PLACES = {"name_taken": "name", "name_wrong": "name", "role_unknown": "role"}


@get("/settings/operators", sync_to_thread=True)
def get_operators(request: PageRequest) -> Response[str]:
    """Show the operators, and the form of a new one."""
    _, actor = enter(request)
    return _page(request, actor)


@post("/settings/operators", sync_to_thread=True, status_code=200)
def post_operator(request: PageRequest, *, body: RawBody) -> Response[str]:
    """Invite an operator; the link is on this answer alone, so that it is at no address."""
    desk, actor = enter(request)
    form = read_form(request, body)
    name, role = form.get("name", ""), form.get("role", "")

    def make(tx: Tx) -> dict[str, Any]:
        token = invite_operator(
            tx, actor, name=name, display_name=form.get("display_name", "") or name, role=role
        )
        return show_link(desk.settings.base_url(), token, name=name, now_us=tx.now_us)

    try:
        made = desk.db.write(actor.merchant_id, make)
    except ProofNeeded:
        raise
    except Refusal as refusal:
        return _page(request, actor, form=form, refusal=refusal)
    return _page(request, actor, invited=made)


def show_link(base: str, token: str, *, name: str, now_us: int) -> dict[str, Any]:
    """Return an invitation as pages show it, this once."""
    return {"name": name, "link": f"{base}/join/{token}", "until_us": now_us + LIFE_US}


def may_give(actor: Actor, role: str) -> bool:
    """Tell whether the actor may give a role, and lead those who have it."""
    try:
        require_above(actor, role)
    except NotAllowed:
        return False
    return True


def state_of(one: Operator) -> str:
    """Return what an operator is now: active, suspended or left."""
    return "left" if one.left_at_us else "active" if one.active else "suspended"


def _page(
    request: PageRequest, actor: Actor, *, form: Form | None = None, refusal: Refusal | None = None,
    invited: dict[str, Any] | None = None,
) -> Response[str]:  # fmt: skip
    desk, words = desk_of(request), words_of(request, actor)
    found, invitees = desk.db.read(actor.merchant_id, lambda tx: (list_operators(tx, actor), waited_for(tx)))
    roles = [role for role in OPERATOR_ROLES if may_give(actor, role)]
    errors, toasts = {}, []
    if refusal is not None:
        text, place = told(refusal, words), _PLACES.get(refusal.code, "")
        errors = {place: text} if place else {}
        toasts = [] if place else [{"kind": "bad", "text": text}]
    return show(
        request, "access/operators.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        operators=[_show(one, actor, invited=one.id in invitees) for one in found], roles=roles, form=form or {"role": "clerk"}, errors=errors, toasts=toasts,
        invited=invited,
    )  # fmt: skip


def _show(one: Operator, actor: Actor, *, invited: bool) -> dict[str, Any]:
    return {
        "id": one.id, "name": one.name, "display_name": one.display_name, "role": one.role,
        "state": "invited" if invited else state_of(one),
        "created_at_us": one.created_at_us, "changeable": one.id != actor.id and may_give(actor, one.role),
    }  # fmt: skip


OPERATORS = [get_operators, post_operator]
