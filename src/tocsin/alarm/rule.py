"""Rules: what makes an incident, and which make the siren sound.

A rule is a small function over counted facts and its setting; where it fires it returns the
data of the sentence that says why. The counting is in `fact`, what a merchant chooses in `rules`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from msgspec import Struct

Choice = Literal["off", "light", "sound"]
WATCH_DAYS = 14
"""An anomaly is judged against somebody's own fortnight: before that it is only watched."""


class Setting(Struct, frozen=True, kw_only=True):
    """What a merchant chooses for one rule.

    Args:
        level: off, light (light and banner), sound (the siren too).
        count: fires at so many; minutes: within so long.
        times: and at so many times what is usual for that person; 0: not asked.
    """

    level: Choice
    count: int = 1
    minutes: int = 15
    times: int = 0


class Facts(Struct, frozen=True, kw_only=True):
    """What was counted about the signals in hand, each within the window of its rule.

    Args:
        failures: wrong credentials among the signals in hand.
        account_failures: most wrong ones at one account, which is `operator_id`.
        address_failures: most from one address, or from one /64 of IPv6.
        accounts: different accounts that were tried from unknown devices.
        unknown_names: different names that nobody has.
        decoys: signals of decoy accounts among those in hand.
        of_kind: signals of this kind.
        count, usual, watched_days: what somebody did, what is usual for him, since when he is watched.
    """

    kind: str
    failures: int = 0
    account_failures: int = 0
    operator_id: int = 0
    address_failures: int = 0
    accounts: int = 0
    unknown_names: int = 0
    decoys: int = 0
    of_kind: int = 0
    count: int = 0
    usual: int = 0
    watched_days: int = 0


Judge = Callable[[Facts, Setting], dict[str, Any] | None]


class Rule(Struct, frozen=True, kw_only=True):
    """One rule.

    Args:
        says: the sentence of why it fired, a msgid with `{fields}` of its data.
        standard, strict: its setting in either profile.
        fixed: it can't be turned off.
        waits: its incident does not end by itself when it is quiet.
        insider: somebody signed in caused it: where it sounds, the desk locks down.
    """

    code: str
    says: str
    judge: Judge
    standard: Setting
    strict: Setting
    fixed: bool = False
    waits: bool = False
    insider: bool = False


def judge_wrong(facts: Facts, setting: Setting) -> dict[str, Any] | None:
    """Fire at any wrong credential."""
    return {"count": facts.failures} if facts.failures >= setting.count else None


def judge_account(facts: Facts, setting: Setting) -> dict[str, Any] | None:
    """Fire at so many wrong credentials at one account."""
    if facts.account_failures < setting.count:
        return None
    return {
        "count": facts.account_failures, "minutes": setting.minutes, "operator": str(facts.operator_id)
    }  # fmt: skip


def judge_address(facts: Facts, setting: Setting) -> dict[str, Any] | None:
    """Fire at so many wrong credentials from one address."""
    return _within(facts.address_failures, setting)


def judge_spread(facts: Facts, setting: Setting) -> dict[str, Any] | None:
    """Fire when so many different accounts are tried."""
    return _within(facts.accounts, setting)


def judge_unknown(facts: Facts, setting: Setting) -> dict[str, Any] | None:
    """Fire when so many different names are tried that nobody has."""
    return _within(facts.unknown_names, setting)


def judge_decoy(facts: Facts, setting: Setting) -> dict[str, Any] | None:
    """Fire when a decoy account is tried, which nobody has a reason to know."""
    return {"count": facts.decoys} if facts.decoys >= setting.count else None


def judge_kind(facts: Facts, setting: Setting) -> dict[str, Any] | None:
    """Fire at so many signals of the rule's own kind."""
    return _within(facts.of_kind, setting)


def judge_unusual(facts: Facts, setting: Setting) -> dict[str, Any] | None:
    """Fire when somebody does so much, and so many times what is usual for him, after two weeks of watching."""
    unusual = facts.count >= setting.count and facts.count >= setting.times * facts.usual
    if facts.watched_days < WATCH_DAYS or not unusual:
        return None
    return {"count": facts.count, "usual": facts.usual, "minutes": setting.minutes}


def _within(counted: int, setting: Setting) -> dict[str, Any] | None:
    return {"count": counted, "minutes": setting.minutes} if counted >= setting.count else None


def _light(**more: int) -> Setting:
    return Setting(level="light", **more)


def _sound(**more: int) -> Setting:
    return Setting(level="sound", **more)


def _own(code: str, says: str, *, standard: Setting, strict: Setting | None = None, **more: bool) -> Rule:
    return Rule(code=code, says=says, judge=judge_kind, standard=standard, strict=strict or standard, **more)


