import os
import subprocess
import sys
from pathlib import Path

import pytest
from coverage import Coverage

from tests.spread import LONG, TOGETHER, pytest_collection_modifyitems, spread

ROOT = Path(__file__).parents[1]


class Item:
    """A test as the collection knows it."""

    def __init__(self, nodeid: str) -> None:
        self.nodeid = nodeid


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


_TELLS = """
import os, time, pytest
@pytest.mark.parametrize("n", range(8))
def test_a(n):
    time.sleep(0.02)
    with open({told!r}, "a") as out:
        out.write(f"{file} {{os.getpid()}}\\n")
"""


def test_tests_that_share_a_desk_and_a_browser_stay_together(tmp_path: Path) -> None:
    told = tmp_path / "told"
    files = (f"{TOGETHER[0]}test_a.py", f"{TOGETHER[0]}test_b.py", "tests/web/test_c.py")
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(_TELLS.format(told=str(told), file=file))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.spread", "-n", "2", "--rootdir", str(tmp_path), "--import-mode=importlib", "tests"]  # fmt: skip
    run = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
    ran = [line.split() for line in told.read_text().splitlines()]
    for file in files[:2]:
        assert len({pid for name, pid in ran if name == file}) == 1, file
    assert len(ran) == 24


@pytest.mark.no_cover
def test_processes_of_a_test_whose_lines_are_not_counted_count_none() -> None:
    assert "COVERAGE_PROCESS_CONFIG" not in os.environ


def test_processes_of_other_tests_are_counted_where_lines_are() -> None:
    assert ("COVERAGE_PROCESS_CONFIG" in os.environ) == (Coverage.current() is not None)
