"""A screen on a wall: opened by its link, never scrolled, loud within two seconds, honest when it hears nothing."""

import time
from pathlib import Path

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.entered import enter_as_owner
from tests.browser.served import Served
from tests.browser.test_journey import browser

__all__ = ["browser"]
LYING, STANDING = {"width": 1920, "height": 1080}, {"width": 1080, "height": 1920}
LEAST_PX = 32  # 16 mm on a television of 43 inches
SOON_SECONDS = 2
_FITS = """() => {
  const root = document.scrollingElement;
  const said = [...document.querySelectorAll(".wall *")].filter((one) => [...one.childNodes].some((each) => each.nodeType === 3 && each.textContent.trim()));
  const boxes = [...document.querySelectorAll(".wall, .wall header, .wall dl > div, .wall ul, .wall li")];
  return {
    over: Math.max(root.scrollWidth - innerWidth, root.scrollHeight - innerHeight),
    least: Math.min(...said.map((one) => parseFloat(getComputedStyle(one).fontSize))),
    cut: boxes.filter((one) => one.scrollHeight > one.clientHeight + 2 || one.scrollWidth > one.clientWidth + 2).map((one) => one.innerText),
  };
}"""


def fits(page: Page) -> None:
    """Ask that nothing is to be scrolled, cut, or too small to be read from four metres, lying or standing."""
    for size in (LYING, STANDING):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        found = page.evaluate(_FITS)
        assert found["over"] <= 0 and found["cut"] == [] and found["least"] >= LEAST_PX, (size, found)


def make_link(context: BrowserContext, desk: Served) -> str:
    """Become the owner, and make a link of a wall."""
    enter_as_owner(context, desk)
    page = context.new_page()
    page.goto(f"{desk.base}/settings/walls")
    page.fill("#f-name", "Kitchen")
    with page.expect_navigation():
        page.locator("main form.panel button.main").click()
    return page.input_value("#f-link")


def open_on(context: BrowserContext, link: str, faults: list[str]) -> Page:
    """Open a link on a screen."""
    page = context.new_page()
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto(link)
    with page.expect_navigation():
        page.locator("main button.main").click()
    return page


def attack_until_loud(page: Page, desk: Served) -> float:
    """Try wrong passwords at the owner's account; return the seconds from the last one until the wall is loud."""
    with httpx.Client(base_url=desk.base, headers={"origin": desk.base}, trust_env=False) as stranger:
        for n in range(3):
            stranger.post("/sign-in/password", data={"username": "lin", "password": f"wrong {n}"})
    began = time.monotonic()
    expect(page.locator("[data-wall]")).to_have_attribute("data-level", "sound", timeout=10_000)
    return time.monotonic() - began


def test_a_wall_in_the_shop(browser: Browser, tmp_path: Path) -> None:
    faults: list[str] = []
    with Served(tmp_path) as desk:
        link = make_link(browser.new_context(locale="en-US"), desk)
        first = browser.new_context(locale="en-US", viewport=LYING, color_scheme="dark")  # type: ignore[arg-type]
        page = open_on(first, link, faults)
        expect(page.locator("h1")).to_have_text("Calm")
        fits(page)
        page.wait_for_timeout(500)
        taken = attack_until_loud(page, desk)
        assert taken < SOON_SECONDS, taken
        expect(page.locator("h1")).to_have_text("ALARM")
        assert "lin" not in page.locator("main").inner_text()
        fits(page)
        flash = "getComputedStyle(document.querySelector('[data-wall]'), '::before')"
        assert page.evaluate(f"[{flash}.animationName, {flash}.animationDuration]") == ["flash", "1s"]
        page.emulate_media(reduced_motion="reduce")
        assert page.evaluate(f"{flash}.animationName") == "none"
        second = browser.new_context(locale="zh-CN")
        other = open_on(second, link, faults)
        expect(page.locator("h1")).to_have_text("The wall is shown on another screen now", timeout=15_000)
        fits(other)
        plain = browser.new_context(java_script_enabled=False)
        plain.add_cookies(second.cookies())  # type: ignore[arg-type]
        bare = plain.new_page()
        bare.goto(f"{desk.base}/wall")
        expect(bare.locator("meta[http-equiv=refresh]")).to_have_count(1)
        expect(bare.locator("[data-tile]")).to_have_count(6)
        stale = other.locator("[data-stale]")
        expect(stale).to_be_hidden()
        desk.kill()
        expect(stale).to_be_visible(timeout=10_000)
        expect(stale).to_contain_text("这些数字可能已过时")
        desk.start()
        desk.wait_ready()
        expect(stale).to_be_hidden(timeout=15_000)
        assert faults == []
