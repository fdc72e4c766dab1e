"""What a transaction on PostgreSQL waits for, and how it ends: nobody is kept by a line that fell silent, nor for long by a lock."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import psycopg
import pytest
import sqlalchemy as sa

from tests.core.test_gather import carry
from tests.databases import PostgresServer
from tests.house import House, make_draft, make_house
from tests.proofs.running import wait_until
from tocsin.core import postgres, reaching
from tocsin.core.db import Tx
from tocsin.core.errors import DatabaseAway, DatabaseBusy, Outage
from tocsin.core.event import append_event, take_events
from tocsin.core.gather import Outcome
from tocsin.core.journal import read_journal, write_journal
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.postgres_end import ConnectionLost
from tocsin.core.statement import Statement
from tocsin.core.vault import Vault
from tocsin.orders.intake import take_in

Open = Callable[[], PostgresDatabase]
_PID = Statement[tuple[int]](sa.text("SELECT pg_backend_pid()"))
_SHOP = Statement[None](sa.text("UPDATE shop SET name = 'other' WHERE merchant_id = :merchant_id"))


@pytest.fixture
def open_db(postgres_server: PostgresServer, name: str) -> Iterator[Open]:
    opened = list[PostgresDatabase]()

    def open_() -> PostgresDatabase:
        opened.append(PostgresDatabase(postgres_server.url(name), Vault(b"k" * 32), connections=4))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


@contextmanager
def holding(db: PostgresDatabase, statement: str) -> Iterator[None]:
    """Somebody at the server's own prompt has something locked."""
    with psycopg.connect(db.url) as other:
        other.execute(statement)
        yield
        other.rollback()


def show(db: PostgresDatabase, setting: str) -> str:
    return str(db.read(0, lambda tx: tx.value(Statement[tuple[str]](sa.text(f"SHOW {setting}")))))


