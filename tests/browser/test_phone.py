"""The phone: installable, an offline page and nothing more kept, nothing of a customer left after signing out."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.entered import PASSWORD, enter_as_owner
from tests.browser.served import Served
from tests.browser.test_journey import browser

__all__ = ["browser"]
NAME, PHONE = "欧阳明月", "13812345678"
# All that a page of this origin can read of what the device keeps.
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
PAINTED = "performance.getEntriesByName('first-contentful-paint').length"
PRESS_TWICE = """(button) => {
    const form = button.form;
    button.click();
    setTimeout(() => {
        sessionStorage.busy = [form, button].map((one) => one.getAttribute("aria-busy"));
        button.disabled = false;
        button.click();
    }, 100);
}"""
FLYING = """() => {
    const form = document.querySelector("[data-live-region] form[method=post]");
    form.setAttribute("aria-busy", "true");
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: false }));
    form.dataset.flying = "";
    return form.getAttribute("aria-busy");
}"""
KEPT = """async () => {
    const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
    for (const name of await caches.keys()) {
        const kept = await caches.open(name);
        for (const request of await kept.keys()) found.push(request.url, await (await kept.match(request)).text());
    }
    for (const { name } of await indexedDB.databases()) {
        const base = await new Promise((done) => (indexedDB.open(name).onsuccess = (event) => done(event.target.result)));
        for (const store of base.objectStoreNames) {
            const all = base.transaction(store).objectStore(store).getAll();
            found.push(JSON.stringify(await new Promise((done) => (all.onsuccess = () => done(all.result)))));
        }
        base.close();
    }
    return found.join("\\n");
}"""
PLANT = """async (text) => {
    localStorage.setItem("leak", text);
    sessionStorage.setItem("leak", text);
    await (await caches.open("leak")).put("/leak", new Response(text));
    await new Promise((done) => {
        const asked = indexedDB.open("leak");
        asked.onupgradeneeded = () => asked.result.createObjectStore("s", { autoIncrement: true }).add({ text });
        asked.onsuccess = () => done(asked.result.close());
    });
}"""


@pytest.fixture(scope="module")
def scene(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Page]]:
    with Served(tmp_path_factory.mktemp("phone")) as desk:
        context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-US", has_touch=True)
        page = context.new_page()
        enter_as_owner(context, desk)
        page.goto(desk.base)
        yield desk, page
        context.close()


def press(page: Page, selector: str) -> None:
    with page.expect_navigation():
        page.locator(selector).first.click()


def sign_in(page: Page, desk: Served) -> None:
    page.goto(f"{desk.base}/sign-in")
    page.fill("[name=name]", "lin")
    press(page, "main button.main")
    page.fill("[name=password]", PASSWORD)
    press(page, "main button.main")


def make_order(page: Page, desk: Served) -> None:
    page.goto(f"{desk.base}/orders/new")
    page.fill("#f-receiver-name", NAME)
    page.fill("#f-receiver-phone", PHONE)
    page.fill("#f-lines-0-title", "砀山酥梨")
    page.fill("#f-lines-0-quantity", "2")
    press(page, 'main form[action="/orders"] button.main')


def worker_ready(page: Page) -> None:
    page.evaluate(
        "navigator.serviceWorker.ready.then((one) => new Promise((done) => one.active.state === 'activated' ? done() : one.active.addEventListener('statechange', done)))"
    )


def test_the_desk_is_installable_and_says_offline_what_it_cannot_do(scene: tuple[Served, Page]) -> None:
    desk, page = scene
    page.goto(f"{desk.base}/orders")
    worker_ready(page)
    tools = page.context.new_cdp_session(page)
    faults = tools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {one["errorId"] for one in faults} <= {"in-incognito"}, "a browser under test is always incognito"
    manifest = json.loads(tools.send("Page.getAppManifest")["data"])
    for icon in manifest["icons"]:
        answer = httpx.get(desk.base + icon["src"], trust_env=False)
        assert answer.headers["content-type"] == "image/png" and 500 < len(answer.content) < 40_000
    names: list[str] = page.evaluate("caches.keys()")
    kept: list[str] = page.evaluate(
        "async () => (await (await caches.open((await caches.keys())[0])).keys()).map((one) => new URL(one.url).pathname)"
    )
    assert len(names) == 1 and names[0].startswith("shell-")
    assert all(path.startswith(("/offline/", "/static/")) for path in kept), kept
    desk.kill()
    page.goto(f"{desk.base}/orders?q=1234")
    expect(page.locator("main")).to_contain_text("The desk can't be reached")
    assert page.evaluate("getComputedStyle(document.querySelector('.panel')).borderTopWidth") != "0px", (
        "its style was kept too"
    )
    assert page.locator("a.main").bounding_box()["height"] >= 44  # type: ignore[index]
    desk.start()
    desk.wait_ready()
    expect(page.locator("#q")).to_have_value("1234", timeout=15_000)


def test_nothing_of_a_customer_is_left_on_the_device_after_signing_out(scene: tuple[Served, Page]) -> None:
    desk, page = scene
    make_order(page, desk)
    order = page.url
    masked = page.locator("#receiver-box dd").first.inner_text().strip()
    for path in (f"/orders?q={PHONE[-4:]}", "/problems", "/lookups"):
        page.goto(desk.base + path)
    worker_ready(page)
    page.goto(order)
    secrets = (NAME, PHONE, masked)
    assert "•" in masked or "*" in masked, masked
    page.evaluate(PLANT, f"{NAME} {PHONE} {masked}")
    assert all(page.evaluate(KEPT).count(one) == 4 for one in secrets), "what is planted is found"
    page.locator("header details.menu > summary").click()
    press(page, 'form[action="/sign-out"] button')
    left = page.evaluate(KEPT)
    assert not any(one in left for one in secrets), left
    assert _from_cache(page, order) is None, "no page is in the cache of the network either"
    page.go_back()
    page.wait_for_load_state()
    assert not any(one in page.locator("body").inner_text() for one in secrets), "nor does Back show it"
    sign_in(page, desk)


def _from_cache(page: Page, address: str) -> Any:
    return page.evaluate(
        "(url) => fetch(url, { cache: 'only-if-cached', mode: 'same-origin' }).then((one) => one.ok ? one.text() : null).catch(() => null)", address
    )  # fmt: skip


def test_what_the_desk_kept_goes_over_plain_http_too(scene: tuple[Served, Page]) -> None:
    """There no header of the desk clears anything, and there is no worker: the page's own script does it."""
    desk, page = scene
    page.route("**/sign-out", lambda route: route.fulfill(status=303, headers={"location": "/sign-in?out"}))
    page.goto(f"{desk.base}/orders")
    page.evaluate(
        "(text) => { localStorage.setItem('leak', text); sessionStorage.setItem('leak', text); localStorage.setItem('tocsin_flash', 'slow') }",
        NAME,
    )
    page.locator("header details.menu > summary").click()
    press(page, 'form[action="/sign-out"] button')
    assert NAME not in page.evaluate("JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
    assert page.evaluate("localStorage.getItem('tocsin_flash')") == "slow"
    page.unroute("**/sign-out")


class Line:
    """A page on a slow line, and what crosses it: each request with its bytes, 0 where the browser had it."""

    def __init__(self, page: Page) -> None:
        self.page, self.taken, self.posts = page, dict[str, tuple[str, int]](), 0
        tools = page.context.new_cdp_session(page)
        tools.on("Network.requestWillBeSent", self._ask)
        tools.on("Network.requestServedFromCache", lambda event: self._take(event["requestId"], 0))
        tools.on("Network.responseReceived", self._hear)
        tools.on(
            "Network.loadingFinished",
            lambda event: self._take(event["requestId"], int(event["encodedDataLength"])),
        )
        tools.send("Network.enable")
        tools.send("Network.emulateNetworkConditions", SLOW)

    def visit(self, address: str) -> dict[str, int]:
        """Open a page; return the bytes of what crossed the line, by path."""
        self.taken.clear()
        self.page.goto(address)
        self.page.wait_for_load_state("networkidle")
        return {
            path: bytes_ for path, bytes_ in self.taken.values() if bytes_ and not path.startswith("/events")
        }

    def _ask(self, event: Any) -> None:
        self.posts += event["request"]["method"] == "POST"
        self.taken[event["requestId"]] = (
            event["request"]["url"].removeprefix("http://").partition("/")[2],
            0,
        )

    def _hear(self, event: Any) -> None:
        if event["response"].get("fromDiskCache"):
            self.taken.pop(event["requestId"], None)

    def _take(self, request: str, size: int) -> None:
        if request in self.taken:
            self.taken[request] = (self.taken[request][0], size)


def test_on_a_slow_line(scene: tuple[Served, Page], browser: Browser) -> None:
    """400 ms and 400 kbit/s: files cross once, a page is read before its scripts are there, an act goes once."""
    desk, page = scene
    make_order(page, desk)
    kept, order = page.context.storage_state(), page.url.partition("?")[0]
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, service_workers="block", storage_state=kept
    )
    line = Line(context.new_page())
    first = line.visit(f"{desk.base}/orders")
    assert len(first) <= 6 and sum(first.values()) < 100_000, first
    for address in (f"{desk.base}/orders", order, order):
        again = line.visit(address)
        assert [*again] == [address.removeprefix(f"{desk.base}/")] and sum(again.values()) < 40_000, again
    _read_without_scripts(line.page, order)
    hold = line.page.locator("form[action$='/holds']")
    line.page.locator("details", has=hold).locator("summary").first.click()
    hold.locator("[name=reason]").fill("x")
    with line.page.expect_navigation():
        hold.locator("button").evaluate(PRESS_TWICE)
    assert line.page.evaluate("sessionStorage.busy") == "true,true" and line.posts == 1
    expect(line.page.locator("main [aria-busy]")).to_have_count(0)
    _fly_over_a_change(line.page, page, order)
    context.close()


def _fly_over_a_change(flies: Page, other: Page, address: str) -> None:
    """Send a form while somebody else moves the order: the form stays as it went, until the page is come back to."""
    assert flies.evaluate(FLYING) == "true"
    state = flies.locator("h1 + .chips [data-live-region]")
    before = state.text_content() or ""
    other.goto(address)
    with other.expect_navigation():
        other.locator("form[action$='/release']").first.evaluate("(form) => form.submit()")
    expect(state).not_to_have_text(before, timeout=15_000)
    expect(flies.locator("[data-flying][aria-busy=true]")).to_have_count(1)
    flies.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(flies.locator("[data-flying][aria-busy]")).to_have_count(0)


def _read_without_scripts(page: Page, address: str) -> None:
    """Open a page whose scripts do not come yet: it is painted; then they come."""
    waiting: list[Route] = []
    page.route("**/*.js?*", lambda route: waiting.append(route))
    page.goto(address, wait_until="commit")
    expect(page.locator("h1")).to_be_visible()
    page.wait_for_selector("h1")
    assert len(waiting) == 1 and page.evaluate("document.readyState") != "complete"
    for one in waiting:
        one.continue_()
    page.unroute("**/*.js?*")
    page.wait_for_load_state()
