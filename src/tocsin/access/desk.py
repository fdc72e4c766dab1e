"""Enrolled desks: browsers that a manager has vouched for; each counts as the second factor of those who sit at it.

A desk is told by a cookie's secret. What is proved there is proved together with something that is
in the shop: so a shorter password will do, and a PIN to go on with.
"""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.place import Place
from tocsin.access.secret import hash_secret, new_secret
from tocsin.access.step_up import require_proof
from tocsin.access.table import desk, pin, session
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.tenant import get_shop
from tocsin.core.text import strip_control

_LONGEST_NAME, _LONGEST_PLACE = 40, 80


class DeskMissing(Refusal):
    """There is no such enrolled desk at this merchant, or it was revoked: look at the list again"""

    kind, code = "missing", "desk_missing"


class DeskNameWrong(Refusal):
    """The name of a desk has 1 to {longest} characters: write one, such as “Till 2”"""

    kind, code = "invalid", "desk_name_wrong"


class EnrolledDesk(Struct, frozen=True):
    """A desk that is enrolled now, found by its cookie."""

    id: int
    merchant_id: int
    name: str
    place: str
    shop_id: int


class DeskSeen(Struct, frozen=True):
    """A desk as the list shows it; `here` is for the page to tell."""

    id: int
    name: str
    place: str
    shop_id: int
    created_at_us: int
    created_by: int
    last_seen_us: int
    revoked_at_us: int | None


class NewDesk(Struct, frozen=True):
    """A desk just enrolled; the token is in no table."""

    id: int
    token: str


_of_id = (desk.c.merchant_id == bind("merchant_id"), desk.c.id == bind("desk_id"))
_ADD = insert_into(desk)
_FIND = Statement(
    sa.select(*(desk.c[f] for f in EnrolledDesk.__struct_fields__)).where(
        desk.c.token_hash == bind("hash", str), desk.c.revoked_at_us.is_(None)
    ),
    EnrolledDesk,
)
_LIST = Statement(
    sa.select(*(desk.c[f] for f in DeskSeen.__struct_fields__)).where(own(desk)).order_by(desk.c.id.desc()),
    DeskSeen,
)  # fmt: skip
_NAME = Statement[tuple[str]](sa.select(desk.c.name).where(*_of_id))
_REVOKE = Statement[None](
    sa.update(desk).where(*_of_id, desk.c.revoked_at_us.is_(None)), sets=("revoked_at_us",)
)
_SEEN = Statement[None](
    sa.update(desk).where(*_of_id, desk.c.last_seen_us < bind("before")), sets=("last_seen_us",)
)
_END_SESSIONS = Statement[None](
    sa.update(session).where(
        own(session), session.c.desk_id == bind("of_desk"), session.c.ended_at_us.is_(None)
    ),
    sets=("ended_at_us", "ended_reason"),
)
_SIT = Statement[None](
    sa.update(session).where(
        own(session), session.c.operator_id == bind("b_operator_id"), session.c.id == bind("session_id")
    ),
    sets=("desk_id",),
)
_DROP_PINS = Statement[None](sa.delete(pin).where(own(pin), pin.c.desk_id == bind("of_desk")))


def enrol_desk(tx: Tx, actor: Actor, *, name: str, place: str, shop_id: int) -> NewDesk:
    """Enrol the browser that the actor sits at; the session that he acts in is at it from now on.

    Args:
        name, place: what the list shows: “Till 2”, “left of the door”.
        shop_id: whose people may sit there; 0: the people of each shop.

    Raises:
        NotAllowed, ProofNeeded: he may not change the shop's settings, or has not proved lately who he is.
        DeskNameWrong, ShopMissing: the name or the shop won't do.
    """
    require(actor, "shop_settings")
    require_proof(actor)
    plain = strip_control(name).strip()
    if not 1 <= len(plain) <= _LONGEST_NAME:
        raise DeskNameWrong(longest=_LONGEST_NAME)
    if shop_id:
        get_shop(tx, shop_id=shop_id)
    made = NewDesk(new_id(), new_secret())
    tx.run(
        _ADD, token_hash=hash_secret(made.token), id=made.id, name=plain, place=strip_control(place).strip()[:_LONGEST_PLACE],
        shop_id=shop_id, created_at_us=tx.now_us, created_by=actor.id, last_seen_us=tx.now_us, revoked_at_us=None,
    )  # fmt: skip
    tx.run(_SIT, b_operator_id=actor.id, session_id=actor.session_id, desk_id=made.id)
    _tell(tx, actor, verb="access.enrol_desk", desk_id=made.id)
    return made


def list_desks(tx: Tx, actor: Actor) -> list[DeskSeen]:
    """Return the merchant's desks, newest first, the revoked ones too.

    Raises:
        NotAllowed: the actor may not change the shop's settings.
    """
    require(actor, "shop_settings")
    return tx.rows(_LIST)


def revoke_desk(tx: Tx, actor: Actor, *, desk_id: int) -> int:
    """Make a browser one like any other: its sessions end, its PINs are gone; return how many sessions.

    Raises:
        NotAllowed: the actor may not change the shop's settings.
        DeskMissing: there is none such, or it was revoked before.
    """
    require(actor, "shop_settings")
    if not tx.run(_REVOKE, desk_id=desk_id, revoked_at_us=tx.now_us):
        raise DeskMissing
    tx.run(_DROP_PINS, of_desk=desk_id)
    ended = tx.run(_END_SESSIONS, of_desk=desk_id, ended_at_us=tx.now_us, ended_reason="desk_revoked")
    _tell(tx, actor, verb="access.revoke_desk", desk_id=desk_id)
    return ended


def find_desk(tx: Tx, *, token: str) -> EnrolledDesk | None:
    """Return the desk of a cookie, of whatever merchant (directory scope); one read whether there is one or not."""
    found = tx.one(_FIND, hash=hash_secret(token))
    return found if token else None


def desk_here(tx: Tx, *, token: str) -> EnrolledDesk | None:
    """Return the desk of a cookie where it is the transaction's merchant's, and note that it was seen."""
    found = find_desk(tx, token=token)
    if found is None or found.merchant_id != tx.merchant_id:
        return None
    tx.run(_SEEN, desk_id=found.id, before=tx.now_us, last_seen_us=tx.now_us)
    return found


def name_of_desk(tx: Tx, *, desk_id: int) -> str:
    """Return a desk's name, empty where there is none such."""
    return str(tx.value(_NAME, desk_id=desk_id) or "")


def place_at(found: EnrolledDesk | None, *, address: str) -> Place:
    """Return where a request comes from."""
    return Place(address, found.id, found.shop_id) if found else Place(address)


def _tell(tx: Tx, actor: Actor, *, verb: str, desk_id: int) -> None:
    write_journal(tx, actor, verb=verb, subject=f"desk:{desk_id}")
    append_event(tx, "access.desk_changed", subject_id=desk_id)
