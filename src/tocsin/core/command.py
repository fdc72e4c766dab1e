"""Commands for devices at a station: rows, taken once after commit, answered once with what happened.

A command that was taken is never handed out again: its device may have acted. Whoever asked looks
for the answer until the deadline, and then decides himself whether to ask anew. Payloads are sealed
with the merchant's key, for they may hold what opens a device or what a paper says, and kept no longer than
until they are taken.
"""

import threading
import time
from typing import Any, Literal

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.clock import DAY_US, SECOND_US
from tocsin.core.db import Database, Tx
from tocsin.core.event import append_event, on_event
from tocsin.core.ident import new_id
from tocsin.core.schema import big, blob, index, merchant_table, text
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.vault import seal, unseal

ASKED, ANSWERED, PROGRESSED = "station.command", "station.answered", "station.progress"
Outcome = Literal["accepted", "answered", "expired", "missing"]
_LOOK_SECONDS = 0.5
_PROGRESS_MOST = 2_000

command = merchant_table(
    "command", big("id"), big("station_id"), text("kind"), blob("payload"), big("asked_at_us"), big("deadline_us"),
    big("taken_at_us", nullable=True), big("answered_at_us", nullable=True), text("answer"), text("progress"), key=("id",),
)  # fmt: skip
_untaken = command.c.taken_at_us.is_(None)
sa.Index(
    "ix_command_waiting", command.c.merchant_id, command.c.station_id, command.c.id, sqlite_where=_untaken,
    postgresql_where=_untaken,
)  # fmt: skip
index(command, "merchant_id", "deadline_us")


class Command(Struct, frozen=True):
    """One command as its station takes it; `payload` is what its kind says."""

    id: int
    kind: str
    payload: dict[str, Any]
    deadline_us: int


class Asked(Struct, frozen=True):
    """A command as who asked sees it; `answer` and `progress` are JSON objects, empty before there are any."""

    id: int
    station_id: int
    kind: str
    asked_at_us: int
    deadline_us: int
    taken_at_us: int | None
    answered_at_us: int | None
    answer: str
    progress: str

    def result(self) -> dict[str, Any] | None:
        """Return what the station answered, None before it did."""
        return msgspec.json.decode(self.answer, type=dict[str, Any]) if self.answer else None

    def last_progress(self) -> dict[str, Any]:
        """Return what the station said while it worked."""
        return msgspec.json.decode(self.progress, type=dict[str, Any]) if self.progress else {}


class _Waiting(Struct, frozen=True):
    id: int
    kind: str
    payload: bytes
    deadline_us: int


_ADD = insert_into(command)
_NEXT = Statement(
    sa.select(command.c.id, command.c.kind, command.c.payload, command.c.deadline_us)
    .where(own(command), command.c.station_id == bind("station_id"), _untaken, command.c.deadline_us > bind("now"))
    .order_by(command.c.id).limit(bind("limit")).with_for_update(skip_locked=True),
    _Waiting,
)  # fmt: skip
_ANY = Statement[tuple[int]](
    sa.select(command.c.id)
    .where(own(command), command.c.station_id == bind("station_id"), _untaken, command.c.deadline_us > bind("now"))
    .limit(1)
)  # fmt: skip
_of_id = (own(command), command.c.id == bind("command_id"))
_TAKE = Statement[None](sa.update(command).where(*_of_id, _untaken), sets=("taken_at_us", "payload"))
_WITHDRAW = Statement[None](sa.delete(command).where(*_of_id, _untaken))
_GET = Statement(sa.select(*(command.c[f] for f in Asked.__struct_fields__)).where(*_of_id), Asked)
_ANSWER = Statement[None](
    sa.update(command).where(*_of_id, command.c.answered_at_us.is_(None)), sets=("answered_at_us", "answer")
)
_PROGRESS = Statement[None](
    sa.update(command).where(*_of_id, command.c.answered_at_us.is_(None)), sets=("progress",)
)
_SWEEP = Statement[None](sa.delete(command).where(own(command), command.c.deadline_us < bind("before")))


