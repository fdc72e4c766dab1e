"""A search for what stands in many orders asks for the newest part of its hits on PostgreSQL; frozen as text."""

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"
_BORDER = "\n;;\n"


def upgrade() -> None:
    """Make the functions; SQLite's index gives the newest first by itself."""
    bind = op.get_bind()
    if bind.dialect.name != "postgresql":
        return
    frozen = Path(__file__).with_name("v0012_postgresql.sql").read_text("utf-8")
    for statement in frozen.split(_BORDER):
        bind.exec_driver_sql(statement)
