"""What a merchant chooses of the alarm: within its bounds, by those who may, against what was seen."""

import pytest

from tests.alarm.scene import Scene, watch
from tocsin.alarm.rule import Setting
from tocsin.alarm.rules import (
    AlarmRules,
    AlarmRulesWrong,
    alarm_rules_revision,
    change_alarm_rules,
    read_alarm_rules,
)
from tocsin.core.actor import ROLES, NotAllowed
from tocsin.core.db import Database
from tocsin.core.preference import PreferenceMoved

GOOD = [
    {"sound_seconds": 5}, {"sound_seconds": 600}, {"quiet_minutes": 1}, {"quiet_minutes": 1440},
    {"silence_minutes": 1}, {"silence_minutes": 1440},
    {"escalate_minutes": (1,)}, {"escalate_minutes": (1, 2, 3, 4, 1440)},
    {"rules": {"account_failures": Setting(level="sound", count=9, minutes=5)}},
    {"rules": {"address_failures": Setting(level="light", count=10_000, minutes=1440)}},
    {"rules": {"wrong_credential": Setting(level="sound", minutes=5)}},
    {"rules": {"accounts_spread": Setting(level="off", count=1, minutes=1)}},
    {"rules": {"lookups_many": Setting(level="sound", times=100)}},
]  # fmt: skip
WRONG = [
    ({"sound_seconds": 4}, "sound_seconds"), ({"sound_seconds": 601}, "sound_seconds"),
    ({"silence_minutes": 0}, "silence_minutes"), ({"silence_minutes": 1441}, "silence_minutes"),
    ({"quiet_minutes": 0}, "quiet_minutes"), ({"quiet_minutes": 1441}, "quiet_minutes"),
    ({"escalate_minutes": ()}, "escalate_minutes"), ({"escalate_minutes": (1, 2, 3, 4, 5, 6)}, "escalate_minutes"),
    ({"escalate_minutes": (5, 5)}, "escalate_minutes"), ({"escalate_minutes": (5, 3)}, "escalate_minutes"),
    ({"escalate_minutes": (0,)}, "escalate_minutes"), ({"escalate_minutes": (1441,)}, "escalate_minutes"),
    ({"rules": {"no_such": Setting(level="sound")}}, "no_such"),
    ({"rules": {"wrong_credential": Setting(level="off")}}, "wrong_credential"),
    ({"rules": {"wrong_credential": Setting(level="light", count=2)}}, "wrong_credential.count"),
    ({"rules": {"account_failures": Setting(level="off")}}, "account_failures"),
    ({"rules": {"seal_broken": Setting(level="off")}}, "seal_broken"),
    ({"rules": {"account_failures": Setting(level="sound", count=0)}}, "account_failures.count"),
    ({"rules": {"account_failures": Setting(level="sound", count=10_001)}}, "account_failures.count"),
    ({"rules": {"account_failures": Setting(level="sound", minutes=0)}}, "account_failures.minutes"),
    ({"rules": {"account_failures": Setting(level="sound", minutes=1441)}}, "account_failures.minutes"),
    ({"rules": {"account_failures": Setting(level="light")}}, "account_failures"),
    ({"rules": {"seal_broken": Setting(level="light")}}, "seal_broken"),
    ({"rules": {"account_failures": Setting(level="sound", count=10)}}, "account_failures.count"),
    ({"rules": {"account_failures": Setting(level="sound", minutes=4)}}, "account_failures.minutes"),
    ({"rules": {"seal_broken": Setting(level="sound", count=4, minutes=60)}}, "seal_broken.count"),
    ({"rules": {"lookups_many": Setting(level="sound", times=101)}}, "lookups_many.times"),
]  # fmt: skip


@pytest.mark.parametrize("given", GOOD, ids=repr)
def test_what_is_within_the_bounds_is_kept(db: Database, given):
    scene = Scene(db)
    scene.choose(**given)
    assert scene.read(read_alarm_rules) == AlarmRules(**given)


@pytest.mark.parametrize(("given", "field"), WRONG, ids=repr)
def test_what_is_beyond_them_is_refused(db: Database, given, field: str):
    scene = Scene(db)
    with pytest.raises(AlarmRulesWrong) as refused:
        scene.choose(**given)
    assert refused.value.data["field"] == field
    assert scene.read(read_alarm_rules) == AlarmRules() and scene.read(alarm_rules_revision) == 0


@pytest.mark.parametrize("role", sorted(ROLES))
def test_who_may_choose(db: Database, role: str):
    scene = Scene(db)
    given = {"chosen": AlarmRules(profile="strict"), "revision": 0}
    if role in {"owner", "manager"}:
        assert scene.act(change_alarm_rules, role=role, **given) == 1
        with pytest.raises(PreferenceMoved):
            scene.act(change_alarm_rules, role=role, **given)
    else:
        with pytest.raises(NotAllowed):
            scene.act(change_alarm_rules, role=role, **given)


def test_a_rule_of_its_own_stands_before_the_profile():
    chosen = AlarmRules(profile="strict", rules={"void_scanned": Setting(level="off")})
    assert chosen.setting("void_scanned").level == "off"
    assert chosen.setting("wrong_credential").level == "sound"
    assert AlarmRules().setting("wrong_credential").level == "light"


@pytest.mark.parametrize(("count", "sounds"), [(4, False), (5, True)])
def test_a_threshold_that_was_chosen_is_the_one_that_counts(db: Database, count: int, *, sounds: bool):
    scene = Scene(db)
    scene.choose(rules={"account_failures": Setting(level="sound", count=5)})
    scene.fail(times=count)
    assert scene.wanted().sound == sounds
    other = Scene(db, code="BB")
    other.fail(times=3)
    assert other.wanted().sound, "his own rules are the standard ones"
    assert watch(db) == 0
