"""Where outbound requests may go, and that what was checked is what is connected to."""

import ipaddress
import ssl
from pathlib import Path

import pytest

from tests.peers.hook_receiver import HookReceiver
from tocsin.core.outbound import PlaceRefused, read_place, require_allowed
from tocsin.core.outbound_post import post_body
from tocsin.lan.authority import ensure_authority, issue_certificate

NEAR = (ipaddress.ip_network("127.0.0.0/8"),)
FORBIDDEN = (
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.100.100.200", "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::", "2001:0:1:2:3:4:80ff:fffe", "fe80::1", "fc00::1",
    "fd00:ec2::254", "ff02::1", "2001:db8::1",
)  # fmt: skip


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_that_is_not_the_internets_is_refused(address: str):
    with pytest.raises(PlaceRefused):
        require_allowed("hooks.example.test", ["93.184.215.14", address], networks=(), plain=False)


def test_the_internets_are_allowed_and_a_network_that_was_opened():
    for address in ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"):
        assert require_allowed("h", [address], networks=(), plain=False)
    assert require_allowed("h", ["127.0.0.1"], networks=NEAR, plain=True) == ["127.0.0.1"]
    for given in (["93.184.215.14"], []):  # plain http on the internet; no address at all
        with pytest.raises(PlaceRefused):
            require_allowed("h", given, networks=NEAR, plain=True)


@pytest.mark.parametrize("url", [
    "ftp://a/b", "https:///x", "https://u:p@a/", "https://a/ b", "https://a/#x", "https://a:99999/", "a", "",
    "https://é/", "https://a/" + "x" * 2000, "file:///etc/passwd", "https://a/\n",
])  # fmt: skip
def test_an_address_of_another_shape_is_refused(url: str):
    with pytest.raises(PlaceRefused):
        read_place(url)


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost", "[::1]", "[::ffff:7f00:1]"]
)
def test_other_spellings_of_the_loopback_reach_nothing(host: str):
    receiver = HookReceiver()
    answer = post_body(read_place(f"https://{host}:{receiver.port}/"), b"{}", headers={}, seconds=3)
    assert (answer.status, answer.problem, receiver.asked) == (0, "forbidden", 0)
    receiver.close()


def test_a_name_that_changes_its_answer_is_asked_once_and_never_believed_again():
    """DNS rebinding: what was checked is what is connected to, whatever the resolver says the next time."""
    receiver, asked = HookReceiver(), []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["93.184.215.14"] if len(asked) % 2 else ["127.0.0.1"]

    place = read_place(receiver.url.replace("http:", "https:"))
    for _ in range(4):
        answer = post_body(place, b"{}", headers={}, resolve=rebinding, seconds=0.3)
        assert not answer.taken
    assert (len(asked), receiver.asked) == (4, 0)
    receiver.close()


def test_https_goes_to_the_checked_address_with_the_names_own_sni_and_host(tmp_path: Path):
    ensure_authority(tmp_path, "hooks.example.test")
    issue_certificate(tmp_path, "hooks.example.test")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    seen: list[str | None] = []
    tls.sni_callback = lambda _, name, __: seen.append(name)
    tls.load_cert_chain(tmp_path / "desk.crt", tmp_path / "desk.key")
    receiver = HookReceiver(tls)
    trust = ssl.create_default_context(cafile=str(tmp_path / "authority.crt"))
    answer = post_body(
        read_place(receiver.url),
        b"{}",
        headers={},
        networks=NEAR,
        resolve=lambda *_: ["127.0.0.1"],
        trust=trust,
    )
    assert (answer.status, receiver.asked, seen) == (401, 1, ["hooks.example.test"])
    other = read_place(receiver.url.replace("hooks.", "other."))
    wrong = post_body(other, b"{}", headers={}, networks=NEAR, resolve=lambda *_: ["127.0.0.1"], trust=trust)
    assert (wrong.status, wrong.problem, receiver.asked) == (0, "unreachable", 1)
    receiver.close()


def test_a_redirect_is_not_followed_and_a_slow_answer_is_cut_off():
    receiver = HookReceiver()
    place, near = read_place(receiver.url), {"networks": NEAR, "resolve": lambda *_: ["127.0.0.1"]}
    receiver.status = 307
    assert post_body(place, b"{}", headers={}, **near).problem == "status 307"  # type: ignore[arg-type]
    assert (receiver.asked, receiver.elsewhere) == (1, 0)
    receiver.status, receiver.drip_seconds = 500, 0.05
    answer = post_body(place, b"{}", headers={}, seconds=0.4, **near)  # type: ignore[arg-type]
    assert answer.problem == "timeout"
    assert answer.milliseconds < 2000
    receiver.close()
