"""Pages per test, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.pages import Pages, open_pages
from tocsin.core.db import Database


@pytest.fixture
def pages(db: Database, tmp_path: Path) -> Iterator[Pages]:
    """The pages of a fresh desk."""
    with open_pages(db, tmp_path) as made:
        yield made
