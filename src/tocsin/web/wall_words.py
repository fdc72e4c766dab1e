"""What a wall says, as its template takes it: large, with a shape and a word for each state, and nobody's name."""

from typing import Any

from tocsin.alarm.record import Incident
from tocsin.core.clock import MINUTE_US, to_datetime
from tocsin.core.errors import fill_in
from tocsin.tickets.radar import MOST, WAITING_US
from tocsin.tickets.wall import TODAY_MOST, Wall
from tocsin.web.words import Words

INCIDENTS = {
    "attack": "Somebody is trying to get in", "device": "Somebody is trying to get in", "desk": "Somebody is trying to get in",
    "station_vanished": "A station has vanished", "reader_vanished": "A fingerprint reader has vanished",
    "siren_vanished": "A siren does not answer", "void_scanned": "A void ticket was scanned",
    "held_long": "Orders are held for too long", "webhook_dead": "A webhook is switched off: it fails",
    "backup_late": "No backup was made for long", "restored": "The desk was restored from a backup", "drill": "Drill: nothing has happened",
}  # fmt: skip
OTHERWISE = "Look at the page of the alarm"
"""What a screen that everybody sees says of an incident: of what one of the house does, nothing."""
PRINTERS_MOST = 4
_AWAY = ("offline", "paper_out", "cover_open")
_SOME = ("paper_low", "unknown")
_HOUR_MINUTES = 60


def show_wall(wall: Wall, words: Words) -> dict[str, Any]:
    """Return a wall as `wall/wall.html` takes it."""
    printers = sorted(wall.printers, key=lambda one: (one.state not in _AWAY, one.state not in _SOME))
    return {
        "shop_name": wall.shop_name, "at": wall.at, "level": _level(wall), "posture": wall.posture,
        "told": _tell(wall, words), "open": len(wall.incidents), "taken": _is_taken(wall), "tiles": _tiles(wall, words),
        "printers": printers[:PRINTERS_MOST], "more_printers": len(printers[PRINTERS_MOST:]),
        "siren": _siren(wall),
    }  # fmt: skip


def _level(wall: Wall) -> str:
    """Return what stands largest: sound, lockdown, light, alert or calm."""
    if wall.sounding:
        return "sound"
    if wall.posture == "lockdown":
        return "lockdown"
    return "light" if wall.incidents else wall.posture


def _tell(wall: Wall, words: Words) -> str:
    found = (wall.sounding or wall.incidents)[:1]
    return words.translate(INCIDENTS.get(found[0].kind, OTHERWISE)) if found else ""


def _is_taken(wall: Wall) -> bool:
    return bool(wall.incidents) and all(_has_person(one) for one in wall.sounding or wall.incidents)


def _has_person(one: Incident) -> bool:
    return one.acknowledged_at_us is not None


def _tiles(wall: Wall, words: Words) -> list[dict[str, Any]]:
    """Return the figures: word, number, tone (empty: fine), and what stands below."""
    late = wall.oldest_us is not None and wall.now_us - wall.oldest_us > WAITING_US
    counts = wall.counts
    return [
        _tile("waiting", words.translate("Papers waiting"), str(wall.waiting), tone="bad" if late else "", below=_oldest(wall, words)),
        _tile("problems", words.translate("Problems"), _count(wall.problems, MOST), tone="warn" if wall.problems else ""),
        _tile("held", words.translate("Held"), _count(counts.held, MOST), tone="warn" if counts.held else ""),
        _tile("unknown", words.translate("Unknown papers"), _count(counts.unknown, MOST), tone="bad" if counts.unknown else ""),
        _tile("today", words.translate("Orders today"), _count(wall.orders_today, TODAY_MOST), tone=""),
        _tile("shift", words.translate("Shifts to take over"), str(wall.hand_overs), tone="warn" if wall.hand_overs else ""),
    ]  # fmt: skip


def _tile(name: str, word: str, value: str, *, tone: str, below: str = "") -> dict[str, Any]:
    return {"name": name, "word": word, "value": value, "tone": tone, "below": below}


def _count(found: int, most: int) -> str:
    return str(found) if found < most else f"{most - 1}+"


def _oldest(wall: Wall, words: Words) -> str:
    if wall.oldest_us is None:
        return ""
    minutes = max(0, wall.now_us - wall.oldest_us) // MINUTE_US
    since = f"{to_datetime(wall.oldest_us, wall.zone):%H:%M}"
    if minutes < _HOUR_MINUTES:
        return fill_in(
            words.translate("oldest {minutes} min, since {since}"), {"minutes": minutes, "since": since}
        )
    hours = minutes // _HOUR_MINUTES
    return fill_in(words.translate("oldest {hours} h, since {since}"), {"hours": hours, "since": since})


def _siren(wall: Wall) -> dict[str, Any] | None:
    """Return the state of sirens that asks for somebody most, how many are in it, and how many there are; None without any."""
    found = next((state for state in ("failed", "", "on", "light", "off") if wall.sirens.get(state)), None)
    if found is None:
        return None
    return {"state": found, "count": wall.sirens[found], "all": sum(wall.sirens.values())}
