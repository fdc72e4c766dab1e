"""Each person's day, small, on another surface each: every size, language and scheme is among them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.test_journey import browser
from tests.days import clerk
from tests.days.day import Day, Person, live
from tests.days.surface import Surface
from tests.days.watch import worst_window
from tests.peers.escpos_peer import EscposPeer
from tests.proofs.running import RunningDesk

__all__ = ["browser"]
ORDERS = 6
DAYS = [(clerk.live_day, Surface(390, 844, "zh_CN", "dark"))]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RunningDesk]:
    made = RunningDesk(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize(("person", "surface"), DAYS, ids=[one.name for _, one in DAYS])
def test_a_day(browser: Browser, desk: RunningDesk, person: Person, surface: Surface) -> None:
    with EscposPeer() as peer:
        told = live(Day(browser, desk, peer, surface, orders=ORDERS), person)
    print(told)
    assert told.faults == []


def test_shifts_are_summed_by_window() -> None:
    def at(ms: float, value: float) -> dict[str, object]:
        return {"at": ms, "value": value, "path": "/orders", "what": "P"}

    near = worst_window([at(100, 0.03), at(900, 0.03)])
    apart = worst_window([at(100, 0.03), at(1200, 0.04)])
    long = worst_window([at(900.0 * n, 0.01) for n in range(7)])
    assert [round(one.value, 3) for one in (near, apart, long)] == [0.06, 0.04, 0.06]
    assert worst_window([]).value == 0
