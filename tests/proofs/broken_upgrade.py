"""An upgrade, broken on purpose: it commits each step as it goes, so that a kill leaves neither version."""

from pathlib import Path

import sqlalchemy as sa

from tocsin.core import sqlite
from tocsin.migrations.upgrade import HEAD, migrate


def upgrade_sqlite(path: Path) -> None:
    """Upgrade step by step."""
    _upgrade(sa.create_engine(f"sqlite:///{path}", module=sqlite.engine))


def upgrade_postgres(url: str) -> None:
    """Upgrade step by step."""
    _upgrade(sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1)))


def _upgrade(engine: sa.Engine) -> None:
    for step in range(3, int(HEAD) + 1):
        with engine.begin() as connection:
            migrate(connection, to=f"{step:04d}")
