"""A new user's whole way: owner link, password, sheet, held, revised, printed, scanned, amended, cancelled.

With `SHOTS=FOLDER` in the environment it also leaves its pages as pictures there.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.entered import PASSWORD, enter_as_owner
from tests.browser.served import Served
from tests.peers.escpos_peer import EscposPeer

SHEET = Path("tests/data/mall_cn_orders/orders_joined.csv")
WRONG_SUM = "202002250100000004"
# The same engine: the whole browser draws itself too, for half as much work again.
CHROMIUM, WHOLE_CHROMIUM = "/usr/bin/chromium-headless-shell", "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()


class Walk:
    """One walk of a new user: his window, his language, the desk and its printer."""

    def __init__(
        self, browser: Browser, desk: Served, peer: EscposPeer, *, width: int, height: int, locale: str
    ) -> None:
        self.desk, self.peer, self._name = desk, peer, f"{'phone' if width < 600 else 'pc'}-{locale[:2]}"
        self._context = browser.new_context(viewport={"width": width, "height": height}, locale=locale)
        self.page: Page = self._context.new_page()
        self.errors: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda fault: self.errors.append(str(fault)))
        self.phone, self.locale = width < 600, locale

    def go(self, path: str) -> None:
        """Open an address of the desk."""
        answer = self.page.goto(self.desk.base + path)
        assert answer is not None and answer.status == 200, f"{path}: {answer and answer.status}"

    def press(self, selector: str) -> None:
        """Press what sends a form, and wait for the page that follows."""
        with self.page.expect_navigation() as led:
            self.page.locator(selector).first.click()
        answer = led.value
        assert answer is not None and answer.status == 200, (
            f"{selector}: {self.page.locator('main').inner_text()}"
        )

    def shot(self, name: str) -> None:
        """Check that the page is no wider than the window, and keep its picture where that is asked."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{name} is {wide} px wider than the window"
        keep_picture(self.page, f"{name}-{self._name}")

    def word(self, link: str) -> str:
        """Return what a scanned ticket answers to who is signed in."""
        self.go(link.removeprefix(self.desk.base))
        shown = self.page.locator("section.answer").get_attribute("class") or ""
        return shown.replace("answer", "").strip()

    def outside(self, link: str) -> str:
        """Return all that an anonymous scanner is told."""
        context = self._context.browser.new_context(locale="en-US")  # type: ignore[union-attr]
        page = context.new_page()
        page.goto(link)
        said = page.locator("main").inner_text()
        context.close()
        return said

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{self.page.url}: {message.text}")


