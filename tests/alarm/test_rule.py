"""Each rule alone: it fires at its threshold and not one below, and its sentence has all its data."""

import re

import pytest

from tocsin.alarm.rule import REASONS, RULES, WATCH_DAYS, Facts, Setting
from tocsin.alarm.signal import Kind
from tocsin.core.errors import fill_in

COUNTED = {
    "wrong_credential": "failures", "account_failures": "account_failures", "address_failures": "address_failures",
    "accounts_spread": "accounts", "unknown_names": "unknown_names", "decoy_tried": "decoys",
}  # fmt: skip
UNUSUAL = ("lookups_many", "reveals_many", "download_large")


def facts_of(code: str, count: int) -> Facts:
    if code in UNUSUAL:
        return Facts(kind=code, count=count, usual=0, watched_days=WATCH_DAYS)
    return Facts(kind=code, **{COUNTED.get(code, "of_kind"): count})


@pytest.mark.parametrize("code", RULES)
@pytest.mark.parametrize("profile", ["standard", "strict"])
def test_a_rule_fires_at_its_threshold_and_not_below(code: str, profile: str):
    rule = RULES[code]
    setting: Setting = getattr(rule, profile)
    assert rule.judge(facts_of(code, setting.count - 1), setting) is None
    assert rule.judge(facts_of(code, setting.count), setting) is not None
    assert rule.judge(facts_of(code, setting.count + 100), setting) is not None
    assert rule.judge(Facts(kind=code), setting) is None, "nothing counted, nothing fired"


@pytest.mark.parametrize("code", RULES)
def test_a_rule_says_why_over_its_own_data(code: str):
    rule = RULES[code]
    data = rule.judge(facts_of(code, 5000), rule.standard)
    assert data is not None and set(re.findall(r"\{(\w+)\}", rule.says)) <= data.keys()
    assert "?" not in fill_in(REASONS[code], data)


def test_a_rule_judges_by_its_own_count_alone():
    """Facts of every other rule, however many, do not fire it."""
    everything = dict.fromkeys(COUNTED.values(), 10_000)
    for code, name in COUNTED.items():
        others = {key: value for key, value in everything.items() if key != name}
        assert RULES[code].judge(Facts(kind=code, of_kind=9, **others), RULES[code].standard) is None


@pytest.mark.parametrize(
    ("count", "usual", "days", "fires"),
    [
        (100, 20, 14, True), (99, 0, 14, False), (100, 21, 14, False), (105, 21, 14, True), (100, 0, 14, True),
        (100_000, 20, 13, False), (100, 20, 400, True),
    ],
)  # fmt: skip
def test_an_anomaly_is_much_and_unlike_himself_after_two_weeks(
    count: int, usual: int, days: int, *, fires: bool
):
    setting = Setting(level="sound", count=100, minutes=60, times=5)
    found = RULES["reveals_many"].judge(
        Facts(kind="reveals_many", count=count, usual=usual, watched_days=days), setting
    )
    assert (found is not None) == fires


def test_each_kind_of_bad_signal_has_a_rule():
    others = {"credential_wrong", "credential_right", "device_back", "drill"}
    assert set(Kind.__args__) - others <= RULES.keys()  # type: ignore[attr-defined]


def test_strict_sounds_wherever_the_standard_does_and_no_later():
    for rule in RULES.values():
        assert rule.strict.count <= rule.standard.count
        assert (rule.standard.level, rule.strict.level) != ("sound", "light")
    assert RULES["wrong_credential"].strict == Setting(level="sound", count=1)
    assert RULES["account_failures"].standard.count == 3
