"""Fingers that readers know: whose, at which station, which; enrolled and deleted there, announced here.

No template is here: only that there is one. A station that comes back is told what it is to know,
and forgets the rest, so that nothing stays behind that the desk has not announced.
"""

from collections.abc import Collection
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.account import credential_changed
from tocsin.access.operator import get_operator
from tocsin.access.presence import is_there
from tocsin.access.reader import FINGERS
from tocsin.access.station import Station, StationMissing, find_station
from tocsin.access.step_up import require_proof
from tocsin.access.table import operator
from tocsin.core.actor import Actor
from tocsin.core.command import Asked, ask_station
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.schema import big, index, merchant_table, text
from tocsin.core.statement import Statement, any_of, bind, insert_into, own

ENROL, DELETE, KEEP, CANCEL = "reader.enrol", "reader.delete", "reader.keep", "reader.cancel"
ENROL_SECONDS, DELETE_SECONDS, KEEP_SECONDS = 90, 60, 600
_ANSWER_SECONDS = 15  # the reader's own time ends before the desk stops listening

# `state`: asked, enrolled. `made_in` is the session that asked, which goes on.
finger = merchant_table(
    "finger", big("operator_id"), big("station_id"), text("finger"), text("state"), big("command_id"), big("made_at_us"),
    big("made_by"), big("made_in"), key=("operator_id", "station_id", "finger"),
)  # fmt: skip
index(finger, "merchant_id", "station_id")


class FingerUnknown(Refusal):
    """“{finger}” is no finger: choose one of the ten"""

    kind, code = "invalid", "finger_unknown"


class FingerKnown(Refusal):
    """This finger is enrolled at this reader already: choose another, or delete it first"""

    kind, code = "conflict", "finger_known"


class FingerMissing(Refusal):
    """There is no such finger at this reader: look at the list again"""

    kind, code = "missing", "finger_missing"


class ReaderAway(Refusal):
    """The reader of {station} is not there now: see that the station runs and the reader is plugged in, then try again"""

    kind, code = "conflict", "reader_away"


class Finger(Struct, frozen=True):
    """A finger as the list shows it."""

    operator_id: int
    station_id: int
    finger: str
    state: str
    command_id: int
    made_at_us: int


class _Asked(Struct, frozen=True):
    operator_id: int
    station_id: int
    finger: str
    made_by: int
    made_in: int


_COLUMNS = tuple(finger.c[f] for f in Finger.__struct_fields__)
_of_operator = (own(finger), finger.c.operator_id == bind("of_operator"))
_of_key = (
    *_of_operator,
    finger.c.station_id == bind("of_station"),
    finger.c.finger == bind("of_finger", str),
)
_ADD = insert_into(finger)
_ONE = Statement(sa.select(*_COLUMNS).where(*_of_key), Finger)
_OF_OPERATORS = Statement(
    sa.select(*_COLUMNS).where(own(finger), any_of(finger.c.operator_id, "operator_ids"))
    .order_by(finger.c.operator_id, finger.c.station_id, finger.c.finger),
    Finger,
)  # fmt: skip
_OF_STATION = Statement(
    sa.select(*_COLUMNS).where(own(finger), finger.c.station_id == bind("of_station"))
    .order_by(finger.c.operator_id, finger.c.finger),
    Finger,
)  # fmt: skip
_OF_COMMAND = Statement(
    sa.select(*(finger.c[f] for f in _Asked.__struct_fields__)).where(
        own(finger), finger.c.station_id == bind("of_station"), finger.c.command_id == bind("of_command"),
        finger.c.state == "asked",
    ),
    _Asked,
)  # fmt: skip
_KNOWS = Statement[tuple[str]](
    sa.select(finger.c.finger)
    .join(operator, (operator.c.merchant_id == finger.c.merchant_id) & (operator.c.id == finger.c.operator_id))
    .where(*_of_operator, finger.c.station_id == bind("of_station"), finger.c.state == "enrolled", operator.c.active == 1)
    .limit(1)
)  # fmt: skip
_SET_STATE = Statement[None](sa.update(finger).where(*_of_key), sets=("state",))
_DROP = Statement[None](sa.delete(finger).where(*_of_key))
_OPERATORS = Statement[tuple[int]](sa.select(operator.c.id).where(own(operator)).order_by(operator.c.id))


