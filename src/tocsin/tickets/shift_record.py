"""Past shift handovers: what both have signed, the newest first; whether a record still is what was signed."""

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import NEWEST
from tocsin.core.statement import Statement, bind, own
from tocsin.tickets.shift_state import Handed, digest_of
from tocsin.tickets.shift_table import shift, shift_signed

PAGE = 50


class HandoverMissing(Refusal):
    """There is no such shift handover: look at the list again"""

    kind, code = "missing", "handover_missing"


class Handover(Struct, frozen=True):
    """A shift handover that both have signed; the note may have been emptied since."""

    id: int
    shift_id: int
    shop_id: int
    desk_id: int
    begun_at_us: int
    body: str
    digest: str
    out_id: int
    out_name: str
    out_method: str
    out_at_us: int
    in_id: int
    in_name: str
    in_method: str
    in_at_us: int
    sessions_ended: int
    note: str

    def handed(self) -> Handed:
        """Return what was handed over, decoded."""
        return msgspec.json.decode(self.body, type=Handed)

    def is_whole(self) -> bool:
        """Tell whether the record is what both have signed, to the letter."""
        return digest_of(self.body) == self.digest

    def note_is_whole(self) -> bool:
        """Tell whether the note is the one that was signed: what tells of an erased receiver is taken out of it."""
        return (digest_of(self.note) if self.note else "") == self.handed().note_digest


_columns = tuple(shift_signed.c[name] for name in Handover.__struct_fields__[:-1])
_same = sa.and_(shift.c.merchant_id == shift_signed.c.merchant_id, shift.c.id == shift_signed.c.shift_id)
_chosen = sa.select(*_columns, shift.c.note).select_from(shift_signed.join(shift, _same))
_newest = _chosen.where(own(shift_signed), shift_signed.c.id < bind("before")).order_by(
    shift_signed.c.id.desc()
)
_PAGE = Statement(_newest.limit(bind("limit")), Handover)
_OF_SHOP = Statement(
    _chosen.where(own(shift_signed), shift_signed.c.shop_id == bind("of_shop"), shift_signed.c.id < bind("before"))
    .order_by(shift_signed.c.id.desc()).limit(bind("limit")),
    Handover,
)  # fmt: skip
_ONE = Statement(_chosen.where(own(shift_signed), shift_signed.c.id == bind("id")), Handover)


def list_handovers(
    tx: Tx, actor: Actor, *, shop_id: int = 0, before: int = NEWEST, limit: int = PAGE
) -> list[Handover]:
    """Return past handovers, the newest first, of all shops or of one.

    Raises:
        NotAllowed: the actor may not look orders up.
    """
    require(actor, "query")
    if shop_id:
        return tx.rows(_OF_SHOP, of_shop=shop_id, before=before, limit=limit)
    return tx.rows(_PAGE, before=before, limit=limit)


def get_handover(tx: Tx, actor: Actor, *, handover_id: int) -> Handover:
    """Return one handover.

    Raises:
        NotAllowed: the actor may not look orders up.
        HandoverMissing: the merchant has none such.
    """
    require(actor, "query")
    found = tx.one(_ONE, id=handover_id)
    if found is None:
        raise HandoverMissing
    return found
