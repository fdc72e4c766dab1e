"""Shift handover (交接班): who is on at a place since when; one signs and hands over, another one signs and takes over.

What is handed over is frozen when the outgoing person signs. With both signatures it is a record that
nothing changes; the outgoing person's sessions at that place end.
"""

import sqlalchemy as sa

from tocsin.access.table import session
from tocsin.core.actor import Actor, require_person
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, insert_into, own, upsert
from tocsin.core.tenant import get_shop
from tocsin.core.text import strip_control
from tocsin.tickets.shift_state import Shift, Signer, digest_of, freeze_shift, get_shift, running_shifts
from tocsin.tickets.shift_table import shift, shift_signed

LONGEST_NOTE = 1_000


class ShiftRunning(Refusal):
    """{by} is on shift here already: the shift is handed over, not begun anew"""

    kind, code = "conflict", "shift_running"


class ShiftOtherwise(Refusal):
    """The shift has changed meanwhile: somebody has signed it, or taken it back. Look at what stands there now"""

    kind, code = "conflict", "shift_otherwise"


class ShiftNotYours(Refusal):
    """This is {by}'s shift: he hands it over, or a manager in his place"""

    kind, code = "refused", "shift_not_yours"


class ShiftSignedTwice(Refusal):
    """The same person can't sign for both: another one takes over"""

    kind, code = "refused", "shift_signed_twice"


class ShiftForOther(Refusal):
    """This shift is handed over to somebody else: it can be taken back, and offered to you"""

    kind, code = "refused", "shift_for_other"


class NoteTooLong(Refusal):
    """A note has at most {longest} characters: shorten it"""

    kind, code = "invalid", "shift_note_long"


_BEGIN = Statement[None](
    upsert(shift).on_conflict_do_nothing(), sets=("merchant_id", *Shift.__struct_fields__)
)
_MOVE = Statement[None](
    sa.update(shift).where(own(shift), shift.c.id == bind("b_id"), shift.c.state == bind("b_from", str)),
    sets=("state", "to_id", "offered_at_us", "session_id", "method", "body", "note", "over_at_us"),
)
_SIGN = insert_into(shift_signed)
_END_SESSIONS = Statement[None](
    sa.update(session).where(
        own(session), session.c.operator_id == bind("b_operator_id"), session.c.ended_at_us.is_(None),
        sa.or_(
            session.c.id == bind("b_session_id"),
            sa.and_(session.c.desk_id == bind("b_desk_id"), session.c.desk_id != sa.literal_column("0")),
        ),
    ),
    sets=("ended_at_us", "ended_reason"),
)  # fmt: skip
_EMPTY = {
    "to_id": 0, "offered_at_us": 0, "session_id": 0, "method": "", "body": "", "note": "", "over_at_us": 0
}  # fmt: skip


def begin_shift(tx: Tx, actor: Actor, *, shop_id: int) -> int:
    """Begin the shift of the place that the actor sits at; return its id.

    Raises:
        NotAllowed, PersonNeeded: he may not print, or is no person.
        ShiftRunning: somebody is on there.
    """
    require_person(actor, "print")
    get_shop(tx, shop_id=shop_id)
    made = _begin(tx, actor, shop_id=shop_id, desk_id=actor.desk_id)
    if not made:
        there = [one for one in running_shifts(tx) if (one.shop_id, one.desk_id) == (shop_id, actor.desk_id)]
        raise ShiftRunning(by=there[0].operator_name if there else "?")
    _tell(tx, actor, verb="tickets.begin_shift", shift_id=made)
    return made


def offer_shift(tx: Tx, actor: Actor, *, shift_id: int, method: str, to_id: int = 0, note: str = "") -> None:
    """Sign as the one who leaves: what is handed over is frozen, and waits for whoever takes over.

    Args:
        method: what the actor has just proved himself with; asking for that is the door's.
        to_id: who is to take over; 0: whoever of those who print.

    Raises:
        NotAllowed, PersonNeeded, ShiftMissing, NoteTooLong
        ShiftNotYours: neither his own nor is he a manager.
        ShiftOtherwise: it is offered already, or over.
        ShiftSignedTwice: it was offered to the actor himself.
    """
    require_person(actor, "print")
    plain = "\n".join(map(strip_control, note.splitlines())).strip()
    if len(plain) > LONGEST_NOTE:
        raise NoteTooLong(longest=LONGEST_NOTE)
    found = get_shift(tx, shift_id=shift_id)
    _require_mine(found, actor)
    if to_id in (actor.id, found.operator_id):
        raise ShiftSignedTwice
    body = freeze_shift(tx, found, out=Signer(str(actor.id), actor.name, method, tx.now_us), note=plain)
    moved = tx.run(
        _MOVE, b_id=shift_id, b_from="open", state="offered", to_id=to_id, offered_at_us=tx.now_us,
        session_id=actor.session_id, method=method, body=body, note=plain, over_at_us=0,
    )  # fmt: skip
    if not moved:
        raise ShiftOtherwise
    _tell(tx, actor, verb="tickets.offer_shift", shift_id=shift_id, digest=digest_of(body))


