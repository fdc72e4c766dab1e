"""Posture, the stress response of the whole desk: calm, alert, lockdown.

It rises by itself to alert, which only watches and tells, and to lockdown where somebody who is
signed in behaves unlike himself; it falls by hand alone. The newest row holds, the rest is history.
"""

from typing import Literal, get_args

import sqlalchemy as sa
from msgspec import Struct

from tocsin.alarm.table import incident, posture
from tocsin.alarm.timeline import add_entry
from tocsin.core.actor import Actor, desk_actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.ident import new_id
from tocsin.core.journal import NEWEST, write_journal
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.text import strip_control

State = Literal["calm", "alert", "lockdown"]
STATES: tuple[State, ...] = get_args(State)
LONGEST_REASON = 500


class DeskLockedDown(Refusal):
    """The desk is locked down: downloads and full texts are frozen until an owner or manager lifts it"""

    kind, code = "refused", "desk_locked_down"


class PostureWrong(Refusal):
    """The posture can't be set so ({field}): {problem}"""

    kind, code = "invalid", "posture_wrong"


class PostureSame(Refusal):
    """The desk is so already, since {actor} set it: nothing was changed"""

    kind, code = "conflict", "posture_same"


class LockdownHeld(Refusal):
    """An API key can't lift a lockdown: an owner or manager does, on the page of the alarm"""

    kind, code = "refused", "lockdown_held"


class LockdownYours(Refusal):
    """What was done with your account brought this lockdown about: another owner or manager lifts it, or the console of the server"""

    kind, code = "refused", "lockdown_yours"


class Posture(Struct, frozen=True):
    """How the desk stands; `why` is the reason that was typed, or the rule's code where `by_desk`."""

    state: State
    why: str
    since_us: int
    actor_name: str
    incident_id: int
    actor_id: int = 0
    id: int = 0
    undo: str = ""

    @property
    def by_desk(self) -> bool:
        """Tell that no person set it."""
        return self.actor_id == 0


CALM = Posture("calm", "", 0, "", 0)
_COLUMNS = (
    posture.c.state, posture.c.why, posture.c.at_us.label("since_us"), posture.c.actor_name, posture.c.incident_id,
    posture.c.actor_id, posture.c.id, posture.c.undo,
)  # fmt: skip
_PAGE = Statement(
    sa.select(*_COLUMNS).where(own(posture), posture.c.id < bind("before"))
    .order_by(posture.c.id.desc()).limit(bind("limit")),
    Posture,
)  # fmt: skip
_ADD = insert_into(posture)
_CAUSE = Statement[tuple[int]](
    sa.select(incident.c.operator_id).where(own(incident), incident.c.id == bind("incident_id"))
)


def read_posture(tx: Tx) -> Posture:
    """Return how the desk stands now."""
    return tx.one(_PAGE, before=NEWEST, limit=1) or CALM


def read_postures(tx: Tx, *, before: int = NEWEST, limit: int = 50) -> list[Posture]:
    """Return how it stood and why, newest first."""
    return tx.rows(_PAGE, before=before, limit=limit)


def require_not_locked_down(tx: Tx) -> None:
    """Refuse what lockdown freezes: downloads and reveals.

    Raises:
        DeskLockedDown
    """
    if read_posture(tx).state == "lockdown":
        raise DeskLockedDown


def change_posture(tx: Tx, actor: Actor, *, state: str, reason: str) -> None:
    """Set the posture by hand, with a reason; asks for no proof: `access/lockdown` does, which the doors call.

    Raises:
        NotAllowed: the actor may not clear incidents.
        LockdownHeld, LockdownYours: it is not this actor who may lift a lockdown.
        PostureWrong: no such state, or no reason.
        PostureSame: it stands so already.
    """
    require(actor, "incident_clear")
    if state not in STATES:
        raise PostureWrong(field="state", problem="calm, alert or lockdown")
    plain = strip_control(reason).strip()
    if not 0 < len(plain) <= LONGEST_REASON:
        raise PostureWrong(field="reason", problem="say why, in 1 to 500 characters")
    present = read_posture(tx)
    if present.state == state:
        raise PostureSame(actor=present.actor_name or "desk")
    if present.state == "lockdown":
        _require_may_lift(tx, actor, present)
    set_posture(tx, actor, state=state, why=plain)


def _require_may_lift(tx: Tx, actor: Actor, present: Posture) -> None:
    if actor.kind == "api_key":
        raise LockdownHeld
    cause = tx.value(_CAUSE, incident_id=present.incident_id) if present.incident_id else None
    if actor.kind == "operator" and cause == actor.id:
        raise LockdownYours


def raise_posture(tx: Tx, *, state: State, why: str, incident_id: int) -> bool:
    """Let the desk itself raise the posture for an incident; tell whether it was lower before."""
    if STATES.index(read_posture(tx).state) >= STATES.index(state):
        return False
    set_posture(tx, desk_actor(tx.merchant_id), state=state, why=why, incident_id=incident_id)
    return True


def set_posture(
    tx: Tx, actor: Actor, *, state: State, why: str, incident_id: int = 0, undo: str = ""
) -> None:
    """Store a posture, with its entry, journal and event; asks for no right.

    Args:
        undo: JSON of what else was done with it, for the list that undoes it.
    """
    tx.run(
        _ADD, id=new_id(), state=state, why=why, incident_id=incident_id, actor_id=actor.id, actor_name=actor.name,
        undo=undo, at_us=tx.now_us,
    )  # fmt: skip
    if incident_id:
        add_entry(tx, incident_id=incident_id, kind="posture", actor=actor, data={"state": state})
    write_journal(
        tx, actor, verb="alarm.posture", subject=f"merchant:{tx.merchant_id}", data={"state": state}
    )
    told = {"state": state, "incident": str(incident_id)}
    append_event(tx, "alarm.posture", subject_id=incident_id, data=told)
