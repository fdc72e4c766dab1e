"""Box 15, download: a file of orders and lines with a receipt; complete or failed, never half.

What was asked (predicate and snapshot) is recorded as a look-up before the first byte; `download_file` writes it.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.alarm.posture import require_not_locked_down
from tocsin.alarm.usage import count_usage
from tocsin.core.actor import Actor, NotAllowed, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event, latest_event_id
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.mask import mask_text
from tocsin.core.queue import Queue
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.orders.download_rows import check_columns
from tocsin.orders.format import TooManyForFormat, find_format
from tocsin.orders.lookup import record_lookup
from tocsin.orders.screen import Filter, count_rows
from tocsin.orders.table import download

TASK = "orders.download"


class DownloadMissing(Refusal):
    """There is no such download, or its file is gone: ask for it again"""

    kind, code = "missing", "download_missing"


class DownloadOver(Refusal):
    """The download has ended already: look at its receipt"""

    kind, code = "conflict", "download_over"


class DownloadReasonMissing(Refusal):
    """A download with real data needs a reason: say what it is for"""

    kind, code = "invalid", "download_reason_missing"


class Download(Struct, frozen=True):
    """A file that was asked for, and its receipt once it is complete; `withheld` watched orders are not in it."""

    id: int
    name: str
    format: str
    filter: str
    real: int
    reason: str
    status: str
    rows: int
    total: int
    size_bytes: int
    sha256: str
    path: str
    fault: str
    actor_id: int
    actor_name: str
    at_us: int
    done_at_us: int | None
    orders: int
    columns: str
    lookup_id: int = 0
    withheld: int = 0


_COLUMNS = tuple(download.c[name] for name in Download.__struct_fields__)
_ADD = insert_into(download)
ONE = Statement(sa.select(*_COLUMNS).where(own(download), download.c.id == bind("id")), Download)
_LIST = Statement(
    sa.select(*_COLUMNS).where(own(download)).order_by(download.c.id.desc()).limit(bind("limit")), Download
)
UNDER_WAY = sa.or_(download.c.status == "waiting", download.c.status == "running")
_CANCEL = Statement[None](
    sa.update(download).where(own(download), download.c.id == bind("b_id"), UNDER_WAY),
    sets=("status", "done_at_us"),
)  # fmt: skip


def start_download(
    tx: Tx, actor: Actor, queue: Queue, *, wanted: Filter, folder: Path, format_name: str = "csv", real: bool = False,
    reason: str = "", columns: Sequence[str] = (),
) -> int:  # fmt: skip
    """Record what is asked, as a look-up too, and defer the writing; return the download's id.

    Raises:
        NotAllowed: no right to download, or to download real data.
        DeskLockedDown: downloads are frozen.
        DownloadReasonMissing: real data without a reason.
        OutputUnknown, ColumnUnknown: there is no such file format, or no such column.
        TooManyForFormat: more orders than such a file holds.
    """
    require_download(tx, actor, real=real, reason=reason)
    download_id, encoded = new_id(), msgspec.json.encode(wanted).decode()
    chosen, total = find_format(format_name), count_rows(tx, wanted=wanted)
    if chosen.most and total > chosen.most:
        raise TooManyForFormat(format=chosen.title, limit=chosen.most)
    lookup_id = record_file(tx, actor, wanted=wanted, door="download", purpose=reason, real=real)
    tx.run(
        _ADD, id=download_id, name=f"orders-{download_id}{chosen.suffix}", format=format_name, filter=encoded, real=int(real),
        reason=mask_text(reason.strip())[:500], status="waiting", rows=0, total=total, size_bytes=0,
        sha256="", path="", fault="", lookup_id=lookup_id, actor_id=actor.id, actor_name=actor.name, at_us=tx.now_us,
        done_at_us=None, orders=0, columns=",".join(check_columns(columns)) if columns else "",
        withheld=0,
    )  # fmt: skip
    queue.defer(tx, TASK, payload={"download": str(download_id), "folder": str(folder)}, lock="download")
    write_journal(
        tx,
        actor,
        verb="orders.download",
        subject=f"download:{download_id}",
        data={"real": real, "lookup": str(lookup_id)},
    )
    return download_id


def require_download(tx: Tx, actor: Actor, *, real: bool, reason: str) -> None:
    """Refuse who may not have a file of orders now.

    Raises:
        NotAllowed, DeskLockedDown, DownloadReasonMissing
    """
    require(actor, "download")
    require_not_locked_down(tx)
    if real and not actor.may("download_real"):
        require(actor, "download_real_reason")
        if not reason.strip():
            raise DownloadReasonMissing


def record_file(tx: Tx, actor: Actor, *, wanted: Filter, door: str, purpose: str, real: bool) -> int:
    """Record that orders leave as a file, with the snapshot that is meant; return the look-up's id.

    The reason is free text, which may name a person: it is sealed with what was asked, and can be erased.
    """
    asked = {"filter": wanted, "event": latest_event_id(tx), "at_us": tx.now_us, "reason": purpose.strip()}
    return record_lookup(
        tx, actor, door=door, kind="download", query=msgspec.json.encode(asked).decode(), pairs=[], of_id=None,
        fields=("real",) if real else (),
    )  # fmt: skip


def cancel_download(tx: Tx, actor: Actor, *, download_id: int) -> None:
    """End a download of one's own, or anybody's with the journal's right, before it is complete.

    Raises:
        DownloadMissing: there is none to be seen.
        DownloadOver: it has ended already.
    """
    require(actor, "download")
    found = _find(tx, actor, download_id=download_id)
    if not tx.run(_CANCEL, b_id=found.id, status="cancelled", done_at_us=tx.now_us):
        raise DownloadOver
    append_event(tx, "download.cancelled", subject_id=found.id, data={})
    write_journal(
        tx, actor, verb="orders.download", subject=f"download:{found.id}", data={"status": "cancelled"}
    )


def get_download(tx: Tx, actor: Actor, *, download_id: int) -> Download:
    """Return the receipt of a download of one's own, or anybody's with the journal's right; never where its file is.

    Raises:
        DownloadMissing: there is none to be seen.
    """
    return replace(_find(tx, actor, download_id=download_id), path="")


def fetch_download(tx: Tx, actor: Actor, *, download_id: int, door: str) -> Download:
    """Return a complete download with the path of its file, to be sent; each fetch is a look-up and in the journal.

    Raises:
        DownloadMissing: there is none to be seen, or its file is gone.
        DeskLockedDown: downloads are frozen.
        NotAllowed: no right to download, or to real data; a reason given by somebody else is not one's own.
    """
    require(actor, "download")
    require_not_locked_down(tx)
    found = _find(tx, actor, download_id=download_id)
    if found.real and not actor.may("download_real"):
        require(actor, "download_real_reason")
        if found.actor_id != actor.id:
            raise NotAllowed(right="download_real")
    if found.status != "complete" or not Path(found.path).is_file():
        raise DownloadMissing
    query = msgspec.json.encode({"file": found.name, "reason": found.reason}).decode()
    subject = f"download:{found.id}"
    record_lookup(
        tx, actor, door=door, kind="download", query=query, pairs=[], of_id=found.lookup_id,
        fields=("real",) if found.real else (),
    )  # fmt: skip
    data = {"real": bool(found.real), "file": "fetched", "sha256": found.sha256}
    write_journal(tx, actor, verb="orders.download", subject=subject, data=data)
    count_usage(tx, kind="download_large", actor_kind=actor.kind, actor_id=actor.id, amount=found.rows)
    return found


def _find(tx: Tx, actor: Actor, *, download_id: int) -> Download:
    found = tx.one(ONE, id=download_id)
    if found is None or (found.actor_id != actor.id and not actor.may("journal")):
        raise DownloadMissing
    return found


def list_downloads(tx: Tx, actor: Actor, *, limit: int = 50) -> list[Download]:
    """Return the receipts of the newest downloads that the actor may see."""
    found = tx.rows(_LIST, limit=limit)
    return [replace(each, path="") for each in found if each.actor_id == actor.id or actor.may("journal")]


def columns_of(found: Download) -> tuple[str, ...]:
    """Return the columns that were chosen for a download."""
    return check_columns([one for one in found.columns.split(",") if one])
