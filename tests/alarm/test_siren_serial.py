"""LCUS relays at the end of a pseudo serial line that checks each frame."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.lcus_relay import LcusRelay, SerialPair
from tocsin.alarm.siren import OFF, Pattern, Siren, SirenFailed, SirenOptionWrong, read_options
from tocsin.alarm.sirens.serial_relay import PLUGIN, frame

SOUND, LIGHT = Pattern(light=True, sound=True), Pattern(light=True, sound=False)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[SerialPair]:
    made = SerialPair(tmp_path)
    yield made
    made.close()


def open_(port: str, **more: object) -> Siren:
    return PLUGIN.open(read_options(PLUGIN, {"port": port, **more}))


def test_frames_are_those_of_the_manual() -> None:
    assert frame(1, on=True) == bytes.fromhex("A00101A2") and frame(1, on=False) == bytes.fromhex("A00100A1")
    assert frame(2, on=True) == bytes.fromhex("A00201A3")


def test_relays_obey_and_nothing_is_confirmed(pair: SerialPair) -> None:
    peer, siren = LcusRelay(pair.far), open_(pair.near, light_output=2)
    try:
        told = siren.set(SOUND)
        assert told.sound and told.light and not told.confirmed and not siren.can.confirms
        assert peer.wait_for(1, on=True) and peer.wait_for(2, on=True)
        assert siren.set(LIGHT).light and peer.wait_for(1, on=False) and peer.on[2]
        assert siren.probe().light
        siren.set(OFF)
        assert peer.wait_for(2, on=False) and peer.wrong == []
    finally:
        siren.close()
        peer.close()


def test_the_port_is_held_alone_and_let_go(pair: SerialPair) -> None:
    first, second = open_(pair.near), open_(pair.near)
    try:
        first.set(OFF)
        with pytest.raises(SirenFailed) as told:
            second.set(SOUND)
        assert told.value.problem == "another program holds the port"
        first.close()
        assert second.set(SOUND).sound
    finally:
        first.close()
        second.close()


def test_an_unplugged_relay_is_seen_by_command_and_by_probe(pair: SerialPair) -> None:
    siren = open_(pair.near)
    assert not siren.set(OFF).on
    pair.unplug()
    for ask in (siren.probe, lambda: siren.set(SOUND)):
        with pytest.raises(SirenFailed) as told:
            ask()
        assert told.value.problem == "it is not plugged in, or the port is another one"


@pytest.mark.parametrize(
    "port",
    ["", "ttyUSB0", "/etc/shadow", "/dev/../etc/shadow", "/dev/tty USB0", "/dev/null", "/dev/watchdog"],
)
def test_a_port_is_a_device_of_this_machine(port: str) -> None:
    with pytest.raises(SirenOptionWrong):
        open_(port)


def test_a_port_that_is_not_there_is_a_failure() -> None:
    with pytest.raises(SirenFailed):
        open_("/dev/ttyNONE9").probe()