def _unusual(code: str, says: str, *, standard: Setting, strict: Setting) -> Rule:
    return Rule(
        code=code, says=says, judge=judge_unusual, standard=standard, strict=strict, waits=True, insider=True
    )  # fmt: skip


CREDENTIAL_RULES = (
    Rule(
        code="wrong_credential", says="A wrong credential was tried", judge=judge_wrong, standard=_light(),
        strict=_sound(), fixed=True,
    ),
    Rule(
        code="account_failures", says="{count} wrong credentials at one account within {minutes} minutes",
        judge=judge_account, standard=_sound(count=3), strict=_sound(count=1), fixed=True,
    ),
    Rule(
        code="address_failures", says="{count} wrong credentials from one address within {minutes} minutes",
        judge=judge_address, standard=_sound(count=10), strict=_sound(count=3),
    ),
    Rule(
        code="accounts_spread", says="{count} different accounts were tried within {minutes} minutes",
        judge=judge_spread, standard=_sound(count=4), strict=_sound(count=2),
    ),
    Rule(
        code="unknown_names", says="{count} names that nobody has were tried within {minutes} minutes",
        judge=judge_unknown, standard=_sound(count=5), strict=_sound(count=1),
    ),
    Rule(
        code="decoy_tried", says="A decoy account was tried, which only somebody who looks for accounts can know",
        judge=judge_decoy, standard=_sound(), strict=_sound(),
    ),
)  # fmt: skip
OWN_RULES = (
    _own("out_of_hours", "A right credential was used outside the hours of its account", standard=_light(minutes=60), strict=_sound(minutes=60)),
    _own("revoked_used", "A credential that was revoked was used", standard=_light(minutes=60), strict=_sound(minutes=60)),
    _own("station_foreign", "A station came with a key that is not its own", standard=_sound(minutes=60)),
    _own("station_unknown", "Somebody came as a station that does not exist", standard=_light(minutes=60)),
    _own("station_code_wrong", "{count} wrong station codes were tried within {minutes} minutes", standard=_light(count=5, minutes=60), strict=_sound(count=3, minutes=60)),
    _own("station_vanished", "A station has vanished", standard=_light(minutes=60), strict=_sound(minutes=60), waits=True),
    _own("reader_vanished", "A fingerprint reader has vanished", standard=_light(minutes=60), strict=_sound(minutes=60), waits=True),
    _own("siren_vanished", "A siren does not answer", standard=_light(minutes=60), strict=_sound(minutes=60), waits=True),
    _own("void_scanned", "A ticket that is void was scanned", standard=_light(minutes=60)),
    _own("watched_tried", "A watched order was tried without a second person or taken off the watch list, or two persons are asked for less", standard=_light(minutes=60), strict=_sound(minutes=60), waits=True),
    _own("seal_broken", "The journal's seal is broken: somebody has changed or shortened it", standard=_sound(minutes=60), fixed=True, waits=True),
    _unusual("lookups_many", "Somebody looked up {count} orders within {minutes} minutes, usual are {usual}", standard=_light(count=100, minutes=60, times=5), strict=_sound(count=50, minutes=60, times=3)),
    _unusual("reveals_many", "Somebody opened {count} full texts within {minutes} minutes, usual are {usual}", standard=_sound(count=30, minutes=60, times=5), strict=_sound(count=15, minutes=60, times=3)),
    _unusual("download_large", "Somebody downloaded {count} orders within {minutes} minutes, usual are {usual}", standard=_sound(count=1000, minutes=1440, times=5), strict=_sound(count=500, minutes=1440, times=3)),
)  # fmt: skip
RULES: Mapping[str, Rule] = {rule.code: rule for rule in (*CREDENTIAL_RULES, *OWN_RULES)}
REASONS: Mapping[str, str] = {
    **{code: rule.says for code, rule in RULES.items()},
    "drill": "A drill: nothing has happened, the whole chain is tried",
    "webhook_dead": "The webhook “{webhook}” has failed for days and is switched off ({problem})",
    "held_long": "An order is held for longer than a day, or past the time that was set",
    "backup_late": "No backup of the desk was made for {hours} hours",
    "backup_failed": "No backup of the desk was made for {hours} hours, and the last try failed: {problem}",
    "restored": "The desk was restored from a backup: what was done after it was made is lost, and nothing of it acts by itself",
    "unread": "A signal could not be read: look at the log, and at the accounts",
}
"""Why an incident is there: each code with its sentence, a msgid with `{fields}` of `why_data`."""
