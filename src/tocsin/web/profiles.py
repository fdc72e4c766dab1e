"""Import profiles as pages: a sheet that nobody knows is shown by its columns, each is given its field, and what comes of it is seen."""

from functools import partial
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor, require
from tocsin.core.errors import Refusal
from tocsin.core.tenant import get_shop
from tocsin.orders.headings import HEADINGS, field_of, plain_heading
from tocsin.orders.importer import Source
from tocsin.orders.mapping import Mapping, keep_sheet, preview_mapping, read_sheet, settle_mapping
from tocsin.orders.profile import Column, Profile, list_profiles, remove_profile
from tocsin.web.form import Form, read_form, read_number
from tocsin.web.guard import PageRequest, desk_of, enter, locale_of
from tocsin.web.imports import ZONES
from tocsin.web.mapped import show_mapping
from tocsin.web.page import render
from tocsin.web.shell import answer, go, make_shell, show, status_of, told, words_of
from tocsin.web.upload import read_upload

_COLUMNS_MOST = 200
_LINES_MOST = 200


@get("/profiles", sync_to_thread=True)
def get_profiles(request: PageRequest) -> Response[str]:
    """Show the profiles, and ask for a sheet to make one of."""
    _, actor = enter(request)
    require(actor, "import")
    return _list(request, actor)


