from pathlib import Path
from types import SimpleNamespace

from tests.spread import LONG, pytest_collection_modifyitems, spread


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
    items = [SimpleNamespace(nodeid=name) for name in ("tests/a.py::b", "tests/c.py::d", f"{LONG[0]}e.py::f")]
    pytest_collection_modifyitems(items)
    assert [item.nodeid for item in items] == [f"{LONG[0]}e.py::f", "tests/a.py::b", "tests/c.py::d"]
