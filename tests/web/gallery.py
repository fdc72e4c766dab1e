"""Draw every sample page at PC and phone width, in both languages, light and dark.

Run: `python -m tests.web.gallery FOLDER [name …]`; needs /usr/bin/chromium. With `--docs` it takes anew those pictures of
docs/shots whose page has another outline or look than when they were taken, and writes docs/pages.md.
"""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, Route, sync_playwright

from tests.web.sample_parts import T0
from tests.web.samples import SAMPLES
from tests.web.samples_papers import draw_paper
from tests.web.shots import FOLDER, OUTLINES, PAGES, Shot, html_of, old, outlines, page_of, pictured
from tocsin.web.assets import read_asset

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
COLOURS = 64
SIZES = {"pc": (1440, 900), "phone": (390, 844)}
VIEWS = [
    ("pc", "zh_CN", "light"),
    ("phone", "zh_CN", "light"),
    ("pc", "en", "dark"),
    ("phone", "en", "dark"),
]


def opened(browser: Browser, shot: Shot) -> Page:
    """Open a sample page; complain of what overflows its width."""
    name, size, locale, scheme = shot
    width, height = SIZES[size]
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
    )
    html = html_of(name, locale)

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix("http://desk.test")
        if asset := read_asset(path.removeprefix("/static/").partition("?")[0]):
            route.fulfill(body=asset.body, content_type=asset.kind)
        elif path.startswith("/sample/"):
            route.fulfill(body=draw_paper(path, locale=locale), content_type="image/png")
        elif path == "/page":
            policy = "default-src 'self'; img-src 'self' data:"
            route.fulfill(
                body=html,
                content_type="text/html; charset=utf-8",
                headers={"content-security-policy": policy},
            )
        else:
            route.fulfill(status=204)

    page.route("**/*", answer)
    page.on(
        "console",
        lambda message: (
            print(f"  {name}: {message.text}")
            if message.type == "error" and "[object Event]" not in message.text
            else None
        ),
    )
    page.on("pageerror", lambda error: print(f"  {name}: {error}"))
    page.clock.set_fixed_time(T0 / 1_000_000)
    page.goto("http://desk.test/page")
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if wide > 0:
        print(f"  {name} {size} {locale}: {wide} px wider than the window")
    return page


def draw(browser: Browser, folder: Path, shot: Shot) -> None:
    """Draw one page, whole, into a picture."""
    page, (width, height) = opened(browser, shot), SIZES[shot.size]
    if shot.size == "phone":  # a full page without the bars standing in its middle
        page.set_viewport_size({"width": width, "height": max(height, min(4000, tall(page)))})
    stem = "-".join(shot)
    (folder / f"{stem}.html").write_text(page.content())
    page.screenshot(path=folder / f"{stem}.png")
    page.close()


def take(browser: Browser, shot: Shot) -> None:
    """Take one picture of docs/shots, as high as its page is where that is little more than a window, in its commonest colours."""
    page, (width, height) = opened(browser, shot), SIZES[shot.size]
    page.emulate_media(reduced_motion="reduce")  # or a sounding page is red at one moment and not at another
    page.set_viewport_size({"width": width, "height": height // 2})
    page.set_viewport_size({"width": width, "height": min(max(tall(page), height * 2 // 3), height * 5 // 4)})
    page.wait_for_timeout(100)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    common = sorted(picture.getcolors(picture.width * picture.height), reverse=True)[:COLOURS]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for _, colour in common for part in colour])
    few = picture.quantize(palette=palette, dither=Image.Dither.NONE).convert("RGB")
    few.save(shot.path, "webp", lossless=True, quality=80, method=4)
    page.close()


def tall(page: Page) -> int:
    """Return how high the page is, in pixels."""
    return int(page.evaluate("document.documentElement.scrollHeight"))


def main(folder: Path, names: list[str]) -> None:
    """Draw the named samples, or all."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for name in names or SAMPLES:
            for size, locale, scheme in VIEWS:
                draw(browser, folder, Shot(name, size, locale, scheme))
        browser.close()


def docs() -> None:
    """Take anew what is old in docs/shots; what is no longer a page goes."""
    FOLDER.mkdir(exist_ok=True)
    pictures, stored = pictured(), OUTLINES.read_text("utf-8") if OUTLINES.exists() else ""
    now = outlines(pictures)
    stale = old(stored, now)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        wanted = [shot for shots in pictures.values() for shot in shots]
        for shot in wanted:
            if shot.name in stale or not shot.path.exists():
                print(f"docs/shots/{shot.path.name}")
                take(browser, shot)
        browser.close()
    for path in {*FOLDER.glob("*.webp")} - {shot.path for shot in wanted}:
        path.unlink()
    OUTLINES.write_text(now, "utf-8")
    PAGES.write_text(page_of(pictures), "utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--docs"]:
        docs()
    elif not sys.argv[1:] or sys.argv[1].startswith("-") or not {*sys.argv[2:]} <= {*SAMPLES}:
        sys.exit(f"{__doc__}\nNames: {' '.join(SAMPLES)}")
    else:
        main(Path(sys.argv[1]), sys.argv[2:])
