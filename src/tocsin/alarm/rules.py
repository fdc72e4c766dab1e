"""What a merchant chooses about the alarm: a profile, single rules, how long it sounds, when it calls the next."""

from typing import Literal

from msgspec import Struct

from tocsin.alarm.record import MOST_SOUND_SECONDS
from tocsin.alarm.rule import RULES, Rule, Setting
from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.preference import change_preference, preference_revision, read_preference

BOX = "alarm"
_DAY_MINUTES = 1440
_LEVELS = ("off", "light", "sound")
_LOOSEST = 3
"""A rule that can't be turned off may be so many times looser than the standard, in its count or its window."""
_MOST_COUNT, _MOST_TIMES, _MOST_STEPS, _LEAST_SOUND = 10_000, 100, 5, 5


class AlarmRules(Struct, frozen=True, kw_only=True):
    """A merchant's choice.

    Args:
        profile: `strict` sounds at the first wrong credential.
        rules: settings of single rules, in place of the profile's.
        sound_seconds: longest noise at a time, 5 to 600.
        silence_minutes: so long a silence lasts where the same attack goes on.
        quiet_minutes: after so long without a signal an incident that never sounded ends by itself.
        escalate_minutes: after so long without somebody who has it, step by step.
    """

    profile: Literal["standard", "strict"] = "standard"
    rules: dict[str, Setting] = {}
    sound_seconds: int = 180
    silence_minutes: int = 15
    quiet_minutes: int = 10
    escalate_minutes: tuple[int, ...] = (3, 10, 30)

    def setting(self, code: str) -> Setting:
        """Return what holds for a rule."""
        rule = RULES[code]
        return self.rules.get(code) or (rule.strict if self.profile == "strict" else rule.standard)


class AlarmRulesWrong(Refusal):
    """The alarm can't be set so ({field}): {problem}"""

    kind, code = "invalid", "alarm_rules_wrong"


def read_alarm_rules(tx: Tx) -> AlarmRules:
    """Return what the merchant chose, else the standard."""
    return read_preference(tx, AlarmRules, box=BOX)


def alarm_rules_revision(tx: Tx) -> int:
    """Return the revision that a change is made against."""
    return preference_revision(tx, box=BOX)


def change_alarm_rules(tx: Tx, actor: Actor, *, chosen: AlarmRules, revision: int) -> int:
    """Store a choice against the revision that was seen; return the new revision.

    Raises:
        AlarmRulesWrong: which value can't be, and why.
        NotAllowed, PreferenceMoved
    """
    _require_range("sound_seconds", chosen.sound_seconds, least=_LEAST_SOUND, most=MOST_SOUND_SECONDS)
    _require_range("silence_minutes", chosen.silence_minutes, least=1, most=_DAY_MINUTES)
    _require_range("quiet_minutes", chosen.quiet_minutes, least=1, most=_DAY_MINUTES)
    _require_steps(chosen.escalate_minutes)
    for code, setting in chosen.rules.items():
        _require_setting(code, setting)
    return change_preference(tx, actor, chosen, box=BOX, revision=revision)


def _require_steps(minutes: tuple[int, ...]) -> None:
    if not 1 <= len(minutes) <= _MOST_STEPS:
        raise AlarmRulesWrong(field="escalate_minutes", problem="one to five steps")
    if list(minutes) != sorted(set(minutes)):
        raise AlarmRulesWrong(field="escalate_minutes", problem="each step comes later than the one before")
    for step in minutes:
        _require_range("escalate_minutes", step, least=1, most=_DAY_MINUTES)


def _require_setting(code: str, setting: Setting) -> None:
    if code not in RULES:
        raise AlarmRulesWrong(field=code, problem="there is no such rule")
    rule = RULES[code]
    if setting.level == "off" and rule.fixed:
        raise AlarmRulesWrong(field=code, problem="this rule can't be turned off")
    if rule.fixed and _LEVELS.index(setting.level) < _LEVELS.index(rule.standard.level):
        raise AlarmRulesWrong(field=code, problem="this rule can't be quieter than the normal profile")
    if code == "wrong_credential" and setting.count != 1:
        raise AlarmRulesWrong(field=f"{code}.count", problem="each wrong credential is told at once")
    _require_range(f"{code}.count", setting.count, least=1, most=_MOST_COUNT)
    _require_range(f"{code}.minutes", setting.minutes, least=1, most=_DAY_MINUTES)
    _require_range(f"{code}.times", setting.times, least=0, most=_MOST_TIMES)
    if rule.fixed:
        _require_meaning(rule, setting)


def _require_meaning(rule: Rule, setting: Setting) -> None:
    most, least = rule.standard.count * _LOOSEST, -(-rule.standard.minutes // _LOOSEST)
    loose = "so loose a rule would never fire: choose a number within its bounds"
    if setting.count > most:
        raise AlarmRulesWrong(field=f"{rule.code}.count", problem=loose, least=1, most=most)
    if setting.minutes < least:
        raise AlarmRulesWrong(field=f"{rule.code}.minutes", problem=loose, least=least, most=_DAY_MINUTES)


def _require_range(field: str, value: int, *, least: int, most: int) -> None:
    if not least <= value <= most:
        raise AlarmRulesWrong(
            field=field, problem="choose a number within its bounds", least=least, most=most
        )
