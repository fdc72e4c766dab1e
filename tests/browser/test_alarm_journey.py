"""Somebody tries to get in: the page flashes and names the account; silence, acknowledge and clear are three things."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.served import Served
from tests.browser.test_journey import Walk, become_owner, browser
from tests.browser.test_passkey import Finger
from tests.counter import wait_for
from tests.peers.mosquitto_broker import Broker
from tests.peers.tasmota_relay import TasmotaRelay

__all__ = ["browser"]
SIZES = [(1440, 900, "zh-CN"), (390, 844, "zh-CN"), (1440, 900, "en-US")]
SOUND, LIGHT = 1, 2
WORDS = {
    "zh-CN": {
        "named": "有人正在冒充你登录", "to_do": "如果是你本人", "from": "来自", "silence": "消音", "open": "打开", "silenced": "lin 已消音", "taken": "lin 已确认",
        "over": "已解除", "note": "隔壁的人输错了店名",
        "siren": "LTD-1101J 回报：已开", "told": ("lin 解除", "lin 已确认", "lin 消音", "要求警报器鸣响", "3 次错误凭据"),
    },
    "en-US": {
        "named": "Somebody is trying to sign in as you", "to_do": "If it is you", "from": "from", "silence": "Silence", "open": "Open",
        "silenced": "silenced by lin", "taken": "lin has it", "over": "Cleared", "note": "next door mistyped the name",
        "siren": "LTD-1101J confirmed that it is on", "told": ("lin cleared it", "lin has it", "lin silenced it", "The siren was asked to sound", "3 wrong credentials at one account"),
    },
}  # fmt: skip


Words = dict[str, Any]


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


@pytest.mark.parametrize(("width", "height", "locale"), SIZES)
def test_somebody_tries_to_get_in(
    browser: Browser, tmp_path: Path, width: int, height: int, locale: str
) -> None:
    """In by a finger → six wrong passwords elsewhere → the relay is ON, flash, name, what to do → silence → acknowledge → clear → the timeline tells it."""
    with siren_behind_broker(tmp_path / "broker") as (relay, port), Served(tmp_path) as desk:
        walk = Walk(browser, desk, None, width=width, height=height, locale=locale)  # type: ignore[arg-type]
        become_owner(walk)
        sign_in_by_finger(walk)
        hang_siren(walk, port)
        walk.go("/orders/new")
        page = walk.page
        expect(page.locator("a.posture.calm")).to_be_visible()
        page.fill("[name='receiver.name']", "王小明")
        stranger = Stranger(browser, desk)
        stranger.try_password(6)
        words: Words = WORDS[locale]
        see_alarm(walk, words)
        wait_for(lambda: relay.on == {SOUND: True, LIGHT: True}, seconds=5)
        silence(walk, words)
        wait_for(lambda: relay.on == {SOUND: False, LIGHT: True}, seconds=5)
        assert page.input_value("[name='receiver.name']") == "王小明", "what was being typed is still there"
        acknowledge(walk, words)
        clear(walk, words)
        wait_for(lambda: relay.on == {SOUND: False, LIGHT: False}, seconds=5)
        stranger.close()
        assert walk.errors == []
        assert "Traceback" not in desk.log(), desk.log()


def sign_in_by_finger(walk: Walk) -> None:
    """Add a passkey to the account, sign out, and sign in with it alone."""
    page = walk.page
    finger = Finger(page)
    finger.touches(True)
    walk.go("/settings/passkeys")
    page.fill("form[data-passkey-make] [name=name]", "till")
    page.click("form[data-passkey-make] button.main")
    expect(page.locator("input[value=till]")).to_be_visible()
    walk.go("/orders")
    with page.expect_navigation(url="**/sign-in?out"):
        page.evaluate("document.querySelector('form[action=\"/sign-out\"]').requestSubmit()")
    page.wait_for_url("**/orders")  # the name field itself offers it, and the finger takes it


@contextmanager
def siren_behind_broker(folder: Path) -> Iterator[tuple[TasmotaRelay, int]]:
    """Run a broker and a device with two relays; yield the device and the broker's port."""
    broker = Broker(folder)
    relay = TasmotaRelay(broker.port, "siren1", relays=2)
    try:
        yield relay, broker.port
    finally:
        relay.close()
        broker.stop()


