"""What a merchant chooses about checks: levels per code, thresholds, areas, codes of goods."""

from msgspec import Struct

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import write_journal
from tocsin.core.preference import change_preference, read_preference
from tocsin.orders.platform import MASKING
from tocsin.orders.watch_list import PEOPLE_LEAST, count_confirmers
from tocsin.tickets.rule import FIXED_CODES, OWN_PREFIX, Setting, loaded_checks

BOX = "tickets.check"


class CheckPreference(Struct, frozen=True, kw_only=True):
    """What a merchant chooses about checks: levels per code, thresholds, channels that mask, what two must acknowledge."""

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
    two_persons: tuple[str, ...] = ()


class LevelFixed(Refusal):
    """The checks {codes} guard every paper: their level can't be changed, leave them out"""

    kind, code = "invalid", "level_fixed"


class TwoPersonsMissing(Refusal):
    """Two persons can't be asked for where fewer than two may confirm: invite another owner, manager or checker first"""

    kind, code = "conflict", "two_persons_missing"


class CheckUnknown(Refusal):
    """There is no check {codes}: look at the list of checks, and choose of those"""

    kind, code = "invalid", "check_unknown"


def choose_checks(tx: Tx, actor: Actor, *, chosen: CheckPreference, revision: int, shop_id: int = 0) -> int:
    """Store what a merchant or a shop chooses about checks; return the new revision.

    Raises:
        LevelFixed: it names `state`, `required` or `changed`.
        CheckUnknown: it names what is no check.
        TwoPersonsMissing: it asks for two persons anew, and fewer than two may be the second.
        NotAllowed, PreferenceMoved
    """
    fixed = sorted(FIXED_CODES & {*chosen.levels, *chosen.two_persons})
    if fixed:
        raise LevelFixed(codes=", ".join(fixed))
    unknown = sorted(
        code
        for code in {*chosen.levels, *chosen.two_persons} - set(loaded_checks())
        if not code.startswith(OWN_PREFIX)
    )
    if unknown:
        raise CheckUnknown(codes=", ".join(unknown)[:80])
    # What was chosen while there were two may be kept, or taken off, with one.
    asked, before = set(chosen.two_persons), asks_two(tx, shop_id=shop_id)
    if asked - before and count_confirmers(tx) < PEOPLE_LEAST:
        raise TwoPersonsMissing
    made = change_preference(tx, actor, chosen, box=BOX, revision=revision, shop_id=shop_id)
    if asked ^ before:
        data = {"asked": sorted(asked - before), "no_more": sorted(before - asked)}
        write_journal(tx, actor, verb="tickets.ask_two_persons", subject=f"preference:{BOX}", data=data)
    return made


def asks_two(tx: Tx, *, shop_id: int) -> frozenset[str]:
    """Return the codes that two persons must acknowledge, at a shop."""
    return frozenset(read_preference(tx, CheckPreference, box=BOX, shop_id=shop_id).two_persons)