def take_back_shift(tx: Tx, actor: Actor, *, shift_id: int) -> None:
    """Take back what was offered, before another one has signed.

    Raises:
        NotAllowed, PersonNeeded, ShiftMissing, ShiftNotYours
        ShiftOtherwise: it is signed, or was never offered.
    """
    require_person(actor, "print")
    found = get_shift(tx, shift_id=shift_id)
    _require_mine(found, actor)
    if not tx.run(_MOVE, b_id=shift_id, b_from="offered", state="open", **_EMPTY):
        raise ShiftOtherwise
    _tell(tx, actor, verb="tickets.take_back_shift", shift_id=shift_id)


def take_over_shift(tx: Tx, actor: Actor, *, shift_id: int, method: str) -> int:
    """Sign as the one who comes: the record stands for good, a new shift begins, the sessions of who left end there.

    Args:
        method: what the actor has just proved himself with; asking for that is the door's.

    Returns:
        The record's id.

    Raises:
        NotAllowed, PersonNeeded, ShiftMissing, ShiftOtherwise, ShiftSignedTwice, ShiftForOther
    """
    require_person(actor, "print")
    found = require_taker(tx, operator_id=actor.id, shift_id=shift_id)
    moved = tx.run(
        _MOVE, b_id=shift_id, b_from="offered", state="over", to_id=actor.id, offered_at_us=found.offered_at_us,
        session_id=found.session_id, method=found.method, body=found.body, note=found.note, over_at_us=tx.now_us,
    )  # fmt: skip
    if not moved:
        raise ShiftOtherwise
    ended = _end_sessions(tx, found)
    out, made = found.handed().out, new_id()
    tx.run(
        _SIGN, id=made, shift_id=shift_id, shop_id=found.shop_id, desk_id=found.desk_id, begun_at_us=found.begun_at_us,
        body=found.body, digest=digest_of(found.body), out_id=int(out.id), out_name=out.name, out_method=out.method,
        out_at_us=out.at_us, in_id=actor.id, in_name=actor.name, in_method=method, in_at_us=tx.now_us, sessions_ended=ended,
    )  # fmt: skip
    _begin(tx, actor, shop_id=found.shop_id, desk_id=found.desk_id)
    _tell(
        tx,
        actor,
        verb="tickets.take_over_shift",
        shift_id=shift_id,
        digest=digest_of(found.body),
        record=str(made),
    )
    return made


def require_taker(tx: Tx, *, operator_id: int, shift_id: int) -> Shift:
    """Return the offered shift that somebody may take over, locked until the transaction ends.

    Raises:
        ShiftMissing, ShiftOtherwise, ShiftSignedTwice, ShiftForOther
    """
    found = get_shift(tx, shift_id=shift_id)
    if found.state != "offered":
        raise ShiftOtherwise
    if operator_id in (found.operator_id, int(found.handed().out.id)):
        raise ShiftSignedTwice
    if found.to_id not in (0, operator_id):
        raise ShiftForOther
    return found


def _begin(tx: Tx, actor: Actor, *, shop_id: int, desk_id: int) -> int:
    made = new_id()
    added = tx.run(
        _BEGIN, id=made, shop_id=shop_id, desk_id=desk_id, state="open", begun_at_us=tx.now_us, operator_id=actor.id,
        operator_name=actor.name, **_EMPTY,
    )  # fmt: skip
    return made if added else 0


def _require_mine(found: Shift, actor: Actor) -> None:
    if actor.id != found.operator_id and not actor.may("shop_settings"):
        raise ShiftNotYours(by=found.operator_name)


def _end_sessions(tx: Tx, found: Shift) -> int:
    return tx.run(
        _END_SESSIONS, b_operator_id=found.operator_id, b_session_id=found.session_id, b_desk_id=found.desk_id,
        ended_at_us=tx.now_us, ended_reason="shift_over",
    )  # fmt: skip


def _tell(tx: Tx, actor: Actor, *, verb: str, shift_id: int, **data: str) -> None:
    write_journal(tx, actor, verb=verb, subject=f"shift:{shift_id}", data=data)
    append_event(tx, "shift.changed", subject_id=shift_id)
