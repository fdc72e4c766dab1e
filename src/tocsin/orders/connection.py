"""Connections: how the shops of a merchant reach the desk, each by an address of its own with secrets of its own.

The address holds a random token, which leads to the connection before the merchant is known; it opens nothing by
itself, each call is signed. Secrets are sealed; the one before stays good until the next change.
"""

from collections.abc import Mapping

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.secret import hash_secret, new_secret
from tocsin.core.actor import Actor, require
from tocsin.core.clock import DAY_US
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.tenant import get_shop
from tocsin.core.text import read_name
from tocsin.core.vault import seal, unseal
from tocsin.orders.hook import Keys, KeysWrong, hook_of
from tocsin.orders.table import connection, hook_route

STATES = ("active", "paused", "removed")
_LONGEST_NAME, _LONGEST_VALUE = 60, 4000
PREVIOUS_KEPT_US = 7 * DAY_US


class ConnectionMissing(Refusal):
    """There is no such connection: look at the list again"""

    kind, code = "missing", "connection_missing"


class Connection(Struct, frozen=True):
    """A way in from a platform; `fault` is the code of what went wrong last, `refused` counts wrong signatures."""

    id: int
    kind: str
    name: str
    shop_id: int
    state: str
    created_at_us: int
    rotated_at_us: int | None
    last_at_us: int | None
    last_result: str
    fault: str
    fault_at_us: int | None
    refused: int


class _Sealed(Struct, frozen=True):
    options: str
    sealed: bytes
    sealed_before: bytes | None
    rotated_at_us: int | None


class Route(Struct, frozen=True):
    """Where an address leads."""

    merchant_id: int
    connection_id: int


_c = connection.c
_COLUMNS = tuple(_c[name] for name in Connection.__struct_fields__)
_own_one = sa.and_(own(connection), _c.id == bind("b_id"))
_ADD, _ADD_ROUTE = insert_into(connection), insert_into(hook_route)
_ONE = Statement(sa.select(*_COLUMNS).where(_own_one, _c.state != "removed"), Connection)
_LIST = Statement(
    sa.select(*_COLUMNS).where(own(connection), _c.state != "removed").order_by(_c.id.desc()), Connection
)
_SEALED = Statement(sa.select(*(_c[name] for name in _Sealed.__struct_fields__)).where(_own_one), _Sealed)
_ROUTE = Statement(
    sa.select(hook_route.c.merchant_id, hook_route.c.connection_id).where(
        hook_route.c.token_hash == bind("token_hash", str)
    ),
    Route,
)
_DROP_ROUTE = Statement[None](
    sa.delete(hook_route).where(own(hook_route), hook_route.c.token_hash == bind("b_token", str))
)
_ROTATE = Statement[None](
    sa.update(connection).where(_own_one), sets=("options", "sealed", "sealed_before", "rotated_at_us", "refused", "fault")
)  # fmt: skip
_SET_STATE = Statement[None](sa.update(connection).where(_own_one), sets=("state",))
_REMOVE = Statement[None](sa.update(connection).where(_own_one), sets=("state", "sealed", "sealed_before"))


def connection_actor(found: Connection, merchant_id: int) -> Actor:
    """Return a connection as who acts: it may take orders in, and nothing else."""
    return Actor(
        kind="connection", id=found.id, merchant_id=merchant_id, name=found.name, rights=frozenset({"import"})
    )


def add_connection(tx: Tx, actor: Actor, *, kind: str, name: str, shop: str, given: Mapping[str, str]) -> int:
    """Add a connection; what the desk may make itself and was left empty is made.

    Raises:
        NotAllowed: the actor may not change settings.
        HookKindUnknown, KeysWrong, ShopMissing
    """
    require(actor, "shop_settings")
    keys, place = read_keys(kind, given), get_shop(tx, code=shop)
    plain = read_name(name, most=_LONGEST_NAME)
    if not plain:
        raise KeysWrong(field="connection", problem="a name has 1 to 60 characters")
    connection_id, token = new_id(), new_secret()
    tx.run(_ADD_ROUTE, token_hash=hash_secret(token), connection_id=connection_id, merchant_id=tx.merchant_id)
    tx.run(
        _ADD, id=connection_id, kind=kind, name=plain, shop_id=place.id, options=_options(keys),
        sealed=_seal(tx, connection_id, {**keys.secrets, "": token}), sealed_before=None, rotated_at_us=None,
        state="active", created_at_us=tx.now_us, last_at_us=None, last_result="", fault="", fault_at_us=None, refused=0,
    )  # fmt: skip
    write_journal(
        tx, actor, verb="connections.add", subject=f"connection:{connection_id}", data={"kind": kind}
    )
    return connection_id


