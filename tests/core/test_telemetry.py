"""Telemetry: what is slow is told with the boxes that were waited for, and a change with the time until it was durable."""

import io
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.core.test_log import stream as stream
from tests.databases import PostgresServer
from tests.house import make_house
from tests.proofs.running import wait_until
from tocsin.core.db import Database, Tx
from tocsin.core.ident import new_id
from tocsin.core.journal import read_journal, write_journal
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.telemetry import watch, within
from tocsin.core.tenant import list_shops
from tocsin.core.vault import Vault

_WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'journal'::regclass"


class Heard:
    """Keeps what was told."""

    def __init__(self) -> None:
        self.ended = list[tuple[str, str]]()

    def begin(self, kind: str, name: str, *, beside: Sequence[str]) -> None:
        """Nothing to keep."""

    def end(self, _: Any, kind: str, name: str, *, seconds: float, failed: bool, idle: bool) -> None:
        self.ended.append((kind, name))

    def count(self, what: str, name: str) -> None:
        """Nothing to keep."""


@pytest.fixture
def server_db(postgres_server: PostgresServer, postgres_template: str) -> Iterator[PostgresDatabase]:
    """One of its own: its tables are locked and given triggers."""
    name = f"own_{new_id()}"
    postgres_server.copy(postgres_template, name)
    made = PostgresDatabase(postgres_server.url(name), Vault(b"k" * 32), connections=4)
    yield made
    made.close()


@contextmanager
def watched(*watchers: Heard, slow_ms: int = 0) -> Iterator[None]:
    watch(*watchers, slow_ms=slow_ms)
    try:
        yield
    finally:
        watch(slow_ms=0)


def slow_lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, stream.getvalue().splitlines()) if line["event"] == "slow"]


def wait_for_the_journal(db: PostgresDatabase, verb: Any, merchant_id: int) -> None:
    """Run a verb that has to wait for a lock on the journal for a moment."""
    with psycopg.connect(db.url) as beside, psycopg.connect(db.url, autocommit=True) as looking:
        beside.execute("LOCK TABLE journal")
        thread = threading.Thread(target=db.write, args=(merchant_id, verb))
        thread.start()
        assert wait_until(lambda: looking.execute(_WAITS).fetchone()[0], seconds=10)  # type: ignore[index]
        looking.execute("SELECT pg_sleep(0.1)")
        beside.rollback()
        thread.join(10)


def test_a_slow_statement_names_the_boxes_whose_statements_went_with_it(
    server_db: PostgresDatabase, stream: io.StringIO
) -> None:
    db = server_db
    house = make_house(db)

    def asks(tx: Tx) -> None:
        for n in range(3):
            write_journal(tx, house.actor(), verb="test.note", subject=f"secret:{n}")
        list_shops(tx)
        list_shops(tx)

    def ends(tx: Tx) -> None:
        write_journal(tx, house.actor(), verb="test.note", subject="secret:4")

    with watched(slow_ms=90):
        wait_for_the_journal(db, asks, house.merchant_id)
        wait_for_the_journal(db, ends, house.merchant_id)
    told = [(line["box"], line["with"]) for line in slow_lines(stream) if line["did"] == "statement"]
    assert told == [("core.tenant", ["core.journal"]), ("core.later", ["core.journal"])]
    assert "secret" not in stream.getvalue()
    assert len(db.read(house.merchant_id, read_journal)) == 4


def test_what_was_added_is_told_as_added_and_what_it_went_with_once(db: Database) -> None:
    house, heard = make_house(db), Heard()

    def verb(tx: Tx) -> None:
        write_journal(tx, house.actor(), verb="test.note", subject="note:1")
        list_shops(tx)

    with watched(heard):
        db.write(house.merchant_id, verb)
    server = db.dialect == "postgresql"
    assert heard.ended == [
        ("added" if server else "statement", "core.journal"),
        ("statement", "core.tenant"),
        ("commit", "core.postgres" if server else "core.writer"),
        ("write", __name__),
    ]


def test_a_commit_is_timed_and_the_end_of_what_only_reads_is_not(db: Database) -> None:
    house, heard = make_house(db), Heard()
    with watched(heard):
        db.read(house.merchant_id, list_shops)
        assert ("read", "core.tenant") in heard.ended and not [
            one for one in heard.ended if one[0] == "commit"
        ]
        db.write_each(house.merchant_id, [list_shops, list_shops])
    name = "core.postgres" if db.dialect == "postgresql" else "core.writer"
    assert [one[1] for one in heard.ended if one[0] == "commit"] == [name]
    assert not [box for kind, box in heard.ended if kind in ("read", "write") and box != "core.tenant"]


def test_a_commit_that_is_waited_for_is_slow(server_db: PostgresDatabase, stream: io.StringIO) -> None:
    """As one that waits for a standby: a trigger is put off until then."""
    db = server_db
    house = make_house(db)
    with psycopg.connect(db.url, autocommit=True) as owner:
        owner.execute(
            "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.1); RETURN NULL; END $$"
        )
        owner.execute(
            "CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON journal DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION wait()"
        )
    with watched(slow_ms=90):
        db.write(
            house.merchant_id,
            lambda tx: write_journal(tx, house.actor(), verb="test.note", subject="note:1"),
        )
    assert [(line["did"], line["box"]) for line in slow_lines(stream)] == [
        ("commit", "core.postgres"),
        ("write", __name__),
    ]


def test_where_nobody_watches_a_verb_is_itself() -> None:
    assert within(list_shops) is list_shops
    with watched(Heard()):
        assert within(list_shops) is not list_shops
