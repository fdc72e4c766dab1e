"""The file of a download: written beside, flushed, named only when whole; gone after the days that were chosen."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, desk_actor
from tocsin.core.clock import DAY_US
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.loop import for_each_merchant
from tocsin.core.preference import change_preference, preference_revision, read_preference
from tocsin.core.queue import task
from tocsin.core.statement import Statement, bind, own
from tocsin.orders.download import ONE, TASK, UNDER_WAY, Download, columns_of
from tocsin.orders.download_rows import file_orders, file_rows
from tocsin.orders.draft import Order
from tocsin.orders.format import Content, find_format, write_file
from tocsin.orders.handed import Handed
from tocsin.orders.screen import Filter
from tocsin.orders.screen_query import kept_filter
from tocsin.orders.second_person import left_out
from tocsin.orders.table import download

BOX = "orders.download"
LONGEST_DAYS = 90
_EXPIRED_AT_ONCE = 100


class DownloadDaysWrong(Refusal):
    """Files of downloads can't be kept so long: choose 1 to {limit} days"""

    kind, code = "invalid", "download_days_wrong"


class DownloadCancelled(Exception):
    """Somebody ended the download while it was being written."""


class DownloadRules(Struct, frozen=True, kw_only=True):
    """How long files of downloads are kept."""

    days: int = 7


class _Expired(Struct, frozen=True):
    id: int
    path: str


_TELL = Statement[None](
    sa.update(download).where(own(download), download.c.id == bind("b_id"), UNDER_WAY),
    sets=("status", "orders"),
)  # fmt: skip
_END = Statement[None](
    sa.update(download).where(own(download), download.c.id == bind("b_id"), download.c.status != "cancelled"),
    sets=("status", "rows", "size_bytes", "sha256", "path", "fault", "done_at_us"),
)
_WITHHOLD = Statement[None](
    sa.update(download).where(own(download), download.c.id == bind("b_id")), sets=("withheld",)
)
_OLD = Statement(
    sa.select(download.c.id, download.c.path)
    .where(own(download), download.c.status == "complete", download.c.done_at_us < bind("before"))
    .order_by(download.c.done_at_us).limit(_EXPIRED_AT_ONCE),
    _Expired,
)  # fmt: skip
_EXPIRE = Statement[None](
    sa.update(download).where(own(download), download.c.id == bind("b_id"), download.c.status == "complete"),
    sets=("status", "path"),
)


def content_of(
    tx: Tx, *, wanted: Filter, real: bool, columns: Sequence[str], tell: Callable[[int], None] | None = None,
    handed: Handed | None = None,
) -> Content:  # fmt: skip
    """Return what a file of a filter is made of, in an open snapshot."""

    def rows() -> Iterable[tuple[str, ...]]:
        return file_rows(tx, wanted=wanted, real=real, columns=columns, tell=tell, handed=handed)

    def orders() -> Iterable[Order]:
        return file_orders(tx, wanted=wanted, real=real, tell=tell, handed=handed)

    return Content(columns, rows, orders)


@task(TASK)
def write_download(db: Database, merchant_id: int, payload: dict[str, Any]) -> None:
    """Write the file of a download, whole or not at all; a second run writes it anew."""
    download_id, folder = int(payload["download"]), Path(payload["folder"])
    asked = db.read(merchant_id, lambda tx: tx.one(ONE, id=download_id))
    if asked is None or asked.status in ("complete", "cancelled", "expired"):
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
    except DownloadCancelled:
        _remove(part)
        return
    except Refusal as refusal:  # it would be refused again
        _remove(part)
        _end(db, merchant_id, asked, status="failed", fault=refusal.code)
        return
    except Exception as fault:
        _remove(part)
        _end(db, merchant_id, asked, status="failed", fault=type(fault).__name__)
        raise
    if not _end(
        db, merchant_id, asked, status="complete", rows=rows, size=size, sha256=digest, path=str(target)
    ):
        _remove(target)  # cancelled at the last moment


