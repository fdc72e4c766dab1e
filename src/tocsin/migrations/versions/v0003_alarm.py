"""Boxes 2 to 9: what the alarm, passkeys, desks, stations and readers keep; frozen as text, as the first schema is."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
_BORDER = "\n;;\n"


def upgrade() -> None:
    """Make the tables that are new, with their walls, and the columns and indexes that older ones gained."""
    bind = op.get_bind()
    frozen = Path(__file__).with_name(f"v0003_{bind.dialect.name}.sql").read_text("utf-8")
    for statement in frozen.split(_BORDER):
        bind.exec_driver_sql(statement)
