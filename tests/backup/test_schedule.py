"""Backups by themselves: one when it is due, the newest kept, and an incident while none comes, which the next one ends."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.backup.installation import PASSPHRASE
from tests.backup.lived import Lived
from tocsin.alarm.record import Incident, open_incidents
from tocsin.backup import schedule
from tocsin.backup.place import Folder, Kept, PlaceBroken
from tocsin.backup.schedule import backup_loops, tend_backups
from tocsin.backup.seen import Seen, is_late, read_seen, see_place
from tocsin.cli.doctor import look_at_backups
from tocsin.core.clock import now_us
from tocsin.core.db import Database
from tocsin.opening import open_database
from tocsin.settings import Settings


def late(db: Database, lived: Lived) -> list[Incident]:
    return [one for one in db.read(lived.merchant_id, open_incidents) if one.kind == schedule.LATE]


@pytest.fixture
def settings(lived: Lived, tmp_path: Path) -> Settings:
    (tmp_path / "phrase").write_text(PASSPHRASE, "utf-8")
    return Settings(
        data_dir=lived.settings.data_dir, database_url=lived.settings.database_url, backup_to=str(tmp_path / "kept"),
        backup_passphrase_file=str(tmp_path / "phrase"), backup_keep=1,
    )  # fmt: skip


@pytest.fixture
def open_db(settings: Settings) -> Iterator[Database]:
    db = open_database(settings)
    yield db
    db.close()


def make_older(place: Path, *, hours: int) -> Path:
    """Let the newest backup be older than it is; return its file."""
    newest = Folder(place).listed()[-1]
    then = newest.made_at() - timedelta(hours=hours)
    older = place / newest.name.replace(newest.name[-23:-8], then.strftime("%Y%m%dT%H%M%S"))
    return (place / newest.name).rename(older)


def test_a_backup_is_made_when_it_is_due_and_missed_where_it_is_not(
    lived: Lived, settings: Settings, open_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, db = Path(settings.backup_to), open_db
    assert len(backup_loops(settings, db, is_closing=lambda: False)) == 1
    monkeypatch.setattr(schedule, "_make", lambda *_: "")
    tend_backups(settings, db)
    tend_backups(settings, db)
    assert [one.why for one in late(db, lived)] == [schedule.LATE]
    monkeypatch.undo()
    tend_backups(settings, db)
    (first,) = Folder(place).listed()
    assert (late(db, lived), read_seen(settings).newest_us > 0) == ([], True)
    tend_backups(settings, db)
    assert Folder(place).listed() == [first], "the next one is not due"
    old = make_older(place, hours=50)
    assert is_late(settings, see_place(settings, read_seen(settings)))
    told = look_at_backups(settings)
    assert (told.sound, told.said.startswith("the newest is 50 hours old")) == (False, True)
    tend_backups(settings, db)
    (kept,) = Folder(place).listed()
    assert look_at_backups(settings).sound
    assert kept.name != old.name, "the old one is gone: one is kept"


def look(settings: Settings, db: Database) -> None:
    """Let the desk see what lies in the place; nothing is due."""
    tend_backups(replace(settings, backup_hours=1_000), db)


def test_a_disk_that_is_not_mounted_gets_no_backup_and_is_told(
    lived: Lived, settings: Settings, open_db: Database, tmp_path: Path
) -> None:
    place, disk, db = Path(settings.backup_to), tmp_path / "disk", open_db
    tend_backups(settings, db)
    for hours, is_told in ((30, False), (30, True)):
        make_older(place, hours=hours)
        look(settings, db)
        place.rename(disk)
        for mount_point in (False, True):
            if mount_point:
                place.mkdir()
            tend_backups(settings, db)
            assert (Folder(place).listed(), place.exists()) == ([], mount_point)
            said = look_at_backups(settings)
            assert not said.sound and "mount its disk" in said.said
        assert [(one.why, "mount its disk" in one.why_fields()["problem"]) for one in late(db, lived)] == (
            [(schedule.FAILED, True)] if is_told else []
        ), "late is what is twice as old as it may be"
        place.rmdir()
        disk.rename(place)
    tend_backups(settings, db)
    assert (late(db, lived), len(Folder(place).listed())) == ([], 1), "back again, one is made"
    other = tmp_path / "other"
    tend_backups(replace(settings, backup_to=str(other)), db)
    assert len(Folder(other).listed()) == 1, "another place begins with its first"


def test_a_look_that_fails_makes_none_late(
    lived: Lived, settings: Settings, open_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tend_backups(settings, open_db)

    def away(_: Folder, installation: str = "") -> list[Kept]:
        raise PlaceBroken(place="kept", problem="it is away")

    with monkeypatch.context() as broken:
        broken.setattr(Folder, "listed", away)
        tend_backups(settings, open_db)
        assert late(open_db, lived) == []
        assert "it is away" in read_seen(settings).problem
    tend_backups(settings, open_db)
    assert read_seen(settings).problem == ""
    make_older(Path(settings.backup_to), hours=50)
    look(settings, open_db)
    monkeypatch.setattr(Folder, "listed", away)
    tend_backups(settings, open_db)
    assert [one.why_fields()["problem"] for one in late(open_db, lived)] == [read_seen(settings).problem]


def test_why_a_backup_failed_is_told(
    lived: Lived, settings: Settings, open_db: Database, tmp_path: Path
) -> None:
    for place, why in ((tmp_path / "file", "File exists"), (tmp_path / "file" / "below", "Not a directory")):
        (tmp_path / "file").write_text("", "utf-8")
        wrong = replace(settings, backup_to=str(place))
        tend_backups(wrong, open_db)
        told = look_at_backups(wrong)
        assert (told.sound, why in told.said) == (False, True), told.said
        (incident,) = late(open_db, lived)
        assert (incident.why, why in incident.why_fields()["problem"]) == (schedule.FAILED, True)
    tend_backups(settings, open_db)
    assert (late(open_db, lived), look_at_backups(settings).sound) == ([], True)


def test_machines_of_which_one_reaches_no_place_raise_no_storm(
    lived: Lived, settings: Settings, open_db: Database
) -> None:
    far, near = Seen("kept", 1, "it is away"), Seen("kept", now_us())
    raised = []
    for _ in range(3):
        for seen in (far, near):
            schedule._tell(open_db, settings, seen)
            raised += late(open_db, lived)
    assert [one.why for one in raised] == [schedule.FAILED]


def test_without_a_place_nothing_is_made(lived: Lived) -> None:
    assert backup_loops(lived.settings, None, is_closing=lambda: False) == []  # type: ignore[arg-type]
