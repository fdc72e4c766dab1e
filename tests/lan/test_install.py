"""HTTPS as a phone sees it: the real server, a browser that trusts the local authority alone, and the plain page."""

import os
import plistlib
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from playwright.sync_api import sync_playwright

from tests.databases import free_port
from tests.web.gallery import FLAGS
from tocsin.lan.authority import fingerprint_of

NAME = "desk.test"


class Lan:
    """`tocsin serve --lan` as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.plain = folder, free_port(), free_port()
        self.base = f"https://{NAME}:{self.port}"
        with (folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tocsin", "serve", "--lan", NAME, "--port", str(self.port), "--empty",
                 "--data-dir", str(folder / "data")],
                stdout=log, stderr=log, env={**os.environ, "TOCSIN_INSTALL_PORT": str(self.plain)},
            )  # fmt: skip
        until = time.monotonic() + 60
        while "SHA-256" not in self.log():
            assert self.process.poll() is None and time.monotonic() < until, self.log()
            time.sleep(0.05)
        self.authority = folder / "data" / "tls" / "local" / "authority.crt"

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def get(self, path: str, *, trust: bool = True, host: str = NAME) -> httpx.Response:
        context = ssl.create_default_context(cafile=str(self.authority) if trust else None)
        with httpx.Client(verify=context) as client:
            return client.get(
                f"https://127.0.0.1:{self.port}{path}", headers={"host": f"{host}:{self.port}"},
                extensions={"sni_hostname": NAME},
            )  # fmt: skip

    def get_plain(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.plain}{path}", headers=headers)


@pytest.fixture(scope="module")
def lan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lan]:
    found = Lan(tmp_path_factory.mktemp("lan"))
    yield found
    found.process.terminate()
    assert found.process.wait(20) == 0


def test_https_holds_for_who_trusts_the_authority_and_for_nobody_else(lan: Lan):
    answer = lan.get("/sign-in")
    assert answer.status_code == 200
    assert "max-age" in answer.headers["strict-transport-security"]
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        lan.get("/sign-in", trust=False)


def test_another_sites_name_is_not_answered_to(lan: Lan):
    assert lan.get("/sign-in", host="evil.example").status_code == 422


def test_the_owner_link_is_of_the_https_address(lan: Lan):
    assert f"{lan.base}/owner/" in lan.log()


@pytest.mark.parametrize(("language", "word"), [("zh-CN", "安装证书"), ("en", "Install the certificate")])
def test_the_plain_page_tells_how_a_phone_learns_to_trust_it(lan: Lan, language: str, word: str):
    page = lan.get_plain("/", **{"accept-language": language})
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["content-security-policy"]
    given = x509.load_der_x509_certificate(lan.get_plain("/tocsin-authority.crt").content)
    for said in (word, fingerprint_of(given), lan.base, "/tocsin-authority.mobileconfig"):
        assert said in page.text, said
    assert fingerprint_of(given) in lan.log(), "what people compare it with"


def test_the_profile_of_an_iphone_holds_the_same_certificate(lan: Lan):
    answer = lan.get_plain("/tocsin-authority.mobileconfig")
    assert answer.headers["content-type"] == "application/x-apple-aspen-config"
    (payload,) = plistlib.loads(answer.content)["PayloadContent"]
    assert payload["PayloadType"] == "com.apple.security.root"
    assert payload["PayloadContent"] == lan.get_plain("/tocsin-authority.crt").content


def test_all_else_on_the_plain_port_leads_to_https_and_nowhere_else(lan: Lan):
    for path in ("/orders?q=1", "/sign-in", "//evil.example/x", "/static/../etc"):
        answer = lan.get_plain(path, host="evil.example")
        assert answer.status_code in (307, 404), path
        assert answer.headers.get("location", lan.base).startswith(lan.base), path
    assert httpx.post(f"http://127.0.0.1:{lan.plain}/sign-in", data={"name": "x"}).status_code == 307


def test_a_browser_that_installed_the_authority_has_passkeys_and_can_install_the_desk(
    lan: Lan, tmp_path: Path
):
    """Chromium trusts it through its own store, as a phone does after the install page; nothing is ignored."""
    store = tmp_path / ".pki" / "nssdb"
    store.mkdir(parents=True)
    for command in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "desk", "-i", str(lan.authority)]):
        subprocess.run(["certutil", "-d", f"sql:{store}", *command], check=True, capture_output=True)
    rules = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[*FLAGS, rules],
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        )
        page = browser.new_page()
        page.goto(f"http://{NAME}:{lan.plain}/")
        assert page.evaluate("isSecureContext") is False, "what a phone has without HTTPS"
        page.goto(f"{lan.base}/sign-in")
        able = page.evaluate(
            "[isSecureContext, typeof PublicKeyCredential, 'serviceWorker' in navigator, typeof Notification]"
        )
        assert able == [True, "function", True, "function"]
        browser.close()
