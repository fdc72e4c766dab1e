"""A finger at the desk's reader in a real browser: the page waits, goes on by itself, and says what the reader saw."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.test_journey import CHROMIUM
from tests.station.counter import ServedDesk, Shop, Working
from tests.web.gallery import FLAGS
from tocsin.access.reader import FINGERS
from tocsin.core.sqlite import SqliteDatabase
from tocsin.core.vault import Vault


@pytest.fixture
def shop(sqlite_template: Path, vault: Vault, tmp_path: Path) -> Iterator[Shop]:
    """A shop whose station runs, and whose clerk has a finger."""
    shutil.copy(sqlite_template, tmp_path / "desk.sqlite")
    db = SqliteDatabase(tmp_path / "desk.sqlite", vault)
    served = ServedDesk(db, tmp_path)
    shop = Shop(db, served)
    agent = Working(shop).ready()
    clerk = shop.operator("clerk", name="wang")
    assert shop.teach(clerk, "whorl")["outcome"] == "enrolled"
    yield shop
    agent.end()
    served.close()


@pytest.fixture(params=[(1440, 900), (390, 844)], ids=["pc", "phone"])
def page(request: pytest.FixtureRequest, shop: Shop) -> Iterator[Page]:
    """A browser that is the shop's enrolled desk."""
    width, height = request.param
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        context.add_cookies([{"name": "tocsin_desk", "value": shop.desk, "url": shop.served.base}])
        yield context.new_page()
        browser.close()


def ask(page: Page, shop: Shop) -> None:
    page.goto(f"{shop.served.base}/sign-in?next=/held")
    page.fill("#f-name", "wang")
    page.click("form button.main")
    page.click("text=在本台验指纹")
    expect(page.locator("[data-finger-say]")).to_have_text("现在请把手指放在读取器上", timeout=15_000)


def sign_shift(page: Page, shop: Shop) -> None:
    """Hand a shift over by the reader, with what was written for the next one."""
    page.goto(f"{shop.served.base}/shift")
    page.click("form[action='/shift'] button")
    page.click("summary:has-text('交班')")
    page.fill("#f-note", "看一下后厨")
    page.click("text=用本台的指纹读取器签字")
    expect(page.locator("[data-finger-say]")).to_have_text("现在请把手指放在读取器上", timeout=15_000)
    shop.tray.put("whorl")
    page.wait_for_url("**/shift?done=shift_offered", timeout=15_000)
    expect(page.locator("text=看一下后厨")).to_be_visible()


def test_a_wrong_finger_is_said_and_the_right_one_leads_in(page: Page, shop: Shop) -> None:
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    ask(page, shop)
    shop.tray.put("arch")
    expect(page.locator("text=未能识别此手指；本次尝试已记录")).to_be_visible(timeout=15_000)
    page.click("text=在本台验指纹")
    expect(page.locator("[data-finger-say]")).to_have_text("现在请把手指放在读取器上", timeout=15_000)
    shop.tray.put("whorl")
    page.wait_for_url("**/held", timeout=15_000)
    sign_shift(page, shop)
    assert wrong == []


def test_an_enrolment_is_followed_touch_by_touch(page: Page, shop: Shop) -> None:
    ask(page, shop)
    shop.tray.put("whorl")
    page.wait_for_url("**/held", timeout=15_000)
    page.goto(f"{shop.served.base}/settings/fingers")
    page.select_option("#f-finger", FINGERS[1])
    page.click("form[action='/settings/fingers'] button.main")
    expect(page.locator("text=请把手指放在读取器上，读完后抬起")).to_be_visible(timeout=15_000)
    shop.tray.put("arch", "blank")
    expect(page.locator("text=没有读到：请再放一次")).to_be_visible(timeout=15_000)
    expect(page.locator("text=第 1 次，共 3 次")).to_be_visible()
    shop.tray.put("arch", "arch")
    expect(page.locator("text=指纹已录入；其他会话已结束")).to_be_visible(timeout=15_000)
    expect(page.locator("td", has_text="右手拇指")).to_be_visible()