@post("/profiles/columns", sync_to_thread=True, status_code=303)
def post_columns(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Keep a sheet, sealed, and lead to its columns."""
    desk, actor = enter(request)
    sent = read_upload(request, body)
    require(actor, "import")
    file, words = sent.files.get("sheet"), words_of(request, actor)
    if file is None or not file.data:
        return _list(request, actor, errors={"sheet": words.translate("Choose a sheet first")}, status=422)
    row = sent.fields.get("header_row", "")
    source = Source(file.name[:200] or "sheet.csv", "text/csv", file.data)
    try:
        made = keep_sheet(
            desk.db, actor, source=source, sheet=sent.fields.get("worksheet", "")[:80], header_row=_row_of(row)
        )  # fmt: skip
    except Refusal as refusal:
        return _list(request, actor, errors={"sheet": told(refusal, words)}, status=status_of(refusal))
    return go(f"/profiles/sheets/{made}")


@get("/profiles/sheets/{import_id:str}", sync_to_thread=True)
def get_sheet(request: PageRequest, *, import_id: FromPath[str]) -> Response[str]:
    """Show a sheet's columns with what they hold, and what an import would make of it as they are."""
    desk, actor = enter(request)
    name, row, columns = read_sheet(desk.db, actor, import_id=read_number(import_id))
    form = {"name": name.rpartition(".")[0][:80] or name[:80], "header_row": str(row)}
    form |= {f"field.{place}": column.field for place, column in enumerate(columns)}
    return _sheet(request, actor, read_number(import_id), form=form)


@post("/profiles/sheets/{import_id:str}/preview", sync_to_thread=True, status_code=200)
def post_preview(request: PageRequest, *, import_id: FromPath[str], body: RawBody) -> Response[str]:
    """Show what an import under this mapping would make of the sheet: as a part of the page, or the whole of it."""
    _, actor = enter(request)
    form, wanted = read_form(request, body), read_number(import_id)
    require(actor, "import")
    if request.headers.get("hx-request") != "true":
        return _sheet(request, actor, wanted, form=form)
    shell = make_shell(request, actor, section="import")
    preview = _preview(request, actor, wanted, form=form)
    return answer(
        render("orders/mapped.html", locale=locale_of(request, actor), shell=shell, preview=preview)
    )


@post("/profiles/sheets/{import_id:str}", sync_to_thread=True, status_code=303)
def post_profile(
    request: PageRequest, *, import_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Keep a profile; sheets with its headings are read by it from now on, this one first."""
    desk, actor = enter(request)
    form, words, wanted = read_form(request, body), words_of(request, actor), read_number(import_id)
    require(actor, "import")
    profile = _profile(request, actor, wanted, form=form)
    try:
        settle_mapping(desk.db, actor, import_id=wanted, profile=profile)
    except Refusal as refusal:
        if refusal.kind != "invalid":
            raise
        return _sheet(
            request,
            actor,
            wanted,
            form=form,
            errors={"name": told(refusal, words)},
            status=status_of(refusal),
        )
    return go(f"/imports/{wanted}", done="saved")


@post("/profiles/{profile_id:str}/removal", sync_to_thread=True, status_code=200)
def post_profile_removal(request: PageRequest, *, profile_id: FromPath[str], body: RawBody) -> Redirect:
    """Forget a profile."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(profile_id)
    desk.db.write(actor.merchant_id, partial(remove_profile, actor=actor, profile_id=wanted))
    return go("/profiles", done="saved")


def _profile(request: PageRequest, actor: Actor, import_id: int, *, form: Form) -> Profile:
    """Return the profile that a form asks for, over the headings of the sheet itself."""
    desk, _ = enter(request)
    shop, (_, _, columns) = desk.db.read(actor.merchant_id, get_shop), read_sheet(desk.db, actor, import_id=import_id)  # fmt: skip
    given = {
        plain_heading(each.heading): form.get(f"field.{place}", "") for place, each in enumerate(columns)
    }
    zone = form.get("zone", "")
    defaults = {_field(name): text for name, text in _pairs(form.get("defaults", "")).items()}
    states = _pairs(form.get("states", ""))
    return Profile(
        name=form.get("name", ""), channel=form.get("channel", "")[:40].strip(), zone=zone if zone in ZONES else shop.zone,
        currency=shop.currency, header_row=_row_of(form.get("header_row", "")), headings=tuple(given), columns=given,
        values={"status": states} if states else {}, defaults=defaults, masked=bool(form.get("masked")),
    )  # fmt: skip


def _field(name: str) -> str:
    return field_of(name).partition(":")[0] or name


def _row_of(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


def _pairs(text: str) -> dict[str, str]:
    """Return what stands for what, written a line each as word=word."""
    pairs = (line.partition("=") for line in text.replace("＝", "=").splitlines()[:_LINES_MOST])
    return {word.strip(): known.strip() for word, sign, known in pairs if sign and word.strip()}


def _preview(request: PageRequest, actor: Actor, import_id: int, *, form: Form) -> dict[str, Any]:
    """Return what comes of a mapping, or why nothing does."""
    desk, words = desk_of(request), words_of(request, actor)
    try:
        profile = _profile(request, actor, import_id, form=form)
        found: Mapping = preview_mapping(desk.db, actor, import_id=import_id, profile=profile)
    except Refusal as refusal:
        if refusal.kind != "invalid":
            raise
        return {"wrong": told(refusal, words)}
    return {"wrong": "", **show_mapping(found, words)}


def _sheet(
    request: PageRequest, actor: Actor, import_id: int, *, form: Form, errors: dict[str, str] | None = None, status: int = 200,
) -> Response[str]:  # fmt: skip
    name, _, columns = read_sheet(desk_of(request).db, actor, import_id=import_id)
    preview = _preview(request, actor, import_id, form=form)
    shown = [
        Column(each.heading, each.samples, form.get(f"field.{place}", ""))
        for place, each in enumerate(columns)
    ]
    return _show(
        request, actor, import_id=import_id, file_name=name, columns=shown[:_COLUMNS_MOST], form=form, errors=errors or {},
        preview=preview, status=status, profiles=[],
    )  # fmt: skip


def _list(
    request: PageRequest, actor: Actor, *, errors: dict[str, str] | None = None, status: int = 200
) -> Response[str]:
    kept = desk_of(request).db.read(actor.merchant_id, list_profiles)
    profiles = [
        {"id": each.id, "name": each.name, "channel": each.channel, "columns": sum(map(bool, each.columns.values()))}
        for each in kept
    ]  # fmt: skip
    return _show(
        request, actor, import_id=0, file_name="", columns=[], form={}, errors=errors or {}, preview=None, status=status,
        profiles=profiles,
    )  # fmt: skip


def _show(request: PageRequest, actor: Actor, **context: Any) -> Response[str]:
    words = words_of(request, actor)
    fields = {"": words.translate("not read"), **{name: words.translate(name) for name in HEADINGS}}
    zones = {name: name for name in ZONES}
    return show(
        request, "orders/profiles.html", actor=actor, section="import", fields=fields, zones=zones, **context
    )


PROFILES = [get_profiles, post_columns, get_sheet, post_preview, post_profile, post_profile_removal]
