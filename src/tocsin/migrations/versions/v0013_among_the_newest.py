"""A search on PostgreSQL finds where the newest orders lie without walking to them; frozen as text."""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"
_BORDER = "\n;;\n"


def upgrade() -> None:
    """Make the index and the functions; SQLite's index gives the newest first by itself."""
    bind = op.get_bind()
    if bind.dialect.name != "postgresql":
        return
    frozen = Path(__file__).with_name("v0013_postgresql.sql").read_text("utf-8")
    for statement in frozen.split(_BORDER):
        bind.exec_driver_sql(statement)
