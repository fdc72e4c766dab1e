"""News: what moved at a merchant, as one message for all of its pages; told by kind, never whose."""

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.event import Event, latest_event_id, replay_events
from tocsin.core.tenant import get_shop
from tocsin.core.words import Words
from tocsin.tickets.radar import count_badge
from tocsin.web.banner import Alarm, draw_news, read_alarm
from tocsin.web.figures import Figures
from tocsin.web.page import environment_of

_BATCH = 500
# Ten thousand of them are one incident, whose counter is told once a second.
_UNTOLD = frozenset({
    "alarm.signal", "access.sign_in_failed", "station.command", "station.answered", "access.finger_attempt",
})  # fmt: skip
AREAS = ("orders", "jobs", "downloads", "imports", "desk", "alarm")
# Whose subject is an order: a page of one order is told of that one alone.
_OF_ORDERS = ("order.", "ticket.", "print.")
_NOT_OF_ORDERS = frozenset({"print.moved", "print.paused", "print.printer", "print.bulk"})
_MOVED_MOST = 60
_TOASTS = {
    "print.failed": ("bad", "A ticket failed to print"),
    "print.unknown": ("warn", "A ticket may or may not have come out: look at the printer"),
}


class News(Struct, frozen=True):
    """What moved at a merchant since the last time: the newest event, how many orders are held and how many need somebody, what to say.

    `moved` are the ids of the orders that it is about; None: not known, any may have. `whole`: no event is left untold.
    """

    last_id: int
    problems: tuple[int, int]
    changed: tuple[str, ...]
    toasts: tuple[tuple[str, str], ...]
    alarm: Alarm | None = None
    moved: tuple[int, ...] | None = None
    whole: bool = True

    @property
    def is_told(self) -> bool:
        """Tell that a page has something to hear of it."""
        return bool(self.changed or self.toasts or self.alarm)

    @property
    def is_close(self) -> bool:
        """Tell that it is about the alarm, or about who may be here: never for one who may not be any more."""
        return self.alarm is not None or "desk" in self.changed


class Here(Struct, frozen=True):
    """Who else looks at the order of a page now, by name: of those whom this process serves."""

    names: tuple[str, ...]


def read_news(tx: Tx, *, after_id: int, readers: frozenset[int] = frozenset()) -> News | None:
    """Return what happened after an event, or None where nothing did.

    Args:
        readers: operators who are to be told where the alarm is about their own account.
    """
    events = replay_events(tx, after_id=after_id, limit=_BATCH)
    if not events:
        return None
    told = [event for event in events if event.kind not in _UNTOLD]
    alarmed = any(event.kind.startswith("alarm.") for event in told)
    alarm = read_alarm(tx, zone=get_shop(tx).zone, readers=readers) if alarmed else None
    return make_news(events, problems=count_badge(tx) if told else (0, 0), alarm=alarm)


def make_news(events: list[Event], *, problems: tuple[int, int], alarm: Alarm | None = None) -> News:
    """Return events as pages are told them: kinds, never whose."""
    told = [event for event in events if event.kind not in _UNTOLD]
    kinds = dict.fromkeys(_area(event.kind) for event in told)
    toasts = dict.fromkeys(_TOASTS[event.kind] for event in told if event.kind in _TOASTS)
    return News(
        events[-1].id, problems, tuple(kinds), tuple(toasts), alarm, _moved(told), whole=len(events) < _BATCH
    )  # fmt: skip


def read_present(tx: Tx, *, readers: frozenset[int], after_id: int = 0) -> News:
    """Return what a page that begins to listen is told: what it missed since an event, and the alarm as it stands.

    Where that is not known, or too much, its regions look once.
    """
    alarm, last_id = read_alarm(tx, zone=get_shop(tx).zone, readers=readers), latest_event_id(tx)
    present = News(last_id, count_badge(tx), AREAS, (), alarm)
    if not after_id:
        return present
    missed = read_news(tx, after_id=after_id)
    if missed is None:
        return replace(present, changed=())
    return replace(missed, last_id=last_id, alarm=alarm) if missed.whole else present


def frame(news: News, *, locale: str, reader: Actor, desks: int = 1) -> bytes:
    """Return news as the page's scripts take them; `desks` is among how many pages fetching anew is spread."""
    told = [("count", "{} {}".format(*news.problems))]
    if news.changed:
        moved = "*" if news.moved is None else " ".join(map(str, news.moved)) or "-"
        told += [("desks", str(desks)), ("moved", moved), ("changed", " ".join(news.changed))]
    told += [
        ("toast", _toast(tone, Words(locale).translate(text), locale).replace("\n", ""))
        for tone, text in news.toasts
    ]
    if news.alarm is not None:
        told.append(
            ("alarm", draw_news(news.alarm, locale=locale, reader_id=reader.id, rights=reader.rights))
        )
    return "".join(f"id: {news.last_id}\nevent: {name}\ndata: {data}\n\n" for name, data in told).encode()


def frame_here(here: Here, *, locale: str) -> bytes:
    """Return who else looks at an order, as its page says it."""
    words = Words(locale)
    names = Figures(words).listed(here.names)
    text = words.translate("Also looking at this order now: {names}").format(names=names) if names else ""
    return f"event: here\ndata: {' '.join(text.split())}\n\n".encode()


def _moved(events: list[Event]) -> tuple[int, ...] | None:
    found = dict.fromkeys(event.subject_id for event in events if event.kind.startswith(_OF_ORDERS))
    if len(found) > _MOVED_MOST or any(event.kind in _NOT_OF_ORDERS for event in events):
        return None
    return tuple(found)


def _toast(tone: str, text: str, locale: str) -> str:
    module = environment_of(locale).get_template("components.html").make_module({"shell": {}})
    return str(module.toast(tone, text))  # type: ignore[attr-defined]


def _area(kind: str) -> str:
    return {
        "order": "orders",
        "print": "jobs",
        "ticket": "jobs",
        "download": "downloads",
        "import": "imports",
        "alarm": "alarm",
    }.get(kind.partition(".")[0], "desk")
