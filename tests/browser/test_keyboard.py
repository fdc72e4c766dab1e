"""The clerk's core loop by keyboard alone, the focus seen after each step; and what a screen reader is told on the way."""

import sqlite3
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.served import Served
from tests.browser.test_journey import Walk, become_owner, browser, set_up_printer
from tests.browser.test_keymap import press
from tests.browser.test_revise_keys import RIGHT, sheet
from tests.peers.escpos_peer import EscposPeer

__all__ = ["browser"]
STORED = """select head.revision, made.reason, made.body like '%"SF"%', hold.kind from order_head head
  join order_revision made on (made.order_id, made.revision) = (head.id, head.revision)
  join hold on hold.order_id = head.id where hold.closed_at_us is null order by hold.kind"""
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


def done(walk: Walk, says: str) -> None:
    """After an act the focus stands at the page's heading, in the window, and the message is read out: it comes into a live region."""
    expect(walk.page.locator("main h1")).to_be_focused()
    expect(walk.page.locator("main h1")).to_be_in_viewport()
    told = walk.page.locator("body").aria_snapshot().partition("- status:")[2]
    assert says in told
    expect(walk.page.get_by_role("status").filter(has_text=says).last).to_be_visible()


def stored(folder: Path) -> list[tuple[int, str, int, str]]:
    """Return what the database holds of the one order: its revision with its reason, whether the carrier is in it, and its open holds."""
    with closing(sqlite3.connect(f"file:{folder / 'data' / 'desk.sqlite'}?mode=ro", uri=True)) as db:
        return db.execute(STORED).fetchall()


def to_field(walk: Walk, name: str) -> None:
    for _ in range(60):
        if walk.page.evaluate("document.activeElement.name") == name:
            break
        walk.page.keyboard.press("Tab")
        assert walk.page.evaluate("document.activeElement !== document.body")
    at(walk, name)


def look_up_and_amend(walk: Walk, folder: Path) -> None:
    """`/`, the article, Enter, j, Enter; a: the field that stops the ticket; a carrier by Tab; Ctrl+Enter asks for the reason, and sends."""
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
    at(walk, "receiver.phone")
    hear_the_field(walk)
    to_field(walk, "carrier")
    walk.page.keyboard.type("SF")
    press(walk, "Control+Enter")
    at(walk, "reason")
    walk.page.keyboard.type("the customer called")
    hear_the_form(walk)
    assert stored(folder) == [(1, "intake: sheet", 0, "check")]
    enter(walk, "**/orders/*done=amended*", "Control+Enter")
    done(walk, "Amended")
    assert stored(folder) == [(2, "the customer called", 1, "check")]
    tree = walk.page.locator("main").aria_snapshot()
    assert "revision 2" in tree and "the customer called" in tree and "Stops:" in tree


def hold_and_undo(walk: Walk, folder: Path) -> None:
    """h: the reason has the focus; Enter holds; u takes it back from the message, and there is no second time."""
    press(walk, "h")
    at(walk, "reason")
    walk.page.keyboard.type("ask the customer")
    enter(walk, "**/orders/*done=held*", "Enter")
    done(walk, "Held")
    assert [kind for *_, kind in stored(folder)] == ["check", "manual"]
    assert "ask the customer" in walk.page.locator("main").aria_snapshot()
    assert walk.page.get_by_role("status").get_by_role("button", name="Undo").count() == 1
    enter(walk, "**/orders/*done=undone*", "u")
    done(walk, "Taken back")
    assert stored(folder) == [(2, "the customer called", 1, "check")]
    assert walk.page.get_by_role("button", name="Undo").count() == 0


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
    done(walk, "Revised")


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
    done(walk, "One order is queued")
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


def hear_the_field(walk: Walk) -> None:
    """The field that has the focus says that it is wrong and why."""
    nodes = walk.page.context.new_cdp_session(walk.page).send("Accessibility.getFullAXTree")["nodes"]
    (field,) = [node for node in nodes if {"name": "focused", "value": {"type": "booleanOrUndefined", "value": True}} in node.get("properties", []) and node["role"]["value"] == "textbox"]  # fmt: skip
    said = {one["name"]: one["value"].get("value") for one in field["properties"]}
    assert (field["name"]["value"], said["invalid"]) == ("Phone", "true")
    assert "Stops:" in field["description"]["value"] and "phone_shape" in field["description"]["value"]


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
        look_up_and_amend(walk, tmp_path)
        hold_and_undo(walk, tmp_path)
        press(walk, "g")
        enter(walk, "**/orders", "o")
        screen_and_revise(walk)
        print_again(walk)
        assert walk.errors == []
