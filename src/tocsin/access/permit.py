"""The permit: builds the actor of a request from what opened it, with the rights of his role or key."""

import msgspec
from msgspec import Struct

from tocsin.core.actor import ROLES, Actor


class Holder(Struct, frozen=True):
    """The operator of a live session, as read at each request."""

    session_id: int
    operator_id: int
    name: str
    role: str
    locale: str
    zone: str
    proved_at_us: int
    last_seen_us: int


class KeyHolder(Struct, frozen=True):
    """An API key; `scopes` is a JSON list of rights."""

    merchant_id: int
    id: int
    name: str
    scopes: str
    created_by: int
    last_used_us: int | None
    revoked_at_us: int | None


def permit_operator(holder: Holder, merchant_id: int) -> Actor:
    """Return the actor of a session; a role that is unknown has no rights."""
    return Actor(
        kind="operator", id=holder.operator_id, merchant_id=merchant_id, name=holder.name, role=holder.role,
        rights=frozenset(ROLES.get(holder.role, frozenset())), session_id=holder.session_id, locale=holder.locale,
        zone=holder.zone, proved_at_us=holder.proved_at_us,
    )  # fmt: skip


def permit_key(key: KeyHolder, *, maker_role: str) -> Actor:
    """Return the actor of an API key, who has those of its scopes that its maker's role has now, and no role."""
    scopes = frozenset(msgspec.json.decode(key.scopes, type=list[str])) & ROLES.get(maker_role, frozenset())
    return Actor(
        kind="api_key", id=key.id, merchant_id=key.merchant_id, name=key.name, rights=scopes, locale="en"
    )
