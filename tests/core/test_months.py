"""The lines of orders in months, on PostgreSQL: the same keys, walls and rows; nothing is refused for lack of a month."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from tests.counter import Counter, open_counter
from tests.databases import PostgresServer
from tocsin.backup.postgres_copy import Snapshot
from tocsin.cli.doctor import look_at_months
from tocsin.cli.main import cli
from tocsin.core import clock
from tocsin.core.db import DESK_ROLE
from tocsin.core.ident import made_at_us, made_by, new_id, older_maker
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.vault import Vault
from tocsin.migrations import months
from tocsin.migrations.months import (
    MONTHLY,
    IdsAhead,
    MonthsBusy,
    TableBusy,
    extend_months,
    month_at,
    partition_lines,
    parts_of,
)
from tocsin.orders.amend import Amendment
from tocsin.orders.store import list_revisions
from tocsin.settings import Settings

_MONTH_US = 31 * clock.DAY_US
_KEYS = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = ANY(%s::regclass[]) ORDER BY 1"

_BOUND = "SELECT conname FROM pg_constraint WHERE conname = 'months_bound'"
_READ = "SELECT 1 FROM order_line"


@pytest.fixture
def url(postgres_server: PostgresServer, postgres_template: str) -> str:
    name = f"months_{new_id()}"
    postgres_server.copy(postgres_template, name)
    return postgres_server.url(name)


@pytest.fixture
def counter(url: str) -> Iterator[Counter]:
    db = PostgresDatabase(url, Vault(b"k" * 32), connections=4)
    with open_counter(db) as made:
        yield made
    db.close()


@contextmanager
def at(instant_us: int) -> Iterator[None]:
    """Let this thread, and the ids that it makes, be of an instant."""
    with clock.stood_at(instant_us), made_by(older_maker()):
        yield


def ask(url: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement, values).fetchall()


def copied(url: str) -> dict[str, list[bytes]]:
    """Return the rows of the tables in months as a backup has them."""
    snapshot = Snapshot(url)
    try:
        return {
            table.name: sorted(b"".join(snapshot.parts(table)).splitlines())
            for table in snapshot.tables
            if table.name in MONTHLY
        }
    finally:
        snapshot.close()


def test_what_was_there_stays_and_what_comes_goes_into_its_month(counter: Counter, url: str) -> None:
    taken = counter.take()
    counter.amend(taken.order_id, 1, Amendment(merchant_note="before"), "before")
    keys, before = ask(url, _KEYS, [*MONTHLY]), copied(url)
    assert len(before["order_line"]) == 2
    said: list[str] = []
    assert partition_lines(url, said.append) == 1
    assert partition_lines(url, said.append) == 0, "a second time changes nothing"
    assert ask(url, _KEYS, [*MONTHLY]) == keys and copied(url) == before
    counter.amend(taken.order_id, 2, Amendment(merchant_note="after"), "after")
    history = counter.ask(list_revisions, order_id=taken.order_id)
    assert [entry.reason for entry in history][:2] == ["after", "before"]
    for later in (2, 3):
        month = month_at(clock.now_us(), later=later)
        with at(made_at_us(month.low)):
            order_id = counter.take().order_id
        for table in MONTHLY:
            where = ask(url, f"SELECT tableoid::regclass::text FROM {table} WHERE order_id = %s", order_id)
            assert where == [(f"{table}_{month.name}",)]
        assert counter.order(order_id).revision == 1


def test_orders_beyond_the_months_wait_and_go_into_theirs_when_it_is_made(counter: Counter, url: str) -> None:
    partition_lines(url, lambda _said: None)
    settings = Settings(database_url=url)
    assert look_at_months(settings).sound and "order_line" in look_at_months(settings).said
    held = "SELECT tableoid::regclass::text FROM order_line WHERE order_id = %s"
    with at(clock.now_us() + 7 * _MONTH_US):
        month = month_at(clock.now_us()).name
        assert f"order_line_{month}" in look_at_months(settings).said and not look_at_months(settings).sound
        order_id = counter.take().order_id
        assert ask(url, held, order_id) == [("order_line_later",)]
        before = copied(url)
        assert extend_months(url) == 4
        assert extend_months(url) == 0
        assert ask(url, held, order_id) == [(f"order_line_{month}",)] and copied(url) == before
        assert look_at_months(settings).sound


def test_the_walls_stand_before_each_month_too(counter: Counter, url: str) -> None:
    counter.take()
    partition_lines(url, lambda _said: None)
    counter.take()
    with psycopg.connect(url, autocommit=True) as connection:
        parts = [part for table in MONTHLY for part in parts_of(connection, table)]
        assert len(parts) == 1 + 2 + 1
        forced = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relname = ANY(%s) AND relrowsecurity AND relforcerowsecurity",
            ([*parts, *MONTHLY],),
        ).fetchone()
        assert forced == (len(parts) + len(MONTHLY),)
        connection.execute(f"SET ROLE {DESK_ROLE}")
        connection.execute(
            "SELECT set_config('tocsin.merchant', %s, false)", (str(counter.house.merchant_id),)
        )
        assert connection.execute("SELECT count(*) FROM order_line").fetchone() == (2,)
        connection.execute("SET tocsin.merchant = '1'")
        assert connection.execute("SELECT count(*) FROM order_line").fetchone() == (0,)
        for statement in (
            *(f"SELECT 1 FROM {part}" for part in parts),
            "DELETE FROM order_line",
            "UPDATE order_line SET title = ''",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_orders_come_in_while_months_are_made(counter: Counter, url: str) -> None:
    ended, came = threading.Event(), list[int]()

    def work() -> None:
        while not ended.is_set() or len(came) < 5:
            came.append(counter.take().order_id)

    threads = [threading.Thread(target=work) for _ in range(2)]
    [thread.start() for thread in threads]
    try:
        partition_lines(url, lambda _said: None)
    finally:
        ended.set()
        [thread.join() for thread in threads]
    assert len(copied(url)["order_line"]) == len(came) == len(set(came))


def test_what_was_broken_off_is_as_it_was(
    counter: Counter, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.take()
    before = copied(url)
    with monkeypatch.context() as patched:
        patched.setattr("tocsin.migrations.months._drop_bounds", lambda _connection: None)  # as who is killed
        patched.setattr("tocsin.migrations.months.walls_of", lambda *_: ["SELECT broken"])
        with pytest.raises(psycopg.errors.UndefinedColumn):
            partition_lines(url, lambda _said: None)
    assert ask(url, _BOUND) == [("months_bound",)] and copied(url) == before
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_advisory_lock(7180718)")
        assert extend_months(url) == 0, "somebody is at it"
        with pytest.raises(MonthsBusy):
            partition_lines(url, lambda _said: None)
    assert extend_months(url) == 0 and ask(url, _BOUND) == []
    partition_lines(url, lambda _said: None)
    assert copied(url) == before


@pytest.fixture
def reader(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection[Any]]:
    """A client whose transactions stay open, as those of a backup; nobody waits long for it."""
    monkeypatch.setattr(months, "_PATIENCE", "SET lock_timeout = '50ms'")
    monkeypatch.setattr(months, "_TRIES", 2)
    monkeypatch.setattr(months, "_PAUSE_SECONDS", 0.0)
    with psycopg.connect(url) as connection:
        yield connection


@pytest.mark.parametrize("from_then", ["_swap", "_run"])
def test_a_table_in_use_all_the_time_is_told_and_is_as_it_was(
    reader: psycopg.Connection[Any], url: str, monkeypatch: pytest.MonkeyPatch, from_then: str
) -> None:
    """In use from the beginning, or only from the moment when its rows were read."""
    true = getattr(months, from_then)

    def used_from_then(*given: Any, **named: Any) -> None:
        reader.execute(_READ)
        true(*given, **named)

    monkeypatch.setattr(months, from_then, used_from_then)
    with pytest.raises(TableBusy, match="order_line"):
        partition_lines(url, lambda _said: None)
    reader.rollback()
    assert extend_months(url) == 0 and ask(url, _BOUND) == [], "what was left is taken away by the next turn"
    monkeypatch.setattr(months, from_then, true)
    monkeypatch.setattr(months.time, "sleep", lambda _: reader.rollback())
    reader.execute(_READ)
    assert partition_lines(url, lambda _said: None) == 1, "in use for a moment"


def test_orders_of_the_future_are_told(counter: Counter, url: str) -> None:
    with at(clock.now_us() + 4 * _MONTH_US):
        counter.take()
    with pytest.raises(IdsAhead, match="order_line"):
        partition_lines(url, lambda _said: None)
    assert ask(url, _BOUND) == []
    assert counter.take()


def test_the_command(url: str) -> None:
    for said in ("order_line_later", "already"):
        found = CliRunner().invoke(cli, ["partition", "--database-url", url])
        assert found.exit_code == 0 and said in found.output
    assert CliRunner().invoke(cli, ["partition", "--data-dir", "nowhere"]).exit_code == 2
