"""The state machine, small: the sound desk stands it, and each guard that is taken away is missed."""

import shutil
from pathlib import Path

from tests.proofs.machine import drive, find_planted
from tocsin.core.db import Database
from tocsin.core.sqlite import SqliteDatabase
from tocsin.core.vault import Vault

# bin/prove machine takes each away
SOME = ("held_at_claim", "unchecked_at_claim", "acknowledged_once_for_all", "sent_again", "unknown_unseen")


def test_nothing_wrong_lost_or_twice_in_a_few_hundred_steps(db: Database) -> None:
    seen, wrong = drive(db, steps=200 if db.dialect == "sqlite" else 80, seed=5)
    assert not wrong, wrong
    assert seen["papers"] and seen["crashes"] and seen["asked_held"], seen


def test_a_guard_that_is_gone_is_missed(tmp_path: Path, sqlite_template: Path, vault: Vault) -> None:
    db = SqliteDatabase(Path(shutil.copy(sqlite_template, tmp_path / "desk.sqlite")), vault)
    try:
        found = find_planted(db, seed=3, guards=SOME)
    finally:
        db.close()
    assert [guard for guard in SOME if not found[guard]["said"]] == [], found
