"""What a migration puts beside a new table: append-only triggers on SQLite, the desk's rights and the merchant's wall on PostgreSQL."""

import sqlalchemy as sa

from tocsin.core.db import DESK_ROLE
from tocsin.migrations.tables import is_append_only, is_directory

# Six months, by the Cybersecurity Law art. 23: what is younger can't be deleted, by whatever statement.
_KEPT_SECONDS = 183 * 86_400


def walls_of(table: sa.Table, dialect: str) -> list[str]:
    """Return the statements that follow a table's CREATE; a test asks the database whether each table has them."""
    return _sqlite_walls(table) if dialect == "sqlite" else _postgres_walls(table)


def _sqlite_walls(table: sa.Table) -> list[str]:
    if table.name == "lookup":
        return _sqlite_ledger(table)
    acts = ("UPDATE", "DELETE") if is_append_only(table) else ()
    return [
        f"CREATE TRIGGER {table.name}_no_{act.lower()} BEFORE {act} ON {table.name} "
        f"BEGIN SELECT RAISE(ABORT, '{table.name} is append-only'); END"
        for act in acts
    ]


def _postgres_walls(table: sa.Table) -> list[str]:
    rights = "SELECT, INSERT" if is_append_only(table) else "SELECT, INSERT, UPDATE, DELETE"
    rights = "SELECT, INSERT, DELETE" if table.name == "lookup" else rights
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
        *(postgres_ledger() if table.name == "lookup" else ()),
    ]


def _sqlite_ledger(table: sa.Table) -> list[str]:
    """Of a look-up only what was asked can be blanked; only what is old can be deleted."""
    kept = [column.name for column in table.columns if column.name not in ("sealed_query", "query_digest")]
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in kept)
    raised = "BEGIN SELECT RAISE(ABORT, 'lookup is append-only'); END"
    return [
        f"CREATE TRIGGER lookup_no_update BEFORE UPDATE ON lookup "
        f"WHEN NOT (length(NEW.sealed_query) = 0 AND NEW.query_digest = '' AND {same}) {raised}",
        f"CREATE TRIGGER lookup_no_delete BEFORE DELETE ON lookup "
        f"WHEN OLD.at_us >= (CAST(strftime('%s', 'now') AS INTEGER) - {_KEPT_SECONDS}) * 1000000 {raised}",
    ]


def postgres_ledger() -> list[str]:
    """Return what lets the desk's role blank what was asked, and delete what is old, of look-ups."""
    old = f"at_us < ((extract(epoch FROM now()) - {_KEPT_SECONDS}) * 1000000)::bigint"
    return [
        f"GRANT UPDATE (sealed_query, query_digest) ON lookup TO {DESK_ROLE}",
        f"CREATE POLICY only_old ON lookup AS RESTRICTIVE FOR DELETE USING ({old})",
    ]


def loosen_ledger(table: sa.Table, dialect: str) -> list[str]:
    """Return the statements that turn the append-only ledger of before into one that a person can be erased from."""
    if dialect == "sqlite":
        return ["DROP TRIGGER lookup_no_update", "DROP TRIGGER lookup_no_delete", *_sqlite_ledger(table)]
    return [f"GRANT DELETE ON lookup TO {DESK_ROLE}", *postgres_ledger()]
