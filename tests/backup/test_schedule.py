"""Backups by themselves: one when it is due, the newest kept, and an incident while none comes, which the next one ends."""

from pathlib import Path

import pytest

from tests.backup.installation import PASSPHRASE
from tests.backup.lived import Lived
from tocsin.alarm.record import open_incidents
from tocsin.backup import schedule
from tocsin.backup.place import Folder
from tocsin.backup.schedule import backup_loops, is_late, newest_age_seconds, tend_backups
from tocsin.cli.doctor import look_at_backups
from tocsin.core.db import Database
from tocsin.opening import open_database
from tocsin.settings import Settings


def late(db: Database, lived: Lived) -> list[str]:
    return [one.kind for one in db.read(lived.merchant_id, open_incidents) if one.kind == schedule.LATE]


def test_a_backup_is_made_when_it_is_due_and_missed_where_it_is_not(
    lived: Lived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "kept"
    (tmp_path / "phrase").write_text(PASSPHRASE, "utf-8")
    settings = Settings(
        data_dir=lived.settings.data_dir, database_url=lived.settings.database_url, backup_to=str(place),
        backup_passphrase_file=str(tmp_path / "phrase"), backup_keep=1,
    )  # fmt: skip
    db = open_database(settings)
    try:
        assert len(backup_loops(settings, db, is_closing=lambda: False)) == 1
        monkeypatch.setattr(schedule, "_make", lambda *_: None)
        tend_backups(settings, db)
        tend_backups(settings, db)
        assert late(db, lived) == [schedule.LATE]
        monkeypatch.undo()
        tend_backups(settings, db)
        (first,) = Folder(place).listed()
        assert (late(db, lived), newest_age_seconds(settings) is not None) == ([], True)
        tend_backups(settings, db)
        assert Folder(place).listed() == [first], "the next one is not due"
        old = place / first.name.replace(first.name[-23:-19], "2020")
        (place / first.name).rename(old)
        assert is_late(settings, newest_age_seconds(settings))
        told = look_at_backups(settings)
        assert (told.sound, told.said.startswith("the newest is")) == (False, True)
        tend_backups(settings, db)
        (kept,) = Folder(place).listed()
        assert look_at_backups(settings).sound
        assert kept.name != old.name, "the old one is gone: one is kept"
    finally:
        db.close()


def test_without_a_place_nothing_is_made(lived: Lived) -> None:
    assert backup_loops(lived.settings, None, is_closing=lambda: False) == []  # type: ignore[arg-type]
