"""Fingerprint in a real browser: added, signed in with before and after the name; a wrong finger is told and counted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect, sync_playwright

from tests.browser.served import Served
from tests.browser.test_journey import CHROMIUM, FLAGS
from tocsin.core.sqlite import engine

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

    def rests(self, rests: bool) -> None:
        """Take the finger away: nobody touches the reader."""
        self._send("setAutomaticPresenceSimulation", enabled=not rests)

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
        page.goto(desk.owner_link)
        page.fill("[name=name]", "li")
        for field in ("password", "again"):
            page.fill(f"[name={field}]", PASSWORD)
        page.click("button.main")
        page.wait_for_url("**/orders")

        page.goto(f"{desk.base}/settings/passkeys")
        page.fill("form[data-passkey-make] [name=name]", "收银台电脑")
        page.click("form[data-passkey-make] button.main")
        expect(page.locator("input[value=收银台电脑]")).to_be_visible()
        expect(page.locator(".toast")).to_contain_text("已添加通行密钥")

        finger.rests(True)
        sign_out(page, desk)
        page.wait_for_timeout(300)
        finger.rests(False)
        page.click("[data-passkey-go]")
        page.wait_for_url("**/orders")

        finger.rests(True)
        sign_out(page, desk)
        ask_by_name(page)
        finger.rests(False)
        page.click("[data-passkey-go]")
        page.wait_for_url("**/orders")

        finger.rests(True)
        sign_out(page, desk)
        ask_by_name(page)
        finger.rests(False)
        finger.is_right(False)
        page.click("[data-passkey-go]")
        expect(page.locator("[data-passkey-say]")).to_contain_text("已记录")
        told = rows(
            tmp_path,
            "SELECT outcome, method, operator_id > 0, device <> '' FROM signal WHERE outcome <> 'right'",
        )
        assert told == [("inferred", "passkey", 1, 1)]
        assert rows(tmp_path, "SELECT state FROM challenge ORDER BY made_at_us DESC LIMIT 1") == [("failed",)]

        page.fill("[name=password]", PASSWORD)
        page.click("button.main")
        page.wait_for_url("**/orders")
    assert errors == []
    context.close()


def sign_out(page: Page, desk: Served) -> None:
    """Sign out by the menu's form."""
    page.goto(f"{desk.base}/orders")
    page.evaluate("document.querySelector('form[action=\"/sign-out\"]').requestSubmit()")
    page.wait_for_url("**/sign-in?out")


def ask_by_name(page: Page) -> None:
    """Go on to the second page."""
    page.fill("[name=name]", "li")
    page.click("button.main")
    expect(page.locator("[data-passkey-go]")).to_be_visible()
