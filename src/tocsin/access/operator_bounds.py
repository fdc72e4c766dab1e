"""Bounds of an operator: the shops at whose desks he works, his hours, and where he may be."""

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.account import account_changed
from tocsin.access.hours import read_hours
from tocsin.access.operator import OperatorMissing, get_operator, require_above
from tocsin.access.place import read_places
from tocsin.access.step_up import require_proof
from tocsin.access.table import operator
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, own
from tocsin.core.tenant import get_shop


class Bounds(Struct, frozen=True):
    """As they are stored: empty is without bounds; `home_shop_id` is whose clock the hours go by, 0: the first shop's."""

    shops: str = ""
    home_shop_id: int = 0
    hours: str = ""
    places: str = ""
    left_at_us: int = 0

    def shop_ids(self) -> list[int]:
        """Return the shops, none where each will do."""
        return msgspec.json.decode(self.shops, type=list[int]) if self.shops else []


_of_id = (own(operator), operator.c.id == bind("operator_id"))
_READ = Statement(sa.select(*(operator.c[f] for f in Bounds.__struct_fields__)).where(*_of_id), Bounds)
_ROLE = Statement[tuple[str]](sa.select(operator.c.role).where(*_of_id))
_SET = Statement[None](sa.update(operator).where(*_of_id), sets=("shops", "home_shop_id", "hours", "places"))


def read_bounds(tx: Tx, actor: Actor, *, operator_id: int) -> Bounds:
    """Return the bounds of an operator under the actor.

    Raises:
        OperatorMissing, NotAllowed
    """
    role = tx.value(_ROLE, operator_id=operator_id)
    if role is None:
        raise OperatorMissing
    require_above(actor, role)
    return tx.one(_READ, operator_id=operator_id) or Bounds()


def set_bounds(
    tx: Tx, actor: Actor, *, operator_id: int, shops: list[int], hours: dict[str, tuple[str, str]], networks: str,
    desks_only: bool,
) -> None:  # fmt: skip
    """Set an operator's bounds; they hold from his next request on.

    Args:
        shops: none: every shop. The first one's clock is what the hours go by.
        hours: both ends of each weekday (`mon` … `sun`) as texts such as 08:00; a day without is a day off, none at all any time.
        networks: addresses or ranges between blanks or commas; none: from anywhere.

    Raises:
        OperatorMissing, NotAllowed: there is none such, he is above the actor, or the actor himself.
        ProofNeeded: the actor has not proved lately who he is.
        ShopMissing, HoursWrong, NetworkWrong: what was given can't be.
    """
    get_operator(tx, actor, operator_id=operator_id)
    if actor.id == operator_id:  # who shuts himself out can't let himself in again
        raise NotAllowed(right="operators")
    require_proof(actor)
    for shop_id in shops:
        get_shop(tx, shop_id=shop_id)
    tx.run(
        _SET, operator_id=operator_id, shops=msgspec.json.encode(shops).decode() if shops else "",
        home_shop_id=shops[0] if shops else 0, hours=read_hours(hours), places=read_places(networks, desks_only=desks_only),
    )  # fmt: skip
    write_journal(tx, actor, verb="access.set_bounds", subject=f"operator:{operator_id}")
    append_event(tx, "access.operator_changed", subject_id=operator_id)
    account_changed(tx, operator_id=operator_id, what="hours")
