"""From a held order to its corrected paper by keyboard alone: few keys, few seconds."""

import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, expect

from tests.browser.entered import take_sheet
from tests.browser.served import Served
from tests.browser.test_journey import Walk, become_owner, browser, set_up_printer
from tests.peers.escpos_peer import EscposPeer

__all__ = ["browser"]
KEYS_MOST, SECONDS_MOST = 8, 15.0
WRONG, RIGHT = "1381234567x8", "13812345678"


def sheet() -> bytes:
    """Return a paid order of today whose phone can't be dialled."""
    now = datetime.now(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M:%S")
    head = "订单编号,收货人,手机号,收货地址,商品名称,数量,单价,应付金额,下单时间,付款时间"
    return f"{head}\nA1,王小明,{WRONG},安徽省合肥市黄山路 1 号,酥梨,2,39.9,79.8,{now},{now}\n".encode()


class Hand:
    """A hand on the keyboard, and how many keys it has pressed; a chord counts as each of its keys."""

    def __init__(self, walk: Walk) -> None:
        self.walk, self.keys = walk, 0

    def press(self, chord: str, *, leads: str = "") -> None:
        self.keys += len(chord.split("+"))
        if not leads:
            self.walk.page.keyboard.press(chord)
            return
        with self.walk.page.expect_navigation(url=leads):
            self.walk.page.keyboard.press(chord)

    def at(self) -> str:
        """Return the name of the field where the next letter would go."""
        return str(
            self.walk.page.evaluate(
                "document.activeElement.name || document.activeElement.dataset.fill || ''"
            )
        )


def test_from_held_to_paper_in_eight_keys(browser: Browser, tmp_path: Path) -> None:
    with Served(tmp_path) as desk, EscposPeer() as peer:
        walk = Walk(browser, desk, peer, width=1440, height=900, locale="en-US")
        become_owner(walk)
        set_up_printer(walk)
        walk.go(take_sheet(walk.page.context, desk, sheet()))
        expect(walk.page.locator("a.finding", has_text="phone_shape").locator("b")).to_have_text(
            "1", timeout=15_000
        )
        walk.go("/held")
        hand, began = Hand(walk), time.monotonic()
        hand.press("j")
        expect(walk.page.locator("table.held tr[aria-selected=true]")).to_have_count(1)
        hand.press("Enter", leads="**/revise")
        expect(walk.page.locator(".field .finding.E")).to_be_visible()
        assert hand.at() == "receiver.phone" and walk.page.input_value("[name='receiver.phone']") == WRONG
        hand.press("Tab")
        hand.press("Enter")
        assert walk.page.input_value("[name='receiver.phone']") == RIGHT and hand.at() == "receiver.phone"
        walk.page.keyboard.press("Control+Enter")  # it was not asked for a reason yet: nothing is sent
        assert hand.at() == "reason" and walk.page.input_value("[name=reason]") == ""
        hand.press("Alt+1")
        assert walk.page.input_value("[name=reason]") == "Phone corrected"
        hand.press("Control+Enter", leads="**/orders/*done=revised*")
        (paper,) = peer.wait_papers(1, 20)
        took = time.monotonic() - began
        assert hand.keys <= KEYS_MOST and took < SECONDS_MOST, (hand.keys, took)
        assert "code128" in paper.codes()
        walk.go(walk.page.url.removeprefix(desk.base).partition("?")[0] + "/timeline")
        assert "Phone corrected" in walk.page.locator("main").inner_text()
        assert walk.errors == []
        print(f"{hand.keys} keys, {took:.1f} s")
