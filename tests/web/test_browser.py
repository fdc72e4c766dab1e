"""What a browser can't do where it stands: WeChat's own, and an address without HTTPS; said, with the way out."""

import pytest

from tests.web.pages import Pages, text_of
from tests.web.test_access import PASSWORD, clerk

WECHAT = (
    "Mozilla/5.0 (Linux; Android 14; V2309A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 "
    "Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20240501 MicroMessenger/8.0.50.2701(0x28003255) WeChat/arm64 Language/zh_CN"
)
PHONE = "Mozilla/5.0 (Linux; Android 14; V2309A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36"
WAY_OUT = "Open in browser"
HOSTILE = [
    'MicroMessenger/8"><script>alert(1)</script>', "MicroMessenger" * 400, "{{ 7 * 7 }} MicroMessenger %(address)s",
    "micromessenger\t' OR 1=1 --",
    "MICROMESSENGER/8 <b>",
]  # fmt: skip


def test_wechat_is_offered_the_password_and_told_why_and_the_way_out(pages: Pages) -> None:
    clerk(pages)
    there = {"user-agent": WECHAT, "accept-language": "en"}
    name = text_of(pages.get("/sign-in", role="", **there))
    assert "data-passkey" not in name and WAY_OUT in name and "can't take a fingerprint" in name
    second = pages.client.post(
        "/sign-in", data={"name": "wangxiaoer"}, headers={**there, "origin": pages.desk.settings.base_url()}
    )
    assert 'name="password"' in second.text and "data-passkey" not in second.text and WAY_OUT in second.text
    signed = pages.client.post(
        "/sign-in/password", data={"username": "wangxiaoer", "password": PASSWORD}, follow_redirects=False,
        headers={**there, "origin": pages.desk.settings.base_url()},
    )  # fmt: skip
    assert signed.status_code == 303, "the password opens the desk there"
    pages.client.cookies.clear()
    elsewhere = text_of(pages.get("/sign-in", role="", **{"user-agent": PHONE}))
    assert "data-passkey-wait" in elsewhere and "data-wechat" not in elsewhere


@pytest.mark.parametrize(
    ("path", "gone"), [("/settings/passkeys", "data-passkey-make"), ("/push", "data-push="), ("/scan", "data-nothing")]
)  # fmt: skip
def test_pages_say_what_wechat_cannot_do(pages: Pages, path: str, gone: str) -> None:
    there = text_of(pages.get(path, **{"user-agent": WECHAT}))
    assert "data-wechat" in there and WAY_OUT in there and gone not in there
    assert 'value="http://localhost:8717"' in there, "its address, to be copied"
    here = text_of(pages.get(path, **{"user-agent": PHONE}))
    assert "data-wechat" not in here and (gone in here or path == "/scan")


def test_a_scan_in_wechat_may_be_a_photo_or_typed(pages: Pages) -> None:
    page = text_of(pages.get("/scan", **{"user-agent": WECHAT}))
    assert 'capture="environment"' in page and 'name="code"' in page


@pytest.mark.parametrize("agent", HOSTILE)
def test_a_hostile_name_of_a_browser_stands_nowhere_in_a_page(pages: Pages, agent: str) -> None:
    for path, role in (("/sign-in", ""), ("/push", "owner"), ("/scan", "owner")):
        page = text_of(pages.get(path, role=role, **{"user-agent": agent}))
        assert (
            "data-wechat" in page
            and "<script>alert" not in page
            and "49" not in page.partition("data-wechat")[2][:900]
        )
        assert "%(" not in page


def test_an_address_without_https_is_not_installable_and_the_page_says_why(pages: Pages) -> None:
    at_lan = {"host": "192.168.3.7:8717", "accept-language": "en"}
    for path, role in (("/sign-in", ""), ("/push", "owner")):
        page = text_of(pages.get(path, role=role, **at_lan))
        assert "data-not-secure" in page and "installed as an app" in page and "serve --lan" in page
        assert "data-not-secure" not in text_of(pages.get(path, role=role))
    assert "Add to Home Screen" in text_of(pages.get("/push"))
    assert "Add to Home Screen" not in text_of(pages.get("/push", **at_lan))
