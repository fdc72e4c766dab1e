"""What Alembic runs: the connection is given by `upgrade`; SQLite's planner learns each new index."""

from alembic import context

from tocsin.migrations.plans import store_figures
from tocsin.migrations.tables import all_tables

_connection = context.config.attributes["connection"]
context.configure(connection=_connection, target_metadata=all_tables())
with context.begin_transaction():
    context.run_migrations()
    if _connection.dialect.name == "sqlite":
        store_figures(_connection, all_tables().sorted_tables)
