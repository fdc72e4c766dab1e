"""Builders: a merchant with sirens in memory, whose sounding goes round step by step."""

import time
from collections.abc import Callable
from itertools import count
from typing import Any

from tests.alarm.scene import Scene
from tocsin.alarm.siren_group import Pace
from tocsin.alarm.siren_row import SirenRow, add_siren, list_sirens
from tocsin.alarm.sirens.memory import PLUGIN, Place
from tocsin.alarm.sounding import Sounding
from tocsin.core.db import Database

PACE = Pace(probe_seconds=0.3, watch_seconds=0.15, grace_seconds=0.6)
_places = count()


class Yard(Scene):
    """A merchant with sirens in memory, each at a place of its own."""

    def __init__(self, db: Database, *, pace: Pace = PACE, code: str = "HF") -> None:
        super().__init__(db, code=code)
        self.sounding = Sounding(db, pace=pace)
        self.ids: dict[str, int] = {}
        self.names: dict[str, str] = {}

    def siren(self, name: str = "Yard", **given: Any) -> Place:
        """Set a siren up; return the place that it imagines."""
        light = given.pop("light", "separate")
        self.names[name] = f"place {next(_places)}"
        self.ids[name] = self.act(
            add_siren, name=name, driver="memory", options={"place": self.names[name], "light": light}, **given
        )  # fmt: skip
        return PLUGIN.places[self.names[name]]

    def row(self, name: str = "Yard") -> SirenRow:
        return next(row for row in self.read(list_sirens) if row.name == name)

    def until(self, condition: Callable[[], Any], *, seconds: float = 5) -> float:
        """Go round until a condition holds; return how long it took."""
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < seconds, "it did not come to be"
            wait = self.sounding.sound_sirens()
            time.sleep(min(wait, 0.01))
        return time.monotonic() - began

    def rest(self, seconds: float = 0.3) -> None:
        """Go round for a while."""
        until = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > until)

    def alarm(self, **given: Any) -> None:
        """Let an attack make the sirens sound."""
        self.fail(times=3, **given)

    def lines(self, kind: str) -> list[dict[str, Any]]:
        """Return the data of a timeline's entries of a kind, oldest first."""
        return [entry.fields() for entry in self.timeline() if entry.kind == kind]
