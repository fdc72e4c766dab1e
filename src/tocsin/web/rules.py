"""Settings → Alarm as a page: the profile, each rule with its thresholds, how long it sounds, when the next is called.

A rule whose fields are empty goes by the profile; one that is filled in stands apart from it.
"""

from typing import Any

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.access.step_up import require_proof
from tocsin.alarm.rule import RULES, WATCH_DAYS, Rule, Setting, judge_unusual
from tocsin.alarm.rules import (
    AlarmRules,
    AlarmRulesWrong,
    alarm_rules_revision,
    change_alarm_rules,
    read_alarm_rules,
)
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.preference import PreferenceMoved
from tocsin.core.words import Words
from tocsin.web.form import Form, FormStale, read_number, read_typed
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, show, status_of, told, words_of

NAMES = {
    "wrong_credential": "Any wrong credential", "account_failures": "Wrong ones at one account", "address_failures": "Wrong ones from one address",
    "accounts_spread": "Different accounts tried", "unknown_names": "Names that nobody has", "decoy_tried": "A decoy account tried",
    "out_of_hours": "Right credential out of hours", "revoked_used": "Revoked credential used", "station_foreign": "Station with a foreign key",
    "station_unknown": "Station that does not exist",
    "station_code_wrong": "Wrong station codes",
    "station_vanished": "Station vanished", "reader_vanished": "Fingerprint reader vanished", "siren_vanished": "Siren does not answer",
    "void_scanned": "Void ticket scanned", "watched_tried": "Done without a second person", "seal_broken": "Seal of the journal broken", "lookups_many": "Many look-ups by one person",
    "reveals_many": "Many full texts opened by one person", "download_large": "Large downloads by one person",
}  # fmt: skip
"""What each rule is called on its line: msgids."""
_COUNTED = ("account_failures", "address_failures", "accounts_spread", "unknown_names", "station_code_wrong")
_NUMBERS = ("count", "minutes", "times")
_UNREADABLE = -1


@get("/settings/alarm", sync_to_thread=True)
def get_rules(request: PageRequest) -> Response[str]:
    """Show the rules."""
    desk, actor = enter(request)
    require(actor, "incident")
    chosen, revision = desk.db.read(
        actor.merchant_id, lambda tx: (read_alarm_rules(tx), alarm_rules_revision(tx))
    )
    return _page(request, actor, form=form_of(chosen, revision))


@post("/settings/alarm", sync_to_thread=True, status_code=303)
def post_rules(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Change the rules, against the revision that was seen."""
    desk, actor = enter(request)
    form, stale = read_typed(request, body)
    require(actor, "shop_settings")
    require_proof(actor)

    def change(tx: Tx) -> int:
        return change_alarm_rules(
            tx, actor, chosen=read_rules(form), revision=read_number(form.get("revision", "0"))
        )

    try:
        if stale:
            raise stale
        desk.db.write(actor.merchant_id, change)
    except (AlarmRulesWrong, PreferenceMoved, FormStale) as refusal:
        return _page(request, actor, form=form, refusal=refusal)
    return go("/settings/alarm", done="saved")


def form_of(chosen: AlarmRules, revision: int) -> dict[str, str]:
    """Return the fields of a choice; what goes by the profile is empty."""
    fields = {
        "revision": str(revision), "profile": chosen.profile, "sound_seconds": str(chosen.sound_seconds),
        "silence_minutes": str(chosen.silence_minutes), "quiet_minutes": str(chosen.quiet_minutes), "escalate_minutes": ", ".join(map(str, chosen.escalate_minutes)),
    }  # fmt: skip
    for code, setting in chosen.rules.items():
        fields[code] = setting.level
        fields |= {f"{code}.{name}": str(getattr(setting, name)) for name in numbers_of(RULES[code])}
    return fields


def read_rules(form: Form) -> AlarmRules:
    """Return the choice that a form makes; what is no number is refused by the verb, beside its field."""
    profile: Any = "strict" if form.get("profile") == "strict" else "standard"
    steps = form.get("escalate_minutes", "").replace("，", ",").split(",")
    return AlarmRules(
        profile=profile, sound_seconds=_number(form.get("sound_seconds", "")), quiet_minutes=_number(form.get("quiet_minutes", "")),
        silence_minutes=_number(form.get("silence_minutes", str(AlarmRules().silence_minutes))),
        escalate_minutes=tuple(_number(step) for step in steps if step.strip()),
        rules={code: made for code, rule in RULES.items() if (made := _read_rule(form, rule, AlarmRules(profile=profile))) is not None},
    )  # fmt: skip


def numbers_of(rule: Rule) -> tuple[str, ...]:
    """Return which numbers a rule goes by."""
    if rule.judge is judge_unusual:
        return _NUMBERS
    return _NUMBERS[:2] if rule.code in _COUNTED else ()


def _read_rule(form: Form, rule: Rule, profile: AlarmRules) -> Setting | None:
    given = {name: form.get(f"{rule.code}.{name}", "").strip() for name in numbers_of(rule)}
    level: Any = form.get(rule.code, "")
    if not level and not any(given.values()):
        return None
    base = profile.setting(rule.code)
    if level not in ("", "off", "light", "sound"):
        raise AlarmRulesWrong(field=rule.code, problem="choose one of the list")
    numbers = {name: _number(text) if text else getattr(base, name) for name, text in given.items()}
    return Setting(
        level=level or base.level,
        **{"count": base.count, "minutes": base.minutes, "times": base.times, **numbers},
    )


def _number(text: str) -> int:
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 10 else _UNREADABLE


def _page(
    request: PageRequest, actor: Actor, *, form: Form, refusal: Refusal | None = None
) -> Response[str]:  # fmt: skip
    words, form = words_of(request, actor), {**form_of(AlarmRules(), 0), **form}
    return show(
        request, "settings/alarm.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200, form=form,
        errors=_errors(refusal, words), watch_days=WATCH_DAYS, groups=_groups(form, words),
    )  # fmt: skip


def _errors(refusal: Refusal | None, words: Words) -> dict[str, str]:
    if refusal is None:
        return {}
    if not isinstance(refusal, AlarmRulesWrong):
        return {"profile": told(refusal, words)}
    bounds = f" ({refusal.data['least']}-{refusal.data['most']})" if "least" in refusal.data else ""
    return {str(refusal.data["field"]): words.translate(str(refusal.data["problem"])) + bounds}


def _groups(form: Form, words: Words) -> list[dict[str, Any]]:
    profile = AlarmRules(profile="strict" if form.get("profile") == "strict" else "standard")
    unusual = [rule for rule in RULES.values() if rule.judge is judge_unusual]
    counted = [rule for rule in RULES.values() if rule.code in NAMES and list(NAMES).index(rule.code) < 6]
    others = [rule for rule in RULES.values() if rule not in unusual and rule not in counted]
    titles = ("Sign-in", "Devices, papers, credentials", "Unusual for that person")
    return [
        {"title": words.translate(title), "rules": [_show_rule(rule, profile.setting(rule.code), words) for rule in rules]}
        for title, rules in zip(titles, (counted, others, unusual), strict=True)
    ]  # fmt: skip


def _show_rule(rule: Rule, base: Setting, words: Words) -> dict[str, Any]:
    return {
        "code": rule.code, "name": words.translate(NAMES.get(rule.code, rule.code)), "least": rule.standard.level if rule.fixed else "off", "insider": rule.insider,
        "level": base.level, "numbers": {name: str(getattr(base, name)) for name in numbers_of(rule)},
    }  # fmt: skip


RULES_PAGES = [get_rules, post_rules]
