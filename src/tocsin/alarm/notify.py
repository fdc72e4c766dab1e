"""People are told: who, of what, when; and sent, through the queue, until it was handed over or can't be.

`tell_people` reads the alarm's events and makes notices of them, each once; the task `alarm.notify`
sends one. Of one incident a recipient gets one message, then, while it goes on, an update after 1, 5,
15 and each further 60 minutes; what is worse than he was told, or new, is told at once, and so is that it is about him.
"""

from collections.abc import Callable
from functools import partial

from tocsin.alarm.evidence import is_source
from tocsin.alarm.incident import DRILL, RESTORED, get_incident
from tocsin.alarm.message import account_of
from tocsin.alarm.notice import Notice, last_notices, post_notice
from tocsin.alarm.recipient import Recipient, all_recipients
from tocsin.alarm.record import Incident
from tocsin.core.actor import desk_actor
from tocsin.core.clock import MINUTE_US, SECOND_US
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.event import Event, move_consumer, peek_events
from tocsin.core.loop import for_each_event
from tocsin.core.queue import Queue

CONSUMER = "alarm.notify"
GRACE_US = 30 * SECOND_US
"""A known device that mistypes has so long to get it right before anybody is told."""
UPDATES_AFTER_US = tuple(minutes * MINUTE_US for minutes in (1, 5, 15, 60))
OWN = " own"
"""What a notice that was told to the owner of an account that is attacked ends with."""
_STALE_US = 60 * MINUTE_US
_INCIDENT = frozenset(
    {"alarm.raised", "alarm.level", "alarm.again", "alarm.escalated", "alarm.counted", "alarm.cleared"}
)
_CHANGED = "access.account_changed"
TELLING = (*_INCIDENT, "alarm.posture", _CHANGED)
"""The kinds of events that people may be told of."""
_BATCH, _MOVE_AFTER = 500, 50
_Post = Callable[..., int]


def tell_people(db: Database, queue: Queue, *, base_url: str) -> int:
    """Make notices of what the events since last time tell; return how many events were read.

    An event that is read twice, as by two processes, makes its notices once.
    """
    events = db.read(DIRECTORY_SCOPE, lambda tx: peek_events(tx, CONSUMER, limit=_BATCH))
    mine = [one for one in events if one.kind in TELLING and one.merchant_id]
    tell = partial(tell_event, queue=queue, base_url=base_url)
    for_each_event(mine, lambda one: db.write(one.merchant_id, partial(tell, event=one)))
    if not mine and len(events) < _MOVE_AFTER:
        return 0  # the events of orders pass here too: no write for each of them
    db.write(DIRECTORY_SCOPE, lambda tx: move_consumer(tx, CONSUMER, events[-1]))
    return len(events)


def tell_event(tx: Tx, *, event: Event, queue: Queue, base_url: str) -> None:
    """Make the notices of one event; nobody is woken for what was an hour ago."""
    if event.at_us < tx.now_us - _STALE_US:
        return
    post: _Post = partial(post_notice, tx, queue, base_url=base_url, event_id=event.id)
    listening = [one for one in all_recipients(tx) if one.active and account_of(tx, one.operator_id).active]
    if event.kind == _CHANGED:
        for one in listening:
            if one.operator_id and one.operator_id == event.subject_id and "account" in one.wanted():
                post(recipient_id=one.id, what="account", about=str(event.fields().get("what", "")))
    elif event.kind == "alarm.posture":
        told = event.fields()
        by_incident = told["state"] == "alert" and told["incident"] != "0"
        for one in [] if by_incident else listening:  # the incident itself is told of
            if not one.step and "sound" in one.wanted():
                post(recipient_id=one.id, what="posture", about=str(told["state"]))
    else:
        found = get_incident(tx, desk_actor(tx.merchant_id), incident_id=event.subject_id)
        for one in listening:
            _tell_of_incident(tx, one, found, kind=event.kind, post=post)


def concerns(tx: Tx, found: Incident, operator_id: int) -> bool:
    """Tell whether an incident is about an operator's account."""
    if not operator_id:
        return False
    return found.operator_id == operator_id or is_source(
        tx, incident_id=found.id, kind="account", value=str(operator_id)
    )


def _tell_of_incident(tx: Tx, one: Recipient, found: Incident, *, kind: str, post: _Post) -> None:
    if found.kind == RESTORED:  # who restored it knows; the page says it, and nobody is called by a copy
        return
    if found.kind == DRILL:
        if kind == "alarm.raised" and "drill" in one.wanted():
            post(recipient_id=one.id, what="raised", about=DRILL, incident_id=found.id)
        return
    told = last_notices(tx, recipient_id=one.id, incident_id=found.id)
    chosen = _choose(tx, one, found, kind=kind, told=told)
    if chosen is not None:
        what, due_at_us = chosen
        about = str(found.escalated) if what == "escalated" else found.level
        if concerns(tx, found, one.operator_id):
            about += OWN
        post(recipient_id=one.id, what=what, about=about, incident_id=found.id, due_at_us=due_at_us)


def _choose(
    tx: Tx, one: Recipient, found: Incident, *, kind: str, told: list[Notice]
) -> tuple[str, int] | None:
    """Return what a recipient is told now of an incident, and when it is due (0: at once)."""
    if kind == "alarm.cleared":
        return _choose_cleared(found, told)
    if not found.is_open:
        return None
    if kind == "alarm.escalated":
        reached = one.step <= found.escalated and ("escalated" in one.wanted() or one.step > 0)
        return ("escalated", 0) if reached else None
    listens = found.level in one.wanted() if not one.step else one.step <= found.escalated
    his = concerns(tx, found, one.operator_id)
    if not (listens or his):
        return None
    if not told:
        mistyped = found.kind == "device" and found.level == "light"
        return ("raised", tx.now_us + GRACE_US if mistyped else 0)
    if his and not any(each.about.endswith(OWN) for each in told):
        return ("yours", 0)  # his account has been tried since: he is told, whoever has it
    if kind == "alarm.again":
        return ("again", 0)
    if kind == "alarm.level" and found.level == "sound" and not _knows_sound(tx, told):
        return ("level", 0)
    return _choose_update(tx, found, told) if kind == "alarm.counted" else None


def _choose_cleared(found: Incident, told: list[Notice]) -> tuple[str, int] | None:
    """What a person cleared is told at once; what ended by itself waits for its minute."""
    known = [one for one in told if one.state in ("sent", "failed")]
    if not known:
        return None
    return ("cleared", 0 if found.outcome == "cleared" else known[0].at_us + MINUTE_US)


def _choose_update(tx: Tx, found: Incident, told: list[Notice]) -> tuple[str, int] | None:
    if found.acknowledged_at_us is not None or any(one.state == "waiting" for one in told):
        return None
    updates = sum(1 for one in told if one.what == "update")
    after_us = UPDATES_AFTER_US[min(updates, len(UPDATES_AFTER_US) - 1)]
    return ("update", max(told[0].at_us + after_us, tx.now_us + 1))


def _knows_sound(tx: Tx, told: list[Notice]) -> bool:
    """Tell whether a message says so already, or will: one that is on its way says what is true when it leaves."""
    on_its_way = any(one.state == "waiting" and one.due_at_us <= tx.now_us for one in told)
    return on_its_way or any(one.about.startswith("sound") for one in told)