def ask_station(tx: Tx, *, station_id: int, kind: str, payload: dict[str, Any], seconds: float) -> int:
    """Ask a station for something once this transaction is durable; return the command's id.

    Args:
        kind: such as `siren.set` or `reader.verify`; the agent refuses those that it does not know.
        seconds: after so many nobody takes it any more, and no answer counts.
    """
    command_id = new_id()
    sealed = seal(tx.vault.keys(tx).wrapping, msgspec.json.encode(payload), bound_to=_bound_to(command_id))
    tx.run(
        _ADD, id=command_id, station_id=station_id, kind=kind, payload=sealed, asked_at_us=tx.now_us,
        deadline_us=tx.now_us + int(seconds * SECOND_US), taken_at_us=None, answered_at_us=None, answer="", progress="",
    )  # fmt: skip
    append_event(tx, ASKED, subject_id=station_id, data={"command": str(command_id), "kind": kind})
    return command_id


def has_commands(tx: Tx, *, station_id: int) -> bool:
    """Tell whether a station could take something now: a read, so that waiting writes nothing."""
    return tx.one(_ANY, station_id=station_id, now=tx.now_us) is not None


def take_commands(tx: Tx, *, station_id: int, limit: int = 10) -> list[Command]:
    """Hand a station what waits for it, oldest first; none of it is handed out again."""
    wrapping = tx.vault.keys(tx).wrapping
    taken = []
    for row in tx.rows(_NEXT, station_id=station_id, now=tx.now_us, limit=limit):
        if tx.run(_TAKE, command_id=row.id, taken_at_us=tx.now_us, payload=b""):
            plain = unseal(wrapping, bytes(row.payload), bound_to=_bound_to(row.id))
            payload = msgspec.json.decode(plain, type=dict[str, Any])
            taken.append(Command(row.id, row.kind, payload, row.deadline_us))
    return taken


def withdraw_command(tx: Tx, *, command_id: int) -> bool:
    """Take a command back before its station has taken it; False where it has, or it is gone."""
    return bool(tx.run(_WITHDRAW, command_id=command_id))


def answer_command(tx: Tx, *, station_id: int, command_id: int, answer: dict[str, Any]) -> Outcome:
    """Store what a station answered; only the first answer in time counts.

    Returns:
        `accepted`; else `missing` (there is none such of this station, or it was never taken),
        `answered` (it has one) or `expired`.
    """
    found = tx.one(_GET, command_id=command_id)
    if found is None or found.station_id != station_id or found.taken_at_us is None:
        return "missing"
    if found.answered_at_us is not None:
        return "answered"
    if found.deadline_us <= tx.now_us:
        return "expired"
    text_ = msgspec.json.encode(answer).decode()
    if not tx.run(_ANSWER, command_id=command_id, answered_at_us=tx.now_us, answer=text_):
        return "answered"
    append_event(tx, ANSWERED, subject_id=station_id, data={"command": str(command_id), "kind": found.kind})
    return "accepted"


def report_progress(tx: Tx, *, station_id: int, command_id: int, progress: dict[str, Any]) -> Outcome:
    """Store how far a station is with a command; the last word holds. Returns as `answer_command` does."""
    found = tx.one(_GET, command_id=command_id)
    if found is None or found.station_id != station_id or found.taken_at_us is None:
        return "missing"
    if found.answered_at_us is not None:
        return "answered"
    if found.deadline_us <= tx.now_us:
        return "expired"
    tx.run(_PROGRESS, command_id=command_id, progress=msgspec.json.encode(progress).decode()[:_PROGRESS_MOST])
    append_event(tx, PROGRESSED, subject_id=station_id, data={"command": str(command_id), "kind": found.kind})
    return "accepted"


def read_command(tx: Tx, *, command_id: int) -> Asked | None:
    """Return a command with its answer, if there is one."""
    return tx.one(_GET, command_id=command_id)


def wait_for_answer(
    db: Database, merchant_id: int, *, command_id: int, seconds: float
) -> dict[str, Any] | None:
    """Wait, outside any transaction, for a command's answer; None where none came within so many seconds."""
    woken, until = threading.Event(), time.monotonic() + seconds
    unlisten = on_event(woken.set)
    try:
        while True:
            woken.clear()
            found = db.read(merchant_id, lambda tx: read_command(tx, command_id=command_id))
            answer = found.result() if found else None
            left = until - time.monotonic()
            if answer is not None or left <= 0:
                return answer
            woken.wait(min(left, _LOOK_SECONDS))
    finally:
        unlisten()


def sweep_commands(tx: Tx) -> int:
    """Delete the merchant's commands whose deadline passed a day ago; return how many."""
    return tx.run(_SWEEP, before=tx.now_us - DAY_US)


def _bound_to(command_id: int) -> bytes:
    return b"command %d" % command_id
