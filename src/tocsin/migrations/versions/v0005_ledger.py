"""What the watch list, revealing by field, bulk acts, campaigns and erasures keep, and covering indexes; frozen as text."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
_BORDER = "\n;;\n"


def upgrade() -> None:
    """Make the tables that are new, with their walls, and the columns and indexes that older ones gained."""
    bind = op.get_bind()
    frozen = Path(__file__).with_name(f"v0005_{bind.dialect.name}.sql").read_text("utf-8")
    for statement in frozen.split(_BORDER):
        bind.exec_driver_sql(statement)
