"""What two persons acknowledge, slips at clouds, printers known again and swapped keep; frozen as text."""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"
_BORDER = "\n;;\n"


def upgrade() -> None:
    """Make the tables that are new, with their walls, and the columns that older ones gained."""
    bind = op.get_bind()
    frozen = Path(__file__).with_name(f"v0008_{bind.dialect.name}.sql").read_text("utf-8")
    for statement in frozen.split(_BORDER):
        bind.exec_driver_sql(statement)