def purge_downloads(db: Database) -> int:
    """Remove each merchant's files that are older than chosen; their receipts stay. Return how many."""
    return for_each_merchant(db, partial(_purge, db))


def download_rules(tx: Tx) -> tuple[DownloadRules, int]:
    """Return how long files are kept, with the revision that a change is made against."""
    return read_preference(tx, DownloadRules, box=BOX), preference_revision(tx, box=BOX)


def change_download_rules(tx: Tx, actor: Actor, *, days: int, revision: int) -> int:
    """Store how long files are kept; return the new revision.

    Raises:
        DownloadDaysWrong, NotAllowed, PreferenceMoved
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise DownloadDaysWrong(limit=LONGEST_DAYS)
    return change_preference(tx, actor, DownloadRules(days=days), box=BOX, revision=revision)


def _purge(db: Database, merchant_id: int) -> int:
    def find(tx: Tx) -> list[_Expired]:
        return tx.rows(_OLD, before=tx.now_us - download_rules(tx)[0].days * DAY_US)

    old = db.read(merchant_id, find)
    for one in old:
        _remove(Path(one.path))

    def tell(tx: Tx) -> None:
        for one in old:
            tx.run(_EXPIRE, b_id=one.id, status="expired", path="")
            append_event(tx, "download.expired", subject_id=one.id, data={})

    if old:
        db.write(merchant_id, tell)
    return len(old)


def _write(db: Database, merchant_id: int, asked: Download, file: BinaryIO) -> tuple[int, str]:
    hashed = HashingFile(file)

    def tell(orders: int) -> None:
        if not db.write(merchant_id, partial(_tell, download_id=asked.id, orders=orders)):
            raise DownloadCancelled

    tell(0)
    with db.snapshot(merchant_id) as tx:
        wanted, handed = kept_filter(tx, asked.filter), Handed(left_out(tx, actor_id=asked.actor_id))
        content = content_of(
            tx, wanted=wanted, real=bool(asked.real), columns=columns_of(asked), tell=tell, handed=handed
        )
        rows = write_file(find_format(asked.format), content, hashed)  # type: ignore[arg-type]
    handed.keep(db, merchant_id, lookup_id=asked.lookup_id)
    if handed.withheld:
        db.write(merchant_id, lambda tx: tx.run(_WITHHOLD, b_id=asked.id, withheld=handed.withheld))
    return rows, hashed.digest.hexdigest()


def _tell(tx: Tx, *, download_id: int, orders: int) -> bool:
    """Say how far a file is, its page too; False where somebody ended it."""
    if not tx.run(_TELL, b_id=download_id, status="running", orders=orders):
        return False
    append_event(tx, "download.moved", subject_id=download_id, data={})
    return True


def _remove(path: Path) -> None:
    with suppress(OSError):  # the folder itself may be what is wrong
        path.unlink(missing_ok=True)


def _end(
    db: Database, merchant_id: int, asked: Download, *, status: str, rows: int = 0, size: int = 0, sha256: str = "",
    path: str = "", fault: str = "",
) -> bool:  # fmt: skip
    """Write the receipt; return whether nobody cancelled it before."""

    def end(tx: Tx) -> bool:
        if not tx.run(
            _END, b_id=asked.id, status=status, rows=rows, size_bytes=size, sha256=sha256, path=path, fault=fault,
            done_at_us=tx.now_us,
        ):  # fmt: skip
            return False
        append_event(tx, f"download.{status}", subject_id=asked.id, data={"rows": rows})
        data = {"status": status, "rows": rows, "sha256": sha256}
        write_journal(
            tx, desk_actor(merchant_id), verb="orders.download", subject=f"download:{asked.id}", data=data
        )
        return True

    return db.write(merchant_id, end)


class HashingFile:
    """A file that keeps the SHA-256 of what is written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Write and count into the digest."""
        self.digest.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        """Hand on what waits."""
        self._file.flush()
