"""A desk that serves, and a shop of its own at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.station.counter import ServedDesk, Shop
from tocsin.core.db import Database


@pytest.fixture
def shop(db: Database, tmp_path: Path) -> Iterator[Shop]:
    """A shop whose station is enrolled and not yet running."""
    served = ServedDesk(db, tmp_path)
    yield Shop(db, served)
    served.close()