def ask_enrolment(tx: Tx, actor: Actor, *, operator_id: int, station_id: int, name: str) -> int:
    """Ask a station to enrol a finger, one's own or that of an operator under the actor; return the command's id.

    Args:
        name: one of `FINGERS`.

    Raises:
        NotAllowed, OperatorMissing, ProofNeeded: the actor may not.
        FingerUnknown, FingerKnown, StationMissing, ReaderAway: it can't be done there now.
    """
    _require_over(tx, actor, operator_id=operator_id)
    if name not in FINGERS:
        raise FingerUnknown(finger=name[:40])
    found = _ready_station(tx, station_id=station_id)
    known = tx.one(_ONE, of_operator=operator_id, of_station=station_id, of_finger=name)
    if known is not None and known.state == "enrolled":
        raise FingerKnown
    command_id = ask_station(
        tx, station_id=found.id, kind=ENROL, seconds=ENROL_SECONDS,
        payload={"operator": str(operator_id), "finger": name, "seconds": ENROL_SECONDS - _ANSWER_SECONDS},
    )  # fmt: skip
    tx.run(_DROP, of_operator=operator_id, of_station=station_id, of_finger=name)
    tx.run(
        _ADD, operator_id=operator_id, station_id=station_id, finger=name, state="asked", command_id=command_id,
        made_at_us=tx.now_us, made_by=actor.id, made_in=actor.session_id if actor.id == operator_id else 0,
    )  # fmt: skip
    _tell(tx, actor, verb="access.ask_finger", operator_id=operator_id, station_id=station_id, finger=name)
    return command_id


def stop_enrolment(tx: Tx, actor: Actor, *, operator_id: int, command_id: int) -> None:
    """Ask a station to wait no longer for the finger of an enrolment; one that is over stays as it is.

    Raises:
        NotAllowed, OperatorMissing, ProofNeeded: the actor may not.
    """
    _require_over(tx, actor, operator_id=operator_id)
    for one in list_fingers(tx, operator_ids=[operator_id]):
        if one.command_id == command_id and one.state == "asked":
            ask_station(
                tx,
                station_id=one.station_id,
                kind=CANCEL,
                payload={"command": str(command_id)},
                seconds=ENROL_SECONDS,
            )


def settle_enrolment(tx: Tx, actor: Actor, asked: Asked, *, outcome: str) -> bool:
    """Take what a station says of an enrolment: an enrolled finger is announced; tell whether it is to be kept."""
    wanted = tx.one(_OF_COMMAND, of_station=actor.id, of_command=asked.id)
    if wanted is None:
        return False
    of = {"of_operator": wanted.operator_id, "of_station": actor.id, "of_finger": wanted.finger}
    if outcome != "enrolled":
        tx.run(_DROP, **of)
        data = {"finger": wanted.finger, "outcome": outcome[:20], "asked_by": str(wanted.made_by)}
        write_journal(
            tx, actor, verb="access.finger_not_enrolled", subject=f"operator:{wanted.operator_id}", data=data
        )  # fmt: skip
        return False
    tx.run(_SET_STATE, **of, state="enrolled")
    _tell(
        tx, actor, verb="access.enrol_finger", operator_id=wanted.operator_id, station_id=actor.id, finger=wanted.finger
    )  # fmt: skip
    credential_changed(tx, operator_id=wanted.operator_id, what="finger_added", kept_id=wanted.made_in)
    return True


def delete_finger(tx: Tx, actor: Actor, *, operator_id: int, station_id: int, name: str) -> None:
    """Delete a finger, one's own or that of an operator under the actor: it opens nothing from now on.

    The station forgets it as soon as it is there.

    Raises:
        NotAllowed, OperatorMissing, ProofNeeded: the actor may not.
        FingerMissing: there is none such.
    """
    _require_over(tx, actor, operator_id=operator_id)
    if not tx.run(_DROP, of_operator=operator_id, of_station=station_id, of_finger=name):
        raise FingerMissing
    kept_id = actor.session_id if actor.id == operator_id else 0
    _forget(tx, actor, operator_id=operator_id, station_id=station_id, name=name)
    credential_changed(tx, operator_id=operator_id, what="finger_removed", kept_id=kept_id)


