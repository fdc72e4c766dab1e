"""What the shell shows of the reader himself: the enrolled desk that he sits at, and what was changed about his account."""

from typing import Any

from msgspec import Struct

from tocsin.access.account import Notice, unseen_notices
from tocsin.access.desk import name_of_desk
from tocsin.access.session import read_ends
from tocsin.alarm.message import CHANGE_OTHERWISE, CHANGES
from tocsin.core.actor import Actor
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.words import Words


class Seat(Struct, frozen=True):
    """The desk that somebody sits at (empty: none), the minutes until it locks, and his notices."""

    desk_name: str
    lock_minutes: int
    notices: list[Notice]


def read_seat(tx: Tx, actor: Actor) -> Seat:
    """Return what the shell shows of a reader, in an open transaction."""
    notices = unseen_notices(tx, operator_id=actor.id)
    if not actor.desk_id:
        return Seat("", 0, notices)
    minutes = max(1, read_ends(tx).lock_us // MINUTE_US)
    return Seat(name_of_desk(tx, desk_id=actor.desk_id), minutes, notices)


def show_seat(seat: Seat, words: Words) -> dict[str, Any]:
    """Return the seat as `base.html` shows it."""
    told = [
        {"id": one.id, "text": words.translate(CHANGES.get(one.what, CHANGE_OTHERWISE)), "at_us": one.at_us}
        for one in seat.notices
    ]
    return {"desk_name": seat.desk_name, "lock_minutes": seat.lock_minutes, "notices": told}
