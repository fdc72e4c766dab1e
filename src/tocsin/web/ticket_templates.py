"""Settings → Templates: the logo, what each copy shows, and the sample order on each paper with what is wrong there."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.preference import preference_revision
from tocsin.core.tenant import get_shop, list_shops
from tocsin.tickets import copy_choice, logo
from tocsin.tickets.content import TicketContent, content_digest
from tocsin.tickets.copy_choice import (
    ALWAYS,
    BLOCKS,
    HIDDEN,
    NEVER,
    CopyPreference,
    choose_copies,
)
from tocsin.tickets.device import list_printers
from tocsin.tickets.logo import (
    SENT_MOST_BYTES,
    bring_logo,
    choose_logo,
    logo_at_hand,
    prepare_logo,
    read_logo,
)
from tocsin.tickets.paper_size import say_size, shape_of
from tocsin.tickets.sample import (
    SIZES,
    draw_sample,
    lint_paper,
    read_chosen,
    sample_order,
    sample_paper,
)
from tocsin.web.form import AddressWrong, Form, read_form, read_number
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.shell import go, show, status_of, told, words_of
from tocsin.web.upload import read_upload
from tocsin.web.words import LOCALES

HERE = "/settings/templates"
_SIZES_MOST = 10


@get(HERE, sync_to_thread=True)
def get_templates(request: PageRequest) -> Response[str]:
    """Show the logo, the choices and the samples of the merchant or of one shop."""
    actor = enter(request)[1]
    require(actor, "shop_settings")
    return _page(request, actor, shop_id=_shop(request.query_params))


@post(HERE, sync_to_thread=True, status_code=303)
def post_templates(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Choose what each copy shows."""
    desk, actor = enter(request)
    form = read_form(request, body)
    require(actor, "shop_settings")
    chosen, revision, shop_id = _read(form), read_number(form.get("revision", "") or "0"), _shop(form)
    try:
        desk.db.write(actor.merchant_id, lambda tx: choose_copies(
            tx, actor, chosen=chosen, revision=revision, shop_id=_known(tx, shop_id)
        ))  # fmt: skip
    except Refusal as refusal:
        return _refused(request, actor, refusal, shop_id=shop_id, place="copies", chosen=chosen)
    return go(_here(shop_id), done="saved")


