"""Shifts, and what both persons of a handover have signed."""

import sqlalchemy as sa
from alembic import op

from tocsin.migrations.tables import all_tables
from tocsin.migrations.walls import walls_of

revision = "0009"
down_revision = "0008"
# Wider ones stand in their place.
_GONE = ("ix_order_head_merchant_id_placed_at_us_id", "ix_print_job_merchant_id_state_id")


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
    for name in _GONE:
        bind.exec_driver_sql(f"DROP INDEX IF EXISTS {name}")
