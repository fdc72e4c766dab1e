"""What stands beside the tables: row-level security, append-only walls, and the desk's role."""

from collections.abc import Iterable

import sqlalchemy as sa

from tocsin.core.postgres import DESK_ROLE
from tocsin.migrations.tables import is_append_only, is_directory


def sqlite_walls(tables: Iterable[sa.Table]) -> list[str]:
    """Return triggers that refuse to change or delete rows of append-only tables."""
    found = []
    for table in filter(is_append_only, tables):
        for act in ("UPDATE", "DELETE"):
            refusal = f"BEGIN SELECT RAISE(ABORT, '{table.name} is append-only'); END"
            found += [f"CREATE TRIGGER {table.name}_no_{act.lower()} BEFORE {act} ON {table.name} {refusal}"]
    return found


def postgres_role() -> str:
    """Return what makes the role that the desk acts as; it owns nothing and can't log in."""
    return (
        f"DO $$ BEGIN CREATE ROLE {DESK_ROLE} NOLOGIN; "
        f"EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$; "
        f"GRANT {DESK_ROLE} TO CURRENT_USER; GRANT USAGE ON SCHEMA public TO {DESK_ROLE}"
    )


def postgres_walls(tables: Iterable[sa.Table]) -> list[str]:
    """Return grants, and FORCE ROW LEVEL SECURITY with the merchant's policy for each table but the directory."""
    found = []
    for table in tables:
        rights = "SELECT, INSERT" if is_append_only(table) else "SELECT, INSERT, UPDATE, DELETE"
        found.append(f"GRANT {rights} ON {table.name} TO {DESK_ROLE}")
        if not is_directory(table):
            found += wall_off(table.name)
    found.append(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {DESK_ROLE}")
    return found


def open_table(name: str) -> list[str]:
    """Return what gives the desk a table that is not in the metadata, behind its merchant's wall."""
    return [f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {DESK_ROLE}", *wall_off(name)]


def open_search() -> list[str]:
    """Return what lets the owner's function search behind the wall, and nobody but the desk call it."""
    return [
        *open_table("order_search"),
        "ALTER TABLE order_search NO FORCE ROW LEVEL SECURITY",
        "REVOKE ALL ON FUNCTION find_orders(text, bigint, bigint) FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION find_orders(text, bigint, bigint) TO {DESK_ROLE}",
    ]


def wall_off(name: str) -> list[str]:
    """Return the statements that show a table's rows to their own merchant only."""
    # After its transaction the setting is empty, not absent: then no row is anybody's.
    same = "merchant_id = nullif(current_setting('tocsin.merchant', true), '')::bigint"
    return [
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY own_merchant ON {name} USING ({same}) WITH CHECK ({same})",
    ]
