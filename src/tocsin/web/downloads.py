"""Box 15 as pages: ask for a file, watch it being made, fetch it; the receipt stays."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import File, Redirect, Stream

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.desk import Desk
from tocsin.orders.download import (
    Download,
    DownloadReasonMissing,
    cancel_download,
    fetch_download,
    list_downloads,
    start_download,
)
from tocsin.orders.download_columns import list_columns, save_columns
from tocsin.orders.download_rows import COLUMNS
from tocsin.orders.format import every_format
from tocsin.orders.screen import COUNT_MOST, Filter
from tocsin.orders.screen_query import FORM_FIELDS, kept_filter, query_of
from tocsin.orders.watched_file import pass_file
from tocsin.send import send_file
from tocsin.web.figures import Figures
from tocsin.web.form import Form, once, read_form, read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, show, status_of, told, words_of
from tocsin.web.words import Words

DOOR = "page"
_STATES = {
    "waiting": "queued",
    "running": "running",
    "complete": "complete",
    "failed": "failed",
    "cancelled": "cancelled",
    "expired": "expired",
}
_FAILED = "It failed and left no file: ask for it again"
_FAULTS = {"too_many_for_format": "Too many orders for this format: choose CSV, or fewer orders"}
_TEXT_MOST = 2000


@get("/downloads", sync_to_thread=True)
def get_downloads(request: PageRequest) -> Response[str]:
    """Show one's downloads, how far they are, and a form where a filter is given."""
    desk, actor = enter(request)
    require(actor, "download")
    asked = _query_of(request.query_params) if "new" in request.query_params else None
    return _list(request, desk, actor, asked=asked)


