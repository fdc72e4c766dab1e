"""A new order as a page: typed into fields, or read out of pasted chat text and shown before it is issued."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from functools import partial
from typing import Any, cast

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.idempotency import Answer, claim_key, settle_key
from tocsin.core.money import line_total_minor
from tocsin.core.tenant import get_shop
from tocsin.desk import Desk
from tocsin.orders.campaign import running_campaigns
from tocsin.orders.draft import Draft
from tocsin.orders.importer import BadRow, ImportOptions, Parsed, Source, parse_source
from tocsin.orders.intake import take_in
from tocsin.orders.mark import PAYMENTS
from tocsin.orders.wire import LineIn, OrderIn, ReceiverIn, TotalsIn, draft_from_in
from tocsin.tickets.foresee import ForeseenDraft, foresee_draft
from tocsin.web.form import Form, read_form, read_typed
from tocsin.web.found import show_finding
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.order import order_path
from tocsin.web.order_form import DELIVERIES, fields_of, line_count_of
from tocsin.web.page import render
from tocsin.web.say import say
from tocsin.web.shell import answer, go, make_shell, show, told, words_of
from tocsin.web.words import Words

CHANNEL, PASTED = "manual", "pasted"
CURRENCIES = ("CNY", "HKD", "TWD", "JPY", "KRW", "SGD", "USD", "EUR", "GBP")
METHODS = ("wechat", "alipay", "card", "cod", "points", "cash", "offline", "other")
NOTHING_TYPED = "Type at least one line and the receiver"
_LINES = 3
_LINE_PARTS = ("title", "sku", "spec", "unit_price", "quantity", "discount", "total")
_TEXT_MOST = 200_000
_PLACE = re.compile(r"lines\[(\d+)\]\.")
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")


@get("/orders/new", sync_to_thread=True)
def get_new(request: PageRequest) -> Response[str]:
    """Show the empty form and the box for pasted text."""
    _, actor = enter(request)
    require(actor, "amend")
    return _page(request, actor, form={})


@post("/orders/new", sync_to_thread=True, status_code=200)
def post_pasted(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Read the pasted text; issue its orders where just this text was shown before."""
    desk, actor = enter(request)
    require(actor, "amend")
    (form, stale), words = read_typed(request, body), words_of(request, actor)
    text = form.get("pasted", "")[:_TEXT_MOST]
    if stale:
        errors = {"pasted": told(stale, words)}
        return _page(request, actor, form={}, pasted_text=text, errors=errors, status=403)
    token = form.get("issue", "")
    key, _, digest = token.partition(".")
    if _KEY.fullmatch(key) and digest == _digest(text):
        parsed = _parse(desk, actor, text)
        numbers = desk.db.write(
            actor.merchant_id, partial(_issue, actor=actor, key=key, drafts=[one.draft for one in parsed.orders])
        )  # fmt: skip
        return _lead_to(numbers)
    filled = _fill(desk, actor, text, form.get("open", ""))
    return _page(
        request, actor, form=filled, pasted_text=text, pasted=_show_pasted(desk, actor, text, words, opened=bool(filled))
    )  # fmt: skip


@post("/orders/pasted", sync_to_thread=True, status_code=200)
def post_pasted_part(request: PageRequest, *, body: RawBody) -> Response[str]:
    """Show what was read of pasted text, as a part of the page."""
    desk, actor = enter(request)
    require(actor, "amend")
    form, words = read_form(request, body), words_of(request, actor)
    shown = _show_pasted(desk, actor, form.get("pasted", "")[:_TEXT_MOST], words)
    shell = make_shell(request, actor, section="orders")
    return answer(render("orders/pasted.html", locale=words.locale, shell=shell, pasted=shown))


