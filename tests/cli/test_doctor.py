"""The doctor names what is usually wrong, and the cure."""

import ctypes
import time
from pathlib import Path

import pytest

from tests.access.people import make_desk
from tests.databases import PostgresServer
from tocsin.cli import doctor
from tocsin.cli.doctor import look_at_clock, look_at_database, look_at_disk, look_at_parts
from tocsin.console.listen import listening
from tocsin.core.db import Database
from tocsin.core.ident import new_id
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
    monkeypatch.setattr("tocsin.cli.doctor.time.time", lambda: ahead)
    found = look_at_clock(settings)
    assert not found.sound and "seconds from the database's" in found.said


def test_this_machine_s_kernel_answers() -> None:
    assert look_at_clock(Settings()).what == "clock"


def test_a_server_that_answers_before_its_disk_is_named(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    name = f"desk_{new_id()}"
    postgres_server.sql(f"CREATE DATABASE {name}")
    settings = Settings(data_dir=str(tmp_path), database_url=postgres_server.url(name))
    assert look_at_database(settings).sound
    postgres_server.sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    found = look_at_database(settings)
    assert not found.sound and "synchronous_commit" in found.said


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
            1, "m", ("A",), (), (Part("前台", "paper_out"),), (Part("门口", "failed"),), {}, 0
        )
        monkeypatch.setattr("tocsin.console.fleet.read_fleet", lambda _: Fleet("1", db.dialect, (ill,)))
        found = look_at_parts(settings)
        assert not found.sound and "前台 (paper_out), 门口 (failed)" in found.said
    desk.close()
