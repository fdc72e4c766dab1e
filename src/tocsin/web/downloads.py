"""Box 15 as pages: ask for a file, watch it being made, fetch it; the receipt stays."""

from base64 import b64encode
from functools import partial
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import File, Redirect

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.money import parse_minor
from tocsin.core.tenant import get_shop
from tocsin.desk import Desk
from tocsin.orders.download import (
    Download,
    DownloadReasonMissing,
    fetch_download,
    list_downloads,
    start_download,
)
from tocsin.orders.format import find_format
from tocsin.orders.screen import COUNT_MOST, Filter
from tocsin.web.filtered import show_filter
from tocsin.web.form import Form, once, read_form, read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, show, status_of, told, words_of
from tocsin.web.words import Words

DOOR = "page"
_FILTER = (
    "state", "payment", "fulfilment", "hold", "finding", "date_from", "date_to", "amount_from", "amount_to", "campaign",
    "channel", "query",
)  # fmt: skip
_STATES = {
    "waiting": "queued",
    "running": "running",
    "complete": "complete",
    "failed": "failed",
    "cancelled": "cancelled",
    "expired": "expired",
}
_HOLDS = {"any": "yes", "none": "no"}
_MEDIA = {"csv": "text/csv; charset=utf-8"}


@get("/downloads", sync_to_thread=True)
def get_downloads(request: PageRequest) -> Response[str]:
    """Show one's downloads, how far they are, and a form where a filter is given."""
    desk, actor = enter(request)
    require(actor, "download")
    given = {name: request.query_params.get(name, "") for name in _FILTER}
    return _list(request, desk, actor, wanted=given if "new" in request.query_params else None)


@post("/downloads", sync_to_thread=True, status_code=200)
def post_download(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Ask for a file of a filter; real data needs its reason."""
    desk, actor = enter(request)
    form = read_form(request, body)
    require(actor, "download")
    words = words_of(request, actor)
    try:
        wanted = _filter_of(desk, actor, form)
        real = form.get("real") == "1"
        if real and not form.get("reason", "").strip():
            raise DownloadReasonMissing
        start = partial(
            start_download, actor=actor, queue=desk.queue, wanted=wanted, folder=desk.settings.path("downloads").absolute(),
            format_name=form.get("format", "csv"), real=real, reason=form.get("reason", ""),
        )  # fmt: skip
        desk.db.write(actor.merchant_id, lambda tx: once(
            tx, actor, form, route="downloads", make=lambda: "/downloads" if start(tx) else ""
        ))  # fmt: skip
    except Refusal as wrong:
        if wrong.kind != "invalid":
            raise
        kept = {name: form.get(name, "") for name in _FILTER}
        return _list(
            request, desk, actor, wanted=kept, form=form, error=told(wrong, words), status=status_of(wrong)
        )
    return go("/downloads")


@get("/downloads/{download_id:str}/file", sync_to_thread=True)
def get_file(request: PageRequest, *, download_id: FromPath[str]) -> File:
    """Send a complete file, with the digest of its receipt; each fetch is recorded."""
    desk, actor = enter(request)
    require(actor, "download")
    wanted = read_number(download_id)
    fetch = partial(fetch_download, actor=actor, download_id=wanted, door=DOOR)
    found = desk.db.write(actor.merchant_id, fetch)
    headers = {"repr-digest": f"sha-256=:{_base64(found.sha256)}:", "x-content-sha256": found.sha256}
    suffix = find_format(found.format).suffix
    return File(
        found.path, filename=f"orders-{found.id}{suffix}", media_type=_MEDIA.get(found.format, "application/octet-stream"),
        headers=headers, content_disposition_type="attachment",
    )  # fmt: skip


def _list(
    request: PageRequest, desk: Desk, actor: Actor, *, wanted: dict[str, str] | None, form: Form | None = None,
    error: str = "", status: int = 200,
) -> Response[str]:  # fmt: skip
    words = words_of(request, actor)
    found = desk.db.read(actor.merchant_id, lambda tx: list_downloads(tx, actor))
    may_real = "yes" if actor.may("download_real") else "reason" if actor.may("download_real_reason") else ""
    currency = desk.db.read(actor.merchant_id, get_shop).currency
    return show(
        request, "orders/downloads.html", actor=actor, section="download", status=status,
        rows=[_show(each, actor, currency, words) for each in found], may_real=may_real, filter=wanted, form=form or {},
        errors={"reason": error} if error else {}, page={"count_text": "", "previous_url": "", "next_url": ""},
        waiting=any(each.status in ("waiting", "running") for each in found),
    )  # fmt: skip


def _show(found: Download, actor: Actor, currency: str, words: Words) -> dict[str, Any]:
    done = found.status == "complete"
    rows = found.total if done and found.total <= COUNT_MOST else None
    progress = ""
    if found.status in ("waiting", "running"):
        progress = words.translate("%(done)s rows written, %(all)s orders asked") % {
            "done": found.rows,
            "all": found.total,
        }
    failed = (
        words.translate("It failed and left no file: ask for it again") if found.status == "failed" else ""
    )
    return {
        "id": found.id, "at_us": found.at_us, "by": found.actor_name, "screen_title": _title(found, currency, words),
        "format": found.format, "masked": not found.real, "reason": found.reason, "row_count": rows,
        "state": "running" if found.rows and found.status == "waiting" else _STATES.get(found.status, "running"),
        "byte_count": found.size_bytes, "sha256": found.sha256, "error_text": failed or progress,
        "url": f"/downloads/{quote(str(found.id))}/file" if done and _may_fetch(found, actor) else "",
    }  # fmt: skip


def _may_fetch(found: Download, actor: Actor) -> bool:
    if not found.real or actor.may("download_real"):
        return True
    return found.actor_id == actor.id and actor.may("download_real_reason")


def _title(found: Download, currency: str, words: Words) -> str:
    return show_filter(msgspec.json.decode(found.filter, type=Filter), currency=currency, words=words)


def _filter_of(desk: Desk, actor: Actor, form: Form) -> Filter:
    """Return the filter of a form; amounts are read in the shop's currency."""

    def read(tx: Tx) -> str:
        return get_shop(tx).currency

    currency = desk.db.read(actor.merchant_id, read)
    text = {name: form.get(name, "").strip()[:500] for name in _FILTER}
    lowest, highest = (
        parse_minor(text[name], currency) if text[name] else None for name in ("amount_from", "amount_to")
    )
    same = {name: text[name] for name in _FILTER if name in Filter.__struct_fields__}
    return Filter(
        **same, held=_HOLDS.get(text["hold"], text["hold"]), amount_min_minor=lowest, amount_max_minor=highest
    )


def _base64(hexadecimal: str) -> str:
    return b64encode(bytes.fromhex(hexadecimal)).decode()


DOWNLOADS = [get_downloads, post_download, get_file]
