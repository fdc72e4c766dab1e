"""A shared PC: enrolled, a shift begun with a short password, locked, unlocked by PIN, handed over; Back shows nothing."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.served import Served
from tests.browser.test_journey import PASSWORD, browser

__all__ = ["browser"]
SHORT, PINS = "mk7-pear", {"wang": "290417", "li": "730529"}


class Till:
    """The browser of the till."""

    def __init__(self, context: BrowserContext, desk: Served) -> None:
        self.desk, self.page = desk, context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda fault: self.errors.append(str(fault)))

    def go(self, path: str) -> Page:
        self.page.goto(path if path.startswith("http") else self.desk.base + path)
        return self.page

    def press(self, selector: str) -> None:
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.fill(f"main [name={name}]", value)

    def path(self) -> str:
        return self.page.url.removeprefix(self.desk.base).partition("?")[0]

    def join(self, name: str, link: str) -> None:
        """Take an invitation with a short password, and set a PIN."""
        self.go(link)
        self.fill(password=SHORT, again=SHORT)
        self.press("main button.main")
        assert self.path() == "/orders", "at an enrolled desk eight characters open"
        self.go("/settings/sessions")
        self.fill(pin=PINS[name], pin_again=PINS[name])
        self.press('form[action="/settings/pin"] button')

    def unlock(self, name: str, pin: str) -> None:
        card = self.page.locator(".unlock", has_text=name)
        card.locator("[name=pin]").fill(pin)
        with self.page.expect_navigation():
            card.locator("button.main").click()


def begin(till: Till) -> dict[str, str]:
    """Become owner, enrol the browser and invite two; return their links."""
    till.go(till.desk.owner_link)
    till.fill(name="lin", password=PASSWORD, again=PASSWORD)
    till.press("main button.main")
    assert till.page.locator("ol.codes li").count() == 10
    till.press("main a.main")
    till.go("/settings/desks")
    till.fill(name="Till 2", place="left")
    till.press('form[action="/settings/desks"] button.main')
    expect(till.page.locator("table")).to_contain_text("Till 2")
    links = {}
    for name in PINS:
        till.go("/settings/operators")
        till.fill(name=name)
        till.press("main form button.main")
        links[name] = till.page.input_value("#f-link")
    return links


def back_shows_nothing(till: Till) -> None:
    """Go back through what this tab has shown: no page of the desk is among it, kept or asked for again."""
    for _ in range(5):
        # The answer to a form would be sent again: the browser shows an error, and keeps nothing of it.
        till.page.evaluate("setTimeout(() => history.back(), 0)")
        till.page.wait_for_timeout(600)
        assert till.page.locator("header.bar").count() == 0, till.page.url
    till.go("/sign-in")


@pytest.mark.parametrize(("width", "locale"), [(1366, "en-US"), (390, "zh-CN")])
def test_a_shared_pc_from_the_enrolment_to_the_end_of_the_shift(
    browser: Browser, tmp_path: Path, width: int, locale: str
) -> None:
    with Served(tmp_path) as desk:
        context = browser.new_context(viewport={"width": width, "height": 844}, locale=locale)
        till = Till(context, desk)
        links = begin(till)
        till.join("wang", links["wang"])
        till.join("li", links["li"])
        till.go("/held")
        assert till.page.locator("header.bar").count() == 1
        till.press('form[action="/lock"] button')
        assert till.path() == "/lock" and till.page.locator(".unlock").count() == 3
        assert till.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        back_shows_nothing(till)
        till.go("/orders")
        assert till.path() == "/lock", "locked, whatever is opened"
        till.unlock("wang", "111119")
        assert till.path() == "/lock/pin"
        till.unlock("wang", PINS["wang"])
        assert till.path() == "/orders" and "wang" in till.page.locator("header.bar").inner_text() + str(
            till.page.locator("details.menu .sheet").first.text_content()
        )
        till.page.locator("body").press("l")
        till.page.wait_for_url("**/lock**")
        till.unlock("li", PINS["li"])
        assert "li" in str(till.page.locator("details.menu .sheet").first.text_content())
        till.page.locator("details.menu summary").first.click()
        till.press('form[action="/sign-out"] button')
        assert till.path() == "/sign-in"
        back_shows_nothing(till)
        elsewhere = Till(browser.new_context(locale=locale), desk)
        elsewhere.go("/sign-in")
        elsewhere.fill(name="wang")
        elsewhere.press("main button.main:not([data-passkey-press])")
        elsewhere.fill(password=SHORT)
        elsewhere.press("main form[action='/sign-in/password'] button.main")
        assert elsewhere.path() == "/sign-in/password", "elsewhere it is a wrong password"
        assert till.errors == elsewhere.errors == [] and "Traceback" not in desk.log(), desk.log()


def test_a_desk_that_nobody_touches_takes_its_page_away(browser: Browser, tmp_path: Path) -> None:
    with Served(tmp_path) as desk:
        till = Till(browser.new_context(locale="en-US"), desk)
        begin(till)
        till.go("/orders")
        assert till.page.locator("form[data-idle-lock]").get_attribute("data-idle-lock") == "10"
        till.page.evaluate("localStorage.setItem('tocsin-used', String(Date.now() - 11 * 60000))")
        till.page.wait_for_url("**/lock**", timeout=8000)
        assert till.page.locator(".unlock").count() == 1
