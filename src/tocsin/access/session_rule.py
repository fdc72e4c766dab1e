"""When sessions end and lock: preferences of the merchant (box `sessions`), each within bounds."""

from functools import lru_cache

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from tocsin.core.actor import Actor
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.preference import change_preference, read_preference

BOX = "sessions"


class SessionRuleWrong(Refusal):
    """The minutes of “{field}” lie between {least} and {most}: choose a number in between"""

    kind, code = "invalid", "session_rule_wrong"


class SessionRules(Struct, frozen=True, kw_only=True):
    """Minutes after which a session ends: unused, and in all; at an enrolled desk also when it locks.

    The shorter ones hold in lockdown.
    """

    idle_minutes: int = 12 * 60
    longest_minutes: int = 7 * 24 * 60
    lock_minutes: int = 10
    lockdown_idle_minutes: int = 30
    lockdown_longest_minutes: int = 8 * 60


BOUNDS: dict[str, tuple[int, int]] = {
    "idle_minutes": (5, 24 * 60), "longest_minutes": (60, 30 * 24 * 60), "lock_minutes": (1, 240),
    "lockdown_idle_minutes": (5, 12 * 60), "lockdown_longest_minutes": (30, 24 * 60),
}  # fmt: skip


class Ends(Struct, frozen=True):
    """The spans that hold now, in microseconds."""

    idle_us: int
    longest_us: int
    lock_us: int


@lru_cache(maxsize=256)
def ends_now(stored: str, *, lockdown: bool) -> Ends:
    """Return the spans of a stored preference (empty: none was stored), shorter ones in lockdown."""
    rules = msgspec.json.decode(stored, type=SessionRules) if stored else SessionRules()
    idle, longest = rules.idle_minutes, rules.longest_minutes
    if lockdown:
        idle, longest = min(idle, rules.lockdown_idle_minutes), min(longest, rules.lockdown_longest_minutes)
    return Ends(idle * MINUTE_US, longest * MINUTE_US, min(idle, rules.lock_minutes) * MINUTE_US)


def read_session_rules(tx: Tx) -> SessionRules:
    """Return the merchant's rules."""
    return read_preference(tx, SessionRules, box=BOX)


def change_session_rules(tx: Tx, actor: Actor, rules: SessionRules, *, revision: int) -> None:
    """Store rules, against the revision that was seen; they hold from the next request, for open sessions too.

    Raises:
        NotAllowed, PreferenceMoved: as for each preference.
        SessionRuleWrong: one is out of its bounds.
    """
    for field, minutes in asdict(rules).items():
        least, most = BOUNDS[field]
        if not least <= minutes <= most:
            raise SessionRuleWrong(field=field, least=least, most=most)
    change_preference(tx, actor, rules, box=BOX, revision=revision)
