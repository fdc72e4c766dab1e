"""A desk that was restored: what waits until an owner lets it go on, each thing by itself.

Credentials that were taken from somebody after the backup have come back with it; so none works before it was looked at.
"""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.api_key import list_api_keys, resume_api_key
from tocsin.access.station import WAITS, station
from tocsin.access.step_up import require_proof
from tocsin.access.undo import Done, list_done, take_back
from tocsin.alarm.incident import RESTORED, raise_incident
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, own

ACT = "restore"
"""The act under which it is noted."""
KIND = RESTORED

_NAMES = Statement[tuple[int, str]](sa.select(station.c.id, station.c.name).where(own(station)))
_LET_IN = Statement[None](
    sa.update(station).where(own(station), station.c.id == bind("b_id"), station.c.problem == WAITS),
    sets=("problem",),
)


class Waiting(Struct, frozen=True):
    """One thing that the restore stopped: `kind` is api_key, station, webhook or auto_print; `name` what it is called."""

    id: int
    kind: str
    subject_id: int
    name: str
    at_us: int
    approved_at_us: int | None


def list_restored(tx: Tx, actor: Actor) -> list[Waiting]:
    """Return what the latest restore stopped, with what was let go on since.

    Raises:
        NotAllowed: the actor is no owner.
    """
    require(actor, "operators")
    names = {("api_key", one.id): one.name for one in list_api_keys(tx, actor)}
    names.update({("station", ident): name for ident, name in tx.rows(_NAMES)})
    return [_waiting(one, names) for one in list_done(tx, name=ACT)]


def approve_restored(tx: Tx, actor: Actor, *, item_id: int) -> None:
    """Let a key or a station go on.

    Raises:
        NotAllowed, ProofNeeded: the actor is no owner, or has not proved lately who he is.
        UndoMissing: there is nothing such to approve.
    """
    require(actor, "operators")
    require_proof(actor)
    done = take_back(tx, actor, name=ACT, item_id=item_id)
    if done.kind == "api_key":
        resume_api_key(tx, key_id=done.subject_id)
    elif done.kind == "station":
        tx.run(_LET_IN, b_id=done.subject_id, problem="")
        append_event(tx, "station.changed", subject_id=done.subject_id)
    data = {"kind": done.kind, "id": str(done.subject_id)}
    write_journal(tx, actor, verb="access.approve_restored", subject=f"merchant:{tx.merchant_id}", data=data)


def note_restored(tx: Tx, *, made_at_us: int) -> None:
    """Say on every page that the desk was restored, until somebody says that all was looked at."""
    raise_incident(
        tx, kind=KIND, key=KIND, level="light", why=KIND, why_data={"made_at_us": made_at_us}, alert=False
    )  # fmt: skip


def _waiting(one: Done, names: dict[tuple[str, int], str]) -> Waiting:
    name = names.get((one.kind, one.subject_id), one.subject)
    return Waiting(one.id, one.kind, one.subject_id, name, one.at_us, one.undone_at_us)
