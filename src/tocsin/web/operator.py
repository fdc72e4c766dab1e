"""One operator as a page: his role, shops, hours and places; a code, a lost phone, switched off, left."""

from collections.abc import Callable
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.hours import DAYS, show_hours
from tocsin.access.lost import lose_phone
from tocsin.access.operator import (
    OPERATOR_ROLES,
    OperatorMissing,
    list_operators,
    restore_operator,
    suspend_operator,
)
from tocsin.access.operator_bounds import read_bounds, set_bounds
from tocsin.access.operator_invite import has_credential, invite_again
from tocsin.access.operator_leave import offboard_operator, what_ended
from tocsin.access.operator_role import change_role
from tocsin.access.place import show_places
from tocsin.access.recovery import make_reset_code
from tocsin.access.step_up import ProofNeeded
from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.tenant import list_shops
from tocsin.core.words import Words
from tocsin.web.form import Form, read_number, read_pairs
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.operators import may_give, show_link, state_of
from tocsin.web.shell import go, show, status_of, told, words_of

Pairs = list[tuple[str, str]]
DAY_WORDS = {
    "mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday", "sat": "Saturday", "sun": "Sunday",
}  # fmt: skip
ENDED = {
    "sessions": "Sessions ended: %(count)s", "passkeys": "Passkeys revoked: %(count)s", "fingers": "Fingers deleted: %(count)s",
    "pins": "PINs deleted: %(count)s", "password": "The password is deleted", "codes": "Codes made void: %(count)s",
    "recipients": "Addresses of messages removed: %(count)s", "api_key": "An API key is revoked", "devices": "Devices forgotten",
}  # fmt: skip
_ACTS: dict[str, tuple[str, Callable[[Tx, Actor, int], object]]] = {
    "deactivation": ("suspended", lambda tx, actor, wanted: suspend_operator(tx, actor, operator_id=wanted)),
    "activation": ("restored", lambda tx, actor, wanted: restore_operator(tx, actor, operator_id=wanted)),
    "lost-phone": ("phone_lost", lambda tx, actor, wanted: lose_phone(tx, actor, operator_id=wanted)),
    "departure": ("left", lambda tx, actor, wanted: offboard_operator(tx, actor, operator_id=wanted)),
}  # fmt: skip


@get("/settings/operators/{operator_id:str}", sync_to_thread=True)
def get_operator_page(request: PageRequest, *, operator_id: FromPath[str]) -> Response[str]:
    """Show an operator under the reader."""
    return _page(request, read_number(operator_id))


