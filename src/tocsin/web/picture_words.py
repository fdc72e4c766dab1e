"""Pictures in words: what their slots, series and waits are called in the reader's language, and as rows of a table."""

from collections.abc import Sequence
from datetime import date

from babel.units import format_unit
from msgspec import Struct

from tocsin.access.attempt_picture import AttemptPicture
from tocsin.core.period import Period
from tocsin.orders.order_picture import OrderPicture, Series
from tocsin.tickets.ticket_picture import PERCENTS, STEPS, Papers, Waits
from tocsin.web.figures import NOTHING, Figures
from tocsin.web.words import Words

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
PAPER_STATES = (
    ("printed", "ok", ("printed",)),
    ("waiting", "info", ("queued", "sending")),
    ("unknown", "warn", ("unknown",)),
    ("failed", "bad", ("failed",)),
    ("withdrawn", "none", ("expired", "cancelled")),
)


class Column(Struct, frozen=True):
    """One series of a picture: its name, the tone that it is drawn in, a number for each slot."""

    name: str
    tone: str
    values: tuple[int, ...]

    @property
    def total(self) -> int:
        """Return the sum of its numbers."""
        return sum(self.values)


class Picture(Struct, frozen=True):
    """A picture of numbers: series over slots, stood on each other; `head` is what the slots are."""

    name: str
    head: str
    slots: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def most(self) -> int:
        """Return the highest of its slots."""
        return max((sum(each) for each in self._stood()), default=0)

    @property
    def total(self) -> int:
        """Return the sum of all of its numbers."""
        return sum(column.total for column in self.columns)

    def rows(self) -> list[tuple[str, ...]]:
        """Return the table behind it, a row for each slot."""
        return [(slot, *map(str, each)) for slot, each in zip(self.slots, self._stood(), strict=True)]

    def _stood(self) -> Sequence[tuple[int, ...]]:
        return list(zip(*(column.values for column in self.columns), strict=True)) or [()] * len(self.slots)


def draw_orders(found: OrderPicture, *, period: Period, words: Words, names: dict[str, str]) -> Picture:
    """Return orders over time by campaign; `names` are the campaigns' titles by their codes."""
    columns = [
        Column(_series_name(one, words, names), f"s{place}", one.orders)
        for place, one in enumerate(found.series)
    ]
    void = [Column(words.translate("Cancelled"), "none", found.cancelled)] if any(found.cancelled) else []
    return Picture("orders", _head(period, words), _slots(period, words), (*columns, *void))


def draw_waits(found: Waits, *, words: Words) -> Picture:
    """Return how many first papers took how long."""
    column = Column(words.translate("First tickets"), "s0", found.steps)
    steps = [say_step(start, end, words) for start, end in zip(STEPS, (*STEPS[1:], 0), strict=True)]
    return Picture("waits", words.translate("From order to ticket"), tuple(steps), (column,))


def draw_attempts(found: AttemptPicture, *, period: Period, words: Words) -> Picture:
    """Return sign-ins over time by what came of them."""
    columns = (
        Column(words.translate("Right"), "ok", found.right),
        Column(words.translate("Wrong"), "bad", found.wrong),
        Column(words.translate("Refused untested"), "none", found.locked),
    )
    return Picture("attempts", _head(period, words), _slots(period, words), columns)


def draw_papers(found: list[Papers], *, words: Words, names: dict[int, str]) -> Picture:
    """Return what became of papers by printer; `names` are the printers', those that print first."""
    printers = [*names, *sorted({one.printer_id for one in found} - set(names))]
    counts = {(one.printer_id, one.state): one.papers for one in found}
    said = {
        "printed": words.translate("Printed"), "waiting": words.translate("Waiting"), "unknown": words.translate("Unknown"),
        "failed": words.translate("Failed"), "withdrawn": words.translate("Cancelled or expired"),
    }  # fmt: skip
    columns = tuple(
        Column(said[name], tone, tuple(sum(counts.get((each, state), 0) for state in states) for each in printers))
        for name, tone, states in PAPER_STATES
    )  # fmt: skip
    slots = tuple(names.get(each, words.translate("A printer that was removed")) for each in printers)
    return Picture("papers", words.translate("Printer"), slots, columns)


def say_within(found: Waits, words: Words) -> list[tuple[str, str]]:
    """Return within how long 50, 90 and 99 in a hundred came out."""
    return [
        (f"p{percent}", say_wait(seconds, words) if found.tickets else NOTHING)
        for percent, seconds in zip(PERCENTS, found.within, strict=True)
    ]


def say_wait(seconds: int, words: Words) -> str:
    """Return a wait in its largest unit, as far as that is whole, else in the next."""
    size, unit = next((each for each in _UNITS if seconds >= 2 * each[0] or seconds == each[0]), _UNITS[-1])
    return format_unit(-(-seconds // size), f"duration-{unit}", length="short", locale=words.locale)


def say_step(start: int, end: int, words: Words) -> str:
    """Return a step of waits: under its end, from its start to its end, or from its start on."""
    if not start:
        return words.translate("under %(time)s") % {"time": say_wait(end, words)}
    if not end:
        return words.translate("%(time)s or more") % {"time": say_wait(start, words)}
    return f"{say_wait(start, words)} – {say_wait(end, words)}"


def say_day(day: date, words: Words) -> str:
    """Return a day without its year, as the locale writes it."""
    return Figures(words).short_day(day)


def _series_name(one: Series, words: Words, names: dict[str, str]) -> str:
    if one.others:
        return words.translate("Other campaigns")
    return names.get(one.name, one.name) if one.name else words.translate("No campaign")


def _head(period: Period, words: Words) -> str:
    return words.translate("Hour") if period.hourly else words.translate("Day")


def _slots(period: Period, words: Words) -> tuple[str, ...]:
    if period.hourly:
        return period.slots
    return tuple(say_day(date.fromisoformat(day), words) for day in period.slots)
