"""Import profiles as pages: a sheet that nobody knows is shown by its columns, and each is given its field."""

from functools import partial
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor, require
from tocsin.core.errors import Refusal
from tocsin.core.tenant import get_shop
from tocsin.orders.headings import HEADINGS, plain_heading
from tocsin.orders.importer import Source, open_source
from tocsin.orders.profile import (
    Column,
    Profile,
    list_profiles,
    remove_profile,
    save_profile,
    suggest_columns,
)
from tocsin.web.form import read_form, read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, show, status_of, told, words_of
from tocsin.web.upload import read_upload

_COLUMNS_MOST = 200


@get("/profiles", sync_to_thread=True)
def get_profiles(request: PageRequest) -> Response[str]:
    """Show the profiles, and ask for a sheet to make one of."""
    _, actor = enter(request)
    require(actor, "import")
    return _show(request, actor)


@post("/profiles/columns", sync_to_thread=True, status_code=200)
def post_columns(request: PageRequest, *, body: RawBody) -> Response[str]:
    """Show a sheet's columns with what they hold; nothing of it is kept."""
    _, actor = enter(request)
    sent = read_upload(request, body)
    require(actor, "import")
    file, words = sent.files.get("sheet"), words_of(request, actor)
    if file is None or not file.data:
        return _show(request, actor, errors={"sheet": words.translate("Choose a sheet first")}, status=422)
    row, sheet = sent.fields.get("header_row", ""), sent.fields.get("worksheet", "")[:80]
    try:
        text = open_source(Source(file.name[:200], "text/csv", file.data), sheet=sheet)
        header_row, columns = suggest_columns(
            text, header_row=int(row) if row.isdecimal() and len(row) < 4 else 0
        )
    except Refusal as refusal:
        return _show(request, actor, errors={"sheet": told(refusal, words)}, status=status_of(refusal))
    form = {"name": file.name.rpartition(".")[0][:80], "header_row": str(header_row), "worksheet": sheet}
    return _show(request, actor, columns=columns[:_COLUMNS_MOST], form=form)


@post("/profiles", sync_to_thread=True, status_code=200)
def post_profile(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Keep a profile; sheets with its headings are read by it from now on."""
    desk, actor = enter(request)
    form, words = read_form(request, body), words_of(request, actor)
    require(actor, "import")
    shop = desk.db.read(actor.merchant_id, get_shop)
    columns = _columns_of(form)
    row = form.get("header_row", "")
    profile = Profile(
        name=form.get("name", ""), channel=form.get("channel", "")[:40].strip(), zone=shop.zone, currency=shop.currency,
        header_row=int(row) if row.isdecimal() and len(row) < 4 else 0, sheet=form.get("worksheet", "")[:80],
        headings=tuple(plain_heading(each.heading) for each in columns),
        columns={plain_heading(each.heading): each.field for each in columns},
        values=_values_of(form.get("states", "")),
    )  # fmt: skip
    try:
        desk.db.write(actor.merchant_id, partial(save_profile, actor=actor, profile=profile))
    except Refusal as refusal:
        if refusal.kind != "invalid":
            raise
        errors = {"name": told(refusal, words)}
        return _show(request, actor, columns=columns, form=form, errors=errors, status=status_of(refusal))
    return go("/profiles", done="saved")


@post("/profiles/{profile_id:str}/removal", sync_to_thread=True, status_code=200)
def post_profile_removal(request: PageRequest, *, profile_id: FromPath[str], body: RawBody) -> Redirect:
    """Forget a profile."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(profile_id)
    desk.db.write(actor.merchant_id, partial(remove_profile, actor=actor, profile_id=wanted))
    return go("/profiles", done="saved")


def _columns_of(form: dict[str, str]) -> tuple[Column, ...]:
    return tuple(
        Column(form[f"heading.{place}"], (), form.get(f"field.{place}", ""))
        for place in range(_COLUMNS_MOST)
        if form.get(f"heading.{place}")
    )


def _values_of(text: str) -> dict[str, dict[str, str]]:
    """Return what the sheet's words for states stand for, written a line each as word=word."""
    pairs = (line.partition("=") for line in text.replace("＝", "=").splitlines()[:200])
    states = {word.strip(): known.strip() for word, sign, known in pairs if sign and word.strip()}
    return {"status": states} if states else {}


def _show(
    request: PageRequest, actor: Actor, *, columns: tuple[Column, ...] = (), form: dict[str, str] | None = None,
    errors: dict[str, str] | None = None, status: int = 200,
) -> Response[str]:  # fmt: skip
    desk, _ = enter(request)
    words = words_of(request, actor)
    kept = desk.db.read(actor.merchant_id, list_profiles)
    context: dict[str, Any] = {
        "columns": columns, "form": form or {}, "errors": errors or {},
        "fields": {"": words.translate("not read"), **{name: words.translate(name) for name in HEADINGS}},
        "profiles": [
            {"id": each.id, "name": each.name, "channel": each.channel, "columns": sum(map(bool, each.columns.values()))}
            for each in kept
        ],
    }  # fmt: skip
    return show(request, "orders/profiles.html", actor=actor, section="import", status=status, **context)


PROFILES = [get_profiles, post_columns, post_profile, post_profile_removal]
