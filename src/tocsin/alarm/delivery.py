"""Delivery: one notice is written, handed to its service, and what became of it is kept where people look.

At least once: a process that dies between the service's answer and the commit sends again.
"""

from functools import partial
from typing import Any

from msgspec import Struct

from tocsin.alarm.channel import send_over
from tocsin.alarm.incident import DRILL, get_incident
from tocsin.alarm.message import Message, tell_change, tell_drill, tell_incident, tell_posture, tell_test
from tocsin.alarm.notice import TASK, Notice, get_notice, note_try, settle_notice
from tocsin.alarm.notify import concerns
from tocsin.alarm.outcome import Outcome, read_problem
from tocsin.alarm.push import send_push
from tocsin.alarm.receipt import code_of, token_of
from tocsin.alarm.recipient import (
    Recipient,
    RecipientMissing,
    end_recipient,
    get_recipient,
    note_failed,
    note_sent,
    open_address,
)
from tocsin.alarm.timeline import add_entry
from tocsin.core.actor import desk_actor
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.queue import MAX_ATTEMPTS, task

UNSENT = "alarm.unsent"


class NoticeUnsent(Refusal):
    """A message of the alarm was not handed over ({problem}): look at the people of the alarm"""

    kind, code = "broken", "notice_unsent"


class Parcel(Struct, frozen=True):
    """All that a sending needs, read in one snapshot; without a message there is nothing left to say."""

    notice: Notice
    recipient: Recipient | None
    address: str = ""
    message: Message | None = None
    receipt_url: str = ""


@task(TASK)
def send_notice(db: Database, merchant_id: int, payload: dict[str, Any]) -> None:
    """Send one notice, unless it was sent.

    Raises:
        NoticeUnsent: another try may help; the queue makes it.
    """
    notice_id, base_url = int(payload["notice"]), str(payload["base_url"])
    parcel = db.read(merchant_id, partial(_pack, notice_id=notice_id, base_url=base_url))
    if parcel is None:
        return
    if parcel.recipient is None or parcel.message is None:
        db.write(merchant_id, lambda tx: settle_notice(tx, parcel.notice, state="dropped"))
        return
    outcome = deliver(db, parcel, base_url=base_url)
    if db.write(merchant_id, partial(_keep, parcel=parcel, outcome=outcome)):
        raise NoticeUnsent(problem=outcome.code)


def deliver(db: Database, parcel: Parcel, *, base_url: str) -> Outcome:
    """Hand a message to the service of its recipient, outside any transaction."""
    assert parcel.recipient is not None
    assert parcel.message is not None
    message = parcel.message
    if parcel.recipient.kind != "push":
        return send_over(parcel.address, title=message.title, body=message.body)
    about = f"i{parcel.notice.incident_id}" if parcel.notice.incident_id else f"n{parcel.notice.id}"
    shown = {
        "title": message.title, "body": message.body, "url": message.url, "tag": about, "seen": parcel.receipt_url
    }  # fmt: skip
    return send_push(db.vault, parcel.address, shown, sender=base_url, topic=about)


def _pack(tx: Tx, *, notice_id: int, base_url: str) -> Parcel | None:
    found = get_notice(tx, notice_id=notice_id)
    if found is None or found.state != "waiting":
        return None
    try:
        recipient = get_recipient(tx, recipient_id=found.recipient_id)
    except RecipientMissing:
        return Parcel(found, None)
    if not recipient.active:
        return Parcel(found, None)
    receipt_url = f"{base_url}/received/{token_of(tx, found.id)}"
    message = _write(tx, found, recipient, base_url=base_url, receipt_url=receipt_url)
    return Parcel(found, recipient, open_address(tx, recipient_id=recipient.id), message, receipt_url)


def _write(
    tx: Tx, found: Notice, recipient: Recipient, *, base_url: str, receipt_url: str
) -> Message | None:  # fmt: skip
    """Return what a notice says now; None: what it would tell is over, and told otherwise."""
    locale = recipient.locale
    if found.what == "test":
        return tell_test(tx, locale=locale, code=code_of(tx, found.id), url=receipt_url)
    if found.what == "account":
        return tell_change(tx, found.about, locale=locale, base_url=base_url, at_us=found.at_us)
    if found.what == "posture":
        return tell_posture(tx, found.about, locale=locale, base_url=base_url, at_us=found.at_us)
    about = get_incident(tx, desk_actor(tx.merchant_id), incident_id=found.incident_id)
    if about.kind == DRILL:
        return tell_drill(tx, locale=locale, url=receipt_url)
    over = not about.is_open and found.what != "cleared"
    if over or (found.what == "update" and about.acknowledged_at_us is not None):
        return None
    what = "raised" if found.what in ("level", "yours") else found.what
    own = concerns(tx, about, recipient.operator_id)
    return tell_incident(tx, about, what=what, locale=locale, base_url=base_url, own=own)


def _keep(tx: Tx, *, parcel: Parcel, outcome: Outcome) -> bool:
    """Keep what became of a message; tell whether it is to be tried again."""
    found, recipient = parcel.notice, parcel.recipient
    assert recipient is not None
    if outcome.state == "sent":
        if settle_notice(tx, found, state="sent"):
            note_sent(tx, recipient_id=recipient.id)
            _tell(tx, found, recipient, kind="notified")
        return False
    last = outcome.permanent or outcome.state == "gone" or found.tries + 1 >= MAX_ATTEMPTS
    if last:
        settle_notice(tx, found, state="failed", problem=outcome.code)
    else:
        note_try(tx, notice_id=found.id, problem=outcome.code)
    if outcome.state == "gone":
        end_recipient(tx, recipient_id=recipient.id, problem=outcome.code)
    else:
        note_failed(tx, recipient_id=recipient.id, problem=outcome.code)
    if last or not found.tries:
        _tell(tx, found, recipient, kind="notify_failed", problem=outcome.code)
    return not (outcome.permanent or outcome.state == "gone")


def _tell(tx: Tx, found: Notice, recipient: Recipient, *, kind: str, problem: str = "") -> None:
    if found.incident_id:
        text, number = read_problem(problem)
        data = {"recipient": recipient.name, "problem": text, "number": number}
        add_entry(tx, incident_id=found.incident_id, kind=kind, data=data)
    if problem:
        told = {"recipient": str(recipient.id), "problem": problem, "incident": str(found.incident_id)}
        append_event(tx, UNSENT, subject_id=recipient.id, data=told)
