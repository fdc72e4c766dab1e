"""The clerk's core loop by keyboard alone, the focus seen after each step; and what a screen reader is told on the way."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.served import Served
from tests.browser.test_journey import Walk, become_owner, browser, set_up_printer
from tests.browser.test_keymap import press
from tests.browser.test_revise_keys import RIGHT, sheet
from tests.peers.escpos_peer import EscposPeer

__all__ = ["browser"]
SEEN = """() => { const at = document.activeElement, box = at.getBoundingClientRect(), look = getComputedStyle(at);
  const row = at.closest('tr[aria-selected=true]');
  return at !== document.body && box.width > 0 && box.top >= 0 && box.bottom <= innerHeight + 1
    && (Boolean(row) || look.outlineStyle !== 'none' || look.boxShadow !== 'none'); }"""


def at(walk: Walk, name: str) -> None:
    """See that the focus is on a field or control of that name, within the window, and drawn."""
    told = walk.page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()")
    assert name in told and walk.page.evaluate(SEEN), (name, told)


def enter(walk: Walk, leads: str, key: str = "Enter") -> None:
    with walk.page.expect_navigation(url=leads):
        press(walk, key)


def set_up(walk: Walk) -> None:
    """An owner, a printer, and one order whose phone can't be dialled."""
    become_owner(walk)
    set_up_printer(walk)
    walk.go("/imports")
    walk.page.set_input_files("[name=sheet]", {"name": "a.csv", "mimeType": "text/csv", "buffer": sheet()})
    walk.press('form[action="/imports"] button.main')
    walk.press('form[action$="/commit"] button.main')
    expect(walk.page.locator("a.finding", has_text="phone_shape").locator("b")).to_have_text(
        "1", timeout=15_000
    )


def look_up_and_amend(walk: Walk) -> None:
    """`/`, the article, Enter, j, Enter; a, and by Tab to the reason."""
    press(walk, "/")
    at(walk, "q")
    walk.page.keyboard.type("酥梨")
    enter(walk, "**/orders?q=*")
    press(walk, "j")
    at(walk, "-0001")
    hear_the_list(walk)
    enter(walk, "**/orders/*-0001")
    hear_the_order(walk)
    enter(walk, "**/amendments", "a")
    for _ in range(60):
        if walk.page.evaluate("document.activeElement.name") == "reason":
            break
        walk.page.keyboard.press("Tab")
    at(walk, "reason")
    walk.page.keyboard.type("the customer called")
    hear_the_form(walk)


def screen_and_revise(walk: Walk) -> None:
    """g h, j, Enter: the wrong field has the focus; mended, and printed."""
    press(walk, "g")
    enter(walk, "**/held", "h")
    press(walk, "j")
    at(walk, "-0001")
    enter(walk, "**/revise")
    at(walk, "receiver.phone")
    walk.page.keyboard.press("Control+a")
    walk.page.keyboard.type(RIGHT)
    walk.page.keyboard.press("Alt+1")
    at(walk, "reason")
    enter(walk, "**/orders/*done=revised*", "Control+Enter")
    assert walk.peer.wait_papers(1, 20)
    expect(walk.page.get_by_role("status").filter(has_text="Revised")).to_be_visible()


def print_again(walk: Walk) -> None:
    """Escape leads to the list, back again; p opens the menu with the focus in it; Escape shuts it; p, Enter print."""
    enter(walk, "**/held", "Escape")
    walk.page.go_back()
    press(walk, "p")
    assert walk.page.evaluate("document.activeElement.closest('details.menu[open] .sheet') !== null")
    press(walk, "Escape")
    at(walk, "Print")
    press(walk, "p")
    with walk.page.expect_navigation():
        press(walk, "Enter")
    assert len(walk.peer.wait_papers(2, 20)) == 2


def hear_the_list(walk: Walk) -> None:
    """Landmarks by name, one table with named columns, a box that says which order it chooses."""
    tree = walk.page.locator("body").aria_snapshot()
    for part in (
        "banner",
        'navigation "Desk"',
        "main",
        "search",
        "table",
        'columnheader "Number"',
        'checkbox "Choose ',
    ):
        assert part in tree, (part, tree)
    assert walk.page.get_by_role("heading", level=1).count() == 1


def hear_the_order(walk: Walk) -> None:
    tree = walk.page.locator("main").aria_snapshot()
    for part in (
        'heading "What stops the ticket"',
        'link "Amend',
        'region "Receiver"',
        'region "History"',
        'region "Who has seen it"',
    ):
        assert part in tree, (part, tree)
    assert "Stops:" in tree, "the level of a finding is said, not only coloured"


def hear_the_form(walk: Walk) -> None:
    """Every control has a name, as the browser's own accessibility tree has it."""
    nodes = walk.page.context.new_cdp_session(walk.page).send("Accessibility.getFullAXTree")["nodes"]
    roles = ("textbox", "combobox", "checkbox", "button", "link", "spinbutton")
    nameless = [
        node for node in nodes
        if not node["ignored"] and node["role"]["value"] in roles and not node.get("name", {}).get("value")
    ]  # fmt: skip
    assert nameless == []
    assert any(node["role"]["value"] in ("status", "alert") for node in nodes)


def test_the_core_loop_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    with Served(tmp_path) as desk, EscposPeer() as peer:
        walk = Walk(browser, desk, peer, width=1440, height=900, locale="en-US")
        set_up(walk)
        walk.go("/orders")
        look_up_and_amend(walk)
        press(walk, "Escape", "g")
        enter(walk, "**/orders", "o")
        screen_and_revise(walk)
        print_again(walk)
        assert walk.errors == []
