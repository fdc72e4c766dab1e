"""A phone's camera on a real paper: one glance, handed over, recorded; a scanner that types works on every page."""

from pathlib import Path

import zxingcpp
from PIL import Image, ImageFilter
from playwright.sync_api import expect, sync_playwright

from tests.browser.served import Served
from tests.browser.test_journey import (
    CHROMIUM,
    FLAGS,
    SHEET,
    Walk,
    become_owner,
    choose_level,
    set_up_printer,
)
from tests.peers.escpos_peer import EscposPeer

WIDE, HIGH = 640, 480


def film(paper: Image.Image, path: Path) -> None:
    """Write what a camera sees that is held over a paper's QR code: askew, a little out of focus, moving."""
    code = next(one for one in zxingcpp.read_barcodes(paper) if one.format == zxingcpp.BarcodeFormat.QRCode)
    at = code.position
    xs = [corner.x for corner in (at.top_left, at.top_right, at.bottom_left, at.bottom_right)]
    ys = [corner.y for corner in (at.top_left, at.top_right, at.bottom_left, at.bottom_right)]
    part = (
        paper.crop((min(xs) - 40, min(ys) - 40, max(xs) + 40, max(ys) + 40)).convert("L").resize((300, 300))
    )
    with path.open("wb") as file:
        file.write(b"YUV4MPEG2 W%d H%d F15:1 Ip A1:1 C420mpeg2\n" % (WIDE, HIGH))
        for turn in range(15):
            seen = part.rotate(8 + turn % 5, expand=True, fillcolor=120).filter(ImageFilter.GaussianBlur(1.1))
            shot = Image.new("L", (WIDE, HIGH), 120)
            shot.paste(seen, (140 + turn % 7, 60))
            grey = bytes([128]) * (WIDE * HIGH // 4)
            file.write(b"FRAME\n" + shot.tobytes() + grey + grey)


def print_one(walk: Walk) -> str:
    """Import the sheet and print the first order that nothing holds; return its number."""
    walk.go("/imports")
    walk.page.set_input_files("[name=sheet]", SHEET)
    walk.press('form[action="/imports"] button.main')
    walk.press('form[action$="/commit"] button.main')
    expect(walk.page.locator("a.finding").filter(has_text="required").locator("b")).to_have_text(
        "10", timeout=15_000
    )
    walk.go("/orders?q=held:no")
    number = walk.page.locator('main td a[href^="/orders/"]').first.inner_text().strip()
    walk.go(f"/orders/{number}")
    form = walk.page.locator('form[action$="/prints"]')
    walk.page.locator("details.menu", has=form).locator("summary").click()
    walk.press('.head form[action$="/prints"] button')
    walk.peer.wait_papers(1, 20)
    return number


def test_a_phone_scans_and_hands_over(tmp_path: Path) -> None:
    seen = tmp_path / "camera.y4m"
    flags = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={seen}",
    ]
    with sync_playwright() as playwright, Served(tmp_path) as desk, EscposPeer() as peer:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        walk = Walk(browser, desk, peer, width=390, height=844, locale="en-US")
        become_owner(walk)
        set_up_printer(walk)
        choose_level(walk)
        number = print_one(walk)
        film(peer.papers()[0].picture.convert("L"), seen)
        walk.go("/scan")
        with walk.page.expect_navigation(url="**/scan?code=*", timeout=20_000):
            walk.page.locator("[data-camera] button").click()
        expect(walk.page.locator("section.answer.CURRENT")).to_be_visible()
        assert number in walk.page.locator("main").inner_text()
        walk.shot("scan-phone")
        walk.press('form[action="/scan/hand-over"] button')
        expect(walk.page.locator(".finding.I", has_text="Handed over by")).to_be_visible()
        assert walk.page.locator('form[action="/scan/hand-over"]').count() == 0
        walk.go("/orders")  # a scanner that types, anywhere
        for _ in range(10):  # the hand of a test may be slower than a scanner's
            walk.page.keyboard.type(peer.papers()[0].codes()["code128"])
            walk.page.keyboard.press("Enter")
            walk.page.wait_for_timeout(500)
            if "/scan?code=" in walk.page.url:
                break
        expect(walk.page.locator("section.answer.CURRENT")).to_be_visible()
        assert walk.errors == []
        browser.close()
