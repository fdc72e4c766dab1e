"""The first schema, frozen as text: `v0001_sqlite.sql` and `v0001_postgresql.sql`, and the queue's own."""

from pathlib import Path

from alembic import op

from tocsin.core.queues.procrastinate import QUEUE_SCHEMA

revision = "0001"
down_revision = None
_BORDER = "\n;;\n"


def upgrade() -> None:
    """Make everything: tables, search index, walls."""
    bind = op.get_bind()
    dialect = bind.dialect.name
    frozen = Path(__file__).with_name(f"v0001_{dialect}.sql").read_text("utf-8").split(_BORDER)
    for statement in [*frozen, *(QUEUE_SCHEMA if dialect == "postgresql" else [])]:
        bind.exec_driver_sql(statement)
