"""On PostgreSQL the search index stands behind its wall, and is still an index that serves."""

import random
import re
from functools import partial

import psycopg
import pytest
import sqlalchemy as sa

from tests.bench.growth_fill import without_indexes
from tests.databases import PostgresServer
from tests.house import make_draft, make_house
from tocsin.core.db import Tx
from tocsin.core.ident import new_id
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.statement import Statement
from tocsin.core.vault import Vault
from tocsin.orders.intake import take_in
from tocsin.orders.query import search_orders


def test_a_search_uses_the_index_and_never_leaves_its_merchant(
    postgres_server: PostgresServer, postgres_template: str, vault: Vault
) -> None:
    name = f"wall_{new_id()}"
    postgres_server.copy(postgres_template, name)
    db = PostgresDatabase(postgres_server.url(name), vault)
    mine, other = make_house(db), make_house(db, code="NJ")
    for house in (mine, other):
        draft = make_draft(external_id="E-1")
        db.write(house.merchant_id, partial(take_in, actor=house.actor(), draft=draft))
    assert len(search_orders(db, mine.actor(), text="王小明", door="test").rows) == 1

    count = Statement[tuple[int]](sa.text("SELECT count(*) FROM order_search"))
    assert db.read(mine.merchant_id, lambda tx: tx.value(count)) == 1
    assert db.read(0, lambda tx: tx.value(count)) == 0
    with psycopg.connect(postgres_server.url(name)) as owner:
        tokens = owner.execute(
            "SELECT tokens FROM order_search WHERE merchant_id = %s", [other.merchant_id]
        ).fetchone()
        assert tokens is not None
        theirs = str(tokens[0]).split("'")[1]
        find = Statement[tuple[int]](sa.text("SELECT find_orders(:query, 9223372036854775807, 10)"))
        assert db.read(mine.merchant_id, lambda tx: tx.rows(find, query=theirs)) == []
        assert len(db.read(other.merchant_id, lambda tx: tx.rows(find, query=theirs))) == 1
        body = owner.execute("SELECT prosrc FROM pg_proc WHERE proname = 'find_orders_by_token'").fetchone()
        assert body is not None
        owner.execute("SET enable_seqscan = off")
        owner.execute("SET enable_indexscan = off")
        asked = (
            body[0]
            .replace("query::tsquery", f"'{theirs}'::tsquery")
            .replace("before_id", "9223372036854775807")
            .replace("most", "9")
        )
        plan = "\n".join(row[0] for row in owner.execute("EXPLAIN " + asked).fetchall())
    assert "ix_order_search_tokens" in plan, plan
    db.close()


def test_a_term_of_many_orders_is_answered_as_one_of_few(
    postgres_server: PostgresServer, postgres_template: str, vault: Vault
) -> None:
    """The newest are looked at first; what comes back is what the index of tokens alone gives, page by page."""
    name = f"often_{new_id()}"
    postgres_server.copy(postgres_template, name)
    db = PostgresDatabase(postgres_server.url(name), vault)
    house, other = make_house(db), make_house(db, code="NJ")
    made = (
        "INSERT INTO order_search SELECT %s, n, array_to_tsvector(ARRAY['all'] || "
        "CASE WHEN n %% 30 = 0 THEN ARRAY['often'] ELSE '{}' END || CASE WHEN n %% 90 = 0 THEN ARRAY['some'] ELSE '{}' END || "
        "CASE WHEN n %% 23 = 0 THEN ARRAY['many'] ELSE '{}' END || CASE WHEN n < 4000 AND n %% 2 = 0 THEN ARRAY['early'] ELSE '{}' END || "
        "CASE WHEN n > 39700 THEN ARRAY['lately'] ELSE '{}' END || CASE WHEN n = 17 THEN ARRAY['once'] ELSE '{}' END) "
        "FROM generate_series(1, 40000) n"
    )
    with psycopg.connect(postgres_server.url(name)) as owner:
        with without_indexes(owner, "postgresql"):
            for merchant_id in (house.merchant_id, other.merchant_id):
                owner.execute(made.replace("(1,", f"({merchant_id % 2 + 1},"), [merchant_id])
        owner.execute("ANALYZE order_search")
    compared = 0
    for term in (
        "all",
        "often",
        "some",
        "many",
        "early",
        "lately",
        "once",
        "often & some",
        "all & once",
        "never",
    ):
        before = 9223372036854775807
        while True:
            found, right = (
                [
                    row[0]
                    for row in db.read(
                        house.merchant_id, partial(_asked, function=f, term=term, before=before)
                    )
                ]
                for f in ("find_orders", "find_orders_by_token")
            )
            assert found == right, (term, before)
            compared += len(found)
            if len(found) < 51 or before < 39_000:
                break
            before = found[-1]
    assert compared > 1000
    db.close()


