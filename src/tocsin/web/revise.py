"""Box 20 as a page: a held order beside its findings; mended, it goes back to the print terminal."""

from functools import partial
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.lockdown import require_proof_in_lockdown
from tocsin.alarm.posture import DeskLockedDown
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.money import plain_minor
from tocsin.core.party import Party
from tocsin.desk import Desk
from tocsin.orders.amend import Amendment, MaskedValue, OrderMoved, ReasonMissing, require_open
from tocsin.orders.draft import Order
from tocsin.orders.editing import Editor, begin_editing, end_editing
from tocsin.orders.preview import preview_amendment
from tocsin.orders.query import look_up_order
from tocsin.orders.reveal import FIELDS, RevealsUsedUp, reveal_receiver, show_open
from tocsin.orders.screen import Filter, page_rows
from tocsin.orders.stop import open_holds
from tocsin.orders.store import load_order
from tocsin.tickets.print_queue import QueueMissing
from tocsin.tickets.problem import Found, findings_of
from tocsin.tickets.revise import Revised, foresee_queues, revise_order
from tocsin.tickets.suggestion import suggest
from tocsin.web.beside import read_form_around
from tocsin.web.change import show_changes
from tocsin.web.form import Form, read_number, read_typed
from tocsin.web.found import show_found, show_holds
from tocsin.web.guard import PageRequest, enter, locale_of
from tocsin.web.merge_form import Row, apply_picks
from tocsin.web.moved import cover_revealed, load_seen, meet_head
from tocsin.web.order_form import fields_of, line_count_of, read_amendment
from tocsin.web.revise_reason import reasons_for
from tocsin.web.rows import show_printers
from tocsin.web.said import code_given
from tocsin.web.shell import go, show, status_of, told, words_of
from tocsin.web.words import Words

DOOR = "page"
_HELD_MOST = 200
_SUMS = {"sum_line", "sum_goods", "sum_order"}


@get("/orders/{number:str}/revise", sync_to_thread=True)
def get_revise(request: PageRequest, *, number: FromPath[str]) -> Response[str]:
    """Show a held order's fields, each finding beside its own; a receiver's field that is wrong is revealed, recorded."""
    desk, actor = enter(request)
    require(actor, "amend")
    desk.db.read(actor.merchant_id, lambda tx: require_proof_in_lockdown(tx, actor))
    order = look_up_order(desk.db, actor, number=number, door=DOOR)
    require_open(order, order.revision)
    found = desk.db.read(actor.merchant_id, lambda tx: findings_of(tx, order_ids=[order.id])[order.id])
    receiver, until = _revealed(desk, actor, order, found)
    shown = fields_of(order, receiver=receiver)
    opened = desk.db.write(actor.merchant_id, lambda tx: begin_editing(tx, actor, order_id=order.id))
    return _form(request, desk, actor, order, form=shown, opened=opened, until=until)