def change_keys(tx: Tx, actor: Actor, *, connection_id: int, given: Mapping[str, str]) -> None:
    """Set a connection's keys anew; an empty secret stays. The ones before stay good for a week.

    Raises:
        NotAllowed, ConnectionMissing, KeysWrong
    """
    require(actor, "shop_settings")
    found, (now, _) = (
        get_connection(tx, connection_id=connection_id),
        open_keys(tx, connection_id=connection_id),
    )
    filled = {
        field.name: given.get(field.name, "") or (now.secrets.get(field.name, "") if field.secret else "")
        for field in hook_of(found.kind).fields
    }
    keys, token = read_keys(found.kind, filled), read_token(tx, connection_id=connection_id)
    tx.run(
        _ROTATE, b_id=connection_id, options=_options(keys), rotated_at_us=tx.now_us, refused=0, fault="",
        sealed=_seal(tx, connection_id, {**keys.secrets, "": token}),
        sealed_before=_seal(tx, connection_id, dict(now.secrets)),
    )  # fmt: skip
    write_journal(tx, actor, verb="connections.rotate", subject=f"connection:{connection_id}")


def set_paused(tx: Tx, actor: Actor, *, connection_id: int, paused: bool) -> None:
    """Let a connection take nothing in for a while, or again; the platform repeats what it was not let say.

    Raises:
        NotAllowed, ConnectionMissing
    """
    require(actor, "shop_settings")
    get_connection(tx, connection_id=connection_id)
    tx.run(_SET_STATE, b_id=connection_id, state="paused" if paused else "active")
    verb = "connections.pause" if paused else "connections.resume"
    write_journal(tx, actor, verb=verb, subject=f"connection:{connection_id}")


def remove_connection(tx: Tx, actor: Actor, *, connection_id: int) -> None:
    """Remove a connection: its address leads nowhere, its secrets are destroyed.

    Raises:
        NotAllowed, ConnectionMissing
    """
    require(actor, "shop_settings")
    get_connection(tx, connection_id=connection_id)
    token = read_token(tx, connection_id=connection_id)
    tx.run(_DROP_ROUTE, b_token=hash_secret(token))
    tx.run(_REMOVE, b_id=connection_id, state="removed", sealed=b"", sealed_before=None)
    write_journal(tx, actor, verb="connections.remove", subject=f"connection:{connection_id}")


def list_connections(tx: Tx) -> list[Connection]:
    """Return the merchant's connections, the newest first."""
    return tx.rows(_LIST)


def get_connection(tx: Tx, *, connection_id: int) -> Connection:
    """Return a connection.

    Raises:
        ConnectionMissing: there is none, or it was removed.
    """
    found = tx.one(_ONE, b_id=connection_id)
    if found is None:
        raise ConnectionMissing
    return found


def find_route(tx: Tx, *, token: str) -> Route | None:
    """Return where an address leads (directory scope)."""
    return tx.one(_ROUTE, token_hash=hash_secret(token))


def read_token(tx: Tx, *, connection_id: int) -> str:
    """Return the token in a connection's address."""
    row = tx.one(_SEALED, b_id=connection_id)
    return "" if row is None else _unseal(tx, connection_id, row.sealed).get("", "")


def open_keys(tx: Tx, *, connection_id: int) -> tuple[Keys, Keys | None]:
    """Return a connection's keys, and those before while they are good.

    Raises:
        ConnectionMissing: there is none.
    """
    row = tx.one(_SEALED, b_id=connection_id)
    if row is None:
        raise ConnectionMissing
    options = msgspec.json.decode(row.options, type=dict[str, str])
    secrets = _unseal(tx, connection_id, row.sealed)
    secrets.pop("", None)
    now = Keys(options=options, secrets=secrets)
    if row.sealed_before is None or (row.rotated_at_us or 0) + PREVIOUS_KEPT_US < tx.now_us:
        return now, None
    return now, Keys(options=options, secrets=_unseal(tx, connection_id, row.sealed_before))


def read_keys(kind: str, given: Mapping[str, str]) -> Keys:
    """Return what was typed for a connection of a kind.

    Raises:
        HookKindUnknown, KeysWrong: `data["field"]` names the field.
    """
    adapter, values = hook_of(kind), dict[str, str]()
    for field in adapter.fields:
        text = given.get(field.name, "").strip()
        text = new_secret()[:32] if not text and field.made else text
        if field.required and not text:
            raise KeysWrong(field=field.name, problem="it is needed")
        if len(text) > _LONGEST_VALUE:
            raise KeysWrong(field=field.name, problem="it is too long")
        values[field.name] = text
    keys = Keys(
        options={field.name: values[field.name] for field in adapter.fields if not field.secret},
        secrets={field.name: values[field.name] for field in adapter.fields if field.secret},
    )
    adapter.require_fit(keys)
    return keys


def _options(keys: Keys) -> str:
    return msgspec.json.encode(dict(keys.options)).decode()


def _seal(tx: Tx, connection_id: int, secrets: Mapping[str, str]) -> bytes:
    plain = msgspec.json.encode(dict(secrets))
    return seal(tx.vault.keys(tx).wrapping, plain, bound_to=b"connection %d" % connection_id)


def _unseal(tx: Tx, connection_id: int, sealed: bytes) -> dict[str, str]:
    plain = unseal(tx.vault.keys(tx).wrapping, sealed, bound_to=b"connection %d" % connection_id)
    return msgspec.json.decode(plain, type=dict[str, str])
