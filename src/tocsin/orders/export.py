"""Box 15 at once: a file of orders handed on while it is being written; what breaks off can be seen to."""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import write_journal
from tocsin.core.log import get_log
from tocsin.core.statement import Statement, any_of, own
from tocsin.orders.download import record_file, require_download
from tocsin.orders.download_file import content_of
from tocsin.orders.download_rows import check_columns
from tocsin.orders.format import TooManyForFormat, find_format, write_file
from tocsin.orders.handed import Handed
from tocsin.orders.screen import Filter, count_rows, filter_conditions
from tocsin.orders.second_person import left_out
from tocsin.orders.table import order_head

EXPORTS_MOST = 2
SILENT_SECONDS = 60.0
SLOWEST_BYTES_A_SECOND = 16 << 10
"""Who takes a file more slowly, over all, is ended: its snapshot keeps what was overwritten in the files meanwhile."""
_CHUNK_BYTES = 1 << 16
_CHUNKS_AHEAD = 16
_log = get_log("export")
_places = threading.BoundedSemaphore(EXPORTS_MOST)


class ExportsBusy(Refusal):
    """{limit} exports are running already: wait for one to end, or ask for a download"""

    kind, code = "locked", "exports_busy"


class ExportBroken(Exception):
    """The file could not be written to its end: what was sent is not whole."""


class Begun(Struct, frozen=True):
    """An export that was recorded: its look-up, the orders that it is written without, and how many it would have held."""

    lookup_id: int
    without: frozenset[int] = frozenset()
    withheld: int = 0


def begin_export(
    tx: Tx, actor: Actor, *, wanted: Filter, format_name: str, real: bool, reason: str, columns: Sequence[str], door: str
) -> Begun:  # fmt: skip
    """Record an export as a look-up and in the journal, before its first byte.

    Raises:
        NotAllowed, DeskLockedDown, DownloadReasonMissing
        OutputUnknown, ColumnUnknown, TooManyForFormat
    """
    require_download(tx, actor, real=real, reason=reason)
    chosen = find_format(format_name)
    check_columns(columns)
    total = count_rows(tx, wanted=wanted)  # it reads the query too, before anything is sent
    if chosen.most and total > chosen.most:
        raise TooManyForFormat(format=chosen.title, limit=chosen.most)
    lookup_id = record_file(tx, actor, wanted=wanted, door=door, purpose=reason, real=real)
    without = left_out(tx, actor_id=actor.id)
    withheld = _count_withheld(tx, wanted, without) if without else 0
    data = {"real": real, "format": format_name, "export": "streamed", "withheld": withheld}
    write_journal(tx, actor, verb="orders.download", subject=f"lookup:{lookup_id}", data=data)
    return Begun(lookup_id, without, withheld)


def _count_withheld(tx: Tx, wanted: Filter, without: frozenset[int]) -> int:
    conditions, binds, _ = filter_conditions(tx, wanted)
    chosen = sa.select(order_head.c.id).where(
        own(order_head), *conditions, any_of(order_head.c.id, "left_out")
    )
    return len(tx.rows(Statement[tuple[int]](chosen), **binds, left_out=sorted(without)))


class Piped:
    """A file on its way: iterate over its bytes; `close` gives its place back, also halfway.

    Args:
        write: writes the file, in an open snapshot.
        ended: called when it was written or broke off.

    Raises:
        ExportsBusy: as many are running as may.
    """

    def __init__(
        self, db: Database, merchant_id: int, *, write: Callable[[Tx, BinaryIO], object],
        ended: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._db, self._merchant_id, self._write, self._ended = db, merchant_id, write, ended
        self._chunks: queue.Queue[bytes | None] = queue.Queue(_CHUNKS_AHEAD)
        self._pending, self._over, self._fault = bytearray(), threading.Event(), ""
        self._handed_bytes, self._waited_seconds = 0, 0.0
        if not _places.acquire(blocking=False):
            raise ExportsBusy(limit=EXPORTS_MOST)
        threading.Thread(target=self._run, name="export", daemon=True).start()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the file; a fault halfway is raised, so that the end is not taken for one."""
        try:
            while (chunk := self._chunks.get()) is not None:
                yield chunk
            if self._fault:
                raise ExportBroken(self._fault)
        finally:
            self.close()

    def close(self) -> None:
        """End the writing."""
        self._over.set()

    def write(self, data: bytes) -> int:
        """Take bytes of the file (for the format alone to call); waits while the reader is behind."""
        self._pending += data
        if len(self._pending) >= _CHUNK_BYTES:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Hand on what waits."""
        if self._pending:
            self._put(bytes(self._pending))
            self._pending.clear()

    def _run(self) -> None:
        try:
            with self._db.snapshot(self._merchant_id) as tx:
                self._write(tx, self)  # type: ignore[arg-type]
            self.flush()
        except Exception as fault:  # noqa: BLE001 - it is raised where the file is read
            self._fault = type(fault).__name__
        finally:
            _places.release()
            self._end()
            self._tell_end()

    def _end(self) -> None:
        try:
            self._ended()
        except Exception as fault:  # noqa: BLE001 - it is raised where the file is read
            self._fault = self._fault or type(fault).__name__

    def _tell_end(self) -> None:
        while True:
            # What waits gives room to the word that it is over: a slow reader may come back.
            if self._over.is_set():
                with suppress(queue.Empty):
                    while True:
                        self._chunks.get_nowait()
            with suppress(queue.Full):
                self._chunks.put(None, timeout=1)
                return

    def _put(self, chunk: bytes) -> None:
        """Hand a chunk on; what is waited for the reader counts, never what the desk itself takes."""
        began = time.monotonic()
        left_seconds = SILENT_SECONDS + self._handed_bytes / SLOWEST_BYTES_A_SECOND - self._waited_seconds
        until = began + min(SILENT_SECONDS, left_seconds)
        while not self._over.is_set() and time.monotonic() < until:
            try:
                self._chunks.put(chunk, timeout=min(0.5, max(0.0, until - time.monotonic())))
            except queue.Full:
                continue
            self._waited_seconds += time.monotonic() - began
            self._handed_bytes += len(chunk)
            return
        if not self._over.is_set():
            waited = round(self._waited_seconds + time.monotonic() - began, 1)
            why = "silent" if left_seconds > SILENT_SECONDS else "slow"
            _log.warning("export_ended", why=why, handed_bytes=self._handed_bytes, waited_seconds=waited)
        self._over.set()
        raise ExportBroken("the reader went away, or was too slow")


class Export(Piped):
    """A file of orders on its way; which orders left is noted, also of one that broke off."""

    def __init__(
        self, db: Database, merchant_id: int, *, wanted: Filter, format_name: str, real: bool, columns: Sequence[str],
        begun: Begun,
    ) -> None:  # fmt: skip
        handed, chosen = Handed(begun.without), check_columns(columns)

        def write(tx: Tx, out: BinaryIO) -> None:
            content = content_of(tx, wanted=wanted, real=real, columns=chosen, handed=handed)
            write_file(find_format(format_name), content, out)

        super().__init__(
            db,
            merchant_id,
            write=write,
            ended=lambda: handed.keep(db, merchant_id, lookup_id=begun.lookup_id),
        )
