"""Tasmota relays behind a real broker: commanded, timed, gone, back."""

import signal
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from tests.peers.mosquitto_broker import Broker
from tests.peers.tasmota_relay import TasmotaRelay
from tocsin.alarm.lines.tasmota import pulse_time
from tocsin.alarm.siren import OFF, Pattern, Siren, SirenFailed, SirenOptionWrong

SOUND, LIGHT = Pattern(light=True, sound=True, seconds=180), Pattern(light=True, sound=False, seconds=180)


@pytest.fixture
def relay(broker: Broker) -> Iterator[TasmotaRelay]:
    made = TasmotaRelay(broker.port, "siren1")
    yield made
    made.close()


def test_a_tasmota_relay_switches_and_says_so(opened: Callable[..., Siren], relay: TasmotaRelay) -> None:
    siren = opened("siren1")
    assert siren.set(SOUND).sound and relay.on[1]
    told = siren.set(SOUND)
    assert told.confirmed and told.light and told.ends_by_itself and relay.pulse_seconds(1) == 180
    assert relay.commands.count(("PULSETIME1", "280")) == 1, (
        "the timer wears the device's memory out: once is enough"
    )
    assert siren.probe().sound
    assert not siren.set(OFF).on and not relay.on[1] and not siren.probe().on


def test_commands_are_confirmed_within_milliseconds(
    opened: Callable[..., Siren], relay: TasmotaRelay
) -> None:
    siren, times = opened("siren1"), []
    siren.probe()
    for n in range(60):
        began = time.perf_counter()
        siren.set(OFF if n % 2 else SOUND)
        times.append(time.perf_counter() - began)
    assert sorted(times)[30] < 0.02, f"Nagle's 40 ms are back: {sorted(times)[30]}"
    line = siren._device._line._client.socket()  # type: ignore[attr-defined]
    # A broker that answers fast hides it: one that does not would wait for an acknowledgement.
    assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_two_commands_at_once_wait_for_nothing(broker: Broker, opened: Callable[..., Siren]) -> None:
    relay, siren, times = TasmotaRelay(broker.port, "two", relays=2), opened("two", light_output=2), []
    try:
        siren.set(SOUND)
        for n in range(40):
            began = time.perf_counter()
            siren.set(SOUND if n % 2 else OFF)
            times.append(time.perf_counter() - began)
    finally:
        relay.close()
    assert sorted(times)[20] < 0.02, f"Nagle's 40 ms are back: {sorted(times)[20]}"


def test_a_single_relay_stays_dark_for_a_light_alone(
    opened: Callable[..., Siren], relay: TasmotaRelay
) -> None:
    siren = opened("siren1")
    assert siren.can.light and not siren.can.separable
    assert not siren.set(siren.can.possible(LIGHT)).on and not relay.on[1]


def test_two_relays_part_light_and_sound(broker: Broker, opened: Callable[..., Siren]) -> None:
    relay, siren = TasmotaRelay(broker.port, "two", relays=2), opened("two", light_output=2, profile="siren")
    try:
        assert siren.can.separable
        told = siren.set(LIGHT)
        assert (told.light, told.sound, relay.on) == (True, False, {1: False, 2: True})
        siren.set(SOUND)
        assert relay.on == {1: True, 2: True}
        assert (relay.pulse_seconds(1), relay.pulse_seconds(2)) == (180, 0), (
            "the light has no timer: it stays"
        )
        told = siren.set(LIGHT)
        assert (told.light, told.sound, relay.on) == (True, False, {1: False, 2: True})
        siren.set(OFF)
        assert relay.on == {1: False, 2: False}
    finally:
        relay.close()


def test_a_strobe_alone_and_another_full_topic(broker: Broker, opened: Callable[..., Siren]) -> None:
    relay = TasmotaRelay(broker.port, "lamp")
    siren = opened("lamp", sound_output="", light_output=1, full_topic="%prefix%/%topic%/")
    try:
        assert not siren.can.sound and siren.set(siren.can.possible(SOUND)).light and relay.on[1]
    finally:
        relay.close()
    with pytest.raises(SirenOptionWrong):
        opened("lamp", full_topic="tasmota/%topic%/")


