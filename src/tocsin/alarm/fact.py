"""Facts: what the rules judge, counted by index and never further than a rule asks."""

from collections import Counter
from typing import Any

import msgspec
import sqlalchemy as sa

from tocsin.alarm.evidence import SignalRow
from tocsin.alarm.rule import CREDENTIAL_RULES, RULES, Facts, Rule, Setting
from tocsin.alarm.rules import AlarmRules
from tocsin.alarm.table import signal
from tocsin.core.address import address_group
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.ident import id_at
from tocsin.core.statement import Statement, among, bind, own

CREDENTIALS = frozenset({"credential_wrong", "decoy_tried"})
_SPREAD_MOST = 1_000
_tested = among(signal.c.outcome, "wrong", "inferred")
# Guesses at a known device count in its own incident: nobody elsewhere can add to them.
_foreign = sa.and_(_tested, signal.c.device == "", among(signal.c.kind, *sorted(CREDENTIALS)))
_since = signal.c.id >= bind("since")


def _bounded(*conditions: sa.ColumnElement[bool]) -> Statement[tuple[int]]:
    inner = sa.select(sa.literal(1)).where(own(signal), *conditions, _since).limit(bind("limit"))
    return Statement(sa.select(sa.func.count()).select_from(inner.subquery()))


_OF_ACCOUNT = _bounded(signal.c.operator_id == bind("operator_id"), _foreign)
_OF_ADDRESS = _bounded(signal.c.address_group == bind("group", str), _foreign)
_OF_KIND = _bounded(signal.c.kind == bind("kind", str), among(signal.c.outcome, "wrong", "right", "inferred"))
_newest = (
    sa.select(signal.c.operator_id, signal.c.name_digest)
    .where(own(signal), signal.c.kind == "credential_wrong", _tested, signal.c.device == "", _since)
    .order_by(signal.c.id.desc()).limit(bind("limit")).subquery()
)  # fmt: skip
_ACCOUNTS = Statement[tuple[int]](
    sa.select(sa.func.count(sa.distinct(_newest.c.operator_id))).where(_newest.c.operator_id != 0)
)
_UNKNOWN = Statement[tuple[int]](
    sa.select(sa.func.count(sa.distinct(_newest.c.name_digest))).where(_newest.c.operator_id == 0)
)


def rules_of(kind: str) -> tuple[Rule, ...]:
    """Return the rules that a kind of signal can set off."""
    return CREDENTIAL_RULES if kind in CREDENTIALS else tuple(r for r in (RULES.get(kind),) if r)


def count_facts(
    tx: Tx, told: list[SignalRow], *, rule: Rule, setting: Setting, failures_before: int, known: bool
) -> Facts:
    """Return what one rule needs to know about signals of one incident.

    Args:
        failures_before: what the incident had counted without these.
        known: they came from a known device or an enrolled desk, whose incident counts for itself.
    """
    tested = [one for one in told if one.kind in CREDENTIALS and not one.untested]
    facts: dict[str, Any] = {"kind": told[-1].kind, "failures": len(tested)}
    since = id_at(tx.now_us - setting.minutes * MINUTE_US)
    if rule.code == "account_failures":
        facts |= (
            {"account_failures": failures_before + len(tested), "operator_id": told[-1].operator_id}
            if known and tested
            else _most_of_account(tx, tested, setting, since)
        )
    elif rule.code == "address_failures" and not known:
        facts["address_failures"] = _most_of_address(tx, tested, setting, since)
    elif rule.code == "accounts_spread" and not known:
        facts["accounts"] = int(tx.value(_ACCOUNTS, since=since, limit=_SPREAD_MOST))
    elif rule.code == "unknown_names" and any(not one.operator_id for one in tested):
        facts["unknown_names"] = int(tx.value(_UNKNOWN, since=since, limit=_SPREAD_MOST))
    elif rule.code == "decoy_tried":
        facts["decoys"] = sum(one.kind == "decoy_tried" for one in told)
    elif rule not in CREDENTIAL_RULES:
        facts["of_kind"] = int(tx.value(_OF_KIND, kind=rule.code, since=since, limit=setting.count))
        facts |= _reported(told)
    return Facts(**facts)


def judge_rules(
    tx: Tx,
    told: list[SignalRow],
    *,
    rules: AlarmRules,
    fired: frozenset[str],
    failures_before: int,
    known: bool,
) -> list[tuple[Rule, Setting, dict[str, Any]]]:
    """Return the rules that fire now and had not, with the data of their sentences."""
    found = []
    for rule in rules_of(told[-1].kind):
        setting = rules.setting(rule.code)
        if setting.level == "off" or rule.code in fired:
            continue
        facts = count_facts(
            tx, told, rule=rule, setting=setting, failures_before=failures_before, known=known
        )  # fmt: skip
        if (data := rule.judge(facts, setting)) is not None:
            found.append((rule, setting, data))
    return found


def failures_of(tx: Tx, operator_id: int, *, setting: Setting) -> int:
    """Return an account's failures from unknown devices within a rule's window, as many as it asks for at most."""
    since = id_at(tx.now_us - setting.minutes * MINUTE_US)
    return int(tx.value(_OF_ACCOUNT, operator_id=operator_id, since=since, limit=setting.count))


def _most_of_account(tx: Tx, tested: list[SignalRow], setting: Setting, since: int) -> dict[str, int]:
    """Return the most failures of one account; the rest is not counted where one has enough."""
    most = {"account_failures": 0, "operator_id": 0}
    for operator_id, _ in Counter(one.operator_id for one in tested if one.operator_id).most_common():
        counted = int(tx.value(_OF_ACCOUNT, operator_id=operator_id, since=since, limit=setting.count))
        if counted > most["account_failures"]:
            most = {"account_failures": counted, "operator_id": operator_id}
        if counted >= setting.count:
            break
    return most


def _most_of_address(tx: Tx, tested: list[SignalRow], setting: Setting, since: int) -> int:
    most = 0
    for group, _ in Counter(address_group(one.address) for one in tested if one.address).most_common():
        most = max(most, int(tx.value(_OF_ADDRESS, group=group, since=since, limit=setting.count)))
        if most >= setting.count:
            break
    return most


def _reported(told: list[SignalRow]) -> dict[str, int]:
    """Return what an anomaly's signal says about somebody: of several, the most."""
    names = {"count": "count", "usual": "usual", "watched_days": "days"}
    data = [msgspec.json.decode(one.data, type=dict[str, Any]) for one in told]
    largest = max(data, key=lambda each: int(each.get("count", 0)))
    return {name: int(largest.get(field, 0)) for name, field in names.items()}