def keep_picture(page: Page, name: str) -> None:
    """Leave a page's picture in the folder that the environment names, if it names one."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


@pytest.mark.parametrize(("width", "height", "locale"), [(1440, 900, "en-US"), (390, 844, "zh-CN")])
def test_the_whole_way_as_a_new_user(
    browser: Browser, tmp_path: Path, width: int, height: int, locale: str
) -> None:
    """Owner link → password → import → held → revise → paper → CURRENT → amend → SUPERSEDED → cancel → VOID."""
    with Served(tmp_path) as desk, EscposPeer() as peer:
        walk = Walk(browser, desk, peer, width=width, height=height, locale=locale)
        create_owner(walk)
        set_up_printer(walk)
        choose_level(walk)
        import_sheet(walk)
        number = find_wrong_sum(walk)
        revise_it(walk, number)
        link = read_paper(walk)
        assert walk.word(link) == "CURRENT"
        assert number in walk.page.locator("main").inner_text()
        walk.shot("scan")
        assert "CURRENT" in walk.outside(link) and number not in walk.outside(link)
        hear_news(walk, number)
        amend_it(walk, number)
        assert walk.word(link) == "SUPERSEDED"
        cancel_it(walk, number)
        assert walk.word(link) == "VOID"
        assert "VOID" in walk.outside(link)
        look_around(walk)
        assert walk.errors == []
        assert "Traceback" not in desk.log(), desk.log()


def become_owner(walk: Walk) -> None:
    """Sign in as the owner of a new desk, and open it."""
    enter_as_owner(walk.page.context, walk.desk, locale=walk.locale)
    walk.go("/orders")


def create_owner(walk: Walk) -> None:
    """Open the one-time link, choose a name and a password; then sign in with them, name first."""
    walk.page.goto(walk.desk.owner_link)
    walk.page.fill("[name=name]", "lin")
    walk.page.fill("[name=password]", PASSWORD)
    walk.page.fill("[name=again]", PASSWORD)
    walk.shot("owner")
    walk.press("main button.main")
    walk._context.clear_cookies()
    walk.go("/sign-in")
    walk.page.fill("[name=name]", "lin")
    walk.shot("sign-in")
    walk.press("main button.main")
    walk.page.fill("[name=password]", PASSWORD)
    walk.press("main button.main")
    assert walk.page.url.partition("?")[0] == f"{walk.desk.base}/orders"


def set_up_printer(walk: Walk) -> None:
    """Set the printer up on its page; the desk asks it at once how it is."""
    walk.go("/settings/printers")
    form = 'form[action="/settings/printers"]'
    walk.page.fill(f"{form} [name=name]", "Counter")
    walk.page.fill(f"{form} [name=address]", f"127.0.0.1:{walk.peer.port}")
    walk.press(f"{form} button.main")
    assert walk.page.locator("tr", has_text="Counter").locator(".chip.ok").count() == 1
    walk.shot("printers")


def choose_level(walk: Walk) -> None:
    """Let addresses without a number be a notice alone: in this sheet none has one."""
    walk.go("/settings/checks")
    walk.page.select_option("[name='level.address_short']", "I")
    walk.press('form[action="/settings/checks"] button.main')
    assert walk.page.locator("[name='level.address_short']").input_value() == "I"
    walk.shot("checks")


def import_sheet(walk: Walk) -> None:
    """Choose the sheet, look at its preview, take it in."""
    walk.go("/imports")
    walk.page.set_input_files("[name=sheet]", SHEET)
    walk.press('form[action="/imports"] button.main')
    assert walk.page.locator(".figures b").first.inner_text() == "65"
    walk.shot("import")
    walk.press('form[action$="/commit"] button.main')
    assert walk.page.locator(".figures b").first.inner_text() == "65"
    # The checks go on behind the answer: what they find comes to the page by itself.
    found = walk.page.locator("a.finding")
    expect(found.filter(has_text="sum_order").locator("b")).to_have_text("3", timeout=15_000)
    expect(found.filter(has_text="required").locator("b")).to_have_text("10", timeout=15_000)
    walk.shot("import-result")


def find_wrong_sum(walk: Walk) -> str:
    """Find the orders whose sum is wrong under Held, each with its findings; return the number of one."""
    walk.go("/held")
    expect(walk.page.locator('a[href="/held?code=sum_order"]')).to_contain_text("3")
    expect(walk.page.locator('a[href="/held?code=required"]')).to_contain_text("10")
    walk.shot("held")
    walk.go("/held?code=sum_order")
    rows = walk.page.locator("table.held tbody tr")
    assert rows.count() == 3
    assert rows.locator("code", has_text="sum_order").count() == 3
    walk.go(f"/orders?q={WRONG_SUM}")
    found = walk.page.locator('main td a[href^="/orders/"]')
    assert found.count() == 1
    number = found.inner_text().strip()
    walk.go("/held?code=sum_order")
    assert walk.page.locator(f'a[href="/orders/{number}/revise"]').count() >= 1
    return number


def revise_it(walk: Walk, number: str) -> None:
    """Go from the finding to its field, make the sums agree, give a reason, and print."""
    walk.press(f'table.held a[href="/orders/{number}/revise"] >> visible=true')
    assert walk.page.locator(".beside .finding.E").count() >= 1, "the finding stands beside its field"
    walk.page.check("[name=recalculate]")
    walk.shot("revise")
    walk.page.fill('form[action$="/revise"] [name=reason]', "the sums agree now")
    walk.press("button[name=then][value=print]")
    assert f"/orders/{number}" in walk.page.url and "/revise" not in walk.page.url, walk.page.locator(
        "main"
    ).inner_text()


def read_paper(walk: Walk) -> str:
    """Wait for the paper, and return the link that a scanner reads on its picture."""
    paper = walk.peer.wait_papers(1, 20)[0]
    link = paper.codes()["qr"]
    assert re.fullmatch(rf"{walk.desk.base}/t/[A-Z2-7]{{32}}", link)
    walk.go("/terminals")
    expect(walk.page.locator("td .chip.ok").first).to_be_visible()
    walk.shot("terminal")
    return link


def hear_news(walk: Walk, number: str) -> None:
    """Hold the order in another window: the count of problems moves in this one by itself, and back again."""
    walk.go("/orders")
    badge = walk.page.locator("[data-live-count]").first
    before = int(badge.text_content() or "0")
    other = walk.page.context.new_page()
    other.goto(f"{walk.desk.base}/orders/{number}")
    hold = other.locator(f'form[action="/orders/{number}/holds"]')
    other.locator("details", has=hold).locator("summary").last.click()
    hold.locator("[name=reason]").fill("the customer calls")
    with other.expect_navigation():
        hold.locator("button").click()
    expect(badge).to_have_text(str(before + 1), timeout=10_000)
    with other.expect_navigation():
        other.locator('form[action^="/holds/"] button').first.click()
    expect(badge).to_have_text(str(before), timeout=10_000)
    other.close()


def amend_it(walk: Walk, number: str) -> None:
    """Amend the printed order: another freight."""
    walk.go(f"/orders/{number}/amendments")
    form = f'form[action="/orders/{number}/amendments"]'
    walk.page.fill(f'{form} [name="totals.shipping"]', "25.00")
    walk.page.fill(f"{form} [name=reason]", "freight of the carrier")
    walk.shot("amend")
    walk.press(f"{form} button.main")
    assert walk.page.url.partition("?")[0] == f"{walk.desk.base}/orders/{number}"


def cancel_it(walk: Walk, number: str) -> None:
    """Cancel the order, with a reason."""
    walk.go(f"/orders/{number}/ticket")
    expect(walk.page.locator("main img").first).to_have_js_property("complete", value=True)
    walk.shot("preview")
    walk.go(f"/orders/{number}")
    walk.shot("order")
    form = walk.page.locator(f'form[action="/orders/{number}/cancellation"]')
    walk.page.locator("details", has=form).locator("summary").last.click()
    form.locator("[name=reason]").fill("the customer does not want it")
    form.locator("button").click()
    walk.press("dialog[open] button.danger")  # the desk asks once more


def look_around(walk: Walk) -> None:
    """Open every page that was not on the way; none is broken, none is wider than the window."""
    for name, path in {
        "orders": "/orders", "screens": "/screens", "quarantine": "/quarantine", "downloads": "/downloads?new=1",
        "lookups": "/lookups?of=all", "settings": "/settings", "sessions": "/settings/sessions", "journal": "/journal",
        "new": "/orders/new", "operators": "/settings/operators", "problems": "/problems", "queues": "/settings/queues",
        "templates": "/settings/templates", "stations": "/settings/stations",
    }.items():  # fmt: skip
        walk.go(path)
        walk.shot(name)
