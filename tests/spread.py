"""Spreads the long tests over the first half of a run: `-p tests.spread`, with `--dist loadgroup`.

Whoever starts desks and browsers takes many seconds; at the end of a run the other workers would wait for it. Where a
file's tests share a desk and a browser they stay together: each worker that gets one of them would start both anew.
"""

from typing import Any

import pytest

LONG = (
    "tests/proofs/", "tests/browser/", "tests/days/", "tests/lan/", "tests/bench/", "tests/test_server.py", "tests/test_wheel.py",
    "tests/api/test_openapi.py",
)  # fmt: skip
TOGETHER = ("tests/browser/", "tests/days/")


def spread(long: list[Any], *, among: list[Any]) -> list[Any]:
    """Return all of both: a long one, then its share of the first half of the others, and so on."""
    share = len(among) // 2 // max(1, len(long))
    mixed = [one for n, each in enumerate(long) for one in (each, *among[n * share : (n + 1) * share])]
    return mixed + among[len(long) * share :]


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Put the tests in the order that they begin in."""
    long = [item for item in items if item.nodeid.startswith(LONG)]
    for item in long:
        if item.nodeid.startswith(TOGETHER):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    items[:] = spread(long, among=[item for item in items if not item.nodeid.startswith(LONG)])
