"""An installation of each engine that has lived: orders, papers that wait, an alarm that sounds, keys and machines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backup.lived import Lived, live
from tests.databases import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> PostgresServer | None:
    """PostgreSQL, or None for SQLite."""
    return request.getfixturevalue("postgres_server") if request.param == "postgresql" else None


@pytest.fixture
def lived(server: PostgresServer | None, tmp_path: Path) -> Iterator[Lived]:
    """An installation with a life in it, closed."""
    yield live(tmp_path / "before", server)