@post("/orders/{number:str}/revise", sync_to_thread=True, status_code=200)
def post_revise(request: PageRequest, *, number: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Make the revision that mends; what can't be taken is said at its field, with all that was typed kept."""
    desk, actor = enter(request)
    form, stale = read_typed(request, body)
    require(actor, "amend")
    words = words_of(request, actor)
    bare = stale is not None and "revision" not in form
    order = load_seen(desk, actor, number, form={"revision": "0"} if bare else form)
    if stale:
        errors = {"reason": told(stale, words)}
        return _form(request, desk, actor, order, form=form, errors=errors, status=403)
    form, asked = apply_picks(form, order)
    if "add_line" in form or asked:
        return _form(request, desk, actor, order, form=form, asked=asked, status=422 if asked else 200)
    covered = cover_revealed(desk, actor, order, form=form)
    amendment, errors = read_amendment(covered, order, words=words)
    if errors:
        return _form(request, desk, actor, order, form=form, errors=errors, status=422)
    try:
        made = _revise(desk, actor, order, form, amendment=amendment)
    except OrderMoved:
        head, conflict, merged = meet_head(desk, actor, order, form=covered)
        kept: dict[str, str] = {name: form[name] for name in ("terminal", "editing") if name in form}
        return _form(request, desk, actor, head, form={**merged, **kept}, conflict=conflict, status=409)
    except Refusal as refusal:
        return _refused(request, desk, actor, order, form=form, refusal=refusal)
    return go(made)


def _revise(desk: Desk, actor: Actor, order: Order, form: Form, *, amendment: Amendment) -> str:
    """Make the revision; return where it leads."""
    printer = form.get("terminal", "")
    verb = partial(
        revise_order, actor=actor, order_id=order.id, seen=order.revision, amendment=amendment, reason=form.get("reason", ""),
        base_url=desk.settings.base_url(), print_again=form.get("then") != "keep",
        queue_id=read_number(printer) if printer else 0,
    )  # fmt: skip

    def run(tx: Tx) -> str:
        made = verb(tx)
        end_editing(tx, actor, order_id=order.id)
        return _next_place(tx, made)

    return desk.db.write(actor.merchant_id, run)


def _next_place(tx: Tx, made: Revised) -> str:
    number = made.issued.number
    if not made.verdict.passed:
        return f"/orders/{number}/revise"
    return f"/orders/{number}?done={code_given(tx, made.requested, done='revised')}"


def _refused(
    request: PageRequest, desk: Desk, actor: Actor, order: Order, *, form: Form, refusal: Refusal
) -> Response[str]:
    """Say a refusal at the form where mending it there helps."""
    words = words_of(request, actor)
    if refusal.kind != "invalid" and not isinstance(refusal, QueueMissing):
        raise refusal
    place = (
        "reason"
        if isinstance(refusal, ReasonMissing)
        else "terminal"
        if isinstance(refusal, QueueMissing)
        else ""
    )
    if isinstance(refusal, MaskedValue):
        place = str(refusal.data.get("field", ""))
    errors = {place or "reason": told(refusal, words)}
    return _form(request, desk, actor, order, form=form, errors=errors, status=status_of(refusal))


def _revealed(
    desk: Desk, actor: Actor, order: Order, found: list[Found]
) -> tuple[Party | None, dict[str, int]]:
    """Return the receiver with those fields real that a finding is about, and until when; recorded, a denial too.

    What is open already is opened no second time.
    """
    wrong = {
        one.finding.field.removeprefix("receiver.")
        for one in found
        if one.finding.field.startswith("receiver.") and one.finding.level in ("E", "W")
    }
    fields = [field for field, names in FIELDS.items() if wrong & set(names)]
    shown, until = desk.db.read(actor.merchant_id, partial(show_open, actor=actor, order=order))
    if fields and not until.keys() >= set(fields):
        try:
            reveal_receiver(desk.db, actor, order_id=order.id, purpose="finding", door=DOOR, fields=fields)
        except (DeskLockedDown, RevealsUsedUp):  # what is wrong is typed anew, or waits
            return None, {}
        shown, until = desk.db.read(actor.merchant_id, partial(show_open, actor=actor, order=order))
    return shown.receiver, {f"receiver.{name}": us for field, us in until.items() for name in FIELDS[field]}


def _form(
    request: PageRequest, desk: Desk, actor: Actor, order: Order, *, form: Form, errors: dict[str, str] | None = None,
    status: int = 200, conflict: dict[str, Any] | None = None, asked: list[Row] | None = None,
    opened: tuple[Editor, bool] | None = None, until: dict[str, int] | None = None,
) -> Response[str]:  # fmt: skip
    words, sent = words_of(request, actor), {**fields_of(order), **form}
    if asked:
        errors = {
            "collisions": words.translate("Choose one of the two for each field that both have changed")
        }

    def read(tx: Tx) -> dict[str, Any]:
        found = findings_of(tx, order_ids=[order.id])[order.id]
        return {
            "findings": show_found(found, words, reader=actor), "sums_differ": any(one.finding.code in _SUMS for one in found),
            "holds": show_holds(tx, open_holds(tx, order_id=order.id), orders=[order], actor=actor, words=words),
            "printers": [{**one, "id": str(one["id"])} for one in show_printers(tx) if one["id"]],
            "home": _home(tx, order, words), "reasons": reasons_for([one.finding.code for one in found], words),
            "suggestions": suggest(sent, {one.finding.code for one in found}), "position": _position(tx, order), **read_form_around(tx, actor, order_id=order.id, token=form.get("editing", ""), opened=opened),
        }  # fmt: skip

    context = desk.db.read(actor.merchant_id, read)
    return show(
        request, "tickets/revise.html", actor=actor, section="held", status=status, order=order, form=sent,
        errors=errors or {}, line_count=line_count_of(form, len(order.lines)), currency=order.currency,
        may_see_receiver=False, preview=_preview(request, desk, actor, order) if context["sums_differ"] else None,
        printer_id=form.get("terminal", ""), conflict=conflict, asked=asked or [],
        open_until=until or {}, closed=fields_of(order), computed=plain_minor(order.computed_payable_minor, order.currency), **context,
    )  # fmt: skip


def _preview(request: PageRequest, desk: Desk, actor: Actor, order: Order) -> dict[str, Any] | None:
    """Return what making the sums agree would change, or None where nothing would."""
    try:
        found = desk.db.read(actor.merchant_id, lambda tx: preview_amendment(
            tx, actor, order_id=order.id, seen=order.revision, amendment=Amendment(recalculate=True)
        ))  # fmt: skip
    except Refusal:
        return None
    changes = show_changes(found.changes, before=order, locale=locale_of(request, actor))
    return {
        "before_minor": found.payable_before_minor, "after_minor": found.payable_after_minor, "currency": found.currency,
        "changes": changes, "findings": [],
    }  # fmt: skip


def _home(tx: Tx, order: Order, words: Words) -> str:
    """Return where the paper goes where no queue is chosen, by name."""
    queues, came = foresee_queues(tx, load_order(tx, order_id=order.id, real=True))
    names = words.translate(", ").join(queue.name for queue in queues)
    text = "%(queue)s, where it was asked for" if came else "%(queue)s, by the rules of the queues"
    return words.translate(text if names else "by the rules of the queues") % {"queue": names}


def _position(tx: Tx, order: Order) -> dict[str, Any]:
    """Return where an order stands among the newest held ones, and its neighbours."""
    rows, _ = page_rows(tx, wanted=Filter(query="held:yes"), after="", limit=_HELD_MOST)
    numbers = [row.number for row in rows]
    at = numbers.index(order.number) if order.number in numbers else -1
    return {
        "at": at + 1, "of": len(numbers),
        "previous_url": f"/orders/{numbers[at - 1]}/revise" if at > 0 else "",
        "next_url": f"/orders/{numbers[at + 1]}/revise" if -1 < at < len(numbers) - 1 else "",
    }  # fmt: skip


REVISE = [get_revise, post_revise]
