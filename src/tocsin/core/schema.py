"""The one metadata that every chapter's tables hang on.

All values are int, str, bytes or None: booleans are 0 and 1, instants microseconds, JSON text.
A table is of one merchant (its key begins with `merchant_id`, and row-level security walls it
off) unless it is marked as a directory table, which must be read before the merchant is known.
"""

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

DIRECTORY = {"directory": True}
APPEND_ONLY = {"append_only": True}


def big(name: str, **options: object) -> sa.Column[int]:
    """Return a 64-bit integer column, required unless `nullable=True`."""
    return sa.Column(name, sa.BigInteger, nullable=bool(options.pop("nullable", False)), **options)  # type: ignore[arg-type]


def text(name: str, **options: object) -> sa.Column[str]:
    """Return a text column, required unless `nullable=True`."""
    return sa.Column(name, sa.Text, nullable=bool(options.pop("nullable", False)), **options)  # type: ignore[arg-type]


def blob(name: str, **options: object) -> sa.Column[bytes]:
    """Return a bytes column, required unless `nullable=True`."""
    return sa.Column(name, sa.LargeBinary, nullable=bool(options.pop("nullable", False)), **options)  # type: ignore[arg-type]


def merchant_table(
    name: str, *columns: sa.schema.SchemaItem, key: tuple[str, ...], append_only: bool = False
) -> sa.Table:
    """Return a merchant's table: `merchant_id` is added in front of its columns and of its key.

    Rows of an append-only table can't be changed or deleted, by whatever statement.
    """
    info = APPEND_ONLY if append_only else {}
    return sa.Table(
        name, metadata, big("merchant_id"), *columns, sa.PrimaryKeyConstraint("merchant_id", *key), info=info
    )


def directory_table(name: str, *columns: sa.schema.SchemaItem, key: tuple[str, ...]) -> sa.Table:
    """Return a table that stands outside row-level security."""
    return sa.Table(name, metadata, *columns, sa.PrimaryKeyConstraint(*key), info=DIRECTORY)


def index(table: sa.Table, *columns: str, unique: bool = False) -> None:
    """Add an index over columns; a column written `-name` descends."""
    parts = [table.c[c[1:]].desc() if c.startswith("-") else table.c[c] for c in columns]
    prefix = "uq" if unique else "ix"
    sa.Index(f"{prefix}_{table.name}_{'_'.join(c.lstrip('-') for c in columns)}"[:60], *parts, unique=unique)
