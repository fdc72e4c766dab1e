"""A shift as it stands: who is on at a place, what is handed over of it, who may take it over."""

import hashlib

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.desk import name_of_desk
from tocsin.access.table import operator
from tocsin.core.actor import ROLES, Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.statement import Statement, among, bind, own
from tocsin.core.tenant import get_shop
from tocsin.tickets.shift_count import Figures, count_shift
from tocsin.tickets.shift_table import shift


class ShiftMissing(Refusal):
    """There is no such shift: open the page of the shift again"""

    kind, code = "missing", "shift_missing"


class Signer(Struct, frozen=True):
    """Who has signed, when, and with what he proved himself."""

    id: str
    name: str
    method: str
    at_us: int


class Handed(Struct, frozen=True, kw_only=True):
    """What is handed over, frozen: the place, whose shift it was, the figures, the digest of the note, who signed."""

    shop: str
    shop_name: str
    desk: str
    operator: str
    from_us: int
    until_us: int
    figures: Figures
    note_digest: str
    out: Signer


class Shift(Struct, frozen=True):
    """A shift: `state` is open, offered or over; `body` the JSON of what is handed over, once it is offered."""

    id: int
    shop_id: int
    desk_id: int
    state: str
    begun_at_us: int
    operator_id: int
    operator_name: str
    to_id: int
    offered_at_us: int
    session_id: int
    method: str
    body: str
    note: str
    over_at_us: int

    def handed(self) -> Handed:
        """Return what is handed over, decoded."""
        return msgspec.json.decode(self.body, type=Handed)


class Offer(Struct, frozen=True):
    """A shift that waits for somebody: where, whose it was, and for whom it is meant (0: whoever of those who print)."""

    shop_id: int
    operator_id: int
    to_id: int


class Taker(Struct, frozen=True):
    """Somebody who may take a shift over."""

    id: int
    name: str


_COLUMNS = tuple(shift.c[name] for name in Shift.__struct_fields__)
_running = among(shift.c.state, "open", "offered")
_ONE = Statement(
    sa.select(*_COLUMNS).where(own(shift), shift.c.id == bind("id")).with_for_update(), Shift
)  # fmt: skip
_RUNNING = Statement(
    sa.select(*_COLUMNS).where(own(shift), _running).order_by(shift.c.shop_id, shift.c.desk_id).limit(200),
    Shift,
)
_OFFERED = Statement(
    sa.select(*(shift.c[name] for name in Offer.__struct_fields__))
    .where(own(shift), _running, shift.c.state == "offered").order_by(shift.c.shop_id, shift.c.desk_id).limit(200),
    Offer,
)  # fmt: skip
_TAKERS = Statement(
    sa.select(operator.c.id, operator.c.display_name.label("name"))
    .where(own(operator), among(operator.c.role, *(role for role, rights in ROLES.items() if "print" in rights)), operator.c.active == 1)
    .order_by(operator.c.id).limit(200),
    Taker,
)  # fmt: skip


def running_shifts(tx: Tx) -> list[Shift]:
    """Return the shifts that run now, at most 200, by shop and desk."""
    return tx.rows(_RUNNING)


def offered_shifts(tx: Tx) -> list[Offer]:
    """Return the shifts that wait for somebody, at most 200, without what they hand over: each page asks."""
    return tx.rows(_OFFERED)


def waiting_shift(tx: Tx, actor: Actor) -> Shift | None:
    """Return a shift that an actor may take over, or None."""
    if not any(one.to_id in (0, actor.id) and one.operator_id != actor.id for one in offered_shifts(tx)):
        return None
    return next((one for one in running_shifts(tx) if waits_for(one, actor)), None)


def list_takers(tx: Tx, actor: Actor) -> list[Taker]:
    """Return who else may take a shift over, at most 200."""
    return [one for one in tx.rows(_TAKERS) if one.id != actor.id]


def get_shift(tx: Tx, *, shift_id: int) -> Shift:
    """Return a shift, locked until the transaction ends.

    Raises:
        ShiftMissing: the merchant has none such.
    """
    found = tx.one(_ONE, id=shift_id)
    if found is None:
        raise ShiftMissing
    return found


def waits_for(found: Shift, actor: Actor) -> bool:
    """Tell whether an actor is one who may take a shift over, as far as the shift says."""
    others = found.state == "offered" and found.to_id in (0, actor.id) and actor.may("print")
    return others and actor.id not in (found.operator_id, int(found.handed().out.id))


def figures_now(tx: Tx, actor: Actor, found: Shift) -> Figures:
    """Return what a running shift would hand over now.

    Raises:
        NotAllowed: the actor may not look orders up.
    """
    require(actor, "query")
    return count_shift(tx, shop_id=found.shop_id, from_us=found.begun_at_us, until_us=tx.now_us)


def freeze_shift(tx: Tx, found: Shift, *, out: Signer, note: str) -> str:
    """Return what is handed over as canonical JSON; of the note its digest alone, so that it can be emptied."""
    shop = get_shop(tx, shop_id=found.shop_id)
    handed = Handed(
        shop=shop.code, shop_name=shop.name, desk=name_of_desk(tx, desk_id=found.desk_id) if found.desk_id else "",
        operator=found.operator_name, from_us=found.begun_at_us, until_us=tx.now_us,
        figures=count_shift(tx, shop_id=found.shop_id, from_us=found.begun_at_us, until_us=tx.now_us),
        note_digest=digest_of(note) if note else "", out=out,
    )  # fmt: skip
    return msgspec.json.encode(handed, order="sorted").decode()


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
