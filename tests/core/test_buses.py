"""Every bus meets the contract; PostgreSQL's comes back after its connections are cut."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tocsin.core.bus import EVERYTHING, Bus, BusUnfit, bus_for
from tocsin.core.buses.postgres import LISTENER
from tocsin.core.db import Database
from tocsin.core.event import append_event, join_bus, on_event
from tocsin.core.plugins import load_plugins
from tocsin.core.postgres import PostgresDatabase


@contextmanager
def opened(db: Database) -> Iterator[Bus]:
    bus = type(bus_for(db))()
    bus.open(db)
    yield bus
    bus.close()


def wait_until(done: Callable[[], object], *, seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "still not"
        time.sleep(0.01)


def test_each_database_has_exactly_one_bus() -> None:
    found = {name: (bus.name, bus.dialect) for name, bus in load_plugins("core.buses").items()}
    assert found == {"memory": ("memory", "sqlite"), "postgres": ("postgres", "postgresql")}


def test_a_database_that_no_bus_fits_is_refused() -> None:
    stranger = Database()
    stranger.dialect = "oracle"
    with pytest.raises(BusUnfit):
        bus_for(stranger)


def test_who_publishes_hears_at_once_and_once(db: Database) -> None:
    with opened(db) as bus:
        heard: list[str] = []
        bus.listen(heard.append)
        bus.publish("event")
        assert heard == ["event"]
        time.sleep(0.3)
        assert heard == ["event"], "its own notification must not come back"


def test_who_took_himself_off_hears_no_more(db: Database) -> None:
    with opened(db) as bus:
        heard: list[str] = []
        unlisten = bus.listen(heard.append)
        unlisten()
        unlisten()
        bus.publish("event")
        assert heard == []


def test_a_failing_listener_keeps_nobody_from_hearing(db: Database) -> None:
    with opened(db) as bus:
        heard: list[str] = []
        bus.listen(lambda _topic: 1 / 0)
        bus.listen(heard.append)
        bus.publish("event")
        assert heard == ["event"]


def test_the_base_publishes_nothing() -> None:
    with pytest.raises(NotImplementedError):
        Bus().publish("event")


def test_commits_with_events_wake_and_rolled_back_ones_do_not(db: Database) -> None:
    with opened(db) as bus:
        woken: list[int] = []
        leave, off = join_bus(bus), on_event(lambda: woken.append(1))
        with pytest.raises(ZeroDivisionError):
            db.write(1, lambda tx: (append_event(tx, "a", subject_id=1), 1 / 0))
        assert woken == []
        db.write(1, lambda tx: append_event(tx, "a", subject_id=1))
        assert woken == [1], "the bus wakes its own process once, not twice"
        leave()
        db.write(1, lambda tx: append_event(tx, "a", subject_id=1))
        assert woken == [1, 1], "without a bus this process is woken directly"
        off()


@pytest.fixture
def pair(make_db: Callable[[], Database]) -> tuple[Database, Database]:
    """Two databases opened as by two processes; SQLite has one process only."""
    first = make_db()
    if not isinstance(first, PostgresDatabase):
        return first, first
    return first, make_db()


def test_another_process_is_woken_by_events_appended_here(pair: tuple[Database, Database]) -> None:
    here, there = pair
    with opened(here) as ours, opened(there) as theirs:
        if here is there:
            theirs = ours
        heard = threading.Event()
        theirs.listen(lambda topic: heard.set() if topic == "event order.produced" else None)
        leave = join_bus(ours)
        here.write(1, lambda tx: append_event(tx, "order.produced", subject_id=1))
        assert heard.wait(10)
        leave()


def cut(db: Database, name: str) -> int:
    """End the backend of a connection as a failing network or a restart does."""
    assert isinstance(db, PostgresDatabase)
    with psycopg.connect(db.url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
            " AND datname = current_database()", (name,),
        ).fetchall()  # fmt: skip
    return len(found)


def test_a_cut_listener_comes_back_says_so_and_hears_again(pair: tuple[Database, Database]) -> None:
    here, there = pair
    with opened(here) as ours, opened(there) as theirs:
        if here is there:
            return  # nothing to cut: one process has no connection
        heard: list[str] = []
        theirs.listen(heard.append)
        assert cut(here, LISTENER) == 2
        wait_until(lambda: EVERYTHING in heard)
        ours.publish("event")
        wait_until(lambda: "event" in heard)


def test_a_cut_sender_sends_what_it_still_holds(pair: tuple[Database, Database]) -> None:
    here, there = pair
    with opened(here) as ours, opened(there) as theirs:
        if here is there:
            return
        heard: list[str] = []
        theirs.listen(heard.append)
        ours.publish("first")
        wait_until(lambda: "first" in heard)
        assert cut(here, "tocsin bus sender") >= 1
        ours.publish("second")
        wait_until(lambda: "second" in heard)


def test_a_listener_speaks_to_a_quiet_server(
    pair: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = pair
    if not isinstance(here, PostgresDatabase):
        return
    monkeypatch.setattr("tocsin.core.buses.postgres._QUIET_SECONDS", 0.01)
    with opened(here):
        with psycopg.connect(here.url, autocommit=True) as connection:

            def last_said() -> object:
                row = connection.execute(
                    "SELECT query FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()",
                    (LISTENER,),
                ).fetchone()
                return row and row[0]

            wait_until(lambda: last_said() == "SELECT 1")
            assert last_said() == "SELECT 1"


def test_a_server_that_is_away_is_told_at_the_start(
    monkeypatch: pytest.MonkeyPatch, pair: tuple[Database, Database]
) -> None:
    here, _ = pair
    if not isinstance(here, PostgresDatabase):
        return
    monkeypatch.setattr("tocsin.core.buses.postgres._OPEN_SECONDS", 0.5)
    monkeypatch.setattr(here, "url", "postgresql://owner@127.0.0.1:9/none")
    with pytest.raises(TimeoutError), opened(here):
        pass


def test_a_bus_that_closes_wakes_its_own_listener(
    monkeypatch: pytest.MonkeyPatch, pair: tuple[Database, Database]
) -> None:
    monkeypatch.setattr("tocsin.core.buses.postgres._QUIET_SECONDS", 60)
    bus = type(bus_for(pair[0]))()
    bus.open(pair[0])
    closing = threading.Thread(target=bus.close)
    closing.start()
    closing.join(20)
    assert not closing.is_alive()


def test_who_closes_is_no_news_to_others(pair: tuple[Database, Database]) -> None:
    here, there = pair
    if here is there:
        return
    with opened(there) as theirs:
        heard: list[str] = []
        theirs.listen(heard.append)
        with opened(here) as ours:
            ours.publish("first")
        with opened(here) as ours:
            ours.publish("last")
            wait_until(lambda: "last" in heard)
        assert heard == ["first", "last"]
