"""Spreads the long tests over the first half of a run: `-p tests.spread`.

Whoever starts desks and browsers takes many seconds; at the end of a run the other workers would wait for it. Where a
file's tests share a desk and a browser, or what was read of all sources, they stay together: each worker that gets one of them
would begin anew.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

LONG = (
    "tests/proofs/", "tests/browser/", "tests/days/", "tests/lan/", "tests/bench/", "tests/test_server.py", "tests/test_wheel.py",
    "tests/api/test_openapi.py", "tests/test_secret_paths.py",
)  # fmt: skip
TOGETHER = ("tests/browser/", "tests/days/", "tests/test_secret_paths.py")


def spread(long: list[Any], *, among: list[Any]) -> list[Any]:
    """Return all of both: a long one, then its share of the first half of the others, and so on."""
    share = len(among) // 2 // max(1, len(long))
    mixed = [one for n, each in enumerate(long) for one in (each, *among[n * share : (n + 1) * share])]
    return mixed + among[len(long) * share :]


class Spread(LoadScopeScheduling):
    """Hands tests out one by one in their order, and files of `TOGETHER` whole.

    Source: pytest-dev/pytest-xdist#1386. Under pytest 9.2 `--dist loadgroup` (xdist 3.8) groups nothing, without a word.
    """

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0] if nodeid.startswith(TOGETHER) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Spread:
    """Return what hands the tests out to the workers."""
    config.option.loadscopereorder = False
    return Spread(config, log)


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Put the tests in the order that they begin in."""
    long = [item for item in items if item.nodeid.startswith(LONG)]
    items[:] = spread(long, among=[item for item in items if not item.nodeid.startswith(LONG)])
