"""Box 1 as pages: a sheet is uploaded, previewed and taken in; what could not be read waits in quarantine."""

import hashlib
from functools import partial
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor, require
from tocsin.core.clock import DAY_US
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.money import parse_minor
from tocsin.core.tenant import get_shop
from tocsin.desk import Desk
from tocsin.orders.claim import get_progress
from tocsin.orders.commit import commit_import
from tocsin.orders.importer import BadRow, ImportOptions, Source, every_importer
from tocsin.orders.importing import (
    MAPPING,
    Import,
    Previewed,
    get_import,
    list_imports,
    preview_import,
    upload_sheet,
)
from tocsin.orders.mapping import printed_among
from tocsin.orders.quarantine import Quarantined, drop_quarantined, list_quarantine
from tocsin.web.change import ShownChange
from tocsin.web.figures import Figures
from tocsin.web.foreseen import SHOWN_ORDERS, read_changes
from tocsin.web.form import once_over, read_form, read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.imported import show_result
from tocsin.web.say import say, say_goods
from tocsin.web.shell import go, show, status_of, told, words_of
from tocsin.web.upload import read_upload
from tocsin.web.words import Words

NEWEST = 2**63 - 1
PAGE_ROWS = 50
_SHOWN_BAD = 100
_KEPT_US = 30 * DAY_US
ZONES = (
    "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Tokyo", "Asia/Singapore", "Asia/Kolkata", "Europe/London", "Europe/Berlin",
    "America/New_York", "America/Los_Angeles", "UTC",
)  # fmt: skip
_CHANNELS = {
    "": "As the sheet says",
    "mall_cn": "Mall",
    "wechat": "WeChat",
    "shopify": "Shopify",
    "taobao": "Taobao",
    "tmall": "Tmall",
    "pinduoduo": "Pinduoduo",
    "jd": "JD",
    "1688": "1688",
    "sheet": "Sheet",
}
_COLUMN_OF = {"older": "unchanged", "moved": "changed"}
_BY_HAND = (
    "sheet", "shopify", "taobao", "tmall", "pinduoduo", "jd", "alibaba1688", "group_buy",
)  # fmt: skip


@get("/imports", sync_to_thread=True)
def get_imports(request: PageRequest) -> Response[str]:
    """Ask for a sheet, and show the sheets of late."""
    desk, actor = enter(request)
    require(actor, "import")
    return _ask_sheet(request, desk, actor, errors={}, status=200)


