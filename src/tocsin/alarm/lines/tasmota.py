"""Relays with Tasmota: commands over MQTT, each answered with the state that the relay is in.

Source: Tasmota documentation, MQTT (`cmnd`, `stat`, `tele`, LWT) and Commands (`Power`, `PulseTime`).
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tocsin.alarm.lines.mqtt_line import Broker, MqttLine
from tocsin.alarm.lines.relay import read_wiring
from tocsin.alarm.siren import Confirmed, Pattern, SirenFailed, SirenOptionWrong

_PULSE_OFFSET_SECONDS, _PULSE_MOST = 100, 64_900


def pulse_time(seconds: int) -> int:
    """Return the PulseTime that ends a relay's ON after so many seconds: below 112 the unit is a tenth of a second."""
    return 10 * seconds if seconds <= 11 else min(seconds + _PULSE_OFFSET_SECONDS, _PULSE_MOST)


class TasmotaRelay:
    """One Tasmota device of one or several relays, and the siren and strobe that hang on them."""

    def __init__(self, broker: Broker, options: Mapping[str, Any]) -> None:
        self._wiring = read_wiring(options)
        self._topic, self._full = options["topic"], options["full_topic"] or "%prefix%/%topic%/"
        if "%prefix%" not in self._full or "%topic%" not in self._full:
            raise SirenOptionWrong(name="full_topic", problem="a full topic holds %prefix% and %topic%")
        self._online: bool | None = None
        self._states, self._times = dict[int, bool](), Counter[int]()
        self._pulses, self._asking = dict[int, int](), False
        self._waker: Callable[[], None] = lambda: None
        self._line = MqttLine(
            broker, (self._name("stat", "+"), self._name("tele", "LWT")), heard=self._hear, turned=self._turn
        )
        self.can = self._wiring.can(confirms=True, timed=True)

    def set(self, pattern: Pattern, *, until: float) -> Confirmed:
        """Set the device's timer where it is another, switch the relays, and wait for what they say."""
        wanted, sound = self._wiring.outputs(pattern), self._wiring.sound
        pulse = pulse_time(pattern.seconds)
        commands = [(f"POWER{output}", "ON" if on else "OFF") for output, on in wanted.items()]
        if sound is not None and wanted[sound] and pattern.seconds and self._pulses.get(sound) != pulse:
            commands.insert(0, (f"PulseTime{sound}", str(pulse)))
        self._ask(commands, tuple(wanted), until=until)
        if any(self._states.get(output) != on for output, on in wanted.items()):
            raise SirenFailed(problem="it says that it does something else than it was told")
        return self._confirmed(pulse if pattern.sound else 0)

    def probe(self, *, until: float) -> Confirmed:
        """Ask for the state of each relay: a command without a value."""
        outputs = tuple(each for each in (self._wiring.sound, self._wiring.light) if each is not None)
        self._ask([(f"POWER{output}", "") for output in outputs], outputs, until=until)
        return self._confirmed(0)

    def watch(self, waker: Callable[[], None]) -> None:
        """Wake when the last will tells of its end, the line breaks, or a relay changes by itself."""
        self._waker = waker

    def close(self) -> None:
        """Leave the broker."""
        self._line.close()

    def _ask(self, commands: list[tuple[str, str]], outputs: tuple[int, ...], *, until: float) -> None:
        self._asking, seen = True, Counter(self._times)
        try:
            for command, value in commands:
                self._line.publish(self._name("cmnd", command), value, until=until)
            if not self._line.wait_for(lambda: self._is_told(outputs, seen), until=until):
                raise SirenFailed(problem="it does not confirm")
            if self._online is False:
                raise SirenFailed(problem="it is offline: its last will says so")
        finally:
            self._asking = False

    def _is_told(self, outputs: tuple[int, ...], seen: Counter[int]) -> bool:
        return self._online is False or all(self._times[output] > seen[output] for output in outputs)

    def _confirmed(self, pulse: int) -> Confirmed:
        timed = bool(pulse) and self._pulses.get(self._wiring.sound or 0) == pulse
        return self._wiring.confirmed(self._states, by_device=True, timed=timed)

    def _name(self, prefix: str, last: str) -> str:
        return self._full.replace("%prefix%", prefix).replace("%topic%", self._topic) + last

    def _hear(self, topic: str, text: str) -> None:
        last = topic.rpartition("/")[2].upper()
        if last == "LWT":
            was, self._online = self._online, text == "Online"
            if was != self._online:
                self._pulses.clear()  # another device may answer by this name now
                self._waker()
        elif last.startswith("POWER"):
            self._note(last.removeprefix("POWER") or "1", text)
        elif last == "RESULT" or last.startswith("PULSETIME"):
            self._hear_result(text)

    def _hear_result(self, text: str) -> None:
        try:
            result = msgspec.json.decode(text)
        except msgspec.DecodeError:
            result = None
        for name, value in result.items() if isinstance(result, dict) else ():
            if str(name).upper().startswith("PULSETIME"):
                number = str(name)[len("PulseTime") :] or "1"
                # Older versions answer with the number alone, newer ones with {"Set":…,"Remaining":…}.
                told = value.get("Set") if isinstance(value, dict) else value
                if number.isdigit() and isinstance(told, int):
                    self._pulses[int(number)] = told

    def _note(self, number: str, text: str) -> None:
        if number.isdigit() and text in ("ON", "OFF"):
            output, on = int(number), text == "ON"
            changed = self._states.get(output) != on
            self._states[output] = on
            self._times[output] += 1
            if changed and not self._asking:
                self._waker()

    def _turn(self, up: bool) -> None:
        self._online = self._online if up else None
        self._waker()
