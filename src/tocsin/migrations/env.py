"""What Alembic runs: the connection is given by `upgrade`."""

from alembic import context

from tocsin.migrations.tables import all_tables

context.configure(connection=context.config.attributes["connection"], target_metadata=all_tables())
with context.begin_transaction():
    context.run_migrations()