@post("/imports", sync_to_thread=True, status_code=200)
def post_import(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Read a sheet and lead to its preview; what is wrong with it as a whole is said at the form."""
    desk, actor = enter(request)
    sent = read_upload(request, body)
    require(actor, "import")
    words, file = words_of(request, actor), sent.files.get("sheet")
    if file is None or not (file.name or file.data):
        said = words.translate("Choose a sheet first")
        return _ask_sheet(request, desk, actor, errors={"sheet": said}, status=422)
    zone = sent.fields.get("zone", "")
    shop = desk.db.read(actor.merchant_id, get_shop)
    options = ImportOptions(
        channel=_one_of(sent.fields.get("channel", ""), tuple(_CHANNELS)), currency=shop.currency,
        zone=zone if zone in ZONES else shop.zone,
    )  # fmt: skip
    source = Source(file.name[:200] or "sheet.csv", "text/csv", file.data)
    try:
        importer = _one_of(sent.fields.get("importer", ""), _BY_HAND)
        upload = partial(upload_sheet, desk.db, actor, source=source, options=options, importer=importer)
        fields = {**sent.fields, "sheet": f"{file.name} {hashlib.sha256(file.data).hexdigest()}"}
        address = once_over(
            desk.db, actor, fields, route="imports", meanwhile="/imports", make=lambda: f"/imports/{upload().import_id}"
        )  # fmt: skip
    except Refusal as wrong:
        errors = {"sheet": told(wrong, words)}
        unknown = wrong.code in ("format_unknown", "headings_unknown")
        return _ask_sheet(request, desk, actor, errors=errors, status=status_of(wrong), unknown=unknown)
    return go(address)


@get("/imports/{import_id:str}", sync_to_thread=True)
def get_import_page(request: PageRequest, *, import_id: FromPath[str]) -> Response[str] | Redirect:
    """Show what a commit would make of a sheet, or what it made."""
    desk, actor = enter(request)
    require(actor, "import")
    wanted, words = read_number(import_id), words_of(request, actor)
    found = desk.db.read(actor.merchant_id, lambda tx: get_import(tx, import_id=wanted))
    if found.status == MAPPING:
        return go(f"/profiles/sheets/{wanted}")
    if found.status == "committed":
        result = desk.db.read(actor.merchant_id, partial(show_result, found=found))
        return _show(request, desk, actor, stage="result", result=result)
    progress = desk.db.read(actor.merchant_id, lambda tx: get_progress(tx, import_id=wanted))
    if progress is not None:
        result = {"taken": progress.taken, "orders": found.orders}
        return _show(request, desk, actor, stage="committing", result=result)
    previewed = preview_import(desk.db, actor, import_id=wanted)
    changes = read_changes(desk, actor, previewed=previewed, words=words)
    printed = desk.db.read(actor.merchant_id, lambda tx: printed_among(tx, previewed))
    batch = _show_batch(found, previewed, changes, words, printed=printed)
    return _show(request, desk, actor, stage="preview", batch=batch)


@post("/imports/{import_id:str}/commit", sync_to_thread=True, status_code=200)
def post_commit(request: PageRequest, *, import_id: FromPath[str], body: RawBody) -> Redirect:
    """Take a previewed sheet in; a second press shows the result of the first."""
    desk, actor = enter(request)
    whole = read_form(request, body).get("whole") == "1"
    require(actor, "import")
    wanted = read_number(import_id)
    found = desk.db.read(actor.merchant_id, lambda tx: get_import(tx, import_id=wanted))
    if found.status != "committed":
        commit_import(desk.db, actor, import_id=wanted, whole=whole)
    return go(f"/imports/{import_id}")


@get("/quarantine", sync_to_thread=True)
def get_quarantine(request: PageRequest) -> Response[str]:
    """Show what could not be read, and why."""
    desk, actor = enter(request)
    require(actor, "query")
    after = request.query_params.get("before", "")
    before = read_number(after) if after else NEWEST
    words = words_of(request, actor)

    def read(tx: Tx) -> list[dict[str, Any]]:
        names = {found.id: found.filename for found in list_imports(tx, limit=500)}
        rows = list_quarantine(tx, before=before, limit=PAGE_ROWS + 1)
        return [_show_bad(row, names.get(row.batch_id, ""), words) for row in rows]

    rows = desk.db.read(actor.merchant_id, read)
    page = {
        "count_text": "", "previous_url": "/quarantine" if after else "",
        "next_url": f"/quarantine?before={rows[PAGE_ROWS - 1]['id']}" if len(rows) > PAGE_ROWS else "",
    }  # fmt: skip
    return show(
        request,
        "orders/quarantine.html",
        actor=actor,
        section="import",
        rows=rows[:PAGE_ROWS],
        page=page,
    )


@post("/quarantine/{row_id:str}/dismissal", sync_to_thread=True, status_code=200)
def post_dismissal(request: PageRequest, *, row_id: FromPath[str], body: RawBody) -> Redirect:
    """Put a row aside; one that is aside already stays so."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(row_id)
    desk.db.write(actor.merchant_id, lambda tx: drop_quarantined(tx, actor, row_id=wanted))
    return go("/quarantine", done="dropped")


def _ask_sheet(
    request: PageRequest,
    desk: Desk,
    actor: Actor,
    *,
    errors: dict[str, str],
    status: int,
    unknown: bool = False,
) -> Response[str]:
    recent = desk.db.read(actor.merchant_id, lambda tx: list_imports(tx, limit=12))
    return _show(
        request, desk, actor, stage="upload", errors=errors, recent=[_show_recent(each) for each in recent], status=status, unknown=unknown,
    )  # fmt: skip


def _show(
    request: PageRequest, desk: Desk, actor: Actor, *, stage: str, errors: dict[str, str] | None = None, status: int = 200,
    recent: Any = (), batch: Any = None, result: Any = None, unknown: bool = False,
) -> Response[str]:  # fmt: skip
    words = words_of(request, actor)
    zone = desk.db.read(actor.merchant_id, get_shop).zone
    titles = {name: words.translate(every_importer()[name].title) for name in _BY_HAND}
    return show(
        request, "orders/import.html", actor=actor, section="import", status=status, stage=stage, errors=errors or {},
        importers={"": words.translate("Find out"), **titles},
        channels={name: words.translate(title) for name, title in _CHANNELS.items()},
        zones={name: name for name in dict.fromkeys((zone, *ZONES))}, recent=recent, batch=batch, result=result, unknown=unknown,
    )  # fmt: skip


def _show_recent(found: Import) -> dict[str, Any]:
    counts = {
        "new": found.created if found.status == "committed" else found.orders, "changed": found.changed,
        "unchanged": found.unchanged, "conflict": found.conflicts, "bad": found.bad_rows,
    }  # fmt: skip
    return {
        "id": found.id, "file_name": found.filename, "at_us": found.at_us, "by": found.actor_name, "state": found.status,
        "counts": counts,
    }  # fmt: skip


def _show_batch(
    found: Import, previewed: Previewed, changes: dict[int, list[ShownChange]], words: Words, *, printed: frozenset[int]
) -> dict[str, Any]:  # fmt: skip
    parsed, counts = previewed.parsed, previewed.counts()
    shown = {"new": counts["new"], "unchanged": counts["unchanged"] + counts["older"],
             "changed": counts["changed"] + counts["moved"] - len(printed), "printed": len(printed), "conflict": counts["conflict"], "bad": counts["bad"]}  # fmt: skip
    pairs = list(zip(previewed.foreseen, parsed.orders, strict=True))[:SHOWN_ORDERS]
    orders: list[dict[str, Any]] = []
    for each, read in pairs:
        draft = read.draft
        goods = say_goods(draft.lines, words)
        orders.append({
            "outcome": "printed" if each.taken.order_id in printed else _COLUMN_OF.get(each.taken.result, each.taken.result), "external_id": each.external_id,
            "number": each.taken.number, "receiver_name": each.receiver_name, "goods": goods, "currency": draft.currency,
            "payable_minor": parse_minor(each.payable, draft.currency) if each.payable else None,
            "placed_at_us": draft.placed_at_us, "changes": changes.get(each.row, []), "findings_text": _remark(each.taken.result, words),
        })  # fmt: skip
    said = words.translate("Shown: %(shown)s of %(all)s") % Figures(words).grouped(
        {"shown": len(orders), "all": len(parsed.orders)}
    )
    headings = {field: heading for heading, field in parsed.columns}
    rows = {row.row for row in parsed.bad} | {each.row for each in parsed.orders}
    return {
        "id": previewed.import_id, "file_name": found.filename, "importer": found.importer or "sheet",
        "encoding": parsed.encoding.upper(), "order_count": len(parsed.orders), "counts": shown,
        "moving": shown["new"] + shown["changed"] + shown["printed"] + shown["conflict"], "orders": orders,
        "row_count": max(sum(max(len(each.draft.lines), 1) for each in parsed.orders) + len(parsed.bad), len(rows)),
        "bad_rows": [
            _show_bad_row(row, headings, words) for row in parsed.bad[:_SHOWN_BAD]
        ], "shown_text": said,
    }  # fmt: skip


def _remark(result: str, words: Words) -> str:
    remarks = {
        "moved": "Payment or delivery has moved", "older": "The desk has a newer version",
        "conflict": "The desk has amended it: it will be held",
    }  # fmt: skip
    return words.translate(remarks[result]) if result in remarks else ""


def _show_bad_row(row: BadRow, headings: dict[str, str], words: Words) -> dict[str, Any]:
    reason, cure = _said(row.reason, row.data, words)
    column = headings.get(row.field, "" if row.field == "row" else row.field)
    return {"row": row.row, "column": column, "number": row.number, "reason": reason, "cure": cure}


def _show_bad(row: Quarantined, name: str, words: Words) -> dict[str, Any]:
    data = msgspec.json.decode(row.data, type=dict[str, str])
    reason, cure = _said(row.reason, data, words)
    return {
        "id": row.id, "at_us": row.at_us, "source": name or words.translate("API"), "row": row.row, "reason": reason,
        "cure": cure, "mendable": bool(name), "raw_masked": row.field, "until_us": row.at_us + _KEPT_US,
    }  # fmt: skip


def _said(template: str, data: dict[str, str], words: Words) -> tuple[str, str]:
    message = say(template, data, words)
    reason, _, cure = message.partition(": ") if ": " in message else message.partition("：")
    return reason, cure


def _one_of(given: str, known: tuple[str, ...]) -> str:
    return given if given in known else ""


IMPORTS = [get_imports, post_import, get_import_page, post_commit, get_quarantine, post_dismissal]