def drop_fingers_of(tx: Tx, actor: Actor, *, operator_id: int) -> int:
    """Take all of an operator's fingers away; return how many. The caller has asked who may, and announces it."""
    found = list_fingers(tx, operator_ids=[operator_id])
    for one in found:
        tx.run(_DROP, of_operator=operator_id, of_station=one.station_id, of_finger=one.finger)
        _forget(tx, actor, operator_id=operator_id, station_id=one.station_id, name=one.finger)
    return len(found)


def list_fingers(tx: Tx, *, operator_ids: Collection[int]) -> list[Finger]:
    """Return the fingers of some operators, by operator, those that are being enrolled too."""
    return tx.rows(_OF_OPERATORS, operator_ids=list(operator_ids))


def knows_operator(tx: Tx, *, station_id: int, operator_id: int) -> bool:
    """Tell whether a station's reader knows a finger of an operator who is active."""
    return tx.one(_KNOWS, of_operator=operator_id, of_station=station_id) is not None


def tell_what_to_keep(tx: Tx, *, station_id: int) -> int:
    """Tell a station that is back which fingers of whom it is to know; it forgets the others. Return the command's id."""
    known: dict[str, list[str]] = {str(one[0]): [] for one in tx.rows(_OPERATORS)}
    for row in tx.rows(_OF_STATION, of_station=station_id):
        # What was asked before is answered or over: a finger that nobody announced is forgotten.
        if row.state == "enrolled":
            known.setdefault(str(row.operator_id), []).append(row.finger)
    return ask_station(tx, station_id=station_id, kind=KEEP, payload={"known": known}, seconds=KEEP_SECONDS)


def settle_keep(tx: Tx, actor: Actor, *, lost: dict[str, list[str]]) -> int:
    """Take away what a station's reader does not know any more; each owner is told. Return how many fingers."""
    dropped = 0
    for row in tx.rows(_OF_STATION, of_station=actor.id):
        if row.state == "enrolled" and row.finger in lost.get(str(row.operator_id), []):
            dropped += tx.run(_DROP, of_operator=row.operator_id, of_station=actor.id, of_finger=row.finger)
            _tell(
                tx, actor, verb="access.finger_lost", operator_id=row.operator_id, station_id=actor.id, finger=row.finger
            )  # fmt: skip
            credential_changed(tx, operator_id=row.operator_id, what="finger_removed")
    return dropped


def read_lost(result: dict[str, Any]) -> dict[str, list[str]]:
    """Return what a station says that its reader does not know; nothing where it can't be read."""
    try:
        return msgspec.convert(result.get("lost", {}), dict[str, list[str]])
    except msgspec.ValidationError:
        return {}


def _ready_station(tx: Tx, *, station_id: int) -> Station:
    found = find_station(tx, station_id=station_id)
    if found is None or found.revoked_at_us:
        raise StationMissing
    if not is_there(found, tx.now_us) or found.reader != "ready":
        raise ReaderAway(station=found.name)
    return found


def _require_over(tx: Tx, actor: Actor, *, operator_id: int) -> None:
    if actor.kind != "operator" or actor.id != operator_id:
        get_operator(tx, actor, operator_id=operator_id)
    require_proof(actor)


def _forget(tx: Tx, actor: Actor, *, operator_id: int, station_id: int, name: str) -> None:
    payload = {"operator": str(operator_id), "finger": name}
    ask_station(tx, station_id=station_id, kind=DELETE, payload=payload, seconds=DELETE_SECONDS)
    _tell(tx, actor, verb="access.delete_finger", operator_id=operator_id, station_id=station_id, finger=name)


def _tell(tx: Tx, actor: Actor, *, verb: str, operator_id: int, station_id: int, finger: str) -> None:
    data = {"station": str(station_id), "finger": finger}
    write_journal(tx, actor, verb=verb, subject=f"operator:{operator_id}", data=data)
    append_event(tx, "access.finger_changed", subject_id=operator_id, data=data)
