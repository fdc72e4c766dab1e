"""What queues, routes, labels, polled printers, hand-overs and stations that print keep."""

import sqlalchemy as sa
from alembic import op

from tocsin.migrations.tables import all_tables
from tocsin.migrations.walls import walls_of

revision = "0006"
down_revision = "0005"
# Each printer that there was gets a queue of its name and id, and its papers are that queue's.
QUEUES_OF_PRINTERS = (
    "INSERT INTO print_queue (merchant_id, id, name, role, shop_id, printer_id, backup_id, backup_minutes, copies, takes,"
    " own_lines, paused, removed) SELECT merchant_id, id, name, '', 0, id, 0, 0, copies, '', 0, paused, removed FROM printer"
    " WHERE NOT EXISTS (SELECT 1 FROM print_queue q WHERE q.merchant_id = printer.merchant_id AND q.id = printer.id)",
    "UPDATE print_job SET queue_id = printer_id WHERE queue_id = 0",
)

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
    _give_queues(bind)


def _give_queues(bind: sa.Connection) -> None:
    """Fill what the new table and column hold for older rows; PostgreSQL's walls stand aside for their owner meanwhile."""
    walled = ("printer", "print_queue", "print_job") if bind.dialect.name == "postgresql" else ()
    for table in walled:
        bind.exec_driver_sql(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    for statement in QUEUES_OF_PRINTERS:
        bind.exec_driver_sql(statement)
    for table in walled:
        bind.exec_driver_sql(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
