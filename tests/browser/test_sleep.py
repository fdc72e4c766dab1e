"""Pages that slept: frozen, cut off, restarted under, gone back to; each is right within two seconds of waking."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.api.door import order_in
from tests.browser.entered import enter_as_owner
from tests.browser.served import Served
from tests.browser.test_journey import browser
from tests.counter import wait_for
from tests.peers.escpos_peer import EscposPeer
from tests.proofs.asking import Client, add_printer, read

__all__ = ["browser"]
AWAKE_MS = 2_000
EVENTS = 500
SLEPT_SECONDS = 7.0  # what the page knows by its own clock as sleep


class Scene:
    """A served desk, its owner in a browser, a key of his, a printer, and one order that pages look at."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.desk, self.peer, self._browser = Served(folder), EscposPeer(), browser
        self.context: BrowserContext = browser.new_context(locale="en-US")
        self.faults: list[str] = []
        self._taken = 0
        enter_as_owner(self.context, self.desk)
        page = self.open("/orders")
        self.client = Client(self.desk.base, self._key(page))
        page.close()
        self.printer = add_printer(self.client, self.peer.port)
        (self.number,) = self.take(1)

    def open(self, address: str) -> Page:
        """Open a page of its own, and wait until it hears the desk."""
        page = self.context.new_page()
        page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        page.goto(address if address.startswith("http") else self.desk.base + address)
        return page

    def take(self, count: int, **changes: Any) -> list[str]:
        """Take orders in; return their numbers."""
        self._taken += count
        orders = [_order(n, **changes) for n in range(self._taken - count, self._taken)]
        return [str(row["number"]) for row in self.client.post("/orders/import", orders)["rows"]]

    def last_event(self) -> int:
        """Return the id of the newest event, as a page that begins to listen is told it."""
        cookies = {str(one["name"]): str(one["value"]) for one in self.context.cookies()}
        with httpx.stream("GET", f"{self.desk.base}/events", cookies=cookies, trust_env=False) as answer:
            return int(next(answer.iter_lines()).removeprefix("id: "))

    def close(self) -> None:
        """End all of it."""
        self.context.close()
        self.peer.close()
        self.desk.__exit__(None, None, None)

    def _key(self, page: Page) -> str:
        page.goto(self.desk.base + "/orders")
        token = page.evaluate("JSON.parse(document.body.getAttribute('hx-headers'))['x-csrf-token']")
        cookies = {str(one["name"]): str(one["value"]) for one in self.context.cookies()}
        with httpx.Client(base_url=f"{self.desk.base}/api/v1", cookies=cookies, trust_env=False) as asked:
            rights = set(read(asked.get("/me"))["rights"]) - {"operators", "operators_below", "device"}
            made = asked.post(
                "/keys", json={"name": "k", "scopes": sorted(rights)}, headers={"x-csrf": token, "origin": self.desk.base}
            )  # fmt: skip
        return str(read(made)["secret"])


def _order(n: int, **changes: Any) -> dict[str, Any]:
    receiver = {
        "name": "王小明", "phone": f"138{n:08d}", "province": "安徽省", "city": "合肥市", "district": "蜀山区",
        "address": f"黄山路 {n + 1} 号",
    }  # fmt: skip
    return order_in(external_id=f"S-{n}", receiver=receiver, **changes)