def test_the_newest_part_of_many_hits_is_found_where_the_newest_orders_lie(
    postgres_server: PostgresServer, postgres_template: str, vault: Vault
) -> None:
    """Two shops by turns, each of which paused for long between its orders."""
    name = f"newest_{new_id()}"
    postgres_server.copy(postgres_template, name)
    db = PostgresDatabase(postgres_server.url(name), vault)
    house, other = make_house(db), make_house(db, code="NJ")
    made = (
        "INSERT INTO order_search SELECT CASE WHEN n %% 3 = 0 THEN %s ELSE %s END, (n + CASE WHEN n > 18000 THEN 900000000000 ELSE 0 END) * 4096, "
        "array_to_tsvector(ARRAY['all', 'every' || n %% 13, 'some' || n %% 70, 'seldom' || n %% 140] || "
        "(SELECT array_agg(repeat(k::text, 120)) FROM generate_series(1, 8) k)) FROM generate_series(1, 24000) n"
    )
    with psycopg.connect(postgres_server.url(name)) as owner:
        with without_indexes(owner, "postgresql"):
            owner.execute(made, [other.merchant_id, house.merchant_id])
        owner.execute("ANALYZE order_search")
        plan = _plan_of_the_newest(owner)
    assert all(one in plan for one in ("ix_order_search_tokens", "ix_order_search_order_id")), plan
    seeded, compared = random.Random(7), 0
    for _ in range(200):
        term = seeded.choice(("all", "every3", "some1", "seldom1", "some1 & every3", "never | seldom2"))
        before = seeded.choice((2**62, seeded.randrange(18_000) * 4096))
        most = seeded.choice((1, 10, 51, 300, 4096))
        found, right = (
            db.read(house.merchant_id, partial(_asked, function=f, term=term, before=before, most=most))
            for f in ("find_orders", "find_orders_by_token")
        )
        assert found == right, (term, before, most)
        compared += len(found)
    assert compared > 10_000
    with psycopg.connect(postgres_server.url(name)) as owner:
        owner.execute(
            "CREATE OR REPLACE FUNCTION find_orders_by_token(query text, before_id bigint, most bigint) RETURNS SETOF bigint "
            "LANGUAGE plpgsql AS $$ BEGIN RAISE 'all hits were fetched'; END $$"
        )
    newest = partial(_asked, function="find_orders", term="some1", before=2**62)
    assert len(db.read(house.merchant_id, newest)) == 51
    with pytest.raises(psycopg.errors.RaiseException):
        db.read(house.merchant_id, partial(newest, most=70))
    db.close()


def _plan_of_the_newest(owner: psycopg.Connection) -> str:
    """Return how the newest part of a text's hits is fetched, as its function plans it."""
    row = owner.execute(
        "SELECT prosrc, proconfig FROM pg_proc WHERE proname = 'find_orders_since'"
    ).fetchone()
    assert row is not None
    asked = row[0].partition("RETURN QUERY ")[2].partition(";")[0]
    for place, variable in enumerate(("wanted", "since_id", "before_id", "most", "merchant"), 1):
        asked = re.sub(rf"\b{variable}\b", f"${place}", asked)
    for setting in row[1]:
        owner.execute(f"SET {setting}".encode())
    owner.execute(f"PREPARE newest (tsquery, bigint, bigint, bigint, bigint) AS {asked}".encode())
    told = owner.execute(
        f"EXPLAIN EXECUTE newest ('some1', {900_000_019_000 * 4096}, {2**62}, 51, 1)".encode()
    ).fetchall()
    return "\n".join(row[0] for row in told)


def _asked(tx: Tx, *, function: str, term: str, before: int, most: int = 51) -> list[tuple[int]]:
    return tx.rows(Statement[tuple[int]](sa.text(f"SELECT {function}(:term, {before}, {most})")), term=term)
