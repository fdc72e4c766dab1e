"""The days of a clerk, a manager and an owner: on each size, in each language, light and dark; nothing jumps, nothing fails.

What each person did is asserted against the desk's own data and the papers that came out.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.browser.test_journey import CHROMIUM, FLAGS
from tests.days import clerk, manager, owner
from tests.days.day import ORDERS, Day, Person, Told, live
from tests.days.surface import SURFACES, Surface
from tests.days.watch import SHIFT_MOST
from tests.peers.escpos_peer import EscposPeer
from tests.proofs.running import ENGINES, Ground, open_ground

PERSONS: dict[str, Person] = {"clerk": clerk.live_day, "manager": manager.live_day, "owner": owner.live_day}
# Each is put into every page of a day, and must be among the faults of that day.
FAULTS = {
    "console": "console.error('planted')",
    # Once, on the first list, which is looked at for a while: later it would come between a hand and what it touches.
    "banner": """addEventListener('load', () => !['/orders', '/sound'].includes(location.pathname) || sessionStorage.planted || requestAnimationFrame(() => setTimeout(() => {
      sessionStorage.planted = 1;
      const late = document.createElement('div');
      late.style.height = '300px';
      late.className = 'planted';
      document.querySelector('main').prepend(late);
    }, 300)))""",
    "policy": "addEventListener('load', () => document.body.append(Object.assign(document.createElement('script'), { textContent: '1' })))",
    "request": "addEventListener('load', () => fetch('/planted').catch(() => null))",
}
SEEN = {"console": "planted", "banner": "moved by", "policy": "script-src", "request": "/planted: 404"}


def main(given: list[str]) -> dict[str, Any]:
    """Plant each fault, then live the days; return the figures."""
    parser = argparse.ArgumentParser(prog="bin/prove days")
    parser.add_argument("--orders", type=int, default=ORDERS, help="orders of a day")
    parser.add_argument("--person", choices=PERSONS, action="append", help="only this person's days")
    asked = parser.parse_args(given)
    with _chromium() as browser, open_ground() as ground:
        planted = {name: find_planted(browser, ground, name) for name in FAULTS}
        days = [
            told
            for n, (person, surface) in enumerate(product(asked.person or PERSONS, SURFACES))
            for told in [_live(browser, ground, person, surface=surface, engine=ENGINES[n % 2], orders=asked.orders)]
        ]  # fmt: skip
    return figures(days, planted=planted)


def figures(days: list[Told], *, planted: dict[str, bool]) -> dict[str, Any]:
    """Return what the days came to."""
    worst = max((one.shift for one in days), key=lambda shift: shift.value)
    done: dict[str, int] = {}
    for one in days:
        for name, count in one.done.items():
            done[f"{one.person}.{name}"] = done.get(f"{one.person}.{name}", 0) + count
    faults = [f"{one.person} {one.surface}: {fault}" for one in days for fault in one.faults]
    return {
        "days": len(days), "pages": sum(one.pages for one in days), "touches": sum(one.touches for one in days),
        "keys": sum(one.keys for one in days), "faults": faults, "worst_shift": round(worst.value, 4),
        "worst_page": worst.path, "worst_what": worst.what, "done": done, "planted_fault_found": all(planted.values()),
        "planted": planted, "each": [one.row() for one in days],
        "holds": not faults and worst.value <= SHIFT_MOST and all(planted.values()),
    }  # fmt: skip


def find_planted(browser: Browser, ground: Ground, name: str) -> bool:
    """Tell whether a day in which a fault was planted tells it."""
    told = _live(browser, ground, "clerk", surface=SURFACES[0], engine="sqlite", orders=2, fault=FAULTS[name])
    return any(SEEN[name] in fault for fault in told.faults)


def _live(
    browser: Browser,
    ground: Ground,
    person: str,
    *,
    surface: Surface,
    engine: str,
    orders: int,
    fault: str = "",
) -> Told:
    desk = ground.make_desk(engine)
    desk.start()
    try:
        with EscposPeer() as peer:
            day = Day(browser, desk, peer, surface, orders=orders, fault=fault)
            told = live(day, PERSONS[person])
        print(
            f"{person} {surface.name} {engine}: {told.faults or 'no fault'}, {told.row()}",
            file=sys.stderr,
            flush=True,
        )
        return told
    finally:
        desk.stop()


@contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()