def hang_siren(walk: Walk, port: int) -> None:
    """Set up a siren and a strobe behind two relays on their page; both confirm a trial."""
    page = walk.page
    walk.go("/settings/sirens/new?kind=mqtt")
    page.fill("main [name=name]", "LTD-1101J")
    options = {
        "host": "127.0.0.1",
        "tcp_port": port,
        "topic": "siren1",
        "sound_output": SOUND,
        "light_output": LIGHT,
    }
    for name, value in options.items():
        page.fill(f"main [name='options.{name}']", str(value))
    walk.press("main form button.main")
    walk.go("/settings/sirens")
    expect(page.locator("main td .chip.ok")).to_be_visible(timeout=10_000)


def see_alarm(walk: Walk, words: Words) -> None:
    """The page that was open flashes below 3 Hz, names the account, says from where and what to do."""
    page, banner = walk.page, walk.page.locator("section.alarm")
    expect(page.locator("body")).to_have_attribute("data-alarm", "sound", timeout=10_000)
    expect(banner).to_contain_text(words["named"])
    expect(banner).to_contain_text(re.compile(words["from"] + r" (127\.0\.0\.1|::1)"))
    expect(banner).to_contain_text(words["to_do"])
    expect(banner.locator("b[data-figure]")).to_have_text("6", timeout=10_000)
    expect(page.locator("a.posture.alert")).to_be_visible()
    flash = page.evaluate(
        "(({ animationName, animationDuration }) => [animationName, animationDuration])(getComputedStyle(document.body, '::before'))"
    )
    assert flash == ["flash", "1s"]
    assert page.title().startswith("🔔")
    page.evaluate("document.getAnimations().forEach((each) => { each.pause(); each.currentTime = 100 })")
    walk.shot("alarm-banner")
    page.evaluate("document.getAnimations().forEach((each) => each.play())")


def silence(walk: Walk, words: Words) -> None:
    """Silence from the page, without leaving it, by the key on a PC: the light stays."""
    page = walk.page
    if walk.phone:
        page.locator("section.alarm button", has_text=words["silence"]).click()
    else:
        page.locator("h1").first.click()
        page.keyboard.press("s")
    expect(page.locator("body")).to_have_attribute("data-alarm", "light", timeout=10_000)
    expect(page.locator("section.alarm")).to_contain_text(words["silenced"])
    still = page.evaluate("getComputedStyle(document.body, '::before').animationName")
    assert still == "none", "a steady light"


def acknowledge(walk: Walk, words: Words) -> None:
    """Take it over, from the incident's own page."""
    page = walk.page
    page.locator("section.alarm a", has_text=words["open"]).click()
    expect(page.locator("h1")).to_have_text(words["named"])
    walk.press('main form[action$="/acknowledgement"] button')
    expect(page.locator("section.alarm")).to_contain_text(words["taken"])


def clear(walk: Walk, words: Words) -> None:
    """Clear it with a note; the timeline tells all of it, newest first."""
    page = walk.page
    page.locator("main details.menu", has=page.locator('form[action$="/clearance"]')).locator(
        "summary"
    ).click()
    page.fill('form[action$="/clearance"] [name=note]', words["note"])
    walk.press('form[action$="/clearance"] button')
    expect(page.locator("body")).to_have_attribute("data-alarm", "")
    expect(page.locator("main")).to_contain_text(words["note"])
    told = page.locator("ul.line").inner_text()
    places = [told.index(line) for line in words["told"]]
    assert places == sorted(places), told
    took = re.search(re.escape(words["siren"]) + r"[^\n]*?(\d+)\W?ms", told)
    assert took and int(took[1]) < 1000, told
    walk.shot("incident")
    walk.go("/alarm")
    expect(page.locator("main")).to_contain_text(words["over"])
    walk.shot("alarm")
    walk.go("/settings/alarm")
    walk.shot("rules")
