"""Where the certificate comes from: the owner, the local authority, or ACME from a real authority over the wire."""

import datetime as dt
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.databases import free_port
from tests.peers.acme_server import HOOK
from tocsin.lan import certificate as box
from tocsin.lan.acme import AcmeFailed
from tocsin.lan.authority import issue_certificate
from tocsin.lan.certificate import LanNameWrong, names_of, obtain_certificate, require_lan_name
from tocsin.lan.file import CertificateWrong, read_certificates
from tocsin.settings import Settings

NAME = "desk.shop.example"


class Authority:
    """The ACME authority as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        folder.mkdir()
        self.hook = folder / "hook"
        self.hook.write_text(HOOK.format(folder=folder))
        self.hook.chmod(0o755)
        with (folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.peers.acme_server", folder, str(self.port), str(free_port())],
                cwd=Path(__file__).parents[2], stdout=log, stderr=log,
            )  # fmt: skip
        self.directory = f"http://127.0.0.1:{self.port}/directory"
        self._wait()

    def _wait(self) -> None:
        for _ in range(200):
            try:
                if httpx.get(self.directory).status_code == 200:
                    return
            except httpx.TransportError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[Authority]:
    found = Authority(tmp_path / "acme")
    yield found
    found.stop()


def settings_of(folder: Path, **more: str) -> Settings:
    return Settings(data_dir=str(folder / "data"), lan=NAME, **more)  # type: ignore[arg-type]


def test_acme_gives_a_certificate_once_its_record_was_seen(tmp_path: Path, authority: Authority):
    asked = settings_of(tmp_path, acme_directory=authority.directory, acme_dns_hook=str(authority.hook))
    made = obtain_certificate(asked)
    assert made.source == "acme"
    leaf = read_certificates(made.cert)[0]
    assert names_of(leaf) == [NAME]
    assert (authority.folder / "cleaned").read_text().split() == [f"_acme-challenge.{NAME}"]
    assert obtain_certificate(asked) == made
    assert read_certificates(made.cert)[0] == leaf, "it holds for a while: none was ordered anew"
    for key in (made.key, made.cert.parent / "account.key"):
        assert key.stat().st_mode & 0o077 == 0


def test_without_its_record_acme_gives_none_and_says_why(tmp_path: Path, authority: Authority):
    asked = settings_of(tmp_path, acme_directory=authority.directory, acme_dns_hook="/bin/true")
    with pytest.raises(AcmeFailed, match=r"_acme-challenge|TXT|[Uu]nauthorized|invalid|validation"):
        obtain_certificate(asked)
    with pytest.raises(AcmeFailed, match="acme_dns_hook"):
        obtain_certificate(settings_of(tmp_path, acme_directory=authority.directory))


def test_a_certificate_that_still_holds_outlives_an_authority_that_is_away(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
):
    asked = settings_of(tmp_path, acme_directory=authority.directory, acme_dns_hook=str(authority.hook))
    made = obtain_certificate(asked)
    authority.stop()
    monkeypatch.setattr(box, "expires_soon", lambda _: True)
    assert obtain_certificate(asked) == made
    made.cert.unlink()
    with pytest.raises(AcmeFailed):
        obtain_certificate(asked)


def test_the_local_one_is_renewed_before_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    asked = settings_of(tmp_path)
    made = obtain_certificate(asked)
    first = read_certificates(made.cert)[0]
    assert made.source == "local"
    assert read_certificates(obtain_certificate(asked).cert)[0] == first
    seen: list[dt.datetime] = []
    monkeypatch.setattr(
        box, "expires_soon", lambda one: seen.append(one.not_valid_after_utc) or len(seen) == 1
    )
    assert read_certificates(obtain_certificate(asked).cert)[0] != first


def test_the_owners_own_must_be_for_the_name_and_fit_its_key(tmp_path: Path):
    issue_certificate(tmp_path / "a", NAME)
    issue_certificate(tmp_path / "b", "elsewhere.example")

    def own(cert: str, key: str) -> Settings:
        return settings_of(tmp_path, tls_cert=str(tmp_path / cert), tls_key=str(tmp_path / key))

    assert obtain_certificate(own("a/desk.crt", "a/desk.key")).source == "own"
    for cert, key in (("b/desk.crt", "b/desk.key"), ("a/desk.crt", "b/desk.key"), ("gone.crt", "a/desk.key")):
        with pytest.raises(CertificateWrong):
            obtain_certificate(own(cert, key))


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [("*.shop.example", NAME, True), ("*.example", NAME, False), (NAME, NAME, True), ("*.shop.example", "shop.example", False)],
)  # fmt: skip
def test_a_star_stands_for_one_label(pattern: str, name: str, covered: bool):
    assert box._covers(pattern, name) is covered


@pytest.mark.parametrize(
    "name", ["192.168.1.5", "::1", "localhost", "", "desk_1", "-a", "a" * 64, "桌", "1.2", "a..b", "a b"]
)
def test_what_is_no_host_name_is_refused(name: str):
    with pytest.raises(LanNameWrong):
        require_lan_name(name)


def test_a_name_is_folded():
    assert require_lan_name(" Desk.LOCAL. ") == "desk.local"
