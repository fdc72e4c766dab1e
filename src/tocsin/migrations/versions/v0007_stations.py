"""What polled printers, automatic papers, logos and stations that print keep; frozen as text."""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"
_BORDER = "\n;;\n"


def upgrade() -> None:
    """Make the tables that are new, with their walls, and the columns that older ones gained."""
    bind = op.get_bind()
    frozen = Path(__file__).with_name(f"v0007_{bind.dialect.name}.sql").read_text("utf-8")
    for statement in frozen.split(_BORDER):
        bind.exec_driver_sql(statement)
