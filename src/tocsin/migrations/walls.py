"""What a migration puts beside a new table: append-only triggers on SQLite, the desk's rights and the merchant's wall on PostgreSQL."""

import sqlalchemy as sa

from tocsin.core.postgres import DESK_ROLE
from tocsin.migrations.tables import is_append_only, is_directory


def walls_of(table: sa.Table, dialect: str) -> list[str]:
    """Return the statements that follow a table's CREATE; a test asks the database whether each table has them."""
    return _sqlite_walls(table) if dialect == "sqlite" else _postgres_walls(table)


def _sqlite_walls(table: sa.Table) -> list[str]:
    acts = ("UPDATE", "DELETE") if is_append_only(table) else ()
    return [
        f"CREATE TRIGGER {table.name}_no_{act.lower()} BEFORE {act} ON {table.name} "
        f"BEGIN SELECT RAISE(ABORT, '{table.name} is append-only'); END"
        for act in acts
    ]


def _postgres_walls(table: sa.Table) -> list[str]:
    rights = "SELECT, INSERT" if is_append_only(table) else "SELECT, INSERT, UPDATE, DELETE"
    granted = [f"GRANT {rights} ON {table.name} TO {DESK_ROLE}"]
    if is_directory(table):
        return granted
    # After its transaction the setting is empty, not absent: then no row is anybody's.
    same = "merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint"
    return [
        *granted,
        f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table.name} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY own_merchant ON {table.name} USING ({same}) WITH CHECK ({same})",
    ]
