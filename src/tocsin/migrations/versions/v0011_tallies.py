"""Tallies: what pages of figures read instead of orders; frozen as text."""

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0010"
_BORDER = "\n;;\n"


def upgrade() -> None:
    """Make the tables, with their walls; the desk fills them in the background."""
    bind = op.get_bind()
    frozen = Path(__file__).with_name(f"v0011_{bind.dialect.name}.sql").read_text("utf-8")
    for statement in frozen.split(_BORDER):
        bind.exec_driver_sql(statement)
