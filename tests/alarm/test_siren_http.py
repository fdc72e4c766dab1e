"""Sirens over HTTP against a real device's protocol: Shelly with digest sign-in, and addresses of one's own."""

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.peers.shelly_relay import HttpPeer
from tocsin.alarm.lines import network
from tocsin.alarm.lines.network import HOME, read_networks, require_host, resolve
from tocsin.alarm.siren import OFF, Pattern, Siren, SirenFailed, SirenOptionWrong, read_options
from tocsin.alarm.sirens.http import PLUGIN

SOUND, LIGHT = Pattern(light=True, sound=True, seconds=180), Pattern(light=True, sound=False, seconds=180)
Open = Callable[..., Siren]


@pytest.fixture
def opened() -> Iterator[Open]:
    sirens: list[Siren] = []

    def open_(**options: Any) -> Siren:
        sirens.append(PLUGIN.open(read_options(PLUGIN, options)))
        return sirens[-1]

    yield open_
    for siren in sirens:
        siren.close()


@pytest.fixture
def peer() -> Iterator[HttpPeer]:
    made = HttpPeer()
    yield made
    made.close()


def generic(peer: HttpPeer, **options: Any) -> dict[str, Any]:
    """Return the options of a device with addresses for on and off."""
    return {
        "dialect": "generic", "on_url": f"{peer.url}/relay/0?turn=on&timer={{seconds}}",
        "off_url": f"{peer.url}/relay/0?turn=off", "field": "relays.0.ison", **options,
    }  # fmt: skip


def test_a_shelly_switches_with_its_own_timer_and_says_so(opened: Open, peer: HttpPeer) -> None:
    siren = opened(url=peer.url, light_output=2)
    told = siren.set(SOUND)
    assert told.confirmed and told.ends_by_itself and peer.switches.on == [True, True]
    assert ("Switch.Set", {"id": 0, "on": True, "toggle_after": 180}) in peer.switches.calls
    assert ("Switch.Set", {"id": 1, "on": True}) in peer.switches.calls, "the light has no timer: it stays"
    told = siren.set(LIGHT)
    assert (told.light, told.sound, peer.switches.on) == (True, False, [False, True])
    assert not siren.set(OFF).on and not siren.probe().on and peer.switches.on == [False, False]


def test_the_timer_ends_the_sound(opened: Open, peer: HttpPeer) -> None:
    siren = opened(url=peer.url)
    siren.set(Pattern(light=True, sound=True, seconds=1))
    time.sleep(1.3)
    assert not siren.probe().on


def test_digest_sign_in_is_answered_and_a_wrong_password_told(opened: Open) -> None:
    peer = HttpPeer(password="secret word")
    try:
        assert opened(url=peer.url, password="secret word").set(SOUND).sound
        assert peer.switches.on[0]
        for password in ("other", ""):
            with pytest.raises(SirenFailed) as told:
                opened(url=peer.url, password=password).set(OFF)
            assert told.value.permanent and told.value.problem == "it refuses name or password"
        assert peer.switches.on[0]
    finally:
        peer.close()


def test_who_says_something_else_has_failed(opened: Open, peer: HttpPeer) -> None:
    peer.switches.stuck = True
    for siren in (opened(url=peer.url), opened(**generic(peer))):
        with pytest.raises(SirenFailed) as told:
            siren.set(SOUND)
        assert told.value.problem == "it says that it does something else than it was told"
    with pytest.raises(SirenFailed) as told:
        opened(url=peer.url, sound_output=8).set(SOUND)
    assert "-105" in told.value.detail


def test_addresses_of_ones_own(opened: Open, peer: HttpPeer) -> None:
    separate = {
        "light_on_url": f"{peer.url}/relay/1?turn=on&key={{token}}", "light_off_url": f"{peer.url}/relay/1?turn=off",
        "token": "a b/c", "profile": "siren",
    }  # fmt: skip
    siren = opened(**generic(peer))
    told = siren.set(SOUND)
    assert told.confirmed and told.light and told.ends_by_itself and peer.switches.on[0]
    assert ("GET", "/relay/0?turn=on&timer=180", f"127.0.0.1:{peer.port}") in peer.requests
    assert not siren.set(OFF).on and not siren.can.separable
    # The field of the answer is the siren's; the strobe's stands at its own address.
    peer.answers["/strobe"] = (200, {}, b'{"relays": [{"ison": true}]}')
    siren = opened(**generic(peer, **separate, light_state_url=f"{peer.url}/strobe"))
    peer.answers["/relay/1"] = (200, {}, b"")
    told = siren.set(LIGHT)
    assert (told.light, told.sound) == (True, False) and siren.can.separable
    assert any("key=a%20b%2Fc" in path for _, path, _ in peer.requests)
    assert siren.probe().light


