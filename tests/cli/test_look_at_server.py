"""The doctor's looks at PostgreSQL, each broken on purpose."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace

from tests.databases import PostgresServer, find_postgres
from tocsin.cli import look_at_server
from tocsin.cli.look_at_server import (
    BESIDE_POOL_MOST,
    look_at_connections,
    look_at_database,
    look_at_its_disk,
    look_at_standby,
)
from tocsin.core.ident import new_id
from tocsin.settings import Settings


@pytest.fixture
def settings(postgres_server: PostgresServer, tmp_path: Path) -> Settings:
    name = f"desk_{new_id()}"
    postgres_server.sql(f"CREATE DATABASE {name}")
    return Settings(data_dir=str(tmp_path), database_url=postgres_server.url(name))


@pytest.fixture
def keeper(postgres_server: PostgresServer) -> Iterator[None]:
    """A server whose commits wait for a standby named `keeper`, which is away."""
    _name_standbys(postgres_server, "keeper")
    yield
    _name_standbys(postgres_server, "")


def _name_standbys(server: PostgresServer, names: str) -> None:
    server.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    server.sql("SELECT pg_reload_conf()")
    _await(server, f"SELECT 1 WHERE current_setting('synchronous_standby_names') = '{names}'")


def _await(server: PostgresServer, asked: str) -> None:
    until = time.monotonic() + 20
    while not server.sql(asked):
        assert time.monotonic() < until, asked
        time.sleep(0.02)


@contextmanager
def _standing_by(server: PostgresServer, folder: Path) -> Iterator[None]:
    """Receive the server's log as a synchronous standby would."""
    target = f"host=127.0.0.1 port={server.port} user=owner application_name=keeper"
    command = [find_postgres() / "pg_receivewal", "-D", folder, "--synchronous", "-d", target]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    try:
        _await(server, "SELECT 1 FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')")
        yield
    finally:
        process.terminate()
        process.wait(20)


def test_a_server_that_answers_before_its_disk_is_named(
    settings: Settings, postgres_server: PostgresServer
) -> None:
    assert look_at_database(settings).sound
    name = settings.database_url.rpartition("/")[2]
    postgres_server.sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    found = look_at_database(settings)
    assert not found.sound and "synchronous_commit" in found.said


def test_more_connections_than_it_lets_in_are_named(settings: Settings) -> None:
    assert look_at_connections(settings).sound
    found = look_at_connections(replace(settings, database_connections=500))
    assert not found.sound and "lower database_connections" in found.said


def test_each_process_that_runs_counts(settings: Settings) -> None:
    each = settings.database_connections + BESIDE_POOL_MOST
    with ExitStack() as running:
        for _ in range(197 // each + 1):
            life = psycopg.connect(settings.database_url, application_name="tocsin life")
            running.enter_context(life)
        found = look_at_connections(settings)
        assert not found.sound and found.said.startswith(f"{197 // each + 1} x {each} at most, of 197")


def test_a_standby_that_is_named_and_away_is_named(
    settings: Settings, keeper: None, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    found = look_at_standby(settings)
    assert not found.sound and "“keeper”" in found.said and "synchronous_standby_names" in found.said
    with _standing_by(postgres_server, tmp_path):
        assert look_at_standby(settings).sound and look_at_its_disk(settings, slow_ms=10_000.0).sound
        user = f"plain_{new_id()}"
        postgres_server.sql(f"CREATE ROLE {user} LOGIN")
        blind = replace(settings, database_url=settings.database_url.replace("owner@", f"{user}@"))
        found = look_at_standby(blind)
        assert found.sound and f"GRANT pg_monitor TO {user}" in found.said
        assert look_at_its_disk(blind, slow_ms=10_000.0).sound


def test_no_standby_is_named_by_most(settings: Settings) -> None:
    assert look_at_standby(settings).sound


@pytest.mark.parametrize(
    ("names", "count"),
    [("db2", 1), ("db2, db3", 1), ("ANY 2 (a, b, c)", 2), ("first 3 (a, b, c)", 3), ("2 (a, b)", 2), ('"7 (x"', 1)],
)  # fmt: skip
def test_for_how_many_a_commit_waits(names: str, count: int) -> None:
    assert look_at_server._how_many(names) == count


def test_its_own_disk_is_measured_not_this_machine_s(settings: Settings) -> None:
    slow = look_at_its_disk(settings, slow_ms=0.0)
    assert not slow.sound and "at PostgreSQL" in slow.said and "SSD" in slow.said
    assert look_at_its_disk(settings, slow_ms=10_000.0).sound
    assert not list(settings.path().iterdir()), "nothing is written here"


def test_a_change_that_does_not_become_durable_keeps_the_doctor_for_seconds(
    settings: Settings, keeper: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_at_server, "COMMIT_SECONDS_MOST", 0.2)
    found = look_at_its_disk(settings, slow_ms=10_000.0)
    assert not found.sound and "standby" in found.said


def test_one_that_is_away_is_told_once(tmp_path: Path) -> None:
    away = Settings(data_dir=str(tmp_path), database_url="postgresql://owner@127.0.0.1:1/none")
    assert not look_at_database(away).sound
    assert {look(away).said for look in (look_at_connections, look_at_standby)} == {"not asked"}