def test_the_device_ends_the_sound_by_its_own_timer(
    opened: Callable[..., Siren], relay: TasmotaRelay
) -> None:
    siren, woken = opened("siren1"), []
    siren.watch(lambda: woken.append(time.monotonic()))
    began = time.monotonic()
    assert siren.set(Pattern(light=True, sound=True, seconds=1)).ends_by_itself
    woken.clear()
    time.sleep(1.4)
    assert not relay.on[1] and woken and 0.8 < woken[0] - began < 1.4, "who stopped by himself tells at once"
    assert not siren.probe().sound


def test_older_firmware_tells_its_timer_as_a_number(
    opened: Callable[..., Siren], relay: TasmotaRelay
) -> None:
    relay.old_answers = True
    assert opened("siren1").set(SOUND).ends_by_itself


def test_timers_below_twelve_seconds_are_tenths() -> None:
    assert [pulse_time(n) for n in (1, 11, 12, 180, 99_999)] == [10, 110, 112, 280, 64_900]


@pytest.mark.parametrize("trouble", ["deaf", "stuck"])
def test_who_does_not_confirm_has_failed(
    opened: Callable[..., Siren], relay: TasmotaRelay, trouble: str
) -> None:
    siren = opened("siren1")
    siren.probe()
    setattr(relay, trouble, True)
    began = time.monotonic()
    with pytest.raises(SirenFailed):
        siren.set(SOUND)
    assert time.monotonic() - began < 1.8
    setattr(relay, trouble, False)
    assert siren.set(SOUND).sound


def test_a_last_will_tells_at_once_that_it_is_gone(opened: Callable[..., Siren], relay: TasmotaRelay) -> None:
    siren, woken = opened("siren1"), []
    siren.probe()
    siren.watch(lambda: woken.append(time.monotonic()))
    relay.vanish()
    began = time.monotonic()
    while not woken and time.monotonic() < began + 3:
        time.sleep(0.01)
    with pytest.raises(SirenFailed) as told:
        siren.set(SOUND)
    assert told.value.problem == "it is offline: its last will says so"
    assert time.monotonic() - began < 1, "nobody waits for a device that said goodbye"


def test_a_broker_that_comes_back_is_found_again(
    broker: Broker, opened: Callable[..., Siren], relay: TasmotaRelay
) -> None:
    siren = opened("siren1")
    assert siren.set(SOUND).sound
    broker.stop()
    with pytest.raises(SirenFailed) as told:
        siren.set(OFF)
    assert told.value.problem == "the broker does not answer" and not told.value.permanent
    broker.start()
    until = time.monotonic() + 8
    while time.monotonic() < until:
        try:
            assert not siren.set(OFF).on
            break
        except SirenFailed:
            continue
    assert not relay.on[1] and not siren.probe().on


def test_a_command_of_before_never_comes_late(
    broker: Broker, opened: Callable[..., Siren], relay: TasmotaRelay
) -> None:
    """What failed for want of a broker is dropped: no noise minutes later."""
    siren = opened("siren1")
    siren.probe()
    broker.stop()
    with pytest.raises(SirenFailed):
        siren.set(SOUND)
    relay.commands.clear()
    broker.start()
    until = time.monotonic() + 8
    while time.monotonic() < until:
        try:
            siren.probe()
            break
        except SirenFailed:
            continue
    assert ("POWER1", "ON") not in relay.commands and not relay.on[1]


def test_what_was_on_its_way_when_a_broker_died_is_not_sent_again(
    broker: Broker, opened: Callable[..., Siren], relay: TasmotaRelay
) -> None:
    """The broker hangs with the command unread, then dies: a command that is kept would come with its return."""
    siren = opened("siren1")
    siren.probe()
    assert broker.process is not None
    broker.process.send_signal(signal.SIGSTOP)
    with pytest.raises(SirenFailed):
        siren.set(SOUND)
    broker.process.kill()
    broker.process.wait(10)
    relay.commands.clear()
    broker.start()
    until = time.monotonic() + 8
    while time.monotonic() < until:
        try:
            siren.probe()
            break
        except SirenFailed:
            continue
    time.sleep(0.3)
    assert ("POWER1", "ON") not in relay.commands and not relay.on[1]
