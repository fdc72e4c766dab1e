"""What a merchant chooses about checks: levels per code, thresholds, areas, codes of goods."""

from msgspec import Struct
from msgspec.structs import replace

from tocsin.access.step_up import require_proof
from tocsin.alarm.signal import Signal, send_signal
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import write_journal
from tocsin.core.preference import change_preference, read_preference
from tocsin.orders.platform import MASKING
from tocsin.orders.watch_list import PEOPLE_LEAST, count_confirmers
from tocsin.tickets.own_rule import BOX as RULES_BOX
from tocsin.tickets.own_rule import OwnRule, OwnRules, require_fit
from tocsin.tickets.rule import FIXED_CODES, OWN_PREFIX, Setting, loaded_checks

BOX = "tickets.check"
WATCHED = "buyer"
"""What the watch list finds asks for two persons wherever it is: nobody goes on with a watched order alone."""
_SUBJECT = f"preference:{BOX}"
# What a finding is measured by: another measure may leave nothing to be found.
_MEASURES = {
    "address_remote": ("remote_areas", "unserved_areas"), "cod_area": ("no_cod_areas", "no_cod_skus"), "currency": ("currencies",),
    "date": ("old_days",), "duplicate": ("duplicate_window_hours",), "masked": ("masking_channels",),
    "quantity_large": ("large_quantity_micro",), "sku": ("known_skus", "service_skus"),
}  # fmt: skip


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
        CheckUnknown: it names what is no check, and was none when it was chosen.
        TwoPersonsMissing: it asks for two persons anew, and fewer than two may be the second.
        ProofNeeded: it asks for two persons less than before, and the actor is a key, or has not proved lately who he is.
        NotAllowed, PreferenceMoved
    """
    require(actor, "shop_settings")
    before = read_preference(tx, CheckPreference, box=BOX, shop_id=shop_id)
    defaults = _defaults(read_preference(tx, OwnRules, box=RULES_BOX, shop_id=shop_id).rules)
    chosen = _of_checks(chosen, before, set(defaults))
    # What was chosen while there were two may be kept, or taken off, with one.
    added, dropped = (
        set(one.two_persons) - set(other.two_persons) for one, other in ((chosen, before), (before, chosen))
    )
    if added and count_confirmers(tx) < PEOPLE_LEAST:
        raise TwoPersonsMissing
    loosened = {
        code for code in guarded(before) & set(defaults) if _is_looser(code, before, chosen, defaults[code])
    }
    if loosened:
        require_proof(actor)
    made = change_preference(tx, actor, chosen, box=BOX, revision=revision, shop_id=shop_id)
    if added or dropped or loosened:
        data = {"asked": sorted(added), "no_more": sorted(dropped | loosened)}
        write_journal(tx, actor, verb="tickets.ask_two_persons", subject=_SUBJECT, data=data)
    if loosened:
        _tell_alarm(tx, actor)
    return made


def choose_rules(tx: Tx, actor: Actor, *, rules: tuple[OwnRule, ...], revision: int) -> int:
    """Store the merchant's own rules; return the new revision.

    Raises:
        RuleWrong: a rule has no fit name, message or query, or there are too many.
        ProofNeeded: one that two persons acknowledge is not as it was, and the actor has not proved lately who he is.
        NotAllowed, PreferenceMoved
    """
    require(actor, "shop_settings")
    require_fit(tx, rules)
    two = asks_two(tx, shop_id=0)
    stays = {(rule.name, rule.level, rule.query) for rule in rules}
    loosened = [
        OWN_PREFIX + rule.name for rule in read_preference(tx, OwnRules, box=RULES_BOX).rules
        if OWN_PREFIX + rule.name in two and (rule.name, rule.level, rule.query) not in stays
    ]  # fmt: skip
    if loosened:
        require_proof(actor)
    made = change_preference(tx, actor, OwnRules(rules), box=RULES_BOX, revision=revision)
    if loosened:
        data = {"asked": [], "no_more": sorted(loosened)}
        write_journal(tx, actor, verb="tickets.ask_two_persons", subject=_SUBJECT, data=data)
        _tell_alarm(tx, actor)
    return made


def asks_two(tx: Tx, *, shop_id: int) -> frozenset[str]:
    """Return the codes that two persons must acknowledge, at a shop."""
    return guarded(read_preference(tx, CheckPreference, box=BOX, shop_id=shop_id))


def guarded(chosen: CheckPreference) -> frozenset[str]:
    """Return the codes that two persons must acknowledge by what is chosen."""
    return frozenset((*chosen.two_persons, WATCHED))


def _defaults(rules: tuple[OwnRule, ...]) -> dict[str, Setting]:
    """Return each code that there is, with its own level."""
    own: dict[str, Setting] = {OWN_PREFIX + rule.name: rule.level for rule in rules}
    return {code: check.level for code, check in loaded_checks().items()} | own


def _of_checks(chosen: CheckPreference, before: CheckPreference, codes: set[str]) -> CheckPreference:
    """Return what is chosen of codes that there are, each once; what is gone since it was chosen is left out."""
    named = {*chosen.levels, *chosen.two_persons}
    if fixed := sorted(FIXED_CODES & named):
        raise LevelFixed(codes=", ".join(fixed))
    if unknown := sorted(named - codes - {*before.levels, *before.two_persons}):
        raise CheckUnknown(codes=", ".join(unknown)[:80])
    return replace(
        chosen, levels={code: level for code, level in chosen.levels.items() if code in codes},
        two_persons=tuple(dict.fromkeys(code for code in chosen.two_persons if code in codes)),
    )  # fmt: skip


def _is_looser(code: str, before: CheckPreference, chosen: CheckPreference, default: Setting) -> bool:
    """Tell whether two persons look at less of a code than before: no more, at no level that stops, or by another measure."""
    stops, still = (one.levels.get(code, default) in ("E", "W") for one in (before, chosen))
    moved = any(getattr(before, name) != getattr(chosen, name) for name in _MEASURES.get(code, ()))
    return code not in guarded(chosen) or (stops and not still) or moved


def _tell_alarm(tx: Tx, actor: Actor) -> None:
    operator_id = actor.id if actor.kind == "operator" else 0
    data = {"act": "two_persons"}
    send_signal(tx, Signal(kind="watched_tried", operator_id=operator_id, subject=_SUBJECT, data=data))