@post("/orders", sync_to_thread=True, status_code=303)
def post_order(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Issue the order that was typed, once however often it is sent."""
    desk, actor = enter(request)
    require(actor, "amend")
    (form, stale), words = read_typed(request, body), words_of(request, actor)
    back = partial(_page, request, actor, form=form, pasted_text=form.get("pasted", "")[:_TEXT_MOST])
    if stale:
        return back(errors={"receiver.name": told(stale, words)}, status=403)
    if "add_line" in form:
        return back()
    lines = _typed_lines(form)
    if not lines or not form.get("receiver.name", "").strip():
        return back(errors={"receiver.name": words.translate(NOTHING_TYPED)})
    try:
        draft = draft_from_in(_order_in(form, lines), _options(desk, actor, CHANNEL))
        key = form.get("key", "")
        numbers = desk.db.write(
            actor.merchant_id, partial(_issue, actor=actor, key=key if _KEY.fullmatch(key) else "", drafts=[draft])
        )  # fmt: skip
    except Refusal as refusal:
        if refusal.kind != "invalid":
            raise
        place = _form_path(str(refusal.data.get("field", "")), list(lines))
        return back(errors={place: told(refusal, words)})
    return _lead_to(numbers)


def _issue(tx: Tx, *, actor: Actor, key: str, drafts: list[Draft]) -> list[str]:
    """Take drafts in; a form that is sent again gets the numbers of the first time."""
    kept = f"form:{actor.kind}:{actor.id}:{key}"
    earlier = claim_key(tx, kept, route="orders.new", body=b"") if key else None
    if earlier is not None:
        return earlier.body.decode().split("\n")
    numbers = [take_in(tx, actor, draft).number for draft in drafts]
    if key:
        settle_key(tx, kept, Answer(303, "\n".join(numbers).encode()))
    return numbers


def _lead_to(numbers: list[str]) -> Redirect:
    return go(order_path(numbers[0]) if len(numbers) == 1 else "/orders", done="issued")


def _options(desk: Desk, actor: Actor, channel: str) -> ImportOptions:
    shop = desk.db.read(actor.merchant_id, get_shop)
    return ImportOptions(channel=channel, shop=shop.code, zone=shop.zone, currency=shop.currency)


def _parse(desk: Desk, actor: Actor, text: str) -> Parsed:
    source = Source("", "text/plain; charset=utf-8", text.encode())
    return parse_source(source, _options(desk, actor, PASTED), importer="pasted")


def _fill(desk: Desk, actor: Actor, text: str, place: str) -> dict[str, str]:
    """Return the form's fields of one order of a pasted text, counted from 0; none where it has no such order."""
    if not text.strip() or not (place.isascii() and place.isdigit() and len(place) < 6):
        return {}
    orders = _parse(desk, actor, text).orders
    if int(place) >= len(orders):
        return {}
    draft = orders[int(place)].draft
    order = desk.db.read(actor.merchant_id, partial(foresee_draft, actor=actor, draft=draft)).order
    return {
        **fields_of(order), "totals.payable": "", "payment": order.payment, "payment_method": order.payment_method,
        "currency": order.currency, "line_count": str(max(len(order.lines), _LINES)),
    }  # fmt: skip


def _show_pasted(
    desk: Desk, actor: Actor, text: str, words: Words, *, opened: bool = False
) -> dict[str, Any] | None:
    if not text.strip():
        return None
    try:
        parsed = _parse(desk, actor, text)
    except Refusal as refusal:
        return {
            "orders": [],
            "unread": [{"line": 1, "reason": told(refusal, words), "text": ""}],
            "token": "",
        }
    drafts = [one.draft for one in parsed.orders]

    def read(tx: Tx) -> list[ForeseenDraft]:
        return [foresee_draft(tx, actor, draft) for draft in drafts]

    try:
        orders = [_show_one(found, words) for found in desk.db.read(actor.merchant_id, read)]
    except Refusal as refusal:
        return {
            "orders": [],
            "unread": [{"line": 1, "reason": told(refusal, words), "text": ""}],
            "token": "",
        }
    unread = [{"line": bad.row, "reason": _said(bad, words), "text": bad.raw} for bad in parsed.bad]
    token = "" if opened else f"{secrets.token_urlsafe(12)}.{_digest(text)}"
    return {"orders": orders, "unread": unread, "token": token}


def _show_one(found: ForeseenDraft, words: Words) -> dict[str, Any]:
    """Return a foreseen order as the preview shows it: who pasted the text sees his own text in full."""
    order, to = found.order, found.order.receiver
    sums = [
        line_total_minor(line.quantity_micro, line.unit_price_micro, order.currency) for line in order.lines
    ]
    return {
        "name": to.name, "phone": to.phone, "note": to.buyer_note, "currency": order.currency, "payment": order.payment,
        "address": " ".join(part for part in (to.province, to.city, to.district, to.address) if part),
        "payable_minor": order.payable_minor, "lines": list(zip(order.lines, sums, strict=True)),
        "findings": [show_finding(finding, words) for finding in found.findings],
    }  # fmt: skip


def _said(bad: BadRow, words: Words) -> str:
    return say(bad.reason, {"field": bad.field, **bad.data}, words)


def _digest(text: str) -> str:
    # A textarea comes back with other line ends than were typed.
    return hashlib.sha256("\n".join(text.splitlines()).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _typed_lines(form: Form) -> dict[int, dict[str, str]]:
    """Return what was typed of each line that is not empty, by its place in the form."""
    lines = {}
    for place in range(line_count_of(form, _LINES)):
        typed = {part: form.get(f"lines.{place}.{part}", "").strip() for part in _LINE_PARTS}
        if any(text for part, text in typed.items() if part != "quantity"):
            lines[place] = typed
    return lines


def _order_in(form: Form, lines: dict[int, dict[str, str]]) -> OrderIn:
    receiver = {name: form.get(f"receiver.{name}", "").strip() for name in ReceiverIn.__struct_fields__}
    totals = {
        name: text for name in TotalsIn.__struct_fields__ if (text := form.get(f"totals.{name}", "").strip())
    }

    def given(name: str) -> str:
        return form.get(name, "").strip()

    return OrderIn(
        currency=form.get("currency", ""), merchant_note=given("merchant_note"),
        campaign=given("campaign"), carrier=given("carrier"), waybill=given("waybill"), pickup_point=given("pickup_point"),
        community=given("community"),
        payment=cast("Any", _one_of(form.get("payment", ""), PAYMENTS, "unpaid")),
        payment_method=cast("Any", _one_of(form.get("payment_method", ""), METHODS, "")),
        delivery=cast("Any", _one_of(form.get("delivery", ""), DELIVERIES, "express")),
        receiver=ReceiverIn(**{**receiver, "country": receiver["country"] or "CN"}), totals=TotalsIn(**totals),
        lines=tuple(
            LineIn(
                title=typed["title"], sku=typed["sku"], spec=typed["spec"], quantity=typed["quantity"] or "1",
                unit_price=typed["unit_price"] or "0", discount=typed["discount"] or "0", total=typed["total"] or None,
            )
            for typed in lines.values()
        ),
    )  # fmt: skip


def _one_of(text: str, known: tuple[str, ...], otherwise: str) -> str:
    return text if text in known else otherwise


def _form_path(path: str, places: list[int]) -> str:
    """Return a wire order's path as the form's: lines that were left empty count there."""
    found = _PLACE.match(path)
    return f"lines.{places[int(found[1])]}.{path[found.end() :]}" if found else path or "receiver.name"


def _page(
    request: PageRequest, actor: Actor, *, form: Mapping[str, str], errors: dict[str, str] | None = None,
    pasted_text: str = "", pasted: dict[str, Any] | None = None, status: int = 0,
) -> Response[str]:  # fmt: skip
    shop, campaigns = desk_of(request).db.read(
        actor.merchant_id, lambda tx: (get_shop(tx), running_campaigns(tx, actor))
    )
    codes = dict.fromkeys([shop.currency, *CURRENCIES])
    key = form.get("key", "")
    return show(
        request, "orders/new.html", actor=actor, section="orders", status=status or (422 if errors else 200), form=form,
        errors=errors or {}, findings=[], line_count=line_count_of(form, _LINES), currency=form.get("currency", shop.currency),
        currencies={code: code for code in codes}, may_see_receiver=True, campaigns=campaigns, pasted_text=pasted_text, pasted=pasted,
        key=key if _KEY.fullmatch(key) else secrets.token_urlsafe(12),
    )  # fmt: skip


NEW = [get_new, post_pasted, post_pasted_part, post_order]
