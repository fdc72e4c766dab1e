"""The permit: builds the actor of a request from what opened it, with the rights of his role or key.

Asked again at each request: has the session ended or locked, is it the hour, is this the place.
"""

from functools import lru_cache
from typing import Literal

import msgspec
from msgspec import Struct

from tocsin.access.hours import within_hours
from tocsin.access.place import Place, within_places, within_shops
from tocsin.access.session_rule import ends_now
from tocsin.core.actor import ROLES, Actor
from tocsin.core.clock import MINUTE_US

Bar = Literal["", "ended", "locked", "out_of_hours", "out_of_place"]
SEEN_EVERY_US = MINUTE_US


class Holder(Struct, frozen=True):
    """The operator of a session that nobody has ended, as read at each request with what bars him.

    `desk_hash` is of the cookie of the enrolled desk that the session is at; empty: none, or a revoked one.
    """

    session_id: int
    operator_id: int
    name: str
    role: str
    locale: str
    zone: str
    proved_at_us: int
    last_seen_us: int
    created_at_us: int = 0
    locked_at_us: int = 0
    desk_id: int = 0
    desk_hash: str = ""
    desk_shop_id: int = 0
    shops: str = ""
    hours: str = ""
    places: str = ""
    home_zone: str = "UTC"
    posture: str = "calm"
    rules: str = ""


class KeyHolder(Struct, frozen=True):
    """An API key; `scopes` is a JSON list of rights."""

    merchant_id: int
    id: int
    name: str
    scopes: str
    created_by: int
    last_used_us: int | None
    revoked_at_us: int | None
    suspended_at_us: int = 0


def bar_of(holder: Holder, *, now_us: int, address: str, desk_hash: str) -> Bar:
    """Return what keeps a session's holder out now, empty where nothing does.

    A session begun at an enrolled desk is no use in another browser, and none after the desk was revoked.

    Args:
        desk_hash: hash of the desk cookie that the request carries, empty without one.
    """
    lockdown = holder.posture == "lockdown"
    ends = ends_now(holder.rules, lockdown=lockdown)
    begun_us = max(holder.created_at_us, holder.proved_at_us) if lockdown else holder.created_at_us
    unused_us = now_us - holder.last_seen_us
    if unused_us >= ends.idle_us or now_us - begun_us >= ends.longest_us:
        return "ended"
    if holder.desk_id and (not desk_hash or desk_hash != holder.desk_hash):
        return "ended"
    if not within_hours(holder.hours, zone=holder.home_zone, now_us=now_us):
        return "out_of_hours"
    place = Place(address, holder.desk_id, holder.desk_shop_id)
    if not (within_places(holder.places, place) and within_shops(holder.shops, place)):
        return "out_of_place"
    # What was seen is written once a minute: so much later it may really have been.
    if holder.locked_at_us or (holder.desk_id and unused_us >= ends.lock_us + SEEN_EVERY_US):
        return "locked"
    return ""


def permit_operator(holder: Holder, merchant_id: int) -> Actor:
    """Return the actor of a session; a role that is unknown has no rights."""
    return Actor(
        kind="operator", id=holder.operator_id, merchant_id=merchant_id, name=holder.name, role=holder.role,
        rights=frozenset(ROLES.get(holder.role, frozenset())), session_id=holder.session_id, locale=holder.locale,
        zone=holder.zone, proved_at_us=holder.proved_at_us, desk_id=holder.desk_id,
    )  # fmt: skip


def permit_key(key: KeyHolder, *, maker_role: str) -> Actor:
    """Return the actor of an API key, who has those of its scopes that its maker's role has now, and no role."""
    rights = _rights_of(key.scopes, maker_role)
    return Actor(
        kind="api_key", id=key.id, merchant_id=key.merchant_id, name=key.name, rights=rights, locale="en"
    )


@lru_cache(maxsize=512)
def _rights_of(scopes: str, role: str) -> frozenset[str]:
    return frozenset(msgspec.json.decode(scopes, type=list[str])) & ROLES.get(role, frozenset())
