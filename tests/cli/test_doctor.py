"""The doctor names what is usually wrong, and the cure."""

import ctypes
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import pytest

from tests.access.people import make_desk
from tests.databases import PostgresServer, lay_out
from tocsin.access.presence import StationState
from tocsin.cli import doctor
from tocsin.cli.doctor import LOOKS, look_at_clock, look_at_disk, look_at_files, look_at_parts, look_at_room
from tocsin.console.listen import listening
from tocsin.core import clock
from tocsin.core.db import Database
from tocsin.core.sqlite import engine
from tocsin.desk import Desk
from tocsin.fleet import Fleet, MerchantHealth, Part
from tocsin.settings import Settings


def test_a_slow_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data_dir=str(tmp_path))
    monkeypatch.setattr(doctor, "_SLOW_WRITE_MS", 10_000.0)
    assert look_at_disk(settings).sound
    monkeypatch.setattr("tocsin.cli.doctor.os.fsync", lambda _: time.sleep(0.002))
    monkeypatch.setattr(doctor, "_SLOW_WRITE_MS", 1.0)
    found = look_at_disk(settings)
    assert not found.sound and "SSD" in found.said


@pytest.mark.parametrize(("state", "said"), [(0, "agrees"), (5, "chrony"), (-1, "agrees")])
def test_what_the_kernel_knows_of_the_clock_is_told(
    monkeypatch: pytest.MonkeyPatch, state: int, said: str
) -> None:
    monkeypatch.setattr(
        ctypes, "CDLL", lambda *_, **__: type("libc", (), {"adjtimex": staticmethod(lambda _: state)})
    )
    found = look_at_clock(Settings())
    assert found.sound and said in found.said


def test_a_clock_that_is_apart_from_the_database_s_is_named(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=str(tmp_path), database_url=postgres_server.url("postgres"))
    assert look_at_clock(settings).sound
    ahead = time.time() + 7
    monkeypatch.setattr("tocsin.cli.look_at_server.time.time", lambda: ahead)
    found = look_at_clock(settings)
    assert not found.sound and "seconds from the database's" in found.said


def test_this_machine_s_kernel_answers() -> None:
    assert look_at_clock(Settings()).what == "clock"


def test_parts_that_need_somebody_are_named_where_a_desk_runs(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=str(tmp_path))
    assert "no desk runs" in look_at_parts(settings).said
    desk = Desk(settings, db)
    make_desk(db)
    with listening(desk):
        assert look_at_parts(settings).sound
        ill = MerchantHealth(
            1, "m", ("A",), (Part("电脑", "waits"),), (Part("前台", "paper_out"),),
            (Part("门口", "failed"), Part("仓库", "untried"), Part("后门", ""), Part("顶楼", "off")), {}, 0,
        )  # fmt: skip
        monkeypatch.setattr("tocsin.console.fleet.read_fleet", lambda _: Fleet("1", db.dialect, (ill,)))
        found = look_at_parts(settings)
        assert not found.sound and "前台 (paper_out), 门口 (failed), 后门 (never seen)" in found.said
        assert "try it, somebody has to hear it (Settings, Sirens): 仓库 (untried)" in found.said
        assert "an owner lets it go on (/restored): 电脑 (waits)" in found.said
    desk.close()


def happen(folder: Path, *days_ago: float) -> None:
    """Lay out a desk where something happened so many days ago, in this order."""
    with closing(engine.connect(str(folder / "desk.sqlite"), isolation_level=None)) as connection:
        for days in days_ago:
            at_us = clock.now_us() - int(days * 24 * 3600 * clock.SECOND_US)
            connection.execute(
                "INSERT INTO event (merchant_id, kind, subject_id, data, at_us) VALUES (0, 'x', 0, '{}', ?)",
                (at_us,),
            )


@pytest.mark.parametrize(
    ("days_ago", "said"),
    [
        ((), ""), ((1, 0.5), ""), ((300, 0), ""), ((1000, 1), "ahead"), ((900, 800), "ahead"), ((0, -3), "behind"),
        ((1, -1200, 0.5), ""),
    ],
    ids=["new", "sound", "a summer", "jumped ahead", "ahead since", "behind", "was ahead and is right again"],
)  # fmt: skip
def test_a_clock_that_is_far_off_is_known_by_when_things_happened(
    tmp_path: Path, days_ago: tuple[float, ...], said: str
) -> None:
    folder = tmp_path / "data"
    settings = Settings(data_dir=str(folder))
    assert look_at_clock(settings).sound, "before there is a desk"
    lay_out(folder)
    happen(folder, *days_ago)
    found = look_at_clock(settings)
    assert found.sound is not bool(said) and said in found.said
    assert found.sound or "chrony" in found.said


def test_a_disk_without_room_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data_dir=str(tmp_path))
    assert look_at_room(settings).sound
    monkeypatch.setattr("tocsin.cli.doctor.shutil.disk_usage", lambda _: SimpleNamespace(free=2 << 30))
    assert look_at_room(settings).sound
    with (tmp_path / "desk.sqlite").open("wb") as file:
        file.truncate(3 << 30)
    found = look_at_room(settings)
    assert not found.sound and "2.0 GB free" in found.said and "3.0 GB are needed" in found.said
    monkeypatch.setattr("tocsin.cli.doctor.shutil.disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    served = Settings(data_dir=str(tmp_path), database_url="postgresql://x")
    assert "1.0 GB are needed" in look_at_room(served).said and not look_at_room(served).sound


def test_fonts_that_are_missing_are_named_with_their_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    assert look_at_files(Settings()).sound
    monkeypatch.setattr(doctor, "_FILES", ("tickets/fonts/none.ttf",))
    found = look_at_files(Settings())
    assert not found.sound and "none.ttf" in found.said and "bin/setup" in found.said


def test_each_look_stands_in_the_documentation_with_its_cures(tmp_path: Path) -> None:
    told = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text("utf-8")
    names = [look(Settings(data_dir=str(tmp_path))).what for look in LOOKS]
    assert len(set(names)) == len(names)
    rows = [
        [cell.strip() for cell in line.split("|")] for line in told.splitlines() if line.startswith("| `")
    ]
    listed = {row[1].strip("`") for row in rows if len(row) == 6}
    assert listed == set(names) and all(all(row[1:5]) for row in rows if len(row) == 6)
    states = {*get_args(StationState), "untried", "unknown", "failed", "paper_out"} - {"revoked"}
    assert states <= {row[1].strip("`") for row in rows}
