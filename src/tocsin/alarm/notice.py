"""Notices: each message to each person, once, with what became of it.

A notice is made in the transaction that reads its event, and names it: however often the event is
read, there is one. What it says is written when it is sent, of what is then true.
"""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.clock import DAY_US, MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.ident import id_at, new_id
from tocsin.core.journal import NEWEST
from tocsin.core.queue import Queue
from tocsin.core.schema import big, index, merchant_table, text
from tocsin.core.statement import Statement, bind, old_rows, own, upsert
from tocsin.core.sweep import sweep_old

TASK = "alarm.notify"
MOST_A_MINUTE = 15
"""Robots take 20 messages a minute, then some are deaf for ten."""
KEPT_DAYS = 90

# `what`: raised, level, again, yours, escalated, update, cleared, posture, account, test. `about`: its code or step.
# States: waiting, sent, failed (given up), dropped (there was nothing left to say).
notice = merchant_table(
    "notice", big("id"), big("recipient_id"), big("incident_id"), big("event_id"), text("what"), text("about"), text("state"),
    big("tries"), text("problem"), big("at_us"), big("due_at_us"), big("sent_at_us", nullable=True),
    big("received_at_us", nullable=True), key=("id",),
)  # fmt: skip
index(notice, "merchant_id", "recipient_id", "event_id", "what", unique=True)
index(notice, "merchant_id", "recipient_id", "incident_id", "-id")
index(notice, "merchant_id", "incident_id", "-id")
index(notice, "merchant_id", "recipient_id", "-id")
index(notice, "merchant_id", "at_us")


class Notice(Struct, frozen=True):
    """One message to one recipient."""

    id: int
    recipient_id: int
    incident_id: int
    event_id: int
    what: str
    about: str
    state: str
    tries: int
    problem: str
    at_us: int
    due_at_us: int
    sent_at_us: int | None
    received_at_us: int | None


_COLUMNS = tuple(notice.c[name] for name in Notice.__struct_fields__)
_ADD = Statement[None](
    upsert(notice).on_conflict_do_nothing(), sets=("merchant_id", *Notice.__struct_fields__)
)
_GET = Statement(sa.select(*_COLUMNS).where(own(notice), notice.c.id == bind("notice_id")), Notice)
_LAST = Statement(
    sa.select(*_COLUMNS)
    .where(own(notice), notice.c.recipient_id == bind("recipient_id"), notice.c.incident_id == bind("incident_id"))
    .order_by(notice.c.id.desc()).limit(bind("limit")),
    Notice,
)  # fmt: skip
_OF_INCIDENT = Statement(
    sa.select(*_COLUMNS).where(own(notice), notice.c.incident_id == bind("incident_id"))
    .order_by(notice.c.id.desc()).limit(bind("limit")),
    Notice,
)  # fmt: skip
_OF_RECIPIENT = Statement(
    sa.select(*_COLUMNS).where(own(notice), notice.c.recipient_id == bind("recipient_id"), notice.c.id < bind("before"))
    .order_by(notice.c.id.desc()).limit(bind("limit")),
    Notice,
)  # fmt: skip
_SINCE = Statement[tuple[int]](
    sa.select(sa.func.count()).select_from(
        sa.select(notice.c.id).where(
            own(notice), notice.c.recipient_id == bind("recipient_id"), notice.c.id >= bind("since_id")
        ).limit(MOST_A_MINUTE).subquery()
    )
)  # fmt: skip
_ENDED = Statement[None](
    sa.update(notice).where(own(notice), notice.c.id == bind("notice_id"), notice.c.state == "waiting"),
    sets=("state", "tries", "problem", "sent_at_us"),
)
_TRIED = Statement[None](
    sa.update(notice).where(own(notice), notice.c.id == bind("notice_id"))
    .values(tries=notice.c.tries + 1, problem=bind("b_problem", str))
)  # fmt: skip
_RECEIVED = Statement[None](
    sa.update(notice).where(own(notice), notice.c.id == bind("notice_id"), notice.c.received_at_us.is_(None)),
    sets=("received_at_us",),
)
_SWEPT_TO, _SWEEP = old_rows(notice.c.at_us, own(notice))


def post_notice(
    tx: Tx, queue: Queue, *, recipient_id: int, what: str, base_url: str, event_id: int = 0, incident_id: int = 0,
    about: str = "", due_at_us: int = 0,
) -> int:  # fmt: skip
    """Add a message and the job that sends it; return its id, 0 where the event has made it already.

    Those that are due at once go one after the other; later ones do not hold them up.
    """
    notice_id = new_id()
    if tx.value(_SINCE, recipient_id=recipient_id, since_id=id_at(tx.now_us - MINUTE_US)) >= MOST_A_MINUTE:
        due_at_us = max(due_at_us, tx.now_us + MINUTE_US)
    if not tx.run(
        _ADD, id=notice_id, recipient_id=recipient_id, incident_id=incident_id, event_id=event_id or notice_id, what=what,
        about=about, state="waiting", tries=0, problem="", at_us=tx.now_us, due_at_us=due_at_us or tx.now_us,
        sent_at_us=None, received_at_us=None,
    ):  # fmt: skip
        return 0
    later = due_at_us > tx.now_us
    queue.defer(
        tx, TASK, payload={"notice": str(notice_id), "base_url": base_url}, at_us=due_at_us if later else 0,
        lock=f"recipient{' later' if later else ''}:{recipient_id}",
    )  # fmt: skip
    return notice_id


def get_notice(tx: Tx, *, notice_id: int) -> Notice | None:
    """Return a message, None where it was never made or is too old."""
    return tx.one(_GET, notice_id=notice_id)


def last_notices(tx: Tx, *, recipient_id: int, incident_id: int, limit: int = 50) -> list[Notice]:
    """Return what a recipient was told of an incident, the newest first."""
    return tx.rows(_LAST, recipient_id=recipient_id, incident_id=incident_id, limit=limit)


def notices_of_incident(tx: Tx, *, incident_id: int, limit: int = 500) -> list[Notice]:
    """Return what anybody was told of an incident, the newest first."""
    return tx.rows(_OF_INCIDENT, incident_id=incident_id, limit=limit)


def notices_of_recipient(tx: Tx, *, recipient_id: int, before: int = NEWEST, limit: int = 20) -> list[Notice]:
    """Return a recipient's messages, the newest first."""
    return tx.rows(_OF_RECIPIENT, recipient_id=recipient_id, before=before, limit=limit)


def settle_notice(tx: Tx, found: Notice, *, state: str, problem: str = "") -> bool:
    """Keep what became of a message that waits; tell whether it still waited."""
    sent_at_us = tx.now_us if state == "sent" else None
    return bool(tx.run(
        _ENDED, notice_id=found.id, state=state, tries=found.tries + (state != "dropped"), problem=problem,
        sent_at_us=sent_at_us,
    ))  # fmt: skip


def note_try(tx: Tx, *, notice_id: int, problem: str) -> None:
    """Keep why a message was not handed over; it is tried again."""
    tx.run(_TRIED, notice_id=notice_id, b_problem=problem)


def note_received(tx: Tx, *, notice_id: int) -> bool:
    """Keep when a message was first seen by a person or his browser; tell whether this was the first."""
    return bool(tx.run(_RECEIVED, notice_id=notice_id, received_at_us=tx.now_us))


def sweep_notices(tx: Tx) -> int:
    """Delete some of the merchant's messages of more than 90 days ago; return how many."""
    return sweep_old(tx, _SWEPT_TO, _SWEEP, before=tx.now_us - KEPT_DAYS * DAY_US)
