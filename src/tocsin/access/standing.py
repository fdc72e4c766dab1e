"""Standing: whether who asked for work that runs on after his request may still do it, with the rights he has now."""

import sqlalchemy as sa

from tocsin.access.permit import KeyHolder, permit_key
from tocsin.access.table import api_key, operator
from tocsin.core.actor import ROLES, Actor, desk_actor
from tocsin.core.db import Tx
from tocsin.core.statement import Statement, bind, own

_ROLE = Statement[tuple[str]](
    sa.select(operator.c.role).where(own(operator), operator.c.id == bind("id"), operator.c.active == 1)
)
_KEY = Statement(
    sa.select(*(api_key.c[name] for name in KeyHolder.__struct_fields__)).where(
        own(api_key), api_key.c.id == bind("id")
    ),
    KeyHolder,
)


def standing_actor(tx: Tx, *, kind: str, actor_id: int, name: str) -> Actor | None:
    """Return who asked for something, as he stands now; None where he may do nothing any more.

    He has no session: what takes a fresh proof is refused.
    """
    if kind == "desk":
        return desk_actor(tx.merchant_id)
    if kind == "api_key":
        key = tx.one(_KEY, id=actor_id)
        if key is None or key.revoked_at_us is not None or key.suspended_at_us:
            return None
        maker = tx.one(_ROLE, id=key.created_by)
        return permit_key(key, maker_role=maker[0]) if maker else None
    role = tx.one(_ROLE, id=actor_id) if kind == "operator" else None
    if role is None:
        return None
    rights = frozenset[str](ROLES.get(role[0], frozenset()))
    return Actor(
        kind="operator", id=actor_id, merchant_id=tx.merchant_id, name=name, role=role[0], rights=rights
    )
