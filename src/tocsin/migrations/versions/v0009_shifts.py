"""Shifts, and what both persons of a handover have signed; walls' links; wider indexes for pictures; frozen as text."""

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"
_BORDER = "\n;;\n"


def upgrade() -> None:
    """Make the tables that are new, with their walls, and the indexes that stand in the place of narrower ones."""
    bind = op.get_bind()
    frozen = Path(__file__).with_name(f"v0009_{bind.dialect.name}.sql").read_text("utf-8")
    for statement in frozen.split(_BORDER):
        bind.exec_driver_sql(statement)
