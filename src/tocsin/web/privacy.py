"""Settings → Privacy as a page: find one person, see what is kept of him, take it along as a file, erase him."""

from functools import partial
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.mask import mask_party
from tocsin.core.party import receiver_of
from tocsin.core.tenant import get_shop
from tocsin.orders.compaction import newest_compaction
from tocsin.orders.erase import CONFIRM, erase_person, get_erasure, list_erasures
from tocsin.orders.listing import list_heads
from tocsin.orders.person import (
    EXPORT_PURPOSES,
    Person,
    PersonMissing,
    export_person,
    find_people,
    real_parties,
    require_eraser,
)
from tocsin.orders.second_person import pass_second_person
from tocsin.web.form import AddressWrong, Form, read_form, read_number
from tocsin.web.guard import PageRequest, desk_of, enter, locale_of
from tocsin.web.page import render
from tocsin.web.shell import go, show, status_of, told, words_of

HERE = "/settings/privacy"
_ASKED = ("phone", "name", "order")


@get(HERE, sync_to_thread=True)
def get_privacy(request: PageRequest) -> Response[str]:
    """Show the form that finds a person, and what was erased."""
    return _page(request, enter(request)[1], form={})


@post(HERE, sync_to_thread=True, status_code=200)
def post_find(request: PageRequest, *, body: RawBody) -> Response[str]:
    """Show who is found, masked, and what is kept of him; what was asked is in no address."""
    actor, form = enter(request)[1], read_form(request, body)
    return _page(request, actor, form=form, asked=True)


@post(HERE + "/export", sync_to_thread=True, status_code=200)
def post_export(request: PageRequest, *, body: RawBody) -> Response[Any]:
    """Hand everything kept about a person out as one file, for machines or to read."""
    desk, actor = enter(request)
    form = read_form(request, body)
    make = partial(export_person, actor=actor, door="page", purpose=form.get("purpose", ""))
    for order_id in desk.db.read(actor.merchant_id, lambda tx: _one(tx, actor, form).order_ids()):
        pass_second_person(desk.db, actor, order_id=order_id, act="reveal", door="page")
    try:
        made = desk.db.write(actor.merchant_id, lambda tx: make(tx, found=_one(tx, actor, form)))
    except Refusal as refusal:
        if refusal.kind != "invalid":
            raise
        return _page(request, actor, form={**form, "at": "export"}, asked=True, refusal=refusal)
    readable = form.get("as") == "html"
    if readable:
        told_of = msgspec.json.decode(made)
        zone = desk.db.read(actor.merchant_id, get_shop).zone
        made = render(
            "settings/person_file.html", locale=locale_of(request, actor), zone=zone, **told_of
        ).encode()
    name, kind = ("person.html", "text/html") if readable else ("person.json", "application/json")
    named = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(made, media_type=kind, headers=named)


@post(HERE + "/erasure", sync_to_thread=True, status_code=303)
def post_erase(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Erase a person; there is no undo, so the word is typed."""
    desk, actor = enter(request)
    form = read_form(request, body)

    def erase(tx: Tx) -> int:
        return erase_person(
            tx, actor, desk.queue, found=_one(tx, actor, form), reason=form.get("reason", ""), typed=form.get("typed", "")
        )  # fmt: skip

    try:
        erasure_id = desk.db.write(actor.merchant_id, erase)
    except Refusal as refusal:
        if refusal.kind not in ("invalid", "conflict"):
            raise
        return _page(request, actor, form=form, asked=True, refusal=refusal)
    return go(f"{HERE}/erasures/{erasure_id}", done="saved")


@get(HERE + "/erasures/{erasure_id:str}", sync_to_thread=True)
def get_receipt(request: PageRequest, *, erasure_id: FromPath[str]) -> Response[str]:
    """Show how far an erasure is, and its receipt: what was taken out of which place."""
    desk, actor = enter(request)
    wanted = read_number(erasure_id)

    def read(tx: Tx) -> tuple[Any, Any]:
        require_eraser(tx, actor)
        return get_erasure(tx, erasure_id=wanted), newest_compaction(tx)

    found, written = desk.db.read(actor.merchant_id, read)
    if found is None:
        raise AddressWrong
    done = found.state == "done"
    after = written if done and written and written.at_us >= found.done_at_us else None
    return show(
        request, "settings/erasure.html", actor=actor, section="settings", one=found, counts=found.counts() if done else {},
        digest=found.digest() if done else "", written=after,
    )  # fmt: skip


def _find(tx: Tx, actor: Actor, form: Form) -> list[Person]:
    given = {name: form.get(name, "").strip()[:80] for name in _ASKED}
    return find_people(tx, actor, **given)


def _one(tx: Tx, actor: Actor, form: Form) -> Person:
    for found in _find(tx, actor, form):
        if str(found.id) == form.get("person"):
            return found
    raise PersonMissing


def _page(
    request: PageRequest, actor: Actor, *, form: Form, asked: bool = False, refusal: Refusal | None = None
) -> Response[str]:
    desk, words = desk_of(request), words_of(request, actor)

    def read(tx: Tx) -> tuple[list[dict[str, Any]], list[Any]]:
        require_eraser(tx, actor)
        people = _find(tx, actor, form) if asked else []
        return [_show(tx, each) for each in people], list_erasures(tx)

    missing: Refusal | None = None
    try:
        people, erasures = desk.db.read(actor.merchant_id, read)
    except PersonMissing as none:
        missing = none
        people, erasures = [], desk.db.read(actor.merchant_id, partial(list_erasures, limit=50))
    wrong = refusal or missing
    return show(
        request, "settings/privacy.html", actor=actor, section="settings", status=status_of(wrong) if wrong else 200, form=form,
        people=people, erasures=erasures, word=CONFIRM, missing=told(missing, words) if missing else "",
        error=told(refusal, words) if refusal else "", purposes=EXPORT_PURPOSES,
    )  # fmt: skip


def _show(tx: Tx, found: Person) -> dict[str, Any]:
    known = [mask_party(receiver_of(each)) for each in real_parties(tx, found)]
    heads = list_heads(tx, order_ids=found.order_ids())
    return {
        "id": str(found.id), "names": sorted({each.name for each in known}), "phones": sorted({each.phone for each in known}),
        "numbers": [head.number for head in heads], "versions": len(known),
    }  # fmt: skip


PRIVACY = [get_privacy, post_find, post_export, post_erase, get_receipt]
