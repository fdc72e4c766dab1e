"""Web Push: encrypted for one browser, signed by the desk, at a push service that decrypts with another library."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alarm.told import allow_near_push
from tests.peers.push_peer import PushPeer, decode
from tocsin.alarm import push
from tocsin.alarm.outcome import SENT, Outcome
from tocsin.alarm.push import SubscriptionWrong, public_key, read_subscription, send_push
from tocsin.alarm.reach import PlaceForbidden
from tocsin.core.vault import Vault

MESSAGE = {"title": "警报", "body": "有人在试密码", "url": "http://localhost:8717/incidents/7"}


@pytest.fixture
def peer() -> Iterator[PushPeer]:
    made = PushPeer()
    yield made
    made.close()


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    allow_near_push(monkeypatch)


@pytest.fixture
def key() -> Vault:
    return Vault(b"k" * 32)


def send(key: Vault, peer: PushPeer) -> Outcome:
    address = read_subscription(peer.subscription())
    return send_push(key, address.url, MESSAGE, sender="http://localhost:8717", topic="i7")


def test_the_browser_reads_what_the_push_service_cannot(key: Vault, peer: PushPeer, near: None) -> None:
    assert send(key, peer) == SENT
    assert peer.taken == [MESSAGE]
    (headers,) = peer.headers
    assert headers["ttl"] == "3600" and headers["urgency"] == "high" and headers["topic"] == "i7"
    assert headers["content-encoding"] == "aes128gcm"
    assert headers["authorization"].endswith(f"k={public_key(key)}"), "the key that the browser subscribed to"


def test_the_desks_key_is_its_own_and_stays(key: Vault) -> None:
    point = decode(public_key(key))
    assert len(point) == 65 and point[0] == 4
    assert public_key(Vault(b"k" * 32)) == public_key(key) != public_key(Vault(b"l" * 32))


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (410, Outcome("gone", code="status 410")), (404, Outcome("gone", code="status 404")),
        (429, Outcome("failed", code="status 429")), (500, Outcome("failed", code="status 500")),
        (403, Outcome("failed", code="status 403", permanent=True)),
        (413, Outcome("failed", code="status 413", permanent=True)),
    ],
)  # fmt: skip
def test_what_the_push_service_refuses(
    key: Vault, peer: PushPeer, near: None, status: int, found: Outcome
) -> None:
    peer.status = status
    assert send(key, peer) == found


def test_a_redirect_is_not_followed_and_a_dead_service_may_come_back(
    key: Vault, peer: PushPeer, near: None
) -> None:
    peer.status = 307
    assert send(key, peer).state == "failed" and peer.asked == 1
    address = read_subscription(peer.subscription())
    peer.close()
    assert send_push(key, address.url, MESSAGE, sender="http://x").code == "no_connection"


def test_any_browser_may_name_an_endpoint_so_it_is_out_on_the_internet(peer: PushPeer) -> None:
    for endpoint, wrong in {
        "http://push.example/x": SubscriptionWrong, "https://127.0.0.1/x": PlaceForbidden, "https://10.0.0.7/x": PlaceForbidden,
        "https://169.254.169.254/x": PlaceForbidden, "https://[::1]/x": PlaceForbidden, "https://localhost/x": PlaceForbidden,
        "https://100.100.100.200/x": PlaceForbidden, "https://user@push.example/x": SubscriptionWrong,
        "file:///etc/passwd": SubscriptionWrong, "https://[": SubscriptionWrong, "https://h:99999/": SubscriptionWrong,
        "https://" + "x" * 2000: SubscriptionWrong,
    }.items():  # fmt: skip
        given = json.loads(peer.subscription()) | {"endpoint": endpoint}
        with pytest.raises(wrong):
            read_subscription(json.dumps(given))


def test_a_host_that_moved_into_the_shop_is_not_sent_to(
    key: Vault, peer: PushPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        allow_near_push(patched)
        address = read_subscription(peer.subscription())
    assert send_push(key, address.url, MESSAGE, sender="http://x") == Outcome(
        "failed", code="forbidden", permanent=True
    )
    assert peer.taken == []


def test_a_host_that_moves_between_its_check_and_the_sending_is_not_sent_to(
    key: Vault, peer: PushPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: who checks is told an address of the internet, who asks again the loopback."""
    answers, real = iter(["93.184.215.14"] * 2), socket.getaddrinfo
    monkeypatch.setattr(push, "SCHEMES", ("http",))
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *rest, **more: real(next(answers, "127.0.0.1"), *rest, **more))  # fmt: skip
    endpoint = f"http://push.example:{peer.origin.rpartition(':')[2]}/x"
    address = read_subscription(json.dumps(json.loads(peer.subscription()) | {"endpoint": endpoint}))
    assert send_push(key, address.url, MESSAGE, sender="http://x").code == "forbidden" and peer.asked == 0


@pytest.mark.parametrize(
    "sender",
    [
        "http://localhost:8717",
        "http://x",
        "https://desk.lan",
        "https://desk.lan:8717",
        "http://192.0.2.7",
        "https://[::1]:1",
    ],
)
def test_the_desk_names_itself_as_push_services_take_it(
    key: Vault, peer: PushPeer, near: None, sender: str
) -> None:
    address = read_subscription(peer.subscription())
    assert send_push(key, address.url, MESSAGE, sender=sender) == SENT


@pytest.mark.parametrize(
    "given",
    [
        "",
        "[]",
        "{}",
        '{"endpoint":"https://a.b/"}',
        '{"endpoint":"https://a.b/","keys":{"p256dh":"x","auth":"y"}}',
        "\xff",
    ],
)
def test_what_is_no_subscription_is_refused(given: str, near: None) -> None:
    with pytest.raises(SubscriptionWrong):
        read_subscription(given)


def test_a_key_that_is_no_point_is_refused(peer: PushPeer, near: None) -> None:
    given = json.loads(peer.subscription())
    given["keys"]["p256dh"] = "A" * 87
    with pytest.raises(SubscriptionWrong):
        read_subscription(json.dumps(given))


def test_a_subscription_is_shown_as_its_service(peer: PushPeer, near: None, tmp_path: Path) -> None:
    address = read_subscription(peer.subscription())
    assert address.service == "push" and address.shown == peer.origin.removeprefix("http://")
