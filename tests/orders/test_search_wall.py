"""On PostgreSQL the search index stands behind its wall, and is still an index that serves."""

from functools import partial

import psycopg
import sqlalchemy as sa

from tests.databases import PostgresServer
from tests.house import make_draft, make_house
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
    postgres_server.sql(f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
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
        body = owner.execute("SELECT prosrc FROM pg_proc WHERE proname = 'find_orders'").fetchone()
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
