"""A door per test, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.door import Door
from tests.api.wire import wire as wire
from tocsin.core.db import Database


@pytest.fixture
def door(db: Database, tmp_path: Path) -> Iterator[Door]:
    """The API of a fresh desk."""
    made = Door(db, tmp_path)
    with made.client:
        yield made
    made.desk.close()
