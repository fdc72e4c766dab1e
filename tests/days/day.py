"""One day: who lives it, on what, and what is told of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct, to_builtins
from playwright.sync_api import Browser

from tests.days.surface import Surface
from tests.days.watch import Shift, Watch
from tests.days.window import Window
from tests.peers.escpos_peer import EscposPeer
from tests.proofs.running import RunningDesk

ORDERS = 30


class Told(Struct):
    """What a day came to."""

    person: str
    surface: str
    done: dict[str, int]
    faults: list[str]
    touches: int
    keys: int
    pages: int
    seconds: float
    shift: Shift

    def row(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return dict(to_builtins(self), seconds=round(self.seconds, 1))


class Day(Struct):
    """What a person has at hand."""

    browser: Browser
    desk: RunningDesk
    peer: EscposPeer
    surface: Surface
    orders: int = ORDERS
    fault: str = ""

    @contextmanager
    def window(self, watch: Watch) -> Iterator[Window]:
        """Open a window on the desk."""
        made = Window(self.browser, self.desk.base, self.surface, watch=watch, fault=self.fault)
        try:
            yield made
        finally:
            made.close()


Person = Callable[[Day, Window], dict[str, int]]


def live(day: Day, person: Person) -> Told:
    """Live a person's day; what it did is asserted by the person, against the desk's own data."""
    watch = Watch()
    with day.window(watch) as window:
        done = person(day, window)
    log = (day.desk.folder / "server.log").read_text("utf-8", "replace")
    faults = [*watch.faults(), *(["a traceback in the log"] if "Traceback" in log else [])]
    name = person.__module__.rpartition(".")[2]
    return Told(
        name,
        day.surface.name,
        done,
        faults,
        window.touches,
        window.keys,
        watch.pages,
        window.spent(),
        watch.worst(),
    )
