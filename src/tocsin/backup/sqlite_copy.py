"""The embedded database's copy: one state of it, page by page, while the desk goes on writing.

A reader of its own holds the state; it never checkpoints, and keeps no writer waiting. The copy is as readable as the
database itself, so it lies in the data folder, and is gone once it is in the backup.
"""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tocsin.core.sqlite import engine

_PAGES = 2_048
Tell = Callable[[int, int], None]


def copy_file(source: Path, target: Path, *, tell: Tell) -> None:
    """Copy a database that others may be using.

    Args:
        tell: is called with (done, all) pages; what it raises ends the copy.
    Source: sqlite.org/backup.html; with a transaction open on the source a step never begins anew.
    """
    with (
        closing(engine.connect(f"file:{source}?mode=ro", uri=True, isolation_level=None, timeout=10)) as reading,
        closing(engine.connect(str(target), isolation_level=None)) as writing,
    ):  # fmt: skip
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        reading.backup(writing, pages=_PAGES, progress=lambda _, left, total: tell(total - left, total))
        reading.execute("ROLLBACK")


def describe_copy(copy: Path) -> tuple[str, dict[str, int]]:
    """Return the schema's number of a copy, and how many rows each table has."""
    with closing(engine.connect(f"file:{copy}?immutable=1", uri=True)) as connection:
        (schema,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(schema), count_rows(connection)


def erased_of(copy: Path) -> set[tuple[int, int]]:
    """Return who was erased by a copy's own account: merchant and person."""
    with closing(engine.connect(f"file:{copy}?immutable=1", uri=True)) as connection:
        return set(connection.execute("SELECT merchant_id, person_id FROM erasure").fetchall())


def count_rows(connection: object) -> dict[str, int]:
    """Return how many rows each table of an open database has."""
    execute = connection.execute  # type: ignore[attr-defined]
    names = execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    ).fetchall()
    return {name: int(execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]) for (name,) in names}