@post(f"{HERE}/logo", sync_to_thread=True, status_code=303)
def post_logo(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Put an uploaded picture on top of tickets, or take it away; it is decoded before anything is stored."""
    desk, actor = enter(request)
    sent = read_upload(request, body)
    require(actor, "shop_settings")
    shop_id, revision = _shop(sent.fields), read_number(sent.fields.get("revision", "") or "0")
    try:
        file = sent.files.get("logo")
        picture = b"" if sent.fields.get("remove") == "1" else prepare_logo(file.data if file else b"")
        desk.db.write(actor.merchant_id, lambda tx: choose_logo(
            tx, actor, picture=picture, revision=revision, shop_id=_known(tx, shop_id)
        ))  # fmt: skip
    except Refusal as refusal:
        return _refused(request, actor, refusal, shop_id=shop_id, place="logo")
    return go(_here(shop_id), done="saved")


@get(f"{HERE}/logo.png", sync_to_thread=True)
def get_logo(request: PageRequest) -> Response[bytes]:
    """Send the logo as it is kept."""
    desk, actor = enter(request)
    require(actor, "shop_settings")
    shop_id = _shop(request.query_params)

    def read(tx: Tx) -> bytes:
        digest = read_logo(tx, shop_id=shop_id)
        if not digest or not bring_logo(tx, digest):
            raise AddressWrong
        return logo_at_hand(digest)

    return Response(desk.db.read(actor.merchant_id, read), media_type="image/png")


@get(f"{HERE}/sample.png", sync_to_thread=True)
def get_sample(request: PageRequest) -> Response[bytes]:
    """Draw the sample order as a copy on some paper: outside the transaction, and once."""
    desk, actor = enter(request)
    require(actor, "shop_settings")
    asked = request.query_params
    locale, copy, size = asked.get("locale", ""), asked.get("copy", ""), _size(asked.get("paper", ""))
    if locale not in LOCALES or copy not in HIDDEN:
        raise AddressWrong
    chosen = desk.db.read(actor.merchant_id, partial(read_chosen, shop_id=_shop(asked)))
    content = sample_paper(chosen, copy=copy, locale=locale, size=size, base_url=desk.settings.base_url())
    return Response(draw_sample(content), media_type="image/png")


def _shop(asked: Any) -> int:
    given = asked.get("shop", "")
    return read_number(given) if given else 0


def _known(tx: Tx, shop_id: int) -> int:
    """Return the shop that is meant, 0 for all.

    Raises:
        ShopMissing
    """
    return get_shop(tx, shop_id=shop_id).id if shop_id else 0


def _here(shop_id: int) -> str:
    return f"{HERE}?shop={shop_id}" if shop_id else HERE


def _size(text: str) -> tuple[int, int]:
    """Return a size written as 80x0, of which there is a template.

    Raises:
        AddressWrong
    """
    wide, _, high = text.partition("x")
    size = read_number(wide), read_number(high or "0")
    if shape_of(*size) is None:
        raise AddressWrong
    return size


def _read(form: Form) -> CopyPreference:
    """Return what a form leaves out; what has no box is as the bounds have it."""
    return CopyPreference(hidden={
        copy: tuple(
            block for block in BLOCKS
            if block not in NEVER.get(copy, ()) and (block in ALWAYS.get(copy, ()) or not form.get(f"show.{copy}.{block}"))
        )
        for copy in HIDDEN
    })  # fmt: skip


def _sizes(tx: Tx) -> list[tuple[int, int]]:
    """Return the sizes that are shown: the usual ones, and those of the merchant's printers."""
    own = [(device.paper_mm, device.paper_high_mm) for device in list_printers(tx)]
    return list(dict.fromkeys([*SIZES, *own]))[:_SIZES_MOST]


def _refused(
    request: PageRequest, actor: Actor, refusal: Refusal, *, shop_id: int, place: str, chosen: CopyPreference | None = None
) -> Response[str]:  # fmt: skip
    if refusal.kind not in ("invalid", "conflict"):
        raise refusal
    return _page(request, actor, shop_id=shop_id, refusal=refusal, place=place, chosen=chosen)


def _page(
    request: PageRequest, actor: Actor, *, shop_id: int, refusal: Refusal | None = None, place: str = "",
    chosen: CopyPreference | None = None,
) -> Response[str]:  # fmt: skip
    desk, words = desk_of(request), words_of(request, actor)
    asked = request.query_params.get("sample", "")
    locale = asked if asked in LOCALES else words.locale

    def read(tx: Tx) -> dict[str, Any]:
        kept = read_chosen(tx, shop_id=shop_id)
        paper = partial(sample_paper, kept, locale=locale, base_url=desk.settings.base_url())
        return {
            "papers": [[paper(copy=copy, size=size) for copy in HIDDEN] for size in _sizes(tx)],
            "copies": _show_copies(chosen or kept.copies), "logo": read_logo(tx, shop_id=shop_id),
            "revisions": {box: preference_revision(tx, box=box, shop_id=shop_id) for box in (copy_choice.BOX, logo.BOX)},
            "shops": {str(shop.id): shop.name for shop in list_shops(tx)},
        }  # fmt: skip

    found = desk.db.read(actor.merchant_id, read)
    papers, revisions = found.pop("papers"), found.pop("revisions")
    return show(
        request, "settings/templates.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        errors={place: told(refusal, words)} if refusal else {}, shop=str(shop_id) if shop_id else "", sample=locale,
        sizes=[_show_size(row, shop_id=shop_id) for row in papers], most_bytes=SENT_MOST_BYTES,
        revision=revisions[copy_choice.BOX], logo_revision=revisions[logo.BOX], blocks=BLOCKS, **found,
    )  # fmt: skip


def _show_copies(chosen: CopyPreference) -> dict[str, dict[str, tuple[bool, bool]]]:
    """Return of each copy and block whether it is shown, and whether that is no choice."""
    return {
        copy: {
            block: (
                block not in chosen.of(copy),
                block in ALWAYS.get(copy, ()) or block in NEVER.get(copy, ()),
            )
            for block in BLOCKS
        }
        for copy in HIDDEN
    }


def _show_size(row: list[TicketContent], *, shop_id: int) -> dict[str, Any]:
    """Return one size's papers: where each picture is, and what is wrong with it."""
    size = (row[0].paper_mm, row[0].paper_high_mm)
    return {
        "name": say_size(*size),
        "papers": [
            {
                "copy_kind": content.copy, "lints": lint_paper(content, sample_order(content.locale)),
                "picture": f"{HERE}/sample.png?" + urlencode({
                    "copy": content.copy, "paper": f"{size[0]}x{size[1]}", "locale": content.locale, "shop": shop_id or "",
                    "v": content_digest(content)[:16],
                }),
            }
            for content in row
        ],
    }  # fmt: skip


TEMPLATES = [get_templates, post_templates, post_logo, get_logo, get_sample]
