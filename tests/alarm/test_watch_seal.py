"""A broken seal is told to the alarm; a whole one is not."""

from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from tests.house import make_house
from tocsin.alarm.table import signal
from tocsin.alarm.watch_seal import kept_path, seal_journals, verify_journals
from tocsin.core import clock
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Database
from tocsin.core.journal import write_journal
from tocsin.core.seal import Checkpoint
from tocsin.core.statement import Statement, own

TOLD = Statement[tuple[str, str]](sa.select(signal.c.kind, signal.c.data).where(own(signal)))


def test_a_journal_that_was_cut_short_is_told_to_the_alarm(db: Database, tmp_path: Path) -> None:
    house = make_house(db)
    db.write(house.merchant_id, lambda tx: write_journal(tx, house.actor(), verb="x", subject="order:1"))
    clock.shift_clock(2 * MINUTE_US)
    assert seal_journals(db, tmp_path) == 1
    assert seal_journals(db, tmp_path) == 0
    assert verify_journals(db, tmp_path) == 0
    told = lambda: db.read(house.merchant_id, lambda tx: tx.rows(TOLD))
    assert told() == []
    path = kept_path(tmp_path, house.merchant_id)
    kept = msgspec.json.decode(path.read_bytes(), type=Checkpoint)
    path.write_bytes(
        msgspec.json.encode(msgspec.structs.replace(kept, size=9))
    )  # one that the database has lost
    assert verify_journals(db, tmp_path) == 1
    ((kind, data),) = told()
    assert (kind, msgspec.json.decode(data)) == ("seal_broken", {"why": "shortened", "size": 9})


def test_others_go_between_and_a_desk_that_ends_waits_for_no_journal(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, rests = make_house(db), list[float]()
    db.write(house.merchant_id, lambda tx: write_journal(tx, house.actor(), verb="x", subject="order:1"))
    clock.shift_clock(2 * MINUTE_US)
    assert seal_journals(db, tmp_path) == 1
    monkeypatch.setattr("tocsin.core.loop.time.sleep", rests.append)
    assert verify_journals(db, tmp_path) == 0
    assert len(rests) >= 3 and all(0 < rest <= 0.05 for rest in rests)
    path = kept_path(tmp_path, house.merchant_id)
    kept = msgspec.json.decode(path.read_bytes(), type=Checkpoint)
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(kept, root="00")))
    read = len(rests)
    assert verify_journals(db, tmp_path, is_closing=lambda: True) == 0 and len(rests) == read
    assert verify_journals(db, tmp_path) == 1, "the next one finds what that one left"
