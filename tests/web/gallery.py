"""Draw every sample page at PC and phone width, in both languages, light and dark.

Run: `python -m tests.web.gallery FOLDER [name …]`; needs /usr/bin/chromium. With `--docs` it leaves the pictures of
docs/pages.md that no walk of a browser test comes by.
"""

import sys
from pathlib import Path

from playwright.sync_api import Browser, Route, sync_playwright

from tests.browser.test_journey import keep_picture
from tests.web.samples import SAMPLES
from tocsin.web.assets import read_asset
from tocsin.web.page import render

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
DOCS = {
    "amend_conflict": "amend-conflict", "conflict": "conflict", "profile_columns": "mapping", "mend": "mend", "campaign": "campaign",
    "packing": "packing", "since": "since", "connections": "connections", "webhooks": "webhooks", "privacy": "privacy",
}  # fmt: skip
IMAGES = Path("docs/images")
SIZES = {"pc": (1440, 900), "phone": (390, 844)}
VIEWS = {
    False: [
        ("pc", "zh_CN", "light"),
        ("phone", "zh_CN", "light"),
        ("pc", "en", "dark"),
        ("phone", "en", "dark"),
    ],
    True: [("pc", "en", "light"), ("phone", "zh_CN", "light")],
}


def draw(browser: Browser, folder: Path, name: str, *, size: str, locale: str, scheme: str) -> None:
    """Draw one page into a picture; complain of what overflows its width."""
    width, height = SIZES[size]
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
    )
    template, context = SAMPLES[name]
    html = render(template, locale=locale, **context)

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix("http://desk.test")
        if asset := read_asset(path.removeprefix("/static/").partition("?")[0]):
            route.fulfill(body=asset.body, content_type=asset.kind)
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
    page.goto("http://desk.test/page")
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if wide > 0:
        print(f"  {name} {size} {locale}: {wide} px wider than the window")
    if size == "phone" and folder != IMAGES:  # a full page without the bars standing in its middle
        page.set_viewport_size(
            {"width": width, "height": min(4000, page.evaluate("document.documentElement.scrollHeight"))}
        )
    if folder == IMAGES:
        keep_picture(page, DOCS[name] + ("-phone-zh" if size == "phone" else ""))
        page.close()
        return
    stem = f"{name}-{size}-{locale}-{scheme}"
    (folder / f"{stem}.html").write_text(html)
    page.screenshot(path=folder / f"{stem}.png")
    page.close()


def main(folder: Path, names: list[str]) -> None:
    """Draw the named samples, or all."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for name in names or SAMPLES:
            for size, locale, scheme in VIEWS[folder == IMAGES]:
                draw(browser, folder, name, size=size, locale=locale, scheme=scheme)
        browser.close()


if __name__ == "__main__":
    if sys.argv[1:] == ["--docs"]:
        main(IMAGES, list(DOCS))
    elif not sys.argv[1:] or sys.argv[1].startswith("-") or not {*sys.argv[2:]} <= {*SAMPLES}:
        sys.exit(f"{__doc__}\nNames: {' '.join(SAMPLES)}")
    else:
        main(Path(sys.argv[1]), sys.argv[2:])
