"""A person's window on the desk: goes by what is written there, and counts touches and keys."""

import re
import time

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.test_journey import keep_picture
from tests.days.surface import Surface
from tests.days.watch import Watch

_LOOK_MS = 500
expect.set_options(timeout=15_000)  # several days share a machine: what is waited for may take its time


class Window:
    """One browser window, and the watch over it."""

    def __init__(
        self, browser: Browser, base: str, surface: Surface, *, watch: Watch, fault: str = ""
    ) -> None:
        self.base, self.surface, self.watch, self.say = base, surface, watch, surface.say
        self.touches, self.fields, self.keys, self.began = 0, 0, 0, time.monotonic()
        self._seen: set[str] = set()
        self.context = browser.new_context(
            viewport={"width": surface.width, "height": surface.height},
            locale=surface.locale.replace("_", "-") if "_" in surface.locale else "en-US",
            color_scheme="dark" if surface.scheme == "dark" else "light",
            has_touch=surface.phone,
            is_mobile=surface.phone,
        )
        watch.over(self.context)
        if fault:
            self.context.add_init_script(fault)
        self.page: Page = self.context.new_page()

    def open(self, address: str) -> None:
        """Open a link that somebody was given."""
        self.page.goto(address if address.startswith("http") else self.base + address)
        self.look()

    def look(self) -> None:
        """Wait until the page stands; a kind of page that is new here is looked at for a while."""
        self.page.wait_for_load_state("load")
        kind = re.sub(r"/[^/]*\d[^/]*", "/·", self.path())
        if kind not in self._seen:
            self._seen.add(kind)
            self.page.wait_for_timeout(_LOOK_MS)
            wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{kind} is {wide} px wider than the window"
            dark = self.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
            assert dark == (self.surface.scheme == "dark")

    def path(self) -> str:
        """Return the address within the desk, without what was asked."""
        return self.page.url.removeprefix(self.base).partition("?")[0].partition("#")[0]

    def main(self) -> Locator:
        """Return the page's own part."""
        return self.page.locator("main")

    def touch(self, at: Locator, *, leads: bool = True) -> None:
        """Touch something; where it leads on, wait for the page that follows."""
        self.touches += 1
        if not leads:
            at.click()
            return
        with self.page.expect_navigation():
            at.click()
        self.look()

    def press(self, word: str, *, within: Locator | None = None, leads: bool = True) -> None:
        """Press the button that bears a word."""
        part = within or self.main()
        self.touch(part.get_by_role("button", name=self.say(word)).locator("visible=true").first, leads=leads)

    def follow(self, word: str, *, within: Locator | None = None) -> None:
        """Follow the link that bears a word."""
        part = within or self.main()
        self.touch(part.get_by_role("link", name=self.say(word)).locator("visible=true").first)

    def next(self, step: str) -> None:
        """Go to the next step of the first hour, by the strip that each page has."""
        link = self.main().locator("p.steps").get_by_role("link", name=self.say(step))
        until = time.monotonic() + 15
        while not link.count() and time.monotonic() < until:  # what a page says of it is some seconds old
            self.page.wait_for_timeout(500)
            self.page.goto(self.page.url.partition("?")[0])
        self.touch(link)

    def unfold(self, word: str, *, within: Locator | None = None) -> Locator:
        """Open the menu or fold that bears a word; return it."""
        box = (
            (within or self.main())
            .locator("details", has=self.page.locator("summary", has_text=self.say(word)))
            .first
        )
        if box.get_attribute("open") is None:
            self.touch(box.locator("summary").first, leads=False)
        return box

    def write(self, label: str, text: str, *, within: Locator | None = None) -> None:
        """Write into the field that bears a label."""
        self.fill((within or self.main()).get_by_label(self.say(label)).locator("visible=true").first, text)

    def fill(self, at: Locator, text: str) -> None:
        """Write into a field."""
        self.keys += len(text)
        self.fields += 1
        at.fill(text)

    def confirm(self) -> None:
        """Say yes to what the desk asks once more."""
        self.touch(self.page.locator("dialog[open] button.danger"))

    def go(self, place: str) -> None:
        """Go to a place of the desk: by the rail, on a phone by its tabs or by what is behind More."""
        word = self.say(place)
        if not self.surface.phone:
            self.touch(self.page.locator("nav.rail").get_by_role("link", name=word).first)
            return
        tabs = self.page.locator("nav.tabs")
        link = tabs.locator(":scope > a", has_text=word)
        if not link.count() or not link.first.is_visible():
            self.touch(tabs.locator("summary"), leads=False)
            link = tabs.locator(".sheet a", has_text=word)
        self.touch(link.first)

    def set(self, place: str) -> None:
        """Go to a page of the settings."""
        self.go("Settings")
        tabs = self.page.get_by_role("navigation", name=self.say("Settings"))
        self.touch(tabs.get_by_role("link", name=self.say(place), exact=True))

    def ask(self, text: str) -> None:
        """Look orders up by a text."""
        box = self.page.get_by_role("search").get_by_role("searchbox").or_(self.page.locator("#q")).first
        self.fill(box, text)
        self.keys += 1
        with self.page.expect_navigation():
            box.press("Enter")
        self.look()

    def speak(self) -> None:
        """Choose one's language in the menu of the header, where it is another yet."""
        if self.page.locator("html").get_attribute("lang") == self.surface.locale.replace("_", "-"):
            return
        menu = self.page.locator("header details.menu")
        self.touch(menu.locator("summary").first, leads=False)
        self.touch(menu.locator(f"button[name=locale][value={self.surface.locale}]"))

    def shot(self, name: str) -> None:
        """Keep the page's picture where that is asked."""
        keep_picture(self.page, f"{name}-{self.surface.name}")

    def sees(self, text: str, *, seconds: float = 10) -> None:
        """Wait until the page says something."""
        expect(self.main()).to_contain_text(self.say(text), timeout=seconds * 1000)

    def close(self) -> None:
        """Close it; what it still had to tell is heard."""
        self.page.wait_for_timeout(100)
        self.context.close()

    def spent(self) -> float:
        """Return the seconds since it was opened."""
        return time.monotonic() - self.began
