"""Watches the journal's seal: makes checkpoints as entries settle, and looks daily whether all still agree."""

from functools import partial
from pathlib import Path

from tocsin.alarm.signal import Signal, send_signal
from tocsin.core.db import DIRECTORY_SCOPE, Database
from tocsin.core.log import get_log
from tocsin.core.seal import keep_checkpoint, seal_journal, verify_journal
from tocsin.core.tenant import list_merchants

_log = get_log("seal")


def seal_journals(db: Database, folder: Path) -> int:
    """Seal what has settled, of each merchant; return how many checkpoints were made."""
    made, begun_us = 0, db.begun_us()
    for merchant in db.read(DIRECTORY_SCOPE, list_merchants):
        found = db.write(merchant.id, partial(seal_journal, begun_us=begun_us))
        if found is not None:
            keep_checkpoint(kept_path(folder, merchant.id), found)
            made += 1
    return made


def verify_journals(db: Database, folder: Path) -> int:
    """Verify each merchant's journal; a breach is told to the alarm. Return how many there are."""
    breaches = 0
    for merchant in db.read(DIRECTORY_SCOPE, list_merchants):
        found = verify_journal(db, merchant.id, kept=kept_path(folder, merchant.id))
        if found is None:
            continue
        breaches += 1
        _log.error("seal_broken", merchant_id=merchant.id, why=found.why, size=found.size)
        told = Signal(
            kind="seal_broken", method="seal", subject="journal", data={"why": found.why, "size": found.size}
        )
        db.write(merchant.id, lambda tx, told=told: send_signal(tx, told))  # type: ignore[misc]
    return breaches


def kept_path(folder: Path, merchant_id: int) -> Path:
    """Return the file that keeps a merchant's newest checkpoint outside the database."""
    return folder / f"{merchant_id}.json"
