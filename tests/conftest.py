"""Both databases for every test that touches data: real files, and a PostgreSQL of our own."""

import gc
import os
from collections import Counter
from collections.abc import Generator, Iterator

import pytest

from tests.databases import *  # noqa: F403
from tests.near import *  # noqa: F403
from tocsin.core import clock, ident

_COUNTED_RUNS = 2
_COUNTED_CHILDREN = "COVERAGE_PROCESS_CONFIG"
# Their desks do what others' do, hundreds of times, and most are killed before they could say by which lines.
_CHILDREN_UNCOUNTED = ("tests/proofs/", "tests/bench/")


@pytest.fixture(autouse=True)
def true_time() -> Iterator[None]:
    """Put the clock right after a test that moved it; ids made in its future would outrun the next test's."""
    yield
    clock.shift_clock(0)
    if ident._maker.used_ms() > clock.now_us() // 1000 - ident.EPOCH_MS + 1000:
        ident._maker = ident.IdMaker()


def pytest_collection_finish() -> None:
    """Let no collection of garbage walk again over what stays until the end: every module, every test."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count no lines where a test runs again on PostgreSQL or with a third value: it goes by the same lines, and takes twice as long.

    What speaks to one engine alone stands in core, whose tests are counted on both.
    """
    runs = Counter[str]()
    for item in items:
        if item.nodeid.startswith("tests/core/"):
            continue
        again = "postgresql" in getattr(getattr(item, "callspec", None), "params", {}).values()
        name = item.nodeid.partition("[")[0]
        runs[name] += not again
        if again or runs[name] > _COUNTED_RUNS:
            item.add_marker(pytest.mark.no_cover)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Count no lines either in the processes of a test whose own are not counted: they take twice as long."""
    alone = item.get_closest_marker("no_cover") or item.nodeid.startswith(_CHILDREN_UNCOUNTED)
    kept = os.environ.pop(_COUNTED_CHILDREN, None) if alone else None
    try:
        return (yield)
    finally:
        if kept is not None:
            os.environ[_COUNTED_CHILDREN] = kept