@post("/settings/operators/{operator_id:str}/role", sync_to_thread=True, status_code=303)
def post_role(request: PageRequest, *, operator_id: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Give an operator another role."""
    wanted = read_number(operator_id)

    def change(tx: Tx, actor: Actor, form: Form) -> None:
        change_role(tx, actor, operator_id=wanted, role=form.get("role", ""))

    return _change(request, body, wanted, change, done="saved")


@post("/settings/operators/{operator_id:str}/bounds", sync_to_thread=True, status_code=303)
def post_bounds(
    request: PageRequest, *, operator_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Set an operator's shops, hours and places."""
    wanted, pairs = read_number(operator_id), read_pairs(request, body)

    def change(tx: Tx, actor: Actor, form: Form) -> None:
        set_bounds(
            tx, actor, operator_id=wanted, shops=[read_number(value) for name, value in pairs if name == "shop"],
            hours={day: (form.get(f"{day}_from", "").strip(), form.get(f"{day}_to", "").strip()) for day in DAYS},
            networks=form.get("networks", ""), desks_only="desks_only" in form,
        )  # fmt: skip

    return _change(request, body, wanted, change, done="saved")


@post("/settings/operators/{operator_id:str}/{act:str}", sync_to_thread=True, status_code=303)
def post_act(
    request: PageRequest, *, operator_id: FromPath[str], act: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Switch an operator off or on, take his lost phone's powers, or let him leave."""
    wanted = read_number(operator_id)
    done, verb = _ACTS.get(act, ("", None))
    if verb is None:
        raise OperatorMissing
    return _change(request, body, wanted, lambda tx, actor, _form: verb(tx, actor, wanted), done=done)


@post("/settings/operators/{operator_id:str}/code", sync_to_thread=True, status_code=200)
def post_code(request: PageRequest, *, operator_id: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Make a code of a new password; it is on this answer alone, so that it is at no address."""
    wanted = read_number(operator_id)

    def make(tx: Tx, actor: Actor, _form: Form) -> dict[str, Any]:
        made = make_reset_code(tx, actor, operator_id=wanted)
        return {"code": made.code, "until_us": made.until_us}

    return _change(request, body, wanted, make)


@post("/settings/operators/{operator_id:str}/invitation", sync_to_thread=True, status_code=200)
def post_invitation(
    request: PageRequest, *, operator_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Invite somebody again who has no credential, or has left."""
    wanted, base = read_number(operator_id), desk_of(request).settings.base_url()

    def make(tx: Tx, actor: Actor, _form: Form) -> dict[str, Any]:
        return show_link(base, invite_again(tx, actor, operator_id=wanted), name="", now_us=tx.now_us)

    return _change(request, body, wanted, make)


def _change(
    request: PageRequest, body: bytes, wanted: int, verb: Callable[[Tx, Actor, Form], Any], *, done: str = ""
) -> Response[str] | Redirect:  # fmt: skip
    desk, actor = enter(request)
    form = dict(read_pairs(request, body))
    try:
        made = desk.db.write(actor.merchant_id, lambda tx: verb(tx, actor, form))
    except (ProofNeeded, OperatorMissing):
        raise
    except Refusal as refusal:
        return _page(request, wanted, form=form, refusal=refusal)
    return go(f"/settings/operators/{wanted}", done=done) if done else _page(request, wanted, made=made)


def _page(
    request: PageRequest, wanted: int, *, form: Form | None = None, refusal: Refusal | None = None,
    made: dict[str, Any] | None = None,
) -> Response[str]:  # fmt: skip
    desk, actor = enter(request)
    words = words_of(request, actor)
    seen = desk.db.read(actor.merchant_id, lambda tx: _read(tx, actor, wanted, words=words))
    text = told(refusal, words) if refusal else ""
    return show(
        request, "access/operator.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        **{**seen, **_typed(form or {}, seen)}, error=text, made=made,
        roles=[role for role in OPERATOR_ROLES if may_give(actor, role)],
    )  # fmt: skip


def _read(tx: Tx, actor: Actor, wanted: int, *, words: Words) -> dict[str, Any]:
    found = next((one for one in list_operators(tx, actor) if one.id == wanted), None)
    if found is None or found.id == actor.id:
        raise OperatorMissing
    bounds = read_bounds(tx, actor, operator_id=wanted)
    places, hours, mine = show_places(bounds.places), show_hours(bounds.hours), bounds.shop_ids()
    ended = [(ENDED.get(one.kind, one.kind), one.subject_id) for one in what_ended(tx, operator_id=wanted)]
    return {
        "one": {"id": found.id, "name": found.name, "display_name": found.display_name, "role": found.role, "state": state_of(found),
                "created_at_us": found.created_at_us, "left_at_us": found.left_at_us, "joined": has_credential(tx, found)},
        "shops": [{"id": shop.id, "name": shop.name, "zone": shop.zone, "chosen": shop.id in mine} for shop in list_shops(tx)],
        "days": [{"name": day, "word": words.translate(word), "from": hours[day][0], "to": hours[day][1]} for day, word in DAY_WORDS.items()],
        "networks": " ".join(places.networks), "desks_only": places.desks_only,
        "ended": [words.translate(text) % {"count": count} for text, count in ended] if found.left_at_us else [],
    }  # fmt: skip


def _typed(form: Form, seen: dict[str, Any]) -> dict[str, Any]:
    """Return what was typed and refused in the place of what is stored."""
    if "networks" not in form:
        return {}
    days = [
        {**day, "from": form.get(f"{day['name']}_from", ""), "to": form.get(f"{day['name']}_to", "")} for day in seen["days"]
    ]  # fmt: skip
    return {"days": days, "networks": form["networks"], "desks_only": "desks_only" in form}


OPERATOR = [get_operator_page, post_role, post_bounds, post_code, post_invitation, post_act]
