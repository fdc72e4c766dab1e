"""Acknowledgements that are remembered for a receiver: what was looked at once is not asked again while he stays as he is.

Kept by a keyed digest of all that the finding can be about, so that another address, or a masked one, is asked about anew.
"""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor
from tocsin.core.clock import DAY_US
from tocsin.core.db import Tx
from tocsin.core.statement import Statement, any_of, bind, own, upsert
from tocsin.orders.draft import PERSONAL_FIELDS, Order
from tocsin.orders.table import acknowledgement
from tocsin.tickets.check_choice import asks_two
from tocsin.tickets.rule import is_masked
from tocsin.tickets.table import remembered

# About the receiver alone: what is about goods, or about one order, is asked each time.
REMEMBERABLE = frozenset({"address_division", "address_short", "address_remote", "phone_segment"})
_LIFE_US = 400 * DAY_US


class _Kept(Struct, frozen=True):
    code: str
    actor_id: int
    actor_name: str


_storing = upsert(remembered)
_REMEMBER = Statement[None](
    _storing.on_conflict_do_update(
        index_elements=["merchant_id", "digest", "code"],
        set_={name: _storing.excluded[name] for name in ("order_id", "at_us", "actor_id", "actor_name")},
    ),
    sets=("merchant_id", "digest", "code", "order_id", "at_us", "actor_id", "actor_name"),
)
_KEPT = Statement(
    sa.select(remembered.c.code, remembered.c.actor_id, remembered.c.actor_name).where(
        own(remembered), remembered.c.digest == bind("digest", str), any_of(remembered.c.code, "codes"),
        remembered.c.at_us > bind("since_us"),
    ),
    _Kept,
)  # fmt: skip
_FORGET = Statement[None](
    sa.delete(remembered).where(own(remembered), remembered.c.at_us <= bind("until_us"))
)
_FORGET_ORDER = Statement[None](
    sa.delete(remembered).where(own(remembered), remembered.c.order_id == bind("order_id"))
)
ACKNOWLEDGE = Statement[None](
    upsert(acknowledgement).on_conflict_do_nothing(),
    sets=("merchant_id", "order_id", "revision", "code", "at_us", "actor_id", "actor_name"),
)
"""Stores an acknowledgement of (order, revision, code); the first one stays."""


def remember(tx: Tx, actor: Actor, order: Order, *, codes: set[str]) -> None:
    """Remember acknowledgements for an order's receiver, of codes that are about him; `order` holds real text."""
    digest = _digest(tx, order)
    for code in sorted(_kept_codes(tx, order, codes)):
        tx.run(
            _REMEMBER, digest=digest, code=code, order_id=order.id, at_us=tx.now_us, actor_id=actor.id, actor_name=actor.name
        )  # fmt: skip
    tx.run(_FORGET, until_us=tx.now_us - _LIFE_US)


def recall(tx: Tx, order: Order, *, codes: set[str]) -> set[str]:
    """Acknowledge what was remembered for an order's receiver, in the name of who did; return those codes."""
    asked = _kept_codes(tx, order, codes)
    if not asked:
        return set()
    kept = tx.rows(_KEPT, digest=_digest(tx, order), codes=sorted(asked), since_us=tx.now_us - _LIFE_US)
    for one in kept:
        tx.run(
            ACKNOWLEDGE, order_id=order.id, revision=order.revision, code=one.code, at_us=tx.now_us, actor_id=one.actor_id,
            actor_name=one.actor_name,
        )  # fmt: skip
    return {one.code for one in kept}


def forget_remembered(tx: Tx, *, order_id: int) -> None:
    """Forget what was remembered by an order: its receiver is erased."""
    tx.run(_FORGET_ORDER, order_id=order_id)


def _kept_codes(tx: Tx, order: Order, codes: set[str]) -> set[str]:
    """Return those of some codes that may be remembered for an order's receiver: never what two persons look at."""
    about = codes & REMEMBERABLE
    return about - asks_two(tx, shop_id=order.shop_id) if about and _is_real(order) else set()


def _is_real(order: Order) -> bool:
    """Tell whether nothing of the receiver is masked: two people may look alike behind a mask."""
    return not any(is_masked(getattr(order.receiver, name)) for name in PERSONAL_FIELDS)


def _digest(tx: Tx, order: Order) -> str:
    to = order.receiver
    parts = (to.name, to.phone, to.country, to.province, to.city, to.district, to.address)
    return tx.vault.keys(tx).digest("remembered", "\0".join(parts))
