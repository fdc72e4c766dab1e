"""Each person's day, small, on another surface each: every size, language and scheme is among them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs
from playwright.sync_api import Browser

from tests.browser.test_journey import browser
from tests.days import clerk, manager, owner
from tests.days.day import Day, Person, Told, live
from tests.days.surface import Surface
from tests.days.watch import Shift, Watch, worst_window
from tests.peers.escpos_peer import EscposPeer
from tests.proofs import days
from tests.proofs.running import RunningDesk

__all__ = ["browser"]
ORDERS = 6
DAYS = [
    (clerk.live_day, Surface(390, 844, "zh_CN", "dark")),
    (manager.live_day, Surface(1440, 900, "en", "dark")),
    (owner.live_day, Surface(390, 844, "zh_CN", "light")),
]
HTML = {"content-type": "text/html", "content-security-policy": "script-src 'self'"}


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


@pytest.mark.parametrize("name", days.FAULTS)
def test_each_planted_fault_is_seen(browser: Browser, name: str) -> None:
    watch, context = Watch(), browser.new_context()
    watch.over(context)
    context.add_init_script(days.FAULTS[name])
    page = context.new_page()
    shown = f"<main>{30 * '<p>Somebody who waits</p>'}</main>"
    page.route("**/planted", lambda route: route.fulfill(status=404))
    page.route("**/sound", lambda route: route.fulfill(body=shown, headers=HTML))
    page.goto("http://localhost:1/sound")
    for _ in range(100):
        page.wait_for_timeout(100)
        if any(days.SEEN[name] in fault for fault in watch.faults()):
            break
    context.close()
    assert any(days.SEEN[name] in fault for fault in watch.faults()), watch


def test_a_sound_page_has_no_fault(browser: Browser) -> None:
    watch, context = Watch(), browser.new_context()
    watch.over(context)
    page = context.new_page()
    page.route("**/sound", lambda route: route.fulfill(body="<main><p>One</p></main>", headers=HTML))
    page.goto("http://localhost:1/sound")
    page.wait_for_timeout(300)
    context.close()
    assert watch.faults() == [] and watch.pages == 1


def test_figures_hold_only_where_nothing_is_wrong() -> None:
    good = Told("clerk", "pc-en-light", {"amended": 2}, [], 9, 30, 5, 2.0, Shift(0.01, "/orders"))
    assert days.figures([good, good], planted={"console": True})["done"] == {"clerk.amended": 4}
    for wrong, planted in (
        (structs.replace(good, faults=["/orders: 404"]), True),
        (structs.replace(good, shift=Shift(0.06, "/orders")), True),
        (good, False),
    ):
        assert not days.figures([good, wrong], planted={"console": planted})["holds"]
