"""Relay boards on Modbus: a real server over TCP, and one at the end of a pseudo serial line."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.lcus_relay import SerialPair
from tests.peers.modbus_board import ModbusBoard
from tocsin.alarm.siren import OFF, Pattern, Siren, SirenFailed, SirenOptionWrong, read_options
from tocsin.alarm.sirens.modbus import PLUGIN

SOUND, LIGHT = Pattern(light=True, sound=True), Pattern(light=True, sound=False)


@pytest.fixture(params=["tcp", "rtu"])
def board(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[ModbusBoard, dict[str, object]]]:
    pair = SerialPair(tmp_path) if request.param == "rtu" else None
    made = ModbusBoard(serial_port=pair.far if pair else "", device_id=7)
    options = {
        "line": request.param,
        "host": "127.0.0.1",
        "tcp_port": made.port,
        "port": pair.near if pair else "/dev/x",
    }
    yield made, {**options, "device_id": 7}
    made.close()
    if pair:
        pair.close()


def open_(options: dict[str, object], **more: object) -> Siren:
    return PLUGIN.open(read_options(PLUGIN, {**options, **more}))


def test_coils_are_written_and_read_back(board: tuple[ModbusBoard, dict[str, object]]) -> None:
    peer, options = board
    siren = open_(options, sound_output=2, light_output=5, profile="siren")
    try:
        told = siren.set(LIGHT)
        assert (told.light, told.sound, told.confirmed) == (True, False, True)
        assert peer.coils() == [False, False, False, False, False, True, False, False]
        assert siren.set(SOUND).sound and peer.coils()[2] and siren.probe().sound
        assert not siren.set(OFF).on and not any(peer.coils()) and not siren.probe().on
    finally:
        siren.close()


def test_one_coil_for_both(board: tuple[ModbusBoard, dict[str, object]]) -> None:
    peer, options = board
    siren = open_(options)
    try:
        assert not siren.can.separable and not siren.can.timed
        assert siren.set(siren.can.possible(SOUND)).light and peer.coils()[0]
        assert not siren.set(siren.can.possible(LIGHT)).on and not peer.coils()[0]
    finally:
        siren.close()


def test_a_coil_that_does_not_move_is_a_failure(board: tuple[ModbusBoard, dict[str, object]]) -> None:
    peer, options = board
    siren, peer.stuck = open_(options), True
    try:
        with pytest.raises(SirenFailed) as told:
            siren.set(SOUND)
        assert told.value.problem == "it says that it does something else than it was told"
        assert not siren.set(OFF).on
    finally:
        siren.close()


def test_a_refused_command_and_another_device_are_told(
    board: tuple[ModbusBoard, dict[str, object]],
) -> None:
    _, options = board
    for more, permanent in (({"sound_output": 99}, True), ({"device_id": 9}, False)):
        siren, began = open_(options, **more), time.monotonic()
        with pytest.raises(SirenFailed) as told:
            siren.set(SOUND)
        assert told.value.permanent == permanent or "exception 1" in told.value.detail
        assert time.monotonic() - began < 1.8
        siren.close()


def test_a_board_without_power_fails_in_time_and_is_found_again() -> None:
    peer = ModbusBoard()
    siren = open_({"line": "tcp", "host": "127.0.0.1", "tcp_port": peer.port})
    try:
        assert siren.set(SOUND).sound
        peer.stop()
        began = time.monotonic()
        with pytest.raises(SirenFailed) as told:
            siren.set(OFF)
        assert time.monotonic() - began < 1.8 and told.value.problem == "it does not answer"
        peer.start()
        assert not siren.set(OFF).on and not peer.coils()[0]
    finally:
        siren.close()
        peer.close()


def test_an_unplugged_line_is_a_failure(tmp_path: Path) -> None:
    pair = SerialPair(tmp_path)
    peer = ModbusBoard(serial_port=pair.far)
    siren = open_({"line": "rtu", "port": pair.near})
    try:
        assert siren.set(SOUND).sound
        pair.unplug()
        with pytest.raises(SirenFailed):
            siren.set(OFF)
    finally:
        siren.close()
        peer.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"line": "tcp"}, {"line": "tcp", "host": "8.8.8.8"}, {"line": "tcp", "host": "169.254.1.1"},
        {"line": "rtu", "port": "/etc/passwd"}, {"line": "rtu", "port": "/dev/../etc/passwd"}, {"line": "rtu", "port": "COM1"},
        {"line": "tcp", "host": "10.0.0.1", "device_id": ""}, {"line": "tcp", "host": "10.0.0.1", "sound_output": "x"},
        {"line": "tcp", "host": "10.0.0.1", "sound_output": 3, "light_output": 3},
        {"line": "tcp", "host": "10.0.0.1", "sound_output": "", "light_output": ""},
    ],
)  # fmt: skip
def test_options_that_do_not_fit_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SirenOptionWrong):
        open_(wrong)
