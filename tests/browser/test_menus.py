"""The menus of an order's page on phones: all of an open one is inside the window, in both languages."""

from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.entered import take_sheet
from tests.browser.served import Served
from tests.browser.test_journey import SHEET, Walk, become_owner, browser, set_up_printer
from tests.peers.escpos_peer import EscposPeer

__all__ = ["browser"]
OUTSIDE = """menu => { menu.open = true; const sheet = menu.querySelector('.sheet')
return [sheet, ...sheet.querySelectorAll('*')].filter(one => one.getClientRects().length).map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
.filter(([_, box]) => box.width && (box.left < 0 || box.right > innerWidth)).map(([html]) => html) }"""


def test_all_of_an_open_menu_is_inside_the_window(browser: Browser, tmp_path: Path) -> None:
    with Served(tmp_path) as desk, EscposPeer() as peer:
        walk = Walk(browser, desk, peer, width=390, height=844, locale="en-US")
        become_owner(walk)
        set_up_printer(walk)
        take_sheet(walk.page.context, desk, SHEET.read_bytes())
        walk.go("/orders")
        order = walk.page.locator('main td a[href^="/orders/"]').first.get_attribute("href")
        for width in (390, 320):
            walk.page.set_viewport_size({"width": width, "height": 844})
            for locale in ("en", "zh_CN"):
                for place in (0, 1, 2):
                    walk.go(f"{order}?locale={locale}")
                    menu = walk.page.locator(".head details.menu").nth(place)
                    assert menu.evaluate(OUTSIDE) == [], f"{width} px, {locale}, menu {place}"
                reveals = walk.page.locator(".opens details.menu").all()
                assert reveals, "each masked field has its eye"
                assert [menu.evaluate(OUTSIDE) for menu in reveals] == [[]] * len(reveals), (
                    f"{width} px, {locale}"
                )
        assert walk.errors == []
