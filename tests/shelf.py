"""Databases of a PostgreSQL that tests use one after another: given back only as empty as they came."""

import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg

from tocsin.core.ident import new_id

if TYPE_CHECKING:
    from tests.databases import PostgresServer

_GONE_SECONDS = 1.0
_USES_MOST = 40  # emptying a table leaves a dead row in the catalogue, and nobody sweeps here
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
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


class Shelf:
    """Lends databases that are like the template; what a test has changed beyond its rows is thrown away."""

    def __init__(self, server: "PostgresServer", template: str) -> None:
        self._server, self._template = server, template
        self._free: list[str] = []
        self._owners: dict[str, psycopg.Connection[Any]] = {}
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

    def take_back(self, name: str) -> None:
        """Empty a database for the next test; drop it where it would not be as it was."""
        if name not in self._owners:
            self._owners[name] = psycopg.connect(self._server.url(name), autocommit=True)
        self._uses[name] += 1
        with suppress(psycopg.OperationalError):  # a test may have ended every connection
            owner = self._owners[name]
            if self._uses[name] < _USES_MOST and _is_left(owner) and self._empty(owner):
                self._free.append(name)
                return
        self._owners.pop(name).close()
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


def _is_left(owner: Any) -> bool:
    """Wait for connections to end that were closed just now; who stays might still write."""
    until = time.monotonic() + _GONE_SECONDS
    while owner.execute(_OTHERS).fetchone()[0]:
        if time.monotonic() > until:
            return False
        time.sleep(0.002)
    return True
