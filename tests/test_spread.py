import os
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

from tests.spread import LONG, TOGETHER, pytest_collection_modifyitems, spread


class Item:
    """A test as the collection knows it."""

    def __init__(self, nodeid: str) -> None:
        self.nodeid, self.groups = nodeid, list[str]()

    def add_marker(self, mark: Any) -> None:
        self.groups.append(mark.args[0])


def test_every_test_is_there_once_and_the_long_ones_begin_in_the_first_half() -> None:
    for long, short in ((3, 20), (1, 1), (5, 0), (0, 5), (4, 7)):
        given = [f"long {n}" for n in range(long)], [f"short {n}" for n in range(short)]
        order = spread(given[0], among=given[1])
        assert sorted(order) == sorted(given[0] + given[1])
        assert [one for one in order if one in given[1]] == given[1], "neighbours stay neighbours"
        last = max((place for place, one in enumerate(order) if one in given[0]), default=-1)
        assert last <= long + short // 2


def test_the_long_ones_are_known_by_their_files() -> None:
    assert [name for name in LONG if not Path(name).exists()] == []
    items = [Item(name) for name in ("tests/a.py::b", "tests/c.py::d", f"{LONG[0]}e.py::f")]
    pytest_collection_modifyitems(items)
    assert [item.nodeid for item in items] == [f"{LONG[0]}e.py::f", "tests/a.py::b", "tests/c.py::d"]
    assert [item.groups for item in items] == [[], [], []]


def test_tests_that_share_a_desk_and_a_browser_stay_together() -> None:
    names = [f"{TOGETHER[0]}{file}.py::{test}" for file in "ab" for test in "cd"]
    items = [Item(name) for name in names]
    pytest_collection_modifyitems(items)
    assert [item.groups for item in items] == [[f"{TOGETHER[0]}{file}.py"] for file in "aabb"]


@pytest.mark.no_cover
def test_processes_of_a_test_whose_lines_are_not_counted_count_none() -> None:
    assert "COVERAGE_PROCESS_CONFIG" not in os.environ


def test_processes_of_other_tests_are_counted_where_lines_are() -> None:
    assert ("COVERAGE_PROCESS_CONFIG" in os.environ) == (Coverage.current() is not None)
