"""The pages of the desk: each open one flashes, and sounds where its sound was armed; always there, nothing to set."""

from collections.abc import Callable, Mapping
from typing import Any

from tocsin.alarm.siren import OFF, Abilities, Confirmed, Option, Pattern


class BrowserSirens:
    """The pages read for themselves what is wanted: this says what they can do, and that nobody confirms it."""

    name = "browser"
    title = ""
    can = Abilities(light=True, sound=True, separable=True, confirms=False, timed=False)
    options: tuple[Option, ...] = ()

    def open(self, options: Mapping[str, Any]) -> "_Pages":
        """Make the siren that all pages are."""
        return _Pages(self.can)


class _Pages:
    def __init__(self, can: Abilities) -> None:
        self.can, self._now = can, OFF

    def set(self, pattern: Pattern) -> Confirmed:
        """Take note: each page asks the desk what is wanted, and nobody knows which have their sound armed."""
        self._now = pattern
        return self.probe()

    def probe(self) -> Confirmed:
        """Return what the pages were left to do."""
        return Confirmed(light=self._now.light, sound=self._now.sound, confirmed=False)

    def watch(self, waker: Callable[[], None]) -> None:
        """They tell of nothing."""

    def close(self) -> None:
        """Nothing is held."""


PLUGIN = BrowserSirens()
