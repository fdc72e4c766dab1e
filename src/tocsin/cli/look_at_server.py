"""The doctor's looks at PostgreSQL: its version, its months, how many it lets in, its standby, its disk, its clock."""

import re
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from tocsin.cli.told import Told
from tocsin.core.errors import Refusal
from tocsin.settings import Settings

T = TypeVar("T")
BESIDE_POOL_MOST = 10
"""Connections of a process beside its `database_connections`: its queue's (6), its bus's (2), its life, its health."""
COMMIT_SECONDS_MOST = 5.0
_COMMITS = 10
_NO_SERVER, _NOT_ASKED = "the embedded database has none", "not asked"
_THEIR_SECONDS = "SELECT extract(epoch FROM clock_timestamp())"
# An empty change that is made durable like any other, and is kept by nobody.
_CHANGE = "SELECT pg_logical_emit_message(true, 'tocsin', '')"
_LETS_IN = (
    "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
    " - coalesce(current_setting('reserved_connections', true), '0')::int,"
    " (SELECT count(DISTINCT pid) FROM pg_stat_activity WHERE application_name = 'tocsin life' AND datname = current_database())"
)
_STANDBYS = (
    "SELECT current_setting('synchronous_standby_names'), count(pid), count(sync_state),"
    " count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')), current_user FROM pg_stat_replication"
)


def look_at_database(settings: Settings) -> Told:
    """Tell which PostgreSQL answers and which schema it holds, or that the embedded database is used."""
    if not settings.database_url:
        return Told("database", True, f"embedded, in {settings.path()}")
    from tocsin.core.reaching import require_durable
    from tocsin.opening import newest_version, postgres_versions

    try:
        server, schema = postgres_versions(settings.database_url)
        _ask(settings, require_durable)
    except Refusal as refusal:
        return Told("database", False, refusal.message())
    newest = newest_version()
    then = "" if schema == newest else f", {newest} after the next start"
    return Told("database", True, f"PostgreSQL {server}, schema {schema or 'none yet'}{then}")


def look_at_months(settings: Settings) -> Told:
    """Tell whether the next month's partitions are there, where the lines of orders are kept in months."""
    from tocsin.migrations.months import MONTHLY, is_monthly, lacking_months

    def look(connection: Any) -> Told:
        monthly = [table for table in MONTHLY if is_monthly(connection, table)]
        if lacking := lacking_months(connection):
            said = (
                f"{', '.join(lacking)} lack: a desk or a worker that runs makes them, or `tocsin partition`"
            )
            return Told("months", False, said)
        return Told("months", True, f"{', '.join(monthly)} by month, ahead" if monthly else "not used")

    return _look("months", settings, look)


def look_at_connections(settings: Settings) -> Told:
    """Tell whether PostgreSQL lets in as many connections as the processes that run open at most."""

    def look(connection: Any) -> Told:
        lets_in, running = connection.execute(_LETS_IN).fetchone()
        processes, each = max(1, running), settings.database_connections + BESIDE_POOL_MOST
        said = f"{processes} x {each} at most, of {lets_in}"
        if processes * each <= lets_in:
            return Told("connections", True, said)
        cure = "raise max_connections and restart PostgreSQL, or lower database_connections"
        return Told("connections", False, f"{said}: some will be let in no more; {cure}")

    return _look("connections", settings, look)


def look_at_standby(settings: Settings) -> Told:
    """Tell whether the standbys are there for which each commit waits."""

    def look(connection: Any) -> Told:
        names, connected, seen, keep, user = connection.execute(_STANDBYS).fetchone()
        if not names:
            return Told("standby", True, "no commit waits for one")
        if keep >= _how_many(names):
            return Told("standby", True, f"{keep} of “{names}” have each change before it is answered")
        if connected > seen:  # only who may monitor sees more of them than that they are there
            said = f"of those connected ({connected}) this user does not see which are of “{names}”: GRANT pg_monitor TO {user}"
            return Told("standby", True, said)
        cure = "start it, or take its name out of synchronous_standby_names"
        return Told(
            "standby", False, f"each change waits for “{names}”, of which {keep} are connected: {cure}"
        )

    return _look("standby", settings, look)


def look_at_its_disk(settings: Settings, *, slow_ms: float) -> Told:
    """Tell how long PostgreSQL takes to make one change durable, on its standby too where it names one."""

    def look(connection: Any) -> Told:
        took_ms = _commit_ms(connection)
        if took_ms is None:
            said = f"PostgreSQL makes no change durable within {COMMIT_SECONDS_MOST:g} seconds: look at its disk, and at its standby"
            return Told("disk", False, said)
        said = f"{took_ms:.1f} ms per durable change at PostgreSQL"
        slow = f"{said}: each order waits for one; use a local SSD, for its standby too"
        return Told("disk", took_ms < slow_ms, said if took_ms < slow_ms else slow)

    return _look("disk", settings, look)


def apart_seconds(settings: Settings) -> float:
    """Return how far this machine's clock is from the database's; 0 where that is away."""
    import psycopg

    try:
        there = _ask(settings, lambda connection: connection.execute(_THEIR_SECONDS).fetchone()[0])
    except psycopg.Error:  # that it is away is told beside
        return 0.0
    return abs(time.time() - float(there))


def _commit_ms(connection: Any) -> float | None:
    import psycopg

    given_up = threading.Event()

    def give_up() -> None:
        given_up.set()
        connection.cancel()

    began, timer = time.perf_counter(), threading.Timer(COMMIT_SECONDS_MOST, give_up)
    timer.start()
    try:
        for _ in range(_COMMITS):
            connection.execute(_CHANGE)
            if given_up.is_set():  # a wait for a standby that is given up is no error there
                return None
    except psycopg.errors.QueryCanceled:
        return None
    finally:
        timer.cancel()
    return (time.perf_counter() - began) * 1000 / _COMMITS


def _how_many(names: str) -> int:
    """Return for how many of the named ones a commit waits: `ANY 2 (a, b, c)`, `FIRST 2 (a, b)`, `2 (a, b)`, or a list, for one."""
    found = re.match(r"\s*(?:any|first)?\s*(\d+)\s*\(", names, re.IGNORECASE)
    return int(found[1]) if found else 1


def _look(what: str, settings: Settings, look: Callable[[Any], Told]) -> Told:
    if not settings.database_url:
        return Told(what, True, _NO_SERVER)
    import psycopg

    try:
        return _ask(settings, look)
    except psycopg.Error:  # that it is away is told beside
        return Told(what, True, _NOT_ASKED)


def _ask(settings: Settings, ask: Callable[[Any], T]) -> T:
    import psycopg

    from tocsin.core.reaching import reach

    with psycopg.connect(reach(settings.database_url), autocommit=True) as connection:
        return ask(connection)
