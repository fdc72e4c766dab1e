"""The installation's key check, and who made a one-time link."""

from alembic import op

from tocsin.core.installation import installation
from tocsin.migrations.walls import walls_of

revision = "0002"
down_revision = "0001"
_BYTES = {"sqlite": "BLOB", "postgresql": "BYTEA"}


def upgrade() -> None:
    """Make the table with its walls; links from before have no maker."""
    bind = op.get_bind()
    dialect = bind.dialect.name
    bind.exec_driver_sql(
        f"CREATE TABLE installation (id BIGINT NOT NULL, key_check {_BYTES[dialect]} NOT NULL, "
        "CONSTRAINT pk_installation PRIMARY KEY (id))"
    )
    for statement in walls_of(installation, dialect):
        bind.exec_driver_sql(statement)
    bind.exec_driver_sql("ALTER TABLE owner_link ADD COLUMN made_by BIGINT NOT NULL DEFAULT 0")
