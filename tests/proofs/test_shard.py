"""What the proof of a distributed database can tell without one: which statements it runs, and how it reads a plan."""

import re
from pathlib import Path

import psycopg

from tests.databases import PostgresServer
from tests.proofs.shard import distribution, kind_of
from tocsin.core.ident import new_id
from tocsin.migrations import versions
from tocsin.migrations.tables import all_tables

_MERCHANTS, _TERMS = (7, 8), ("all", "often", "seldom", "lately", "once", "often & seldom", "never")
_FILL = (
    "INSERT INTO order_search SELECT %s, n, array_to_tsvector(ARRAY['all'] || CASE WHEN n %% 30 = 0 THEN ARRAY['often'] ELSE '{}' END"
    " || CASE WHEN n %% 230 = 0 THEN ARRAY['seldom'] ELSE '{}' END || CASE WHEN n > 11900 THEN ARRAY['lately'] ELSE '{}' END"
    " || CASE WHEN n = 17 THEN ARRAY['once'] ELSE '{}' END) FROM generate_series(1, 12000) n"
)


def test_the_statements_are_the_documentation_s() -> None:
    shown = "".join(distribution())
    assert len(distribution()) == 6
    assert "create_distributed_table(one, 'merchant_id'" in shown and "propagate_set_commands" in shown
    assert "passkey" in all_tables().tables


def test_a_plan_says_where_it_looks() -> None:
    assert kind_of("Index Scan using pk_session on session") == "coordinator"
    assert kind_of("Custom Scan (Citus Adaptive)\n  Task Count: 1") == "one_shard"
    assert kind_of("Custom Scan (Citus Adaptive)\n  Task Count: 8") == "several_shards"


def test_the_searches_are_those_of_the_newest_migrations() -> None:
    """Whoever replaces one looks at what the engine makes of it, and brings the documentation in step."""
    newest = {}
    for page in sorted(Path(*versions.__path__).glob("v*_postgresql.sql")):
        for name in re.findall(r"CREATE (?:OR REPLACE )?FUNCTION (find_\w+)", page.read_text("utf-8")):
            newest[name] = page.name[1:5]
    shown = "".join(distribution())
    assert dict(re.findall(r"\b(find_\w+) (\d{4})\b", shown)) == newest


def test_the_searches_find_what_the_migrations_find(
    postgres_server: PostgresServer, postgres_template: str
) -> None:
    name = f"shard_{new_id()}"
    postgres_server.copy(postgres_template, name)
    ours = [one for one in distribution() if "CREATE OR REPLACE FUNCTION" in one]
    with psycopg.connect(postgres_server.url(name), autocommit=True) as owner:
        for merchant_id in _MERCHANTS:
            owner.execute(_FILL, [merchant_id])
        owner.execute("ANALYZE order_search")
        before = _found(owner)
        for statement in ours:
            owner.execute(statement)
        left = "SELECT proname FROM pg_proc JOIN pg_language l ON l.oid = prolang WHERE lanname = 'sql' AND proname LIKE 'find%'"
        assert owner.execute(left).fetchall() == [], "its engine can't plan what is written in SQL"
        assert _found(owner) == before
    assert [len(found) for found in before.values()] == [51, 51, 51, 51, 1, 17, 0, 20, 20, 20, 0, 1, 13, 0]


def _found(owner: psycopg.Connection) -> dict[tuple[str, int], list[int]]:
    owner.execute("SELECT set_config('tocsin.merchant', '7', false)")
    asked = "SELECT find_orders(%s, %s, %s)"
    return {
        (term, most): [row[0] for row in owner.execute(asked, [term, before, most])]
        for before, most in ((2**62, 51), (9000, 20))
        for term in _TERMS
    }
