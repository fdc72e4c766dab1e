"""Fingerprint in a real browser: added, signed in with before and after the name; a wrong finger is told and counted."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect, sync_playwright

from tests.browser.served import Served
from tests.browser.test_journey import CHROMIUM, FLAGS
from tocsin.core.clock import DAY_US
from tocsin.core.sqlite import engine
from tocsin.web.assets import join_scripts

PASSWORD = "correct horse battery staple 9"
_AUTHENTICATOR = {
    "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()


class Finger:
    """A reader in the device, and the finger on it."""

    def __init__(self, page: Page) -> None:
        self._cdp: CDPSession = page.context.new_cdp_session(page)
        self._cdp.send("WebAuthn.enable", {"enableUI": False})
        self.id = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})[
            "authenticatorId"
        ]

    def is_right(self, right: bool) -> None:
        """Lay the right finger on, or another."""
        self._send("setUserVerified", isUserVerified=right)

    def touches(self, touches: bool) -> None:
        """Lay a finger on whatever asks for one, or keep the hands off."""
        self._send("setAutomaticPresenceSimulation", enabled=touches)

    def _send(self, method: str, **given: Any) -> None:
        self._cdp.send(f"WebAuthn.{method}", {"authenticatorId": self.id, **given})


def rows(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of the desk that serves: a reader beside its writer."""
    connection = engine.connect(f"file:{folder / 'data' / 'desk.sqlite'}?mode=ro", uri=True, timeout=20)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_a_finger_signs_in_and_a_wrong_one_is_told(
    browser: Browser, tmp_path: Path, width: int, height: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    page, errors = context.new_page(), list[str]()
    page.on("pageerror", lambda fault: errors.append(str(fault)))
    finger = Finger(page)
    with Served(tmp_path) as desk:
        become_owner(page, desk)
        add_passkey(page, desk)
        finger.touches(True)
        sign_out(page, desk, to="/orders")  # the name field itself offers it, and the finger takes it

        finger.touches(False)
        sign_out(page, desk)
        page.click("[data-passkey-go]")  # what waited makes way: one ceremony at a time
        asked = "SELECT state FROM challenge WHERE state IN ('open', 'waiting') ORDER BY state"
        wait_for(lambda: rows(tmp_path, asked) == [("open",), ("waiting",)])
        page.wait_for_timeout(500)
        expect(page.locator("[data-passkey-say]")).to_be_hidden()

        with waiting_for_nothing(page):
            page.goto(f"{desk.base}/sign-in")
            press(page, finger)
            page.wait_for_url("**/orders")

        finger.touches(False)
        sign_out(page, desk)
        ask_by_name(page)
        press(page, finger)
        page.wait_for_url("**/orders")

        finger.touches(False)
        sign_out(page, desk)
        ask_by_name(page)
        finger.is_right(False)
        press(page, finger)
        expect(page.locator("[data-passkey-say]")).to_contain_text("已记录")
        told = "SELECT outcome, method, operator_id > 0, device <> '' FROM signal WHERE outcome <> 'right'"
        wait_for(lambda: rows(tmp_path, told) == [("inferred", "passkey", 1, 1)])
        newest = "SELECT state FROM challenge ORDER BY made_at_us DESC LIMIT 1"
        assert rows(tmp_path, newest) == [("failed",)]

        page.fill("[name=password]", PASSWORD)
        page.click("button.main")
        page.wait_for_url("**/orders")
        with waiting_for_nothing(page):
            two_touches(page, desk, finger, tmp_path)
    assert errors == []
    context.close()


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_a_finger_proves_who_is_at_a_stale_session(
    browser: Browser, tmp_path: Path, width: int, height: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    page = context.new_page()
    finger = Finger(page)
    with Served(tmp_path) as desk:
        become_owner(page, desk)
        add_passkey(page, desk)
        page.goto(f"{desk.base}/prove?next=/settings/keys")
        press(page, finger)
        page.wait_for_url(f"{desk.base}/settings/keys")
        page.goto(f"{desk.base}/prove?next=//elsewhere.test/")
        finger.is_right(False)
        press(page, finger)
        expect(page.locator("[data-passkey-say]")).to_contain_text("已记录")
        page.fill("[name=password]", PASSWORD)
        page.click("main button.main")
        page.wait_for_url(f"{desk.base}/settings")
        verbs = "SELECT data FROM journal WHERE verb = 'access.prove' ORDER BY id"
        assert [row[0] for row in rows(tmp_path, verbs)] == ['{"method":"passkey"}', '{"method":"password"}']
    context.close()


def become_owner(page: Page, desk: Served) -> None:
    """Open the one-time link, and sign in with name and password."""
    page.goto(desk.owner_link)
    page.fill("[name=name]", "li")
    for field in ("password", "again"):
        page.fill(f"[name={field}]", PASSWORD)
    with page.expect_navigation():
        page.click("main button.main")


def add_passkey(page: Page, desk: Served) -> None:
    """Add a passkey on its page."""
    page.goto(f"{desk.base}/settings/passkeys")
    page.fill("form[data-passkey-make] [name=name]", "收银台电脑")
    page.click("form[data-passkey-make] button.main")
    expect(page.locator("input[value=收银台电脑]")).to_be_visible()
    expect(page.locator(".toast")).to_contain_text("已添加通行密钥")
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0


def press(page: Page, finger: Finger) -> None:
    """Press the button with the finger at the reader."""
    finger.touches(True)
    page.click("[data-passkey-go]")


@contextmanager
def waiting_for_nothing(page: Page) -> Iterator[None]:
    """Open pages whose name field offers nothing by itself: a finger at the reader is for the button alone."""
    script = join_scripts().replace("form[data-passkey-wait]", "form[data-nowhere]")
    page.route("**/desk.js*", lambda route: route.fulfill(body=script, content_type="text/javascript"))
    yield
    page.unroute("**/desk.js*")


def two_touches(page: Page, desk: Served, finger: Finger, folder: Path) -> None:
    """Who has not signed out is greeted, a touch and his finger sign him in; signed out, the device tells nobody, and it still takes two."""
    lapse(folder)
    finger.touches(False)
    finger.is_right(True)
    page.goto(f"{desk.base}/screens")
    expect(page.locator("p.who b")).to_have_text("li")
    sign_in_counted(page, finger, to=f"{desk.base}/screens")
    finger.touches(False)
    lapse(folder)
    page.goto(f"{desk.base}/screens")
    page.click("p.who button")
    expect(page.locator("[name=name]")).to_have_value("")
    assert page.locator("p.who").count() == 0, "not you: the next one is not told who it was"
    sign_in_counted(page, finger, to=f"{desk.base}/screens")
    finger.touches(False)
    sign_out(page, desk)
    page.goto(f"{desk.base}/screens")
    told = page.content() + page.evaluate(
        "document.cookie + JSON.stringify([{...localStorage}, {...sessionStorage}])"
    )
    assert page.url.endswith("/sign-in?next=/screens") and ">li<" not in told and '"li"' not in told
    sign_in_counted(page, finger, to=f"{desk.base}/screens")


def sign_in_counted(page: Page, finger: Finger, *, to: str) -> None:
    """Sign in by one touch of the page and one of the reader; nothing is typed."""
    page.evaluate("""() => { window.name = "0"; for (const kind of ["pointerdown", "keydown"])
      addEventListener(kind, () => (window.name = String(Number(window.name) + 1)), true); }""")
    press(page, finger)
    page.wait_for_url(to)
    assert page.evaluate("window.name") == "1"


def lapse(folder: Path) -> None:
    """Leave the session unused for longer than it lives."""
    with engine.connect(folder / "data" / "desk.sqlite", timeout=20) as connection:
        connection.execute(f"UPDATE session SET last_seen_us = last_seen_us - {DAY_US}")
    connection.close()


def wait_for(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def sign_out(page: Page, desk: Served, *, to: str = "/sign-in?out") -> None:
    """Sign out by the menu's form."""
    page.goto(f"{desk.base}/orders")
    page.evaluate("document.querySelector('form[action=\"/sign-out\"]').requestSubmit()")
    page.wait_for_url("**/sign-in?out")
    page.wait_for_url(f"{desk.base}{to}")


def ask_by_name(page: Page) -> None:
    """Go on to the second page."""
    page.fill("[name=name]", "li")
    page.click("button.main")
    expect(page.locator("[data-passkey-go]")).to_be_visible()
