"""Settings → Privacy, its rules: how long receivers and look-ups are kept, with what a rule would do today; legal holds."""

from typing import Any

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.access.step_up import is_proved
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.preference import preference_revision, read_preference
from tocsin.orders.legal import hold_by_law, lift_by_law, list_kept
from tocsin.orders.listing import list_heads
from tocsin.orders.person import BOX, PrivacyRules, change_rules
from tocsin.orders.retention import foresee_retention
from tocsin.orders.store import find_order_id
from tocsin.web.form import Form, read_form, read_number
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.privacy import HERE
from tocsin.web.shell import go, show, status_of, told, words_of

RULES, HOLDS = f"{HERE}/rules", f"{HERE}/holds"


@get(RULES, sync_to_thread=True)
def get_rules(request: PageRequest) -> Response[str]:
    """Show how long what is kept."""
    return _rules(request, enter(request)[1])


@post(RULES, sync_to_thread=True, status_code=200)
def post_rules(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Show what other rules would do today; store them once that was seen."""
    desk, actor = enter(request)
    form = read_form(request, body)
    rules = _read(form)
    if form.get("seen") != str(rules.keep_days):
        return _rules(request, actor, form=form, rules=rules)
    revision = read_number(form.get("revision", "0"))
    try:
        desk.db.write(actor.merchant_id, lambda tx: change_rules(tx, actor, rules, revision=revision))
    except Refusal as refusal:
        if refusal.kind not in ("invalid", "conflict"):
            raise
        return _rules(request, actor, form=form, refusal=refusal)
    return go(RULES, done="saved")


@get(HOLDS, sync_to_thread=True)
def get_holds(request: PageRequest) -> Response[str]:
    """Show the orders that are kept by law."""
    return _holds(request, enter(request)[1])


@post(HOLDS, sync_to_thread=True, status_code=303)
def post_hold(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Keep an order's receiver by law."""
    desk, actor = enter(request)
    form = read_form(request, body)

    def hold(tx: Tx) -> bool:
        require(actor, "shop_settings")
        order_id = find_order_id(tx, number=form.get("order", "").strip()[:80])
        return hold_by_law(tx, actor, order_id=order_id, reason=form.get("reason", ""))

    try:
        desk.db.write(actor.merchant_id, hold)
    except Refusal as refusal:
        if refusal.kind not in ("invalid", "missing"):
            raise
        return _holds(request, actor, form=form, refusal=refusal)
    return go(HOLDS, done="saved")


@post(HOLDS + "/lifted", sync_to_thread=True, status_code=303)
def post_lift(request: PageRequest, *, body: RawBody) -> Redirect:
    """Lift a legal hold."""
    desk, actor = enter(request)
    form = read_form(request, body)
    wanted = read_number(form.get("order_id", ""))
    desk.db.write(actor.merchant_id, lambda tx: lift_by_law(tx, actor, order_id=wanted))
    return go(HOLDS, done="dropped")


def _read(form: Form) -> PrivacyRules:
    days = {name: form.get(name, "").strip() for name in ("keep_days", "ledger_days")}
    # What is no number of days is out of every bound, and is told so.
    given = {name: int(text) if text.isdecimal() and len(text) < 6 else -1 for name, text in days.items()}
    return PrivacyRules(managers_erase=form.get("managers_erase") == "1", **given)


def _rules(
    request: PageRequest, actor: Actor, *, form: Form | None = None, rules: PrivacyRules | None = None, refusal: Refusal | None = None
) -> Response[str]:  # fmt: skip
    desk = desk_of(request)

    def read(tx: Tx) -> tuple[PrivacyRules, int, int]:
        require(actor, "operators")
        present = read_preference(tx, PrivacyRules, box=BOX)
        asked = rules or present
        return present, preference_revision(tx, box=BOX), foresee_retention(tx, keep_days=asked.keep_days)

    present, revision, foreseen = desk.db.read(actor.merchant_id, read)
    shown = form or {
        "keep_days": str(present.keep_days), "ledger_days": str(present.ledger_days),
        "managers_erase": "1" if present.managers_erase else "",
    }  # fmt: skip
    return show(
        request, "settings/privacy_rules.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        form=shown, revision=revision, foreseen=foreseen, asked=rules, proved=is_proved(actor),
        error=told(refusal, words_of(request, actor)) if refusal else "",
    )  # fmt: skip


def _holds(
    request: PageRequest, actor: Actor, *, form: Form | None = None, refusal: Refusal | None = None
) -> Response[str]:
    desk = desk_of(request)

    def read(tx: Tx) -> list[dict[str, Any]]:
        kept = list_kept(tx, actor)
        heads = {head.id: head.number for head in list_heads(tx, order_ids=[one.order_id for one in kept])}
        return [{"one": one, "number": heads.get(one.order_id, "")} for one in kept]

    rows = desk.db.read(actor.merchant_id, read)
    return show(
        request, "settings/legal_holds.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        rows=rows, form=form or {}, error=told(refusal, words_of(request, actor)) if refusal else "",
    )  # fmt: skip


PRIVACY_RULES = [get_rules, post_rules, get_holds, post_hold, post_lift]
