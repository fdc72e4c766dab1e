"""Databases of a PostgreSQL that tests use one after another: given back only as empty as they came."""

import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import ConnectionPool

from tocsin.core.beside import Beside
from tocsin.core.ident import new_id
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.together import Groups
from tocsin.core.vault import Vault

if TYPE_CHECKING:
    from tests.databases import PostgresServer

_GONE_SECONDS = 1.0
_USES_MOST = 40  # emptying a table leaves a dead row in the catalogue, and nobody sweeps here
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid <> ALL(%s)"
_MINE = "relnamespace = 'public'::regnamespace"
_TOUCHED = (
    f"SELECT oid::regclass::text FROM pg_class WHERE {_MINE} AND relkind = 'r' AND pg_relation_size(oid) > 0"
)
_COUNT_ANEW = (
    "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)"
    " FROM pg_sequences WHERE last_value IS NOT NULL"
)
# A catalogue row that is made, changed or removed moves one of the two figures; emptying a table changes pg_class alone.
_CATALOGUES = (
    "attribute", "attrdef", "constraint", "default_acl", "extension", "index", "inherits", "namespace", "policy", "proc",
    "rewrite", "sequence", "statistic", "statistic_ext", "trigger", "type", "db_role_setting", "description",
)  # fmt: skip
_SHAPE = " UNION ALL ".join((
    *(f"SELECT '{name}', count(*)::text, max(xmin::text::bigint)::text FROM pg_{name}" for name in _CATALOGUES),
    "SELECT 'class', count(*)::text, md5(string_agg(concat_ws(' ', oid, relname, relkind, CASE relkind WHEN 'i' THEN 0 ELSE reltuples END, relowner, relacl,"
    " reloptions, relrowsecurity, relforcerowsecurity), ';' ORDER BY oid)) FROM pg_class WHERE relkind <> 'S'",
))  # fmt: skip


class Kept(PostgresDatabase):
    """A database over connections that stay open for the next test: a new one learns the catalogue for a tenth of a second."""

    def __init__(self, url: str, vault: Vault, pool: ConnectionPool[Any]) -> None:
        self.url, self.vault, self._pool, self._together = url, vault, pool, Groups(self._write_all)
        self._beside = Beside(url)

    def close(self) -> None:
        """Let nobody of this test reach the connections any more, as where they were closed."""
        self._pool = ConnectionPool(self.url, open=False)
        self._beside.close()


class Shelf:
    """Lends databases that are like the template; what a test has changed beyond its rows is thrown away."""

    def __init__(self, server: "PostgresServer", template: str) -> None:
        self._server, self._template = server, template
        self._free: list[str] = []
        self._owners: dict[str, psycopg.Connection[Any]] = {}
        self._pools: dict[str, ConnectionPool[Any]] = {}
        self._uses = Counter[str]()
        self._kept = {table for (table,) in server.sql(_TOUCHED, database=template)}
        self._rows = {table: self._rows_of(table) for table in self._kept}
        self._shape = server.sql(_SHAPE, database=template)

    def lend(self) -> str:
        """Return the name of a database like the template."""
        if self._free:
            return self._free.pop()
        name = f"desk_{new_id()}"
        self._server.copy(self._template, name)
        return name

    def open(self, name: str, vault: Vault) -> PostgresDatabase:
        """Open a database that was lent, once in a test, over the connections of the test before."""
        url = self._server.url(name)
        if name not in self._pools:
            self._pools[name] = PostgresDatabase(url, vault, connections=6)._pool
        return Kept(url, vault, self._pools[name])

    def close(self) -> None:
        """End every connection."""
        for held in (*self._pools.values(), *self._owners.values()):
            held.close()

    def take_back(self, name: str) -> None:
        """Empty a database for the next test; drop it where it would not be as it was."""
        if name not in self._owners:
            self._owners[name] = psycopg.connect(self._server.url(name), autocommit=True)
        self._uses[name] += 1
        with suppress(psycopg.OperationalError):  # a test may have ended every connection
            owner = self._owners[name]
            if (
                self._uses[name] < _USES_MOST
                and _is_left(owner, self._pools.get(name))
                and self._empty(owner)
            ):
                self._free.append(name)
                return
        self._owners.pop(name).close()
        if name in self._pools:
            self._pools.pop(name).close(0)
        self._server.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def _empty(self, owner: Any) -> bool:
        touched = {table for (table,) in owner.execute(_TOUCHED).fetchall()} - self._kept
        if touched:
            owner.execute(f"TRUNCATE {', '.join(touched)} CASCADE")
        owner.execute(_COUNT_ANEW)
        return owner.execute(_SHAPE).fetchall() == self._shape and all(
            rows == _rows(owner, table) for table, rows in self._rows.items()
        )

    def _rows_of(self, table: str) -> list[Any]:
        with psycopg.connect(self._server.url(self._template), autocommit=True) as owner:
            return _rows(owner, table)


def _rows(owner: Any, table: str) -> list[Any]:
    return owner.execute(f"SELECT xmin::text, t::text FROM {table} t ORDER BY 2").fetchall()


def _is_left(owner: Any, pool: ConnectionPool[Any] | None) -> bool:
    """Wait for connections to end that were closed just now, and for kept ones to be given back; who stays might still write."""
    until = time.monotonic() + _GONE_SECONDS
    while not (_is_home(pool) and owner.execute(_OTHERS, [_kept_by(pool)]).fetchone()[0] == 0):
        if time.monotonic() > until:
            return False
        time.sleep(0.002)
    return True


def _is_home(pool: ConnectionPool[Any] | None) -> bool:
    if pool is None:
        return True
    pool.check()  # one that was ended from outside is opened anew, not lent
    found = pool.get_stats()
    return found["pool_size"] == found["pool_available"]


def _kept_by(pool: ConnectionPool[Any] | None) -> list[int]:
    return [held.info.backend_pid for held in pool._pool if not held.closed] if pool else []
