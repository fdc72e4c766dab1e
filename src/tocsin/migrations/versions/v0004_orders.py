"""Boxes 10 to 15 in full: what intake, amendments, screens, the ledger and downloads keep."""

import sqlalchemy as sa
from alembic import op

from tocsin.migrations.tables import all_tables
from tocsin.migrations.walls import loosen_ledger, walls_of

revision = "0004"
down_revision = "0003"
# The function of before, under another name: right for terms of few orders.
_FIND_ALL = """
CREATE FUNCTION find_orders_by_token(query text, before_id bigint, most bigint) RETURNS SETOF bigint
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off SET enable_indexscan = off AS $$
        SELECT order_id FROM (SELECT merchant_id, order_id FROM order_search WHERE tokens @@ query::tsquery OFFSET 0) hits
        WHERE merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint AND order_id < before_id
        ORDER BY order_id DESC LIMIT most $$
"""
# A term of many orders: the index of tokens would bring all of them, to sort them by id. The newest are looked at
# first; where one in a hundred of them has it, so many are that a page of hits is among them.
_FIND = """
CREATE OR REPLACE FUNCTION find_orders(query text, before_id bigint, most bigint) RETURNS SETOF bigint
        LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            merchant bigint := nullif(current_setting('tocsin.merchant', true), '')::bigint;
            wanted tsquery := query::tsquery;
            looked bigint := 200;
            hits bigint[];
        BEGIN
            LOOP
                hits := ARRAY(SELECT order_id FROM (
                    SELECT order_id, tokens FROM order_search WHERE merchant_id = merchant AND order_id < before_id
                    ORDER BY order_id DESC LIMIT looked) newest
                    WHERE tokens @@ wanted ORDER BY order_id DESC LIMIT most);
                EXIT WHEN cardinality(hits) = most OR cardinality(hits) < 2 OR looked > 200;
                looked := 400 * most / cardinality(hits);
            END LOOP;
            IF cardinality(hits) = most THEN
                RETURN QUERY SELECT unnest(hits);
            ELSE
                RETURN QUERY SELECT * FROM find_orders_by_token(query, before_id, most);
            END IF;
        END $$
"""


def upgrade() -> None:
    """Make the tables that are new, with their walls, and the columns that older ones gained."""
    bind = op.get_bind()
    there = sa.inspect(bind)
    known = set(there.get_table_names())
    for table in all_tables().sorted_tables:
        if table.name not in known:
            bind.execute(sa.schema.CreateTable(table))
            for index in table.indexes:
                bind.execute(sa.schema.CreateIndex(index))
            for statement in walls_of(table, bind.dialect.name):
                bind.exec_driver_sql(statement)
            continue
        columns = {column["name"] for column in there.get_columns(table.name)}
        for column in table.columns:
            if column.name not in columns:
                kind = column.type.compile(bind.dialect)
                default = "''" if isinstance(column.type, sa.Text) else "0"
                end = "" if column.nullable else f" NOT NULL DEFAULT {default}"
                bind.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}{end}")
        for index in table.indexes:
            bind.execute(sa.schema.CreateIndex(index, if_not_exists=True))
    for statement in loosen_ledger(all_tables().tables["lookup"], bind.dialect.name):
        bind.exec_driver_sql(statement)
    if bind.dialect.name == "postgresql":
        bind.exec_driver_sql(_FIND_ALL)
        bind.exec_driver_sql(_FIND)
