"""The banner: what every page shows of the alarm, and the message of the stream that keeps it so.

The message is drawn once for each language and each answer to "is it my account", however many listen.
"""

from functools import lru_cache
from typing import Any

from msgspec import Struct

from tocsin.access.operator import read_names
from tocsin.alarm.concerned import concerned_by, last_address
from tocsin.alarm.posture import read_posture
from tocsin.alarm.record import Incident, open_incidents
from tocsin.core.db import Tx
from tocsin.core.errors import fill_in
from tocsin.core.words import Words
from tocsin.web.figures import Figures
from tocsin.web.incident_words import code_of, hands_of, headline_of, state_of, to_do_of
from tocsin.web.page import render
from tocsin.web.subject import subject_of

_MILLISECOND_US = 1_000


class Alarm(Struct, frozen=True):
    """How the alarm stands, for every page of a merchant; `shown` is the incident to name, the loud one first.

    Args:
        concerned: those readers whose account it is about.
        sound_until_us: when the noise of all ends by itself; in the past: nothing sounds.
    """

    posture: str
    open_incidents: int
    sound_until_us: int
    now_us: int
    zone: str
    shown: Incident | None = None
    account: str = ""
    address: str = ""
    subject: str = ""
    concerned: frozenset[int] = frozenset()

    @property
    def level(self) -> str:
        """Return `sound`, `light`, or nothing."""
        return "sound" if self.sound_until_us > self.now_us else "light" if self.shown else ""


def read_alarm(tx: Tx, *, zone: str, readers: frozenset[int]) -> Alarm:
    """Return how the alarm stands: two reads by index while nothing is open, some more otherwise.

    Args:
        readers: operators who are to be told where it is about their own account.
    """
    posture, found = read_posture(tx).state, open_incidents(tx)
    if not found:
        return Alarm(posture, 0, 0, tx.now_us, zone)
    loud = [one for one in found if one.sounds(tx.now_us)]
    shown = (loud or found)[0]
    return Alarm(
        posture, len(found), max((one.sound_until_us for one in loud), default=0), tx.now_us, zone, shown=shown,
        account=read_names(tx, operator_id=shown.operator_id).display_name if shown.operator_id else "",
        address=last_address(tx, incident_id=shown.id), subject=subject_of(tx, shown),
        concerned=concerned_by(tx, incident_id=shown.id, operator_ids=readers),
    )  # fmt: skip


def show_alarm(alarm: Alarm, words: Words, *, reader_id: int) -> dict[str, Any]:
    """Return how the alarm stands as `alarm/parts.html` takes it."""
    return {
        "posture": alarm.posture, "open": alarm.open_incidents, "level": alarm.level, "now_us": alarm.now_us,
        "left_ms": max(0, alarm.sound_until_us - alarm.now_us) // _MILLISECOND_US,
        "incident": _show_incident(alarm, words, own=reader_id in alarm.concerned) if alarm.shown else None,
    }  # fmt: skip


def draw_news(alarm: Alarm, *, locale: str, reader_id: int, rights: frozenset[str]) -> str:
    """Return the message of the stream, in one line."""
    return _drawn(
        alarm, locale, own_id=reader_id if reader_id in alarm.concerned else 0, may="incident" in rights
    )  # fmt: skip


@lru_cache(maxsize=64)
def _drawn(alarm: Alarm, locale: str, *, own_id: int, may: bool) -> str:
    # The token is the page's own: its script fills it in.
    shell = {"zone": alarm.zone, "rights": frozenset({"incident"} if may else ()), "csrf_token": "-"}
    shown = show_alarm(alarm, Words(locale), reader_id=own_id)
    return render("alarm/news.html", locale=locale, shell=shell, alarm=shown).replace("\n", " ")


def _show_incident(alarm: Alarm, words: Words, *, own: bool) -> dict[str, Any]:
    one = alarm.shown
    assert one is not None
    return {
        "id": one.id, "code": code_of(one, account=alarm.account, own=own),
        "headline": headline_of(one, words, account=alarm.account, own=own, subject=alarm.subject),
        "to_do": to_do_of(one, words, account=alarm.account, own=own), "from": show_origin(one, alarm.address, words),
        "signals": one.signals, "last_us": one.last_at_us, "state": state_of(one, alarm.now_us), "by": hands_of(one, words),
        "sounding": one.sounds(alarm.now_us), "own": own, "can_silence": one.level == "sound" and one.silenced_at_us is None,
        "can_take": one.acknowledged_at_us is None,
    }  # fmt: skip


def show_origin(one: Incident, address: str, words: Words) -> str:
    """Return where an incident comes from: the last address, and how many others."""
    if not address:
        return words.translate("no address")
    if one.addresses < 2:
        return fill_in(words.translate("from {address}"), {"address": address})
    others = one.addresses - 1
    told = {"address": address, "others": Figures(words).number(others)}
    text = words.translate_count(
        "last from {address}, and another", "last from {address}, and {others} others", others
    )
    return fill_in(text, told)
