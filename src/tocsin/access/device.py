"""Known devices: a browser that has signed in as an operator before, told by a cookie's secret.

A known device has a lane of its own at the limiter: guesses from elsewhere never lock it out.
"""

from typing import Any

import sqlalchemy as sa

from tocsin.access.secret import hash_secret, new_secret
from tocsin.access.table import known_device
from tocsin.core.db import Tx
from tocsin.core.statement import Statement, bind, upsert

_MOST_USERS = 50
_of_hash = known_device.c.device_hash == bind("device_hash", str)
_KNOWN = Statement[Any](
    sa.select(known_device.c.operator_id).where(
        _of_hash, known_device.c.name_digest == bind("name_digest", str)
    )
)
_OF_MERCHANT = Statement[Any](
    sa.select(known_device.c.operator_id)
    .where(_of_hash, known_device.c.merchant_id == bind("merchant_id"))
    .limit(1)
)
_USERS = Statement[tuple[int, int]](
    sa.select(known_device.c.merchant_id, known_device.c.operator_id).where(_of_hash).limit(bind("most"))
)
_adding = upsert(known_device)
_REMEMBER = Statement[None](
    _adding.on_conflict_do_update(
        index_elements=["device_hash", "name_digest"], set_={"last_seen_us": _adding.excluded.last_seen_us}
    ),
    sets=[c.name for c in known_device.columns],
)
_FORGET = Statement[None](
    sa.delete(known_device).where(
        known_device.c.merchant_id == bind("merchant_id"), known_device.c.operator_id == bind("operator_id")
    )
)


def known_hash(tx: Tx, *, name_digest: str, token: str) -> str:
    """Return the hash of a device's token where it has signed in under this name, else nothing."""
    hashed = hash_secret(token) if token else ""
    return hashed if hashed and tx.one(_KNOWN, device_hash=hashed, name_digest=name_digest) else ""


def user_of(tx: Tx, *, token: str) -> tuple[int, int, str]:
    """Return whose device it is: merchant, operator and the device's hash; operator 0 where several people use it.

    All of it is empty where nobody has signed in there, or people of several merchants have.
    """
    hashed = hash_secret(token) if token else ""
    users = set(tx.rows(_USERS, device_hash=hashed, most=_MOST_USERS)) if hashed else set()
    merchants = {merchant_id for merchant_id, _ in users}
    if len(merchants) != 1:
        return 0, 0, ""
    merchant_id, operator_id = next(iter(users))
    return merchant_id, operator_id if len(users) == 1 else 0, hashed


def remember_device(tx: Tx, *, operator_id: int, name_digest: str, token: str) -> str:
    """Make the device known to the transaction's merchant; return the token to keep.

    A token that no operator of this merchant has used is replaced: it may have been planted.
    """
    if not token or tx.one(_OF_MERCHANT, device_hash=hash_secret(token)) is None:
        token = new_secret()
    tx.run(
        _REMEMBER, device_hash=hash_secret(token), name_digest=name_digest, operator_id=operator_id, last_seen_us=tx.now_us
    )  # fmt: skip
    return token


def forget_devices(tx: Tx, *, operator_id: int) -> None:
    """Make an operator's devices unknown."""
    tx.run(_FORGET, operator_id=operator_id)
