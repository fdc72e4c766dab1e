"""Watches the journal's seal: makes checkpoints as entries settle, and looks daily whether all still agree."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tocsin.alarm.signal import Signal, send_signal
from tocsin.core.db import Database
from tocsin.core.log import get_log
from tocsin.core.loop import for_each_merchant, rest_after
from tocsin.core.seal import keep_checkpoint, seal_journal
from tocsin.core.seal_verify import verify_journal

_log = get_log("seal")


def seal_journals(db: Database, folder: Path) -> int:
    """Seal what has settled, of each merchant; return how many checkpoints were made."""
    begun_us = db.begun_us()

    def seal(merchant_id: int) -> int:
        found = db.write(merchant_id, partial(seal_journal, begun_us=begun_us))
        if found is None:
            return 0
        keep_checkpoint(kept_path(folder, merchant_id), found)
        return 1

    return for_each_merchant(db, seal)


class _Ends(Exception):
    """The desk ends: the rest is for another day."""


def verify_journals(db: Database, folder: Path, *, is_closing: Callable[[], bool] = lambda: False) -> int:
    """Verify each merchant's journal, with rests; a breach is told to the alarm. Return how many there are.

    Args:
        is_closing: whether to leave what is left for another time.
    """
    began = time.monotonic()

    def rest() -> None:
        nonlocal began
        if is_closing():
            raise _Ends
        rest_after(began)
        began = time.monotonic()

    def verify(merchant_id: int) -> int:
        try:
            found = verify_journal(db, merchant_id, kept=kept_path(folder, merchant_id), turn=rest)
        except _Ends:
            return 0
        if found is None:
            return 0
        _log.error("seal_broken", merchant_id=merchant_id, why=found.why, size=found.size)
        told = Signal(
            kind="seal_broken", method="seal", subject="journal", data={"why": found.why, "size": found.size}
        )
        db.write(merchant_id, lambda tx: send_signal(tx, told))
        return 1

    return for_each_merchant(db, verify, again=False)  # all journals are too much to read every second


def kept_path(folder: Path, merchant_id: int) -> Path:
    """Return the file that keeps a merchant's newest checkpoint outside the database."""
    return folder / f"{merchant_id}.json"