def test_without_a_field_nothing_is_confirmed(opened: Open, peer: HttpPeer) -> None:
    siren = opened(**generic(peer, field="", on_url=f"{peer.url}/relay/0?turn=on", method="POST"))
    told = siren.set(SOUND)
    assert told.sound and not told.confirmed and not told.ends_by_itself and not siren.can.confirms
    assert siren.probe().sound and peer.requests[-1][0] == "POST"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((404, {}, b"{}"), "it refuses the command"),
        ((302, {"location": "http://127.0.0.1:9/"}, b"{}"), "it refuses the command"),
        ((200, {}, b"<html>"), "its answer can't be read"),
        ((200, {}, b'{"relays": []}'), "its answer can't be read"),
        ((200, {}, b'{"relays": [{"ison": "perhaps"}]}'), "its answer can't be read"),
        ((200, {}, b"[" + b"1," * 40_000 + b"1]"), "its answer is too long or too slow"),
    ],
)
def test_an_answer_of_another_kind_is_a_failure(
    opened: Open, peer: HttpPeer, answer: tuple[int, dict[str, str], bytes], problem: str
) -> None:
    peer.answers["/relay/0"] = answer
    with pytest.raises(SirenFailed) as told:
        opened(**generic(peer)).set(SOUND)
    assert told.value.problem == problem


def test_a_mute_device_fails_in_time_and_is_found_again(opened: Open, peer: HttpPeer) -> None:
    siren = opened(url=peer.url)
    siren.probe()
    peer.delay_seconds = 5
    began = time.monotonic()
    with pytest.raises(SirenFailed) as told:
        siren.set(SOUND)
    assert 1.2 < time.monotonic() - began < 1.9 and told.value.problem == "it does not answer"
    peer.delay_seconds = 0
    assert siren.set(SOUND).sound


@pytest.mark.parametrize(
    "url",
    [
        "ftp://192.168.1.5/", "file:///etc/passwd", "http://", "http://192.168.1.5:99999/", "http://user:pw@192.168.1.5/",
        "http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://[::ffff:169.254.169.254]/",
        "http://8.8.8.8/", "http://[fd00:ec2::254]/", "http://100.100.100.200/", "http://0.0.0.0/", "http://224.0.0.1/",
        "http://a b/", "http://2130706433/", "http://[::1/", "//192.168.1.5/",
    ],
)  # fmt: skip
def test_an_address_that_no_siren_may_have_is_refused(opened: Open, url: str) -> None:
    for options in ({"url": url}, {"dialect": "generic", "on_url": url, "off_url": "http://192.168.1.5/"}):
        with pytest.raises(SirenOptionWrong):
            opened(**options)


def test_a_name_is_judged_by_where_it_leads(
    opened: Open, peer: HttpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is resolved once a line, and the connection goes to the address that was judged."""
    leads = ["169.254.169.254"]
    asked: list[str] = []

    real = socket.getaddrinfo

    def lookup(host: str, port: int, *rest: Any, **more: Any) -> list[Any]:
        if host != "siren.test":
            return real(host, port, *rest, **more)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (leads[0], port))]

    monkeypatch.setattr(network.socket, "getaddrinfo", lookup)
    siren = opened(url=f"http://siren.test:{peer.port}")
    with pytest.raises(SirenFailed) as told:
        siren.set(SOUND)
    assert told.value.permanent and told.value.detail == "169.254.169.254"
    leads[0] = "127.0.0.1"
    assert siren.set(SOUND).sound
    leads[0] = "169.254.169.254"
    assert siren.probe().sound, "what was resolved and found good stays"
    assert asked == ["siren.test"] * 2
    assert peer.requests[-1][2] == f"siren.test:{peer.port}", "the device is asked by its name"


def test_networks_are_the_owners_to_declare() -> None:
    home = read_networks(HOME)
    for host in ("192.168.1.5", "10.1.2.3", "172.16.0.1", "127.0.0.1", "::1", "fd12::1", "siren.local"):
        require_host(host, home)
    assert resolve("127.0.0.1", 80, networks=home) == "127.0.0.1"
    with pytest.raises(SirenOptionWrong):
        require_host("192.168.1.5", read_networks("10.0.0.0/8"))
    with pytest.raises(SirenFailed):
        resolve("no-such-host.invalid", 80, networks=home)
    for text in ("10.0.0.0/40", "home", "10.0.0.1/8"):
        with pytest.raises(SirenOptionWrong):
            read_networks(text)
    require_host("203.0.113.7", read_networks("203.0.113.0/24"))
    everywhere = read_networks("0.0.0.0/0, ::/0")
    require_host("203.0.113.7", everywhere)
    for never in (
        "169.254.1.1",
        "fe80::1",
        "::ffff:169.254.169.254",
        "168.63.129.16",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "ff02::1",
    ):
        with pytest.raises(SirenOptionWrong):
            require_host(never, everywhere)


def test_each_address_of_a_generic_device_is_needed(opened: Open, peer: HttpPeer) -> None:
    for left_out in ("on_url", "off_url"):
        with pytest.raises(SirenOptionWrong) as told:
            opened(**generic(peer, **{left_out: ""}))
        assert told.value.data["name"] == left_out
    with pytest.raises(SirenOptionWrong):
        opened(**generic(peer, light_on_url=f"{peer.url}/x"))
