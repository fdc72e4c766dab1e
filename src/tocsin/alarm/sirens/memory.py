"""In memory, for tests: keeps what it was told, and fails when a test says so."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from tocsin.alarm.siren import OFF, Abilities, Confirmed, Option, Pattern, SirenFailed

_CAN = Abilities(light=True, sound=True, separable=True, confirms=True, timed=True)


class Place(Struct):
    """One imagined siren, shared by all that are opened for its place."""

    told: list[Pattern] = []
    now: Pattern = OFF
    fails: str = ""
    raises: type[Exception] | None = None
    delay_seconds: float = 0.0
    probes: int = 0
    timed: bool = True
    waker: Callable[[], None] = lambda: None


class MemorySirens:
    """Opens sirens in memory; `places` holds them by name."""

    name = "memory"
    title = ""
    can = _CAN
    options = (
        Option(name="place", label="Place", default="default", required=True),
        Option(name="light", label="Light", kind="choice", default="separate",
               choices={"separate": "separate", "with_sound": "with_sound", "none": "none"}),
    )  # fmt: skip

    def __init__(self) -> None:
        self.places: dict[str, Place] = defaultdict(lambda: Place(told=[]))
        self._lock = threading.Lock()

    def open(self, options: Mapping[str, Any]) -> "_MemorySiren":
        """Make a siren of its options."""
        with self._lock:
            place = self.places[options["place"]]
        return _MemorySiren(place, options["light"])


class _MemorySiren:
    def __init__(self, place: Place, light: str) -> None:
        self._place = place
        self.can = Abilities(
            light=light != "none", sound=True, separable=light == "separate", confirms=True, timed=True
        )

    def set(self, pattern: Pattern) -> Confirmed:
        """Keep a pattern, after the delay that a test set."""
        self._obey()
        self._place.told.append(pattern)
        self._place.now = pattern
        return self._confirmed()

    def probe(self) -> Confirmed:
        """Return what it was told last."""
        self._place.probes += 1
        self._obey()
        return self._confirmed()

    def watch(self, waker: Callable[[], None]) -> None:
        """Keep the waker, for a test to call."""
        self._place.waker = waker

    def close(self) -> None:
        """Nothing is held."""

    def _obey(self) -> None:
        time.sleep(self._place.delay_seconds)
        if self._place.raises is not None:
            raise self._place.raises
        if self._place.fails:
            raise SirenFailed(problem="it does not answer", detail=self._place.fails)

    def _confirmed(self) -> Confirmed:
        now = self._place.now
        return Confirmed(
            light=now.light, sound=now.sound, confirmed=True, ends_by_itself=now.sound and self._place.timed
        )


PLUGIN = MemorySirens()