def test_who_stands_still_within_a_change_keeps_nobody_and_makes_it_once_later(
    open_db: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy = open_db()
    house, other = make_house(healthy), make_house(healthy, code="OT")
    begun, goes_on = threading.Event(), threading.Event()
    told, tried = list[str](), list[int]()
    monkeypatch.setitem(reaching.PATIENCE_THERE, "idle_in_transaction_session_timeout", "1s")
    frozen = open_db()

    def take(tx: Tx, of: str) -> str:
        return take_in(tx, house.actor(), make_draft(external_id=of, shop=house.shop.code)).number

    def stand_still(tx: Tx) -> str:
        tried.append(1)
        number = take(tx, "frozen")
        if len(tried) == 1:
            begun.set()
            assert goes_on.wait(30)
        return number

    thread = threading.Thread(target=lambda: told.append(frozen.write(house.merchant_id, stand_still)))
    thread.start()
    try:
        assert begun.wait(10)
        healthy.write(other.merchant_id, partial(append_event, kind="test.said", subject_id=1))
        number = healthy.write(house.merchant_id, partial(take, of="healthy"))
        heard = healthy.write(other.merchant_id, partial(take_events, consumer="test"))
        assert "test.said" in [one.kind for one in heard], "no reader passes what was begun before it"
    finally:
        goes_on.set()
        thread.join(30)
    assert len(tried) == 2 and len({number, *told}) == 2


def test_what_the_server_ended_before_its_commit_is_known_not_to_be_made(
    open_db: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(reaching.PATIENCE_THERE, "idle_in_transaction_session_timeout", "500ms")
    db, pids = open_db(), list[int]()
    house = make_house(db)

    def verb(tx: Tx) -> int:
        write_journal(tx, house.actor(), verb="test.note", subject="note")
        pids.append(tx.value(_PID))
        if len(pids) == 1:
            with psycopg.connect(db.url, autocommit=True) as other:
                there = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
                assert wait_until(lambda: other.execute(there, pids).fetchone() == (0,), seconds=10)
        return 7

    assert db.write(house.merchant_id, verb) == 7
    assert len(pids) == 2 and len(noted(db, house)) == 1


def test_the_server_is_told_how_long_it_waits_for_whom(open_db: Open) -> None:
    db = open_db()
    assert {name: show(db, name) for name in reaching.PATIENCE_THERE} == {
        "tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3", "tcp_user_timeout": "15000",
        "idle_in_transaction_session_timeout": "30s", "client_min_messages": "warning",
    }  # fmt: skip
    assert (show(db, "lock_timeout"), show(db, "client_connection_check_interval")) == ("5s", "5s")
    with db.snapshot(0) as tx:
        found = [
            tx.value(Statement[tuple[str]](sa.text(f"SHOW {name}")))
            for name in ("idle_in_transaction_session_timeout", "lock_timeout")
        ]
    assert found == ["10min", "0"], "who reads slowly keeps nobody"
    with db.connect_alone() as alone:
        assert alone.execute("SHOW tcp_keepalives_idle").fetchone() == ("10",)
        assert alone.execute("SELECT current_user").fetchone() == ("tocsin_desk",)


def test_a_server_that_keeps_its_warnings_to_itself_is_told_to_give_them(
    postgres_server: PostgresServer, name: str, open_db: Open
) -> None:
    postgres_server.sql(f"ALTER DATABASE {name} SET client_min_messages = error")
    assert show(open_db(), "client_min_messages") == "warning"


def noted(db: PostgresDatabase, house: House) -> list[str]:
    found = db.read(house.merchant_id, read_journal)
    return sorted(one.subject for one in found if one.verb == "test.note")


def note(tx: Tx, house: House, n: int, tried: list[int]) -> int:
    tried.append(n)
    write_journal(tx, house.actor(), verb="test.note", subject=f"note:{n}")
    if n == 2:
        tx.run(_SHOP)
    return n


def test_a_lock_is_waited_for_so_long_and_no_longer_and_all_of_a_group_are_told_at_once(
    open_db: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LOCK_PATIENCE", "200ms")
    db, tried = open_db(), list[int]()
    house = make_house(db)
    verbs = [partial(note, house=house, n=n, tried=tried) for n in range(1, 4)]
    with holding(db, f"UPDATE shop SET name = name WHERE merchant_id = {house.merchant_id}"):
        with pytest.raises(DatabaseBusy):
            db.write(house.merchant_id, verbs[1])
        assert tried == [2], "it is not made again by itself"
        told = db.write_each(house.merchant_id, verbs)
        assert [type(one.fault) for one in told] == [DatabaseBusy] * 3
        assert tried[1:] == [1, 2], "nor is any of them alone"
        db.read(house.merchant_id, read_journal)
    tried.clear()
    with holding(db, f"SELECT pg_advisory_xact_lock({house.merchant_id})"):
        found = carry(*(partial(db.write_together, house.merchant_id, verb) for verb in verbs))
        assert [type(one) for one in found] == [DatabaseBusy] * 3 and not tried
    assert noted(db, house) == []
    assert carry(*(partial(db.write_together, house.merchant_id, verb) for verb in verbs)) == [1, 2, 3]
    assert noted(db, house) == ["note:1", "note:2", "note:3"]


def test_after_a_lost_connection_the_first_that_finds_no_server_tells_it_for_all(
    open_db: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    db, asked = open_db(), list[int]()

    @contextmanager
    def away(*_: object, **__: object) -> Iterator[Tx]:
        asked.append(1)
        raise ConnectionLost if len(asked) == 1 else DatabaseAway
        yield  # type: ignore[unreachable] # makes it a generator

    monkeypatch.setattr(db, "_transaction", away)
    told: list[Outcome] = db.write_each(1, [lambda tx: tx] * 10)
    assert len(told) == 10 and all(isinstance(one.fault, Outage) for one in told)
    assert len(asked) == 2, "each of them waits for as long as one"


def test_who_was_in_the_way_asks_a_moment_later_each_time(
    open_db: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row that he let go would be his again before the other one has woken."""
    waited: list[float] = []
    monkeypatch.setattr("tocsin.core.postgres.time.sleep", waited.append)
    faults = iter(
        [
            psycopg.errors.DeadlockDetected(),
            psycopg.errors.UniqueViolation(),
            psycopg.errors.DeadlockDetected(),
        ]
    )

    def verb(tx: Tx) -> str:
        if (fault := next(faults, None)) is not None:
            raise fault
        return "made"

    assert open_db().write(0, verb) == "made"
    first, last = waited
    assert 0.01 <= first <= 0.02 and 0.04 <= last <= 0.08
