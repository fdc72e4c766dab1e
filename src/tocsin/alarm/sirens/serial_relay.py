"""A relay on a USB serial port with the LCUS-1 protocol (CH340, 9600 baud), also of two to eight relays; it can't confirm."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import serial

from tocsin.alarm.lines.relay import Wiring, output_options, read_wiring
from tocsin.alarm.lines.serial_port import PORT, require_port
from tocsin.alarm.siren import ANSWER_SECONDS, Abilities, Confirmed, Option, Pattern, SirenFailed

_BAUD, _START = 9600, 0xA0
_BETWEEN_SECONDS = 0.03  # the chip takes frames that follow each other at once for one that is too long


class SerialRelays:
    """Opens LCUS relays on serial ports."""

    name = "serial_relay"
    title = "USB relay (LCUS-1)"
    can = Abilities(light=True, sound=True, separable=True, confirms=False, timed=False)
    options: tuple[Option, ...] = (
        PORT,
        *output_options(first=1, most=8, hint="Relays are counted from 1"),
    )

    def open(self, options: Mapping[str, Any]) -> "_LcusRelay":
        """Make a siren of its options."""
        require_port(options["port"])
        return _LcusRelay(options["port"], wiring=read_wiring(options))


def frame(output: int, *, on: bool) -> bytes:
    """Return the four bytes that switch a relay: start, relay, state, sum.

    Source: LCUS-1 module, serial protocol `A0 01 01 A2`.
    """
    body = bytes((_START, output, int(on)))
    return body + bytes((sum(body) & 0xFF,))


class _LcusRelay:
    def __init__(self, port: str, *, wiring: Wiring) -> None:
        self._port, self._wiring = port, wiring
        self._line: serial.Serial | None = None
        self._states = dict.fromkeys(
            (each for each in (wiring.sound, wiring.light) if each is not None), False
        )
        self.can = wiring.can(confirms=False, timed=False)

    def set(self, pattern: Pattern) -> Confirmed:
        """Send a frame for each relay; nothing comes back."""
        wanted = self._wiring.outputs(pattern)
        for place, (output, on) in enumerate(wanted.items()):
            time.sleep(_BETWEEN_SECONDS if place else 0)
            self._send(frame(output, on=on))
        self._states = wanted
        return self._wiring.confirmed(self._states, by_device=False)

    def probe(self) -> Confirmed:
        """Ask the port whether the relay is still plugged in; what it does is what it was told."""
        try:
            assert self._opened().in_waiting >= 0
        except (OSError, ValueError) as fault:
            raise self._lost(fault) from fault
        return self._wiring.confirmed(self._states, by_device=False)

    def watch(self, waker: Callable[[], None]) -> None:
        """It tells of nothing by itself."""

    def close(self) -> None:
        """Let go of the port."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _send(self, sent: bytes) -> None:
        try:
            line = self._opened()
            line.write(sent)
            line.flush()
        except (OSError, ValueError) as fault:
            raise self._lost(fault) from fault

    def _opened(self) -> serial.Serial:
        if self._line is None:
            self._line = serial.Serial(
                self._port, _BAUD, timeout=ANSWER_SECONDS, write_timeout=ANSWER_SECONDS / 2, exclusive=True
            )
        return self._line

    def _lost(self, fault: Exception) -> SirenFailed:
        self.close()
        if "exclusively lock" in str(fault):
            return SirenFailed(problem="another program holds the port", detail=str(fault))
        return SirenFailed(problem="it is not plugged in, or the port is another one", detail=str(fault))


PLUGIN = SerialRelays()