@pytest.fixture(scope="module")
def scene(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = Scene(browser, tmp_path_factory.mktemp("sleep"))
    yield made
    made.close()


def renderers(browser: Browser) -> list[int]:
    """Return the processes that pages run in."""
    found = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return [int(one["id"]) for one in found if one["type"] == "renderer"]


@contextmanager
def stopped(browser: Browser) -> Iterator[None]:
    """Stop the pages' processes, as sleep does: no timer runs and no message arrives (`Page.setWebLifecycleState` stops neither here)."""
    all_ = renderers(browser)
    for one in all_:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in all_:
            os.kill(one, signal.SIGCONT)


def awake_ms(page: Page, true: str) -> float:
    """Return how many milliseconds a page took from now until something in it is so."""
    began = time.monotonic()
    while not page.evaluate(true):
        assert time.monotonic() - began < 10, f"never: {true}\n{page.locator('main').inner_text()}"
        page.wait_for_timeout(20)
    return (time.monotonic() - began) * 1000


def badge(name: str, count: int) -> str:
    return f"document.querySelector('.rail [data-live-count{name}]').textContent === '{count}'"


def live_much(scene: Scene) -> dict[str, int]:
    """Let much happen: orders taken in, forty of them wrong, one held by hand, one printed, an incident."""
    before = scene.last_event()
    scene.take(250)
    wrong = scene.take(120, totals={"goods": "79.80", "payable": "70.00", "paid": "70.00"})
    seen = scene.client.get(f"/orders/{scene.number}")
    asked = {"orders": [{"number": scene.number, "seen": seen["revision"]}]}
    scene.client.post(f"/terminals/{scene.printer}/prints", asked)
    scene.peer.wait_papers(1, 20)
    scene.client.post(f"/orders/{scene.number}/holds", {"reason": "the customer calls"})
    with httpx.Client(
        base_url=scene.desk.base, headers={"origin": scene.desk.base}, trust_env=False
    ) as stranger:
        for n in range(2):
            stranger.post("/sign-in/password", data={"username": "lin", "password": f"wrong {n}"})
    until = time.monotonic() + 60
    while (count := scene.last_event() - before) < EVENTS or len(scene.client.screen(held="check")) < len(
        wrong
    ):
        assert time.monotonic() < until, count
        time.sleep(0.5)
    return {"events": count, "held": len(wrong) + 1}


def test_pages_that_were_frozen_while_much_happened_are_right_within_two_seconds(scene: Scene) -> None:
    order, problems = scene.open(f"/orders/{scene.number}"), scene.open("/problems")
    count = "globalThis.ticks = 0; setInterval(() => { globalThis.ticks += 1 }, 20)"
    order.evaluate(count)
    order.wait_for_timeout(500)
    before = int(order.evaluate("ticks"))
    with stopped(scene._browser):
        happened = live_much(scene)
    taken = {
        "banner": awake_ms(
            order,
            "!document.querySelector('[data-alarm-part=banner]').hidden && document.body.dataset.alarm !== ''",
        )
    }
    assert int(order.evaluate("ticks")) - before < 150, "it was really stopped"
    taken["held"] = awake_ms(
        order, "document.querySelector('.holdline')?.textContent.includes('the customer calls')"
    )
    taken["count"] = awake_ms(order, badge("", happened["held"]))
    taken["problems"] = awake_ms(problems, badge("=all", happened["held"]))
    print(happened, taken)
    assert sum(taken.values()) < AWAKE_MS, taken
    assert scene.faults == []


def test_a_page_that_slept_over_a_restart_and_one_that_is_gone_back_to_are_right_within_two_seconds(
    scene: Scene,
) -> None:
    page = scene.open(f"/orders/{scene.number}")
    page.wait_for_timeout(500)
    with stopped(scene._browser):
        began = time.monotonic()
        scene.desk.kill()
        scene.desk.start()
        scene.desk.wait_ready()
        before = len(scene.client.screen(held="yes"))
        scene.take(3, totals={"goods": "79.80", "payable": "70.00", "paid": "70.00"})
        wait_for(lambda: len(scene.client.screen(held="yes")) == before + 3, seconds=20)
        time.sleep(max(0.0, began + SLEPT_SECONDS - time.monotonic()))
    taken = {"restart": awake_ms(page, badge("", before + 3))}
    page.goto(scene.desk.base + "/problems")
    scene.take(2, totals={"goods": "79.80", "payable": "70.00", "paid": "70.00"})
    wait_for(lambda: len(scene.client.screen(held="yes")) == before + 5, seconds=20)
    page.go_back()
    taken["back"] = awake_ms(page, badge("", before + 5))
    print(taken)
    assert max(taken.values()) < AWAKE_MS, taken
    assert scene.faults == []
