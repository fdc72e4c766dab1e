"""What a station answers about a finger: signed with its key, for its own attempt, once, in time.

The signature of the answer is kept with the attempt: who claims later that he was not there can be shown it.
"""

from typing import Literal

import msgspec

from tocsin.access.finger_attempt import METHOD
from tocsin.access.finger_record import Attempt, end_attempt, find_attempt, keep_answer
from tocsin.access.limiter import Guess, spend_budget
from tocsin.access.presence import note_reader
from tocsin.access.reader import ReaderAnswer, answer_text
from tocsin.access.secret import hash_secret
from tocsin.access.station import Station
from tocsin.alarm.signal import Signal, send_signal
from tocsin.core.actor import Actor
from tocsin.core.clock import SECOND_US
from tocsin.core.db import Database, Tx
from tocsin.core.journal import write_journal
from tocsin.core.signature import CLOCK_SECONDS, station_name, verifies

Taken = Literal["accepted", "answered", "expired", "foreign"]


def read_answer(said: str) -> ReaderAnswer | None:
    """Return what a station's JSON says, None where it is no answer."""
    try:
        return msgspec.json.decode(said, type=ReaderAnswer)
    except (msgspec.MsgspecError, UnicodeError):
        return None


def take_answer(
    db: Database, station: Station, actor: Actor, *, said: str, signature: str, command_id: int, address: str
) -> Taken:
    """Take a station's answer to an attempt: a match can be used once, a wrong finger counts and tells the alarm.

    Args:
        said: the JSON of a `ReaderAnswer`, as the station signed it.
        command_id: the command that it answers.

    Returns:
        `accepted`; or `answered` and `expired`, which are recorded; or `foreign` for what is not what was asked,
        by its signature, attempt, nonce, operator, desk or time: that tells the alarm too.
    """
    answer = read_answer(said)
    sound = answer is not None and verifies(station.public_key, signature, answer_text(said))

    def take(tx: Tx) -> Taken:
        found = find_attempt(tx, attempt_id=_id(answer.attempt)) if answer and sound else None
        if (
            found is None
            or answer is None
            or not _is_asked(tx, found, answer, command_id=command_id, station_id=station.id)
        ):
            return _refuse_foreign(tx, actor, address=address)
        if found.state not in ("open", "stopping"):
            return _refuse(tx, actor, found, why="expired" if found.state == "expired" else "answered")
        if found.expires_at_us <= tx.now_us:
            end_attempt(tx, found, state="expired")
            return _refuse(tx, actor, found, why="expired")
        keep_answer(tx, found, said=said, signature=signature)
        _settle(tx, actor, found, answer, station=station)
        return "accepted"

    return db.write(actor.merchant_id, take)


def _is_asked(tx: Tx, found: Attempt, answer: ReaderAnswer, *, command_id: int, station_id: int) -> bool:
    """Tell whether an answer is to the question that was put, to this station, for this operator at this desk."""
    asked = (str(found.operator_id), str(found.desk_id), station_name(tx.merchant_id, found.station_id))
    return (
        (answer.operator, answer.desk, answer.station) == asked
        and hash_secret(answer.nonce) == found.nonce_hash
        and found.command_id == command_id != 0
        # The name in the statement is signed, but by whom: another station of the shop signs with its own key.
        and found.station_id == station_id
        and abs(tx.now_us - answer.time_us) <= CLOCK_SECONDS * SECOND_US
    )


def _settle(tx: Tx, actor: Actor, found: Attempt, answer: ReaderAnswer, *, station: Station) -> None:
    result = answer.result
    if result == "match" and found.state == "stopping":
        result = "cancelled"  # somebody else is at the desk by now
    end_attempt(tx, found, state="matched" if result == "match" else result)
    if result == "match":
        _tell_right(tx, found)
    if result == "vanished":
        note_reader(tx, actor, state="vanished", driver=station.reader_driver)
    data = {
        "result": result, "bad_scans": answer.bad_scans, "problem": answer.problem[:20], "attempt": str(found.id),
        "desk": str(found.desk_id),
    }  # fmt: skip
    write_journal(tx, actor, verb="access.finger", subject=f"operator:{found.operator_id}", data=data)


def _tell_right(tx: Tx, found: Attempt) -> None:
    """Tell the alarm in the lane of the desk, so that the wrong finger just before was a mistake."""
    guess = found.leased().guess
    send_signal(tx, Signal(
        kind="credential_right", operator_id=found.operator_id, name_digest=guess.name_digest, method=METHOD,
        address=guess.address, device=guess.known_device, outcome="right",
    ))  # fmt: skip


def _refuse(tx: Tx, actor: Actor, found: Attempt, *, why: Taken) -> Taken:
    data = {"why": why, "attempt": str(found.id)}
    write_journal(tx, actor, verb="access.finger_refused", subject=f"station:{actor.id}", data=data)
    return why


def _refuse_foreign(tx: Tx, actor: Actor, *, address: str) -> Taken:
    guess = Guess("station", f"station:{actor.id}", address, "", tx.merchant_id)
    spend_budget(tx, guess, kind="station_foreign", subject=f"station:{actor.id}", reason="answer")
    return "foreign"


def _id(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and int(text) < 2**63 else 0
