"""What was typed outlives a lost line and an ended session, for the same operator alone, on each form that matters."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.served import Served
from tests.browser.test_journey import PASSWORD, Walk, become_owner, browser
from tests.browser.test_keymap import take_sheet
from tests.peers.escpos_peer import EscposPeer

__all__ = ["browser"]
KEPT = "sessionStorage.getItem('tocsin-typed')"
TYPED = {
    "amend": ("/amendments", {"reason": "the customer called", "merchant_note": "leave it at the gate"}),
    "revise": ("/revise", {"reason": "looked it up", "merchant_note": "call first"}),
    "new": ("/orders/new", {"receiver.name": "王小明", "lines.0.title": "酥梨"}),
    "settings": ("/settings", {"shop_name": "Pears & Co"}),
}
SWAP = """async () => {
  const { swap } = await import("/static/js/swap.js");
  const row = ([code, name]) => `<form method="post" action="/orders/1/acknowledgements"><input type="hidden" name="csrf" value="c">
    <input type="hidden" name="form_key" data-once value="${Math.random()}"><input type="hidden" name="code" value="${code}">
    <button name="keep" value="1">${name}</button></form><input type="checkbox" form="${code}" name="orders" value="7" checked>`;
  const page = (...rows) => new DOMParser().parseFromString(`<div data-live-region id="r">${rows.map(row).join("")}</div>`, "text/html");
  for (const one of document.querySelectorAll("[data-live-region]")) one.remove();
  document.getElementById("main").append(document.adoptNode(page(["sku", "A"], ["note", "B"]).getElementById("r")));
  const told = [];
  for (const fresh of [page(["sku", "a"], ["note", "b"]), page(["sku", "a"])]) {
    document.querySelectorAll("#r button")[1].focus();
    document.querySelectorAll("#r [type=checkbox]")[1].checked = false;
    told.push(swap(fresh), document.activeElement.textContent, [...document.querySelectorAll("#r [type=checkbox]")].map((box) => box.checked).join());
  }
  return told;
}"""


@pytest.fixture(scope="module")
def walk(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Walk:  # type: ignore[misc]
    """An owner with 65 orders, some of them held."""
    with Served(Path(tmp_path_factory.mktemp("kept"))) as desk, EscposPeer() as peer:
        made = Walk(browser, desk, peer, width=1440, height=900, locale="en-US")
        become_owner(made)
        take_sheet(made)
        yield made  # type: ignore[misc]


def open_form(walk: Walk, name: str) -> str:
    """Open a form and type into it; return the selector of the form."""
    way, texts = TYPED[name]
    if name in ("amend", "revise"):
        walk.go("/held")
        number = walk.page.locator('main tbody a[data-open][href$="/revise"]').first.inner_text()
        way = f"/orders/{number}{way}"
    walk.go(way)
    form = f'form[data-keep="{way}"]'
    for field, text in texts.items():
        walk.page.fill(f'{form} [name="{field}"]', text)
    return form


def send(walk: Walk, form: str) -> None:
    walk.page.locator(f"{form} button.main").last.click()


def texts_are_there(walk: Walk, form: str, name: str) -> None:
    for field, text in TYPED[name][1].items():
        assert walk.page.input_value(f'{form} [name="{field}"]') == text


def sign_in(walk: Walk) -> None:
    walk.page.fill("[name=name]", "lin")
    walk.press("main button.main")
    walk.page.fill("[name=password]", PASSWORD)
    walk.press("main button.main")


def test_news_lead_no_hand_to_another_row(walk: Walk) -> None:
    """Buttons of one name in many rows: the focus stays on its own row's, or nothing moves."""
    walk.go("/orders/new")
    assert walk.page.evaluate(SWAP) == [True, "b", "true,false", False, "b", "true,false"]


def test_what_is_typed_before_the_parts_come_is_previewed(walk: Walk) -> None:
    """htmx fails once and comes late, while a picture is still on its way."""
    walk.go("/held")
    number = walk.page.locator('main tbody a[data-open][href$="/revise"]').first.inner_text()
    page, asked, pictures = walk.page.context.new_page(), list[Route](), list[Route]()

    def fail_once(route: Route) -> None:
        asked.append(route)
        route.abort() if len(asked) == 1 else route.continue_()

    page.add_init_script("new Image().src = '/static/slow.png'")
    page.route("**/slow.png", lambda route: pictures.append(route))
    page.route("**/htmx.min.js*", fail_once)
    page.goto(f"{walk.desk.base}/orders/{number}/amendments", wait_until="domcontentloaded")
    shown = page.locator("#preview").inner_text()
    assert page.locator("#f-lines-0-quantity").count(), page.url + page.locator("main").inner_text()
    page.fill("#f-lines-0-quantity", "7")
    expect(page.locator("#preview")).not_to_have_text(shown, timeout=10_000)
    assert (len(asked), len(pictures), page.evaluate("document.readyState")) == (2, 1, "interactive")
    page.close()


