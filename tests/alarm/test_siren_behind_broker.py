"""Other devices behind a real broker, Shelly relays and announced sirens; brokers that ask who one is."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers.discovered_siren import DiscoveredSiren
from tests.peers.mosquitto_broker import Broker
from tests.peers.shelly_relay import MqttPeer
from tocsin.alarm.siren import OFF, Pattern, Siren, SirenFailed, SirenOptionWrong, read_options
from tocsin.alarm.sirens.mqtt import PLUGIN

SOUND, LIGHT = Pattern(light=True, sound=True, seconds=180), Pattern(light=True, sound=False, seconds=180)


def test_a_shelly_behind_a_broker(broker: Broker, opened: Callable[..., Siren]) -> None:
    peer, siren, woken = MqttPeer(broker.port, "shelly1"), None, []
    try:
        siren = opened("shelly1", dialect="shelly", light_output=2)
        told = siren.set(SOUND)
        assert told.confirmed and told.ends_by_itself and peer.switches.on == [True, True]
        assert ("Switch.Set", {"id": 0, "on": True, "toggle_after": 180}) in peer.switches.calls
        assert ("Switch.Set", {"id": 1, "on": True}) in peer.switches.calls
        assert siren.set(LIGHT).light and peer.switches.on == [False, True]
        siren.watch(lambda: woken.append(1))
        peer.press(1, on=False)
        until = time.monotonic() + 3
        while not woken and time.monotonic() < until:
            time.sleep(0.01)
        assert woken and not siren.probe().light
        peer.switches.stuck = True
        with pytest.raises(SirenFailed):
            siren.set(SOUND)
        peer.deaf = True
        with pytest.raises(SirenFailed) as told_:
            siren.probe()
        assert told_.value.problem == "it does not confirm"
        woken.clear()
        peer.vanish()
        while not woken and time.monotonic() < until + 3:
            time.sleep(0.01)
        with pytest.raises(SirenFailed) as told_:
            siren.set(OFF)
        assert told_.value.problem == "it is offline: its last will says so"
    finally:
        peer.close()


def test_a_relay_that_the_shelly_lacks_is_told(broker: Broker, opened: Callable[..., Siren]) -> None:
    peer = MqttPeer(broker.port, "shelly1")
    try:
        with pytest.raises(SirenFailed) as told:
            opened("shelly1", dialect="shelly", sound_output=7).set(SOUND)
        assert told.value.problem == "it refuses the command" and "-105" in told.value.detail
    finally:
        peer.close()


def test_a_siren_that_announced_itself(broker: Broker, opened: Callable[..., Siren]) -> None:
    peer = DiscoveredSiren(broker.port, "yard")
    siren = opened(peer.topic.removesuffix("/config"), dialect="discovery", profile="siren")
    try:
        told = siren.set(SOUND)
        assert (told.sound, told.light, told.confirmed, told.ends_by_itself) == (True, False, True, True)
        assert peer.commands == [{"state": "ON", "duration": 180}]
        assert siren.probe().sound
        assert not siren.set(OFF).on and peer.commands[-1] == {"state": "OFF"}
        peer.deaf = True
        with pytest.raises(SirenFailed):
            siren.set(SOUND)
        peer.deaf = False
        assert siren.set(SOUND).sound
        peer.leave()
        time.sleep(0.2)
        with pytest.raises(SirenFailed):
            siren.probe()
    finally:
        peer.close()


def test_what_an_announcement_may_not_hold(broker: Broker, opened: Callable[..., Siren]) -> None:
    with pytest.raises(SirenFailed) as told:
        opened("homeassistant/siren/nobody/config", dialect="discovery").set(SOUND)
    assert told.value.problem == "it has not announced itself on this topic"
    peer = DiscoveredSiren(broker.port, "odd", cmd_tpl="{{ value }}")
    try:
        with pytest.raises(SirenFailed) as told:
            opened(peer.topic, dialect="discovery").set(SOUND)
        assert told.value.permanent
    finally:
        peer.close()


def test_a_siren_without_a_state_can_only_be_told(broker: Broker, opened: Callable[..., Siren]) -> None:
    peer = DiscoveredSiren(broker.port, "mute", stat_t=None, sup_dur=False, avty=[])
    try:
        told = opened(peer.topic, dialect="discovery").set(SOUND)
        assert (told.sound, told.confirmed, told.ends_by_itself) == (True, False, False)
        time.sleep(0.2)
        assert peer.commands == [{"state": "ON"}], "without a duration: it takes none"
    finally:
        peer.close()


def test_a_broker_that_asks_for_a_password(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "closed", user="desk", password="pass word")
    given = {"host": "127.0.0.1", "tcp_port": broker.port, "topic": "siren1", "user": "desk"}
    wrong = PLUGIN.open(read_options(PLUGIN, {**given, "password": "other"}))
    right = PLUGIN.open(read_options(PLUGIN, {**given, "password": "pass word"}))
    try:
        with pytest.raises(SirenFailed) as told:
            wrong.probe()
        assert told.value.problem == "the broker refuses name or password" and told.value.permanent
        with pytest.raises(SirenFailed) as told:
            right.probe()
        assert told.value.problem == "it does not confirm", "the broker let it in; there is no relay"
    finally:
        wrong.close()
        right.close()
        broker.stop()


def test_a_broker_with_a_certificate(tmp_path: Path) -> None:
    files = (tmp_path / "cert.pem", tmp_path / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(files[1]),
         "-out", str(files[0])], check=True, capture_output=True,
    )  # fmt: skip
    broker = Broker(tmp_path / "tls", certificate=files)
    given = {"host": "127.0.0.1", "tcp_port": broker.port, "topic": "siren1", "tls": "on"}
    trusting = PLUGIN.open(read_options(PLUGIN, {**given, "ca_file": str(files[0])}))
    distrusting = PLUGIN.open(read_options(PLUGIN, given))
    try:
        with pytest.raises(SirenFailed) as told:
            trusting.probe()
        assert told.value.problem == "it does not confirm"
        with pytest.raises(SirenFailed) as told:
            distrusting.probe()
        assert told.value.problem == "the broker's certificate is not trusted"
        os.mkfifo(tmp_path / "pipe")  # opened, it would keep the desk waiting
        for name in ("none.pem", "pipe"):
            with pytest.raises(SirenOptionWrong):
                PLUGIN.open(read_options(PLUGIN, {**given, "ca_file": str(tmp_path / name)}))
    finally:
        trusting.close()
        distrusting.close()
        broker.stop()


def test_a_topic_names_one_device(opened: Callable[..., Siren]) -> None:
    for topic in ("+", "a/#", "/a", "$SYS"):
        with pytest.raises(SirenOptionWrong):
            opened(topic)