@post("/downloads", sync_to_thread=True, status_code=200)
def post_download(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Ask for a file of a filter; real data needs its reason."""
    desk, actor = enter(request)
    form = read_form(request, body)
    require(actor, "download")
    words, wanted = words_of(request, actor), Filter(query=_query_of(form))
    try:
        real = form.get("real") == "1"
        if real and not form.get("reason", "").strip():
            raise DownloadReasonMissing
        start = partial(
            start_download, actor=actor, queue=desk.queue, wanted=wanted, folder=desk.settings.path("downloads").absolute(),
            format_name=form.get("format", "csv"), real=real, reason=form.get("reason", ""), columns=_columns_of(desk, actor, form),
        )  # fmt: skip
        desk.db.write(actor.merchant_id, lambda tx: once(
            tx, actor, form, route="downloads", make=lambda: _start(tx, actor, form, start)
        ))  # fmt: skip
    except Refusal as wrong:
        if wrong.kind != "invalid":
            raise
        return _list(
            request,
            desk,
            actor,
            asked=wanted.query,
            form=form,
            error=told(wrong, words),
            status=status_of(wrong),
        )
    return go("/downloads")


@post("/downloads/{download_id:str}/cancel", sync_to_thread=True, status_code=200)
def post_cancel(request: PageRequest, *, download_id: FromPath[str], body: RawBody) -> Redirect:
    """End a download before it is complete."""
    desk, actor = enter(request)
    read_form(request, body)
    cancel = partial(cancel_download, actor=actor, download_id=read_number(download_id))
    desk.db.write(actor.merchant_id, cancel)
    return go("/downloads")


@get("/downloads/{download_id:str}/file", sync_to_thread=True)
def get_file(request: PageRequest, *, download_id: FromPath[str]) -> File | Stream | Response[None]:
    """Send a complete file, with the digest of its receipt; each fetch is recorded."""
    desk, actor = enter(request)
    require(actor, "download")
    wanted = read_number(download_id)
    pass_file(desk.db, actor, download_id=wanted, door=DOOR)
    fetch = partial(fetch_download, actor=actor, download_id=wanted, door=DOOR)
    return send_file(request, desk.db.write(actor.merchant_id, fetch))


def _start(tx: Tx, actor: Actor, form: Form, start: Callable[[Tx], int]) -> str:
    name = form.get("save_as", "").strip()
    if name:
        save_columns(tx, actor, name=name, columns=_ticked(form))
    if form.get("first") == "1":
        save_columns(tx, actor, name="", columns=_ticked(form))
    return "/downloads" if start(tx) else ""


def _ticked(form: Form) -> list[str]:
    return [column for column in COLUMNS if form.get(f"column_{column}") == "1"]


def _columns_of(desk: Desk, actor: Actor, form: Form) -> tuple[str, ...]:
    """Return the columns that were ticked, or those saved under the name that was chosen; unasked, what one begins with."""
    name = form.get("saved", "")
    if not name and (form.get("ticked") or _ticked(form)):
        return tuple(_ticked(form))
    kept = desk.db.read(actor.merchant_id, lambda tx: list_columns(tx, actor))
    return next((one.chosen() for one in kept if one.name == name), ())


def _list(
    request: PageRequest, desk: Desk, actor: Actor, *, asked: str | None, form: Form | None = None,
    error: str = "", status: int = 200,
) -> Response[str]:  # fmt: skip
    words = words_of(request, actor)

    def read(tx: Tx) -> list[dict[str, Any]]:
        return [_show(tx, each, actor, words) for each in list_downloads(tx, actor)]

    rows = desk.db.read(actor.merchant_id, read)
    may_real = "yes" if actor.may("download_real") else "reason" if actor.may("download_real_reason") else ""
    kept = desk.db.read(actor.merchant_id, lambda tx: list_columns(tx, actor))
    saved = {"": words.translate("those ticked below"), **{one.name: one.name for one in kept if one.name}}
    first = {f"column_{column}": "1" for one in kept if not one.name for column in one.chosen()}
    return show(
        request, "orders/downloads.html", actor=actor, section="download", status=status,
        rows=rows, may_real=may_real, filter=None if asked is None else {"query": asked}, form=first if form is None else form,
        errors={"reason": error} if error else {}, page={"count_text": "", "previous_url": "", "next_url": ""},
        formats={each.name: each.title for each in every_format().values()}, columns=COLUMNS, saved=saved,
        waiting=any(row["state"] in ("queued", "running") for row in rows),
    )  # fmt: skip


def _show(tx: Tx, found: Download, actor: Actor, words: Words) -> dict[str, Any]:
    done = found.status == "complete"
    rows = found.total if done and found.total <= COUNT_MOST else None
    progress = ""
    if found.status in ("waiting", "running"):
        figures = Figures(words)
        total = ("" if found.total <= COUNT_MOST else "> ") + figures.number(min(found.total, COUNT_MOST))
        progress = words.translate("Written: %(done)s of %(all)s") % {
            "done": figures.number(found.orders),
            "all": total,
        }
    failed = words.translate(_FAULTS.get(found.fault, _FAILED)) if found.status == "failed" else ""
    return {
        "id": found.id, "at_us": found.at_us, "by": found.actor_name, "screen_title": kept_filter(tx, found.filter).query or words.translate("All orders"),
        "format": found.format, "masked": not found.real, "reason": found.reason, "row_count": rows,
        "state": _STATES.get(found.status, "running"), "orders": found.orders, "total": found.total,
        "cancel": f"/downloads/{found.id}/cancel" if found.status in ("waiting", "running") and found.actor_id == actor.id else "",
        "byte_count": found.size_bytes, "sha256": found.sha256, "error_text": failed or progress or _withheld(found, words),
        "url": f"/downloads/{quote(str(found.id))}/file" if done and _may_fetch(found, actor) else "",
    }  # fmt: skip


def _withheld(found: Download, words: Words) -> str:
    """Return how many watched orders a file was written without."""
    text = Figures(words).translated_count(
        "One watched order is left out: ask a second person", "%(num)s watched orders are left out: ask a second person", found.withheld
    )  # fmt: skip
    return text if found.withheld else ""


def _may_fetch(found: Download, actor: Actor) -> bool:
    if not found.real or actor.may("download_real"):
        return True
    return found.actor_id == actor.id and actor.may("download_real_reason")


def _query_of(given: Mapping[str, str]) -> str:
    return query_of({name: given.get(name, "").strip()[:_TEXT_MOST] for name in FORM_FIELDS})


DOWNLOADS = [get_downloads, post_download, post_cancel, get_file]
