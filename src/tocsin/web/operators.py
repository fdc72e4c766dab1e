"""Operators as a page: who may sign in, with which role; switched off and on again, given a new password."""

from collections.abc import Callable
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.operator import (
    OPERATOR_ROLES,
    Operator,
    change_role,
    create_operator,
    list_operators,
    read_names,
    require_above,
    restore_operator,
    suspend_operator,
)
from tocsin.access.owner_link import LIFE_US, create_reset_link
from tocsin.access.password import hash_new_password
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.web.form import Form, read_form, read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, show, status_of, told, words_of

_PLACES = {"name_taken": "name", "name_wrong": "name", "role_unknown": "role"}


@get("/settings/operators", sync_to_thread=True)
def get_operators(request: PageRequest) -> Response[str]:
    """Show the operators, and the form of a new one."""
    _, actor = enter(request)
    return _page(request, actor)


@post("/settings/operators", sync_to_thread=True, status_code=303)
def post_operator(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Create an operator with a first password."""
    desk, actor = enter(request)
    form = read_form(request, body)
    name, role = form.get("name", ""), form.get("role", "")
    try:
        require_above(actor, role)
        hashed = hash_new_password(form.get("password", ""), names=(name,))
        desk.db.write(actor.merchant_id, lambda tx: create_operator(
            tx, actor, name=name, display_name=name, role=role, password_hash=hashed
        ))  # fmt: skip
    except Refusal as refusal:
        return _page(request, actor, form=form, refusal=refusal)
    return go("/settings/operators", done="created")


@post("/settings/operators/{operator_id:str}/role", sync_to_thread=True, status_code=303)
def post_role(request: PageRequest, *, operator_id: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Give an operator another role."""
    wanted = read_number(operator_id)
    return _change(
        request, body, lambda tx, actor, form: change_role(
            tx, actor, operator_id=wanted, role=form.get("role", "")
        ),
    )  # fmt: skip


@post("/settings/operators/{operator_id:str}/deactivation", sync_to_thread=True, status_code=303)
def post_deactivation(
    request: PageRequest, *, operator_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Switch an operator off: his sessions end at once."""
    wanted = read_number(operator_id)
    return _change(request, body, lambda tx, actor, _form: suspend_operator(tx, actor, operator_id=wanted))


@post("/settings/operators/{operator_id:str}/activation", sync_to_thread=True, status_code=303)
def post_activation(
    request: PageRequest, *, operator_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Switch an operator on again."""
    wanted = read_number(operator_id)
    return _change(request, body, lambda tx, actor, _form: restore_operator(tx, actor, operator_id=wanted))


@post("/settings/operators/{operator_id:str}/reset-link", sync_to_thread=True, status_code=200)
def post_reset_link(request: PageRequest, *, operator_id: FromPath[str], body: RawBody) -> Response[str]:
    """Make a one-time link of a new password; it is on this answer alone, so that it is at no address."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(operator_id)

    def make(tx: Tx) -> dict[str, Any]:
        token, name = (
            create_reset_link(tx, actor, operator_id=wanted),
            read_names(tx, operator_id=wanted).name,
        )
        return {
            "name": name,
            "link": f"{desk.settings.base_url()}/reset/{token}",
            "until_us": tx.now_us + LIFE_US,
        }

    try:
        made = desk.db.write(actor.merchant_id, make)
    except Refusal as refusal:
        return _page(request, actor, refusal=refusal)
    return _page(request, actor, reset=made)


def _change(
    request: PageRequest, body: bytes, verb: Callable[[Tx, Actor, Form], None]
) -> Response[str] | Redirect:
    desk, actor = enter(request)
    form = read_form(request, body)
    try:
        desk.db.write(actor.merchant_id, lambda tx: verb(tx, actor, form))
    except Refusal as refusal:
        return _page(request, actor, refusal=refusal)
    return go("/settings/operators", done="saved")


def _page(
    request: PageRequest, actor: Actor, *, form: Form | None = None, refusal: Refusal | None = None,
    reset: dict[str, Any] | None = None,
) -> Response[str]:  # fmt: skip
    desk, words = enter(request)[0], words_of(request, actor)
    found = desk.db.read(actor.merchant_id, lambda tx: list_operators(tx, actor))
    roles = [role for role in OPERATOR_ROLES if _may_give(actor, role)]
    errors, toasts = {}, []
    if refusal is not None:
        text = told(refusal, words)
        place = _PLACES.get(refusal.code, "password" if refusal.code.startswith("password") else "")
        errors = {place: text} if place else {}
        toasts = [] if place else [{"kind": "bad", "text": text}]
    return show(
        request, "access/operators.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        operators=[_show(one, actor) for one in found], roles=roles, form=form or {"role": "clerk"}, errors=errors, toasts=toasts,
        reset=reset,
    )  # fmt: skip


def _show(one: Operator, actor: Actor) -> dict[str, Any]:
    return {
        "id": one.id, "name": one.name, "role": one.role, "active": bool(one.active), "created_at_us": one.created_at_us,
        "changeable": one.id != actor.id and _may_give(actor, one.role),
    }  # fmt: skip


def _may_give(actor: Actor, role: str) -> bool:
    try:
        require_above(actor, role)
    except NotAllowed:
        return False
    return True


OPERATORS = [get_operators, post_operator, post_role, post_deactivation, post_activation, post_reset_link]
