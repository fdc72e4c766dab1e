"""Box 15, download: a file of orders and lines with a receipt; complete or failed, never half.

What was asked (predicate and snapshot) is recorded as a look-up before the first byte. The file
is written beside, flushed, and takes its name only when it is whole.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.alarm.posture import require_not_locked_down
from tocsin.alarm.usage import count_usage
from tocsin.core.actor import Actor, NotAllowed, desk_actor, require
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event, latest_event_id
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.queue import Queue, task
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.orders.download_rows import COLUMNS, file_rows
from tocsin.orders.format import find_format
from tocsin.orders.lookup import record_lookup
from tocsin.orders.screen import Filter, count_rows
from tocsin.orders.table import download

TASK = "orders.download"


class DownloadMissing(Refusal):
    """There is no such download, or its file is gone: ask for it again"""

    kind, code = "missing", "download_missing"


class DownloadReasonMissing(Refusal):
    """A download with real data needs a reason: say what it is for"""

    kind, code = "invalid", "download_reason_missing"


class Download(Struct, frozen=True):
    """A file that was asked for, and its receipt once it is complete."""

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


_COLUMNS = tuple(download.c[name] for name in Download.__struct_fields__)
_ADD = insert_into(download)
_ONE = Statement(sa.select(*_COLUMNS).where(own(download), download.c.id == bind("id")), Download)
_LIST = Statement(
    sa.select(*_COLUMNS).where(own(download)).order_by(download.c.id.desc()).limit(bind("limit")), Download
)
_TELL = Statement[None](
    sa.update(download).where(own(download), download.c.id == bind("b_id")), sets=("rows",)
)
_END = Statement[None](
    sa.update(download).where(own(download), download.c.id == bind("b_id")),
    sets=("status", "rows", "size_bytes", "sha256", "path", "fault", "done_at_us"),
)


def start_download(
    tx: Tx, actor: Actor, queue: Queue, *, wanted: Filter, folder: Path, format_name: str = "csv", real: bool = False,
    reason: str = "",
) -> int:  # fmt: skip
    """Record what is asked, as a look-up too, and defer the writing; return the download's id.

    Raises:
        NotAllowed: no right to download, or to download real data.
        DeskLockedDown: downloads are frozen.
        DownloadReasonMissing: real data without a reason.
        OutputUnknown: there is no such file format.
    """
    require(actor, "download")
    require_not_locked_down(tx)
    if real and not actor.may("download_real"):
        require(actor, "download_real_reason")
        if not reason.strip():
            raise DownloadReasonMissing
    download_id, encoded = new_id(), msgspec.json.encode(wanted).decode()
    suffix = find_format(format_name).suffix
    snapshot = {"filter": wanted, "event": latest_event_id(tx), "at_us": tx.now_us}
    lookup_id = record_lookup(
        tx, actor, door="download", kind="download", query=msgspec.json.encode(snapshot).decode(), pairs=[],
        purpose=reason.strip(),
    )  # fmt: skip
    tx.run(
        _ADD, id=download_id, name=f"orders-{download_id}{suffix}", format=format_name, filter=encoded, real=int(real),
        reason=reason.strip()[:500], status="waiting", rows=0, total=count_rows(tx, wanted=wanted), size_bytes=0,
        sha256="", path="", fault="", lookup_id=lookup_id, actor_id=actor.id, actor_name=actor.name, at_us=tx.now_us,
        done_at_us=None,
    )  # fmt: skip
    queue.defer(tx, TASK, payload={"download": str(download_id), "folder": str(folder)}, lock="download")
    write_journal(
        tx,
        actor,
        verb="orders.download",
        subject=f"download:{download_id}",
        data={"real": real, "filter": encoded},
    )
    return download_id


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
    query, subject = msgspec.json.encode({"file": found.name}).decode(), f"download:{found.id}"
    record_lookup(tx, actor, door=door, kind="download", query=query, pairs=[], purpose=found.reason)
    data = {"real": bool(found.real), "file": "fetched", "sha256": found.sha256}
    write_journal(tx, actor, verb="orders.download", subject=subject, data=data)
    count_usage(tx, kind="download_large", actor_kind=actor.kind, actor_id=actor.id, amount=found.rows)
    return found


def _find(tx: Tx, actor: Actor, *, download_id: int) -> Download:
    found = tx.one(_ONE, id=download_id)
    if found is None or (found.actor_id != actor.id and not actor.may("journal")):
        raise DownloadMissing
    return found


def list_downloads(tx: Tx, actor: Actor, *, limit: int = 50) -> list[Download]:
    """Return the receipts of the newest downloads that the actor may see."""
    found = tx.rows(_LIST, limit=limit)
    return [replace(each, path="") for each in found if each.actor_id == actor.id or actor.may("journal")]


@task(TASK)
def write_download(db: Database, merchant_id: int, payload: dict[str, Any]) -> None:
    """Write the file of a download, whole or not at all; a second run writes it anew."""
    download_id, folder = int(payload["download"]), Path(payload["folder"])
    asked = db.read(merchant_id, lambda tx: tx.one(_ONE, id=download_id))
    if asked is None or asked.status == "complete":
        return
    target, part = folder / asked.name, folder / f".{asked.name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            rows, digest = _write(db, merchant_id, asked, file)
            file.flush()
            os.fsync(file.fileno())
        size = part.stat().st_size
        part.replace(target)
    except Exception as fault:
        with suppress(OSError):  # the folder itself may be what is wrong
            part.unlink(missing_ok=True)
        _end(db, merchant_id, asked, status="failed", fault=type(fault).__name__)
        raise
    _end(db, merchant_id, asked, status="complete", rows=rows, size=size, sha256=digest, path=str(target))


def _write(db: Database, merchant_id: int, asked: Download, file: BinaryIO) -> tuple[int, str]:
    wanted, hashed = msgspec.json.decode(asked.filter, type=Filter), _Hashing(file)

    def tell(rows: int) -> None:
        db.write(merchant_id, lambda tx: tx.run(_TELL, b_id=asked.id, rows=rows))

    with db.snapshot(merchant_id) as tx:
        cells = file_rows(tx, wanted=wanted, real=bool(asked.real), tell=tell)
        rows = find_format(asked.format).write(COLUMNS, cells, hashed)  # type: ignore[arg-type]
    return rows, hashed.digest.hexdigest()


def _end(
    db: Database, merchant_id: int, asked: Download, *, status: str, rows: int = 0, size: int = 0, sha256: str = "",
    path: str = "", fault: str = "",
) -> None:  # fmt: skip
    def end(tx: Tx) -> None:
        tx.run(
            _END, b_id=asked.id, status=status, rows=rows, size_bytes=size, sha256=sha256, path=path, fault=fault,
            done_at_us=tx.now_us,
        )  # fmt: skip
        append_event(tx, f"download.{status}", subject_id=asked.id, data={"rows": rows})
        data = {"status": status, "rows": rows, "sha256": sha256}
        write_journal(
            tx, desk_actor(merchant_id), verb="orders.download", subject=f"download:{asked.id}", data=data
        )

    db.write(merchant_id, end)


class _Hashing:
    """A file that keeps the SHA-256 of what is written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._file.write(data)
