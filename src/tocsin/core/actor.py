"""Actors: who acts, with his rights. Rights are data, roles are sets of rights (specification §4)."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.errors import Refusal

Right = Literal[
    "query", "reveal", "reveal_finding", "amend", "import", "mark", "cancel", "print", "hold", "settle",
    "acknowledge", "release", "second_person", "download", "download_real", "download_real_reason",
    "incident", "incident_clear", "shop_settings", "operators", "operators_below", "journal", "journal_own",
    "device",
]  # fmt: skip

_DESK: frozenset[Right] = frozenset({"print", "hold", "settle", "acknowledge"})
_MANAGER: frozenset[Right] = frozenset({
    "query", "reveal", "reveal_finding", "amend", "import", "mark", "cancel", *_DESK, "release", "second_person",
    "download", "download_real_reason", "incident", "incident_clear", "shop_settings", "operators_below", "journal",
})  # fmt: skip

ROLES: dict[str, frozenset[Right]] = {
    "owner": _MANAGER - {"download_real_reason", "operators_below"} | {"download_real", "operators"},
    "manager": _MANAGER,
    "clerk": frozenset(
        {"query", "reveal_finding", "amend", "import", "mark", *_DESK, "download", "incident", "journal_own"}
    ),
    "checker": frozenset(
        {"query", "reveal_finding", *_DESK, "release", "second_person", "incident", "journal_own"}
    ),
    "auditor": frozenset({"query", "download", "incident", "journal"}),
    "station": frozenset({"device"}),
}


class NotAllowed(Refusal):
    """You lack the right “{right}”: ask someone who has it, or an owner to give it to you"""

    kind, code = "refused", "not_allowed"


class PersonNeeded(Refusal):
    """A program can't answer for what must be looked at: a person looks, and does it in a session of his own"""

    kind, code = "refused", "person_needed"


class Actor(Struct, frozen=True, kw_only=True):
    """Who acts: an operator in a session, an API key, a station, the connection of a shop, or the desk itself.

    `proved_at_us` is when the session last took a credential: at the sign-in, or later. `desk_id` is the
    enrolled desk that the session is at, 0: none.
    """

    kind: Literal["operator", "api_key", "station", "desk", "connection"]
    id: int
    merchant_id: int
    name: str
    rights: frozenset[str]
    role: str = ""
    session_id: int = 0
    locale: str = "zh_CN"
    zone: str = "Asia/Shanghai"
    proved_at_us: int = 0
    desk_id: int = 0

    def may(self, right: Right) -> bool:
        """Tell whether this actor has a right."""
        return right in self.rights


def require(actor: Actor, right: Right) -> None:
    """Refuse an actor who lacks a right.

    Raises:
        NotAllowed: the right is not among his.
    """
    if right not in actor.rights:
        raise NotAllowed(right=right)


def require_person(actor: Actor, right: Right) -> None:
    """Refuse who lacks a right, and whoever is no person in a session: an API key, a station, the desk itself.

    Raises:
        NotAllowed: the right is not among his.
        PersonNeeded: he has it, and is no person.
    """
    require(actor, right)
    if actor.kind != "operator":
        raise PersonNeeded


def desk_actor(merchant_id: int) -> Actor:
    """Return the desk itself, as the actor of what no person asked for (checks, the spool)."""
    return Actor(
        kind="desk",
        id=0,
        merchant_id=merchant_id,
        name="desk",
        rights=ROLES["owner"] | ROLES["station"],
        role="desk",
    )


def console_actor(merchant_id: int, *, user: int) -> Actor:
    """Return who sits at the machine, as the actor of what he does at the console; his id is below that of any operator."""
    return replace(desk_actor(merchant_id), id=-1 - user, name="console")
