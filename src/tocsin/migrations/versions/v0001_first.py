"""The first schema: all tables, the search index, the walls."""

from alembic import op

from tocsin.core.queues.procrastinate import QUEUE_SCHEMA
from tocsin.migrations.plans import planner_figures
from tocsin.migrations.tables import all_tables
from tocsin.migrations.walls import open_search, postgres_role, postgres_walls, sqlite_walls
from tocsin.orders.search import SEARCH_SCHEMA

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make everything."""
    metadata, bind = all_tables(), op.get_bind()
    dialect = bind.dialect.name
    metadata.create_all(bind)
    tables = metadata.sorted_tables
    beside = {
        "sqlite": lambda: [*SEARCH_SCHEMA[dialect], *sqlite_walls(tables)],
        "postgresql": lambda: [
            "ALTER TABLE event ALTER horizon SET DEFAULT pg_current_xact_id()::text::bigint",
            *SEARCH_SCHEMA[dialect], postgres_role(), *postgres_walls(tables), *open_search(), *QUEUE_SCHEMA,
        ],
    }  # fmt: skip
    for statement in beside[dialect]():
        bind.exec_driver_sql(statement)
    if dialect == "sqlite":
        bind.exec_driver_sql("ANALYZE sqlite_schema")
        bind.exec_driver_sql("DELETE FROM sqlite_stat1")
        bind.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", planner_figures(tables))
