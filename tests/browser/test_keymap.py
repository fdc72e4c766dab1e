"""Keys in a real browser: nothing fires while an input method composes, in a field, or in a scanner's burst; chords, rows, the palette."""

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser import entered
from tests.browser.served import Served
from tests.browser.test_journey import SHEET, Walk, become_owner, browser
from tests.peers.escpos_peer import EscposPeer

__all__ = ["browser"]


def take_sheet(walk: Walk) -> None:
    """Import the sheet of 65 orders, and open what became of it."""
    walk.go(entered.take_sheet(walk.page.context, walk.desk, SHEET.read_bytes()))


def path_of(page: Page) -> str:
    return page.url.split("/", 3)[3].partition("?")[0]


def stays(walk: Walk, *, with_no: str = "dialog[open]") -> None:
    """Wait longer than any key does, and see that the page is the same and nothing is open."""
    before = walk.page.url
    walk.page.wait_for_timeout(250)
    assert walk.page.url == before and walk.page.locator(with_no).count() == 0


def send_keys(page: Page, code: str, **more: object) -> None:
    page.evaluate(
        "([code, more]) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {code, bubbles: true, cancelable: true, ...more}))",
        [code, more],
    )


def press(walk: Walk, *codes: str) -> None:
    """Press keys as a hand does, slower than a scanner."""
    for code in codes:
        walk.page.keyboard.press(code)
        walk.page.wait_for_timeout(120)


def composing_fires_nothing(walk: Walk) -> None:
    """A Chinese input method in the search box and, as some hand it on, outside of any field."""
    talk = walk.page.context.new_cdp_session(walk.page)
    walk.page.focus("#q")
    talk.send("Input.imeSetComposition", {"text": "nan", "selectionStart": 3, "selectionEnd": 3})
    for code in ("KeyN", "Slash"):
        send_keys(walk.page, code, isComposing=True)
    stays(walk)
    assert walk.page.input_value("#q") == "nan"
    talk.send("Input.insertText", {"text": "南"})
    assert walk.page.input_value("#q") == "南"
    press(walk, "Escape")
    walk.page.evaluate("document.activeElement.blur()")
    for more in ({"isComposing": True}, {"keyCode": 229, "key": "Process"}):
        for code in ("KeyN", "KeyJ", "Slash"):
            send_keys(walk.page, code, **more)
        stays(walk, with_no="tr[aria-selected=true], #q:focus")
    send_keys(walk.page, "KeyK", ctrlKey=True, keyCode=229)
    stays(walk)


def bursts_fire_nothing(walk: Walk) -> None:
    """Keys that come as a scanner's, of an odd and of an even number, are no shortcuts."""
    for burst in ("KeyA KeyB KeyN", "KeyN KeyN", "KeyG KeyO KeyX KeyH KeyN"):
        walk.page.evaluate(
            "codes => codes.forEach((code) => document.body.dispatchEvent(new KeyboardEvent('keydown', {code, bubbles: true})))",
            burst.split(),
        )
        stays(walk)


def rows_are_walked(walk: Walk) -> None:
    """j, k, x; a on a row amends it; [ and ] go through the list; Escape leads back to it."""
    walk.go("/orders")
    row = walk.page.locator("tr[aria-selected=true]")
    press(walk, "j", "j", "k", "x")
    expect(row).to_have_count(1)
    assert (
        row.locator("input.tick").is_checked()
        and walk.page.evaluate("document.activeElement.dataset.open") == ""
    )
    numbers = walk.page.locator("[data-open]").all_inner_texts()
    with walk.page.expect_navigation(url=f"**/orders/{numbers[0]}"):
        walk.page.keyboard.press("Enter")
    for key, number in (("]", numbers[1]), ("]", numbers[2]), ("[", numbers[1])):
        with walk.page.expect_navigation(url=f"**/orders/{number}"):
            press(walk, key)
    expect(walk.page.locator("[data-at]")).to_have_text(f"2 / {len(numbers)}")
    with walk.page.expect_navigation(url="**/orders"):
        press(walk, "Escape")
    press(walk, "j")
    with walk.page.expect_navigation(url="**/amendments"):
        press(walk, "a")


def the_palette_goes(walk: Walk) -> None:
    """Ctrl+K, a few letters in either language, arrows and Enter; a number looks up; Escape gives the focus back."""
    walk.go("/orders")
    walk.page.focus("#q")
    walk.page.keyboard.press("Control+k")
    field = walk.page.get_by_role("combobox", name="Go to")
    expect(field).to_be_focused()
    field.fill("打印机")
    option = walk.page.locator("#palette").get_by_role("option", selected=True)
    expect(option).to_have_count(1)
    assert (
        walk.page.locator("#palette [aria-activedescendant]").get_attribute("aria-activedescendant") == "go-0"
    )
    expect(walk.page.locator("#palette [role=status]")).to_contain_text("found")
    press(walk, "Escape")
    expect(walk.page.locator("#q")).to_be_focused()
    walk.page.keyboard.press("Control+k")
    walk.page.keyboard.type("printers")
    expect(option).to_contain_text("Printers")
    with walk.page.expect_navigation(url="**/settings/printers"):
        walk.page.keyboard.press("Enter")
    walk.page.keyboard.press("Control+k")
    walk.page.keyboard.type("0004")
    expect(option).to_contain_text("0004")
    with walk.page.expect_navigation(url="**/orders?q=0004"):
        walk.page.keyboard.press("Enter")


def test_keys_in_a_browser(browser: Browser, tmp_path: Path) -> None:
    with Served(tmp_path) as desk, EscposPeer() as peer:
        walk = Walk(browser, desk, peer, width=1440, height=900, locale="en-US")
        become_owner(walk)
        take_sheet(walk)
        walk.go("/orders")
        composing_fires_nothing(walk)
        bursts_fire_nothing(walk)
        press(walk, "Shift+Slash")
        expect(walk.page.locator("#keys[open]")).to_be_visible()
        press(walk, "Escape")
        with walk.page.expect_navigation(url="**/held"):
            press(walk, "g", "h")
        press(walk, "/")
        expect(walk.page.locator("#q")).to_be_focused()
        press(walk, "Escape", "g", "o")
        expect(walk.page).to_have_url(f"{desk.base}/orders")
        rows_are_walked(walk)
        the_palette_goes(walk)
        assert walk.errors == []
