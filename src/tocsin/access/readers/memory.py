"""A reader in memory, for tests: hands lay fingers in its tray, as `hand("desk").put("whorl")`.

A finger is a word; two touches of the same word are the same finger. `blank` can't be read,
`unplug` takes the reader away, `plug` brings it back.
"""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

from tocsin.access.reader import BAD_SCANS_MOST, Enrolment, Presence, Scan, Stage

STAGES = 3
_STEP_SECONDS = 0.02


class Tray:
    """What lies on one reader, and what it has learnt."""

    def __init__(self) -> None:
        self.touches: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.known: dict[str, dict[str, str]] = {}
        self.there = True
        self.on_presence: list[Callable[[Presence], None]] = []
        self._changing = threading.Lock()

    def put(self, *touches: str) -> None:
        """Lay fingers, one after the other."""
        for touch in touches:
            if touch in ("plug", "unplug"):
                self._plug(touch == "plug")
            else:
                self.touches.put(touch)

    def next(self, seconds: float, stop: Event) -> str:
        """Return the next touch, `unplug` where the reader has gone, nothing at the end of the time."""
        until = time.monotonic() + seconds
        while not stop.is_set() and time.monotonic() < until:
            if not self.there:
                return "unplug"
            try:
                return self.touches.get(timeout=_STEP_SECONDS)
            except queue.Empty:
                continue
        return ""

    def _plug(self, there: bool) -> None:
        with self._changing:
            self.there = there
            for tell in tuple(self.on_presence):
                tell("ready" if there else "vanished")


_trays: dict[str, Tray] = {}


def hand(tray: str) -> Tray:
    """Return the tray of a name."""
    return _trays.setdefault(tray, Tray())


class MemoryReader:
    """Reads what lies in its tray."""

    def __init__(self, tray: Tray, on_presence: Callable[[Presence], None]) -> None:
        self._tray, self._on_presence = tray, on_presence
        tray.on_presence.append(on_presence)

    def presence(self) -> Presence:
        """Tell whether the reader is there now."""
        return "ready" if self._tray.there else "vanished"

    def verify(self, operator: str, *, seconds: float, stop: Event, on_asking: Callable[[], None]) -> Scan:
        """Ask for a finger of an operator."""
        known = self._tray.known.get(operator, {})
        if not self._tray.there:
            return Scan("vanished")
        if not known:
            return Scan("device_error", problem="not_enrolled")
        on_asking()
        for bad in range(BAD_SCANS_MOST):
            touch = self._tray.next(seconds, stop)
            if touch in ("", "unplug"):
                return Scan("vanished" if touch else "cancelled", bad)
            if touch != "blank":
                return Scan("match" if touch in known.values() else "no_match", bad)
        return Scan("bad_scan", BAD_SCANS_MOST)

    def enrol(
        self, operator: str, finger: str, *, seconds: float, stop: Event, on_stage: Callable[[Stage], None]
    ) -> Enrolment:
        """Have an operator lay a finger three times."""
        laid: list[str] = []
        on_stage(Stage(0, STAGES))
        while len(laid) < STAGES:
            touch = self._tray.next(seconds, stop)
            if touch in ("", "unplug"):
                return Enrolment("vanished" if touch else "cancelled")
            if touch in [one for fingers in self._tray.known.values() for one in fingers.values()]:
                return Enrolment("duplicate")
            if touch == "blank" or (laid and touch != laid[0]):
                on_stage(Stage(len(laid), STAGES, "retry-scan"))
                continue
            laid.append(touch)
            on_stage(Stage(len(laid), STAGES))
        self._tray.known.setdefault(operator, {})[finger] = laid[0]
        return Enrolment("enrolled")

    def delete(self, operator: str, finger: str = "") -> None:
        """Forget a finger of an operator, or all of his."""
        known = self._tray.known.get(operator, {})
        for name in [finger] if finger else list(known):
            known.pop(name, None)

    def fingers(self, operator: str) -> tuple[str, ...]:
        """Return which fingers of an operator it knows."""
        return tuple(self._tray.known.get(operator, {}))

    def close(self) -> None:
        """Hear no more of the tray."""
        self._tray.on_presence.remove(self._on_presence)


class MemoryDriver:
    """Makes readers of options: `tray`, a name."""

    name = "memory"

    def open(self, options: Mapping[str, Any], *, on_presence: Callable[[Presence], None]) -> MemoryReader:
        """Begin to watch a tray."""
        return MemoryReader(hand(str(options.get("tray", "desk"))), on_presence)


PLUGIN = MemoryDriver()
