"""What a merchant chooses about checks: levels per code, thresholds, areas, codes of goods."""

from msgspec import Struct

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.preference import change_preference
from tocsin.orders.platform import MASKING
from tocsin.tickets.rule import FIXED_CODES, OWN_PREFIX, Setting, loaded_checks

BOX = "tickets.check"


class CheckPreference(Struct, frozen=True, kw_only=True):
    """What a merchant chooses about checks: levels per code, thresholds, channels that mask."""

    levels: dict[str, Setting] = {}
    masking_channels: tuple[str, ...] = MASKING
    large_quantity_micro: int = 1_000_000_000
    duplicate_window_hours: int = 24
    remote_areas: tuple[str, ...] = ()
    unserved_areas: tuple[str, ...] = ()
    no_cod_areas: tuple[str, ...] = ()
    no_cod_skus: tuple[str, ...] = ()
    known_skus: tuple[str, ...] = ()
    service_skus: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()
    old_days: int = 90


class LevelFixed(Refusal):
    """The checks {codes} guard every paper: their level can't be changed, leave them out"""

    kind, code = "invalid", "level_fixed"


class CheckUnknown(Refusal):
    """There is no check {codes}: look at the list of checks, and choose of those"""

    kind, code = "invalid", "check_unknown"


def choose_checks(tx: Tx, actor: Actor, *, chosen: CheckPreference, revision: int, shop_id: int = 0) -> int:
    """Store what a merchant or a shop chooses about checks; return the new revision.

    Raises:
        LevelFixed: it names a level for `state`, `required` or `changed`.
        CheckUnknown: it names a level for what is no check.
        NotAllowed, PreferenceMoved
    """
    fixed = sorted(FIXED_CODES & set(chosen.levels))
    if fixed:
        raise LevelFixed(codes=", ".join(fixed))
    unknown = sorted(
        code for code in set(chosen.levels) - set(loaded_checks()) if not code.startswith(OWN_PREFIX)
    )
    if unknown:
        raise CheckUnknown(codes=", ".join(unknown)[:80])
    return change_preference(tx, actor, chosen, box=BOX, revision=revision, shop_id=shop_id)