@pytest.mark.parametrize("name", TYPED)
def test_a_form_outlives_a_lost_line_and_an_ended_session(walk: Walk, name: str) -> None:
    form = open_form(walk, name)
    walk.page.context.set_offline(offline=True)
    send(walk, form)
    line = walk.page.locator(f"{form} [data-kept]")
    expect(line).to_contain_text("Not sent")
    expect(line.get_by_role("button", name="Send again")).to_be_focused()
    texts_are_there(walk, form, name)
    walk.page.context.set_offline(offline=False)
    kept = walk.page.context.cookies()
    walk.page.context.clear_cookies()
    with walk.page.expect_navigation(url="**/sign-in?next=**"):
        walk.page.keyboard.press("Enter")
    assert "csrf" not in walk.page.evaluate(KEPT) and PASSWORD not in walk.page.evaluate(KEPT)
    sign_in(walk)
    assert kept and walk.page.locator(form).count() == 1, "back at the form"
    expect(walk.page.locator(f"{form} [data-kept]")).to_contain_text("not been sent yet")
    texts_are_there(walk, form, name)
    assert walk.page.evaluate(KEPT) is None
    with walk.page.expect_navigation():
        send(walk, form)
    walk.page.wait_for_load_state()
    assert walk.page.locator("header.bar").count() == 1, (
        walk.page.url + walk.page.locator("main").inner_text()
    )
    assert "/sign-in" not in walk.page.url
    if name == "settings":
        assert "done=saved" in walk.page.url and "Pears" in walk.page.locator("header.bar").inner_text()
    elif name == "amend":
        assert "done=amended" in walk.page.url


def choose(walk: Walk, locale: str) -> None:
    """Choose a language in the menu of the page, or at the foot of the sign-in, without scrolling there."""
    button = walk.page.locator(f'form[data-elsewhere] button[name=locale][value="{locale}"]')
    with walk.page.expect_navigation():
        button.evaluate("button => button.form.requestSubmit(button)")
    assert walk.page.locator("html").get_attribute("lang") == locale.replace("_", "-")


def test_another_language_keeps_what_was_typed_and_the_place(walk: Walk) -> None:
    form = open_form(walk, "amend")
    walk.page.evaluate("scrollTo(0, 200)")
    stood = walk.page.evaluate("scrollY")
    for locale in ("zh_CN", "en"):
        choose(walk, locale)
        texts_are_there(walk, form, "amend")
        assert walk.page.evaluate("[scrollY, sessionStorage.getItem('tocsin-elsewhere')]") == [stood, None]
        assert stood > 100
    walk.go("/orders/new")
    assert walk.page.input_value('[name="receiver.name"]') == "", "nothing comes to another page"


def test_nobody_else_gets_it_and_a_sign_out_takes_it_away(walk: Walk) -> None:
    note = (
        '{"page": "/settings", "by": "%s", "at": %s, "door": true, "texts": [["shop_name", "Mine", "Mine"]]}'
    )
    mine = walk.page.locator("body").get_attribute("data-operator") or ""
    assert mine.isdigit()
    for by, at, comes in ((mine, "Date.now()", True), ("1", "Date.now()", False), (mine, "1", False)):
        moment = walk.page.evaluate(at)
        walk.page.evaluate("text => sessionStorage.setItem('tocsin-typed', text)", note % (by, moment))
        walk.go("/settings")
        assert (walk.page.input_value("[name=shop_name]") == "Mine") == comes
        assert walk.page.evaluate(KEPT) is None
    walk.page.evaluate("text => sessionStorage.setItem('tocsin-typed', text)", note % (mine, 1))
    walk.page.evaluate("document.querySelector('form[action=\"/sign-out\"]').requestSubmit()")
    walk.page.wait_for_url("**/sign-in?out")
    assert walk.page.evaluate(KEPT) is None
    walk.page.fill("[name=name]", "lin")
    choose(walk, "zh_CN")
    assert walk.page.input_value("[name=name]") == "lin", "the sign-in keeps it too"
    assert [fault for fault in walk.errors if not fault.startswith("http")] == []
