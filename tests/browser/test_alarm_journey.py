"""Somebody tries to get in: the page flashes and names the account; silence, acknowledge and clear are three things."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.served import Served
from tests.browser.test_journey import Walk, become_owner, browser

__all__ = ["browser"]
SIZES = [(1440, 900), (390, 844)]
NAMED = "有人正在冒充你登录"


class Stranger:
    """Somebody else's browser: he knows the name, not the password."""

    def __init__(self, browser: Browser, desk: Served) -> None:
        self._context = browser.new_context(locale="zh-CN")
        self.page: Page = self._context.new_page()
        self._desk = desk

    def try_password(self, times: int, *, name: str = "lin") -> None:
        """Try wrong passwords at an account."""
        for at in range(times):
            self.page.goto(f"{self._desk.base}/sign-in")
            self.page.fill("[name=name]", name)
            self.page.locator("main button.main").click()
            self.page.fill("[name=password]", f"wrong password number {at}")
            self.page.locator("main button.main").click()
            expect(self.page.locator("main .error, main .finding, main [role=alert]").first).to_be_visible()

    def close(self) -> None:
        """Close his browser."""
        self._context.close()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_somebody_tries_to_get_in(browser: Browser, tmp_path: Path, width: int, height: int) -> None:
    """Six wrong passwords elsewhere → flash, name, what to do → silence → acknowledge → clear → the timeline tells it."""
    with Served(tmp_path) as desk:
        walk = Walk(browser, desk, None, width=width, height=height, locale="zh-CN")  # type: ignore[arg-type]
        become_owner(walk)
        walk.go("/orders/new")
        page = walk.page
        expect(page.locator("a.posture.calm")).to_be_visible()
        page.fill("[name='receiver.name']", "王小明")
        stranger = Stranger(browser, desk)
        stranger.try_password(6)
        see_alarm(walk)
        silence(walk)
        assert page.input_value("[name='receiver.name']") == "王小明", "what was being typed is still there"
        acknowledge(walk)
        clear(walk)
        stranger.close()
        assert walk.errors == []
        assert "Traceback" not in desk.log(), desk.log()


def see_alarm(walk: Walk) -> None:
    """The page that was open flashes below 3 Hz, names the account, says from where and what to do."""
    page, banner = walk.page, walk.page.locator("section.alarm")
    expect(page.locator("body")).to_have_attribute("data-alarm", "sound", timeout=10_000)
    expect(banner).to_contain_text(NAMED)
    expect(banner).to_contain_text(re.compile(r"来自 (127\.0\.0\.1|::1)"))
    expect(banner).to_contain_text("如果是你本人")
    expect(banner.locator("b[data-figure]")).to_have_text("6", timeout=10_000)
    expect(page.locator("a.posture.alert")).to_be_visible()
    flash = page.evaluate(
        "(({ animationName, animationDuration }) => [animationName, animationDuration])(getComputedStyle(document.body, '::before'))"
    )
    assert flash == ["flash", "1s"]
    assert page.title().startswith("🔔")
    walk.shot("alarm-banner")


def silence(walk: Walk) -> None:
    """Silence from the page, without leaving it, by the key on a PC: the light stays."""
    page = walk.page
    if walk.phone:
        page.locator("section.alarm button", has_text="消音").click()
    else:
        page.locator("h1").first.click()
        page.keyboard.press("s")
    expect(page.locator("body")).to_have_attribute("data-alarm", "light", timeout=10_000)
    expect(page.locator("section.alarm")).to_contain_text("lin 已消音")
    still = page.evaluate("getComputedStyle(document.body, '::before').animationName")
    assert still == "none", "a steady light"


def acknowledge(walk: Walk) -> None:
    """Take it over, from the incident's own page."""
    page = walk.page
    page.locator("section.alarm a", has_text="打开").click()
    expect(page.locator("h1")).to_have_text(NAMED)
    walk.press('main form[action$="/acknowledgement"] button')
    expect(page.locator("section.alarm")).to_contain_text("lin 已确认")


def clear(walk: Walk) -> None:
    """Clear it with a note; the timeline tells all of it, newest first."""
    page = walk.page
    page.locator("main details.menu", has=page.locator('form[action$="/clearance"]')).locator(
        "summary"
    ).click()
    page.fill('form[action$="/clearance"] [name=note]', "隔壁的人输错了店名")
    walk.press('form[action$="/clearance"] button')
    expect(page.locator("body")).to_have_attribute("data-alarm", "")
    expect(page.locator("main")).to_contain_text("隔壁的人输错了店名")
    told = page.locator("ul.line").inner_text()
    places = [
        told.index(words)
        for words in ("lin 解除", "lin 已确认", "lin 消音", "要求警报器鸣响", "3 次错误凭据")
    ]
    assert places == sorted(places), told
    walk.shot("incident")
    walk.go("/alarm")
    expect(page.locator("main")).to_contain_text("已解除")
    walk.shot("alarm")
    assert re.search(r"\d", page.locator("table td.num").first.inner_text())
