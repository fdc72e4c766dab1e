"""Settings → Alarm: profile, thresholds, times; what is wrong stands beside its field."""

from tests.web.attacks import attack, incidents, victim
from tests.web.pages import Pages, text_of
from tocsin.alarm.rule import RULES, Setting
from tocsin.alarm.rules import AlarmRules, alarm_rules_revision, read_alarm_rules
from tocsin.web.rules import NAMES, form_of, numbers_of, read_rules

GIVEN = {
    "revision": "0",
    "profile": "standard",
    "sound_seconds": "60",
    "silence_minutes": "7",
    "quiet_minutes": "5",
    "escalate_minutes": "2, 4",
}


def chosen(pages: Pages) -> AlarmRules:
    """Return what holds."""
    return pages.db.read(pages.house.merchant_id, read_alarm_rules)


def test_each_rule_has_its_line_and_name(pages: Pages) -> None:
    assert set(NAMES) == set(RULES)
    said = text_of(pages.get("/settings/alarm"))
    for code, rule in RULES.items():
        assert f'name="{code}"' in said, code
        for name in numbers_of(rule):
            assert f'name="{code}.{name}"' in said
        line = said.partition(f'<select id="f-{code}"')[2].partition("</select>")[0]
        assert ('value="off"' in line) is not rule.fixed, code
        assert ('value="light"' in line) is not (rule.fixed and rule.standard.level == "sound"), code


def test_a_choice_comes_back_as_it_was(pages: Pages) -> None:
    made = AlarmRules(
        profile="strict", sound_seconds=30, escalate_minutes=(1, 9), rules={
            "account_failures": Setting(level="light", count=7, minutes=20),
            "lookups_many": Setting(level="off", count=9, minutes=60, times=4),
        },
    )  # fmt: skip
    assert read_rules(form_of(made, 3)) == made
    assert read_rules(form_of(AlarmRules(), 0)) == AlarmRules(), "what goes by the profile stays so"


def test_thresholds_change_what_sounds(pages: Pages) -> None:
    more = {"account_failures": "", "account_failures.count": "5", "account_failures.minutes": ""}
    saved = pages.post("/settings/alarm", role="manager", form=(GIVEN | more).items())
    assert saved.status_code == 303, saved.text
    held = chosen(pages)
    assert (held.sound_seconds, held.quiet_minutes, held.escalate_minutes) == (60, 5, (2, 4))
    assert held.silence_minutes == 7
    assert held.setting("account_failures") == Setting(level="sound", count=5, minutes=15)
    who = victim(pages)
    attack(pages, who, times=4)
    assert incidents(pages)[0].level == "light"
    attack(pages, who, times=1)
    assert incidents(pages)[0].level == "sound"


def test_strict_sounds_at_the_first(pages: Pages) -> None:
    assert pages.post("/settings/alarm", form=(GIVEN | {"profile": "strict"}).items()).status_code == 303
    attack(pages, victim(pages), times=1)
    assert incidents(pages)[0].level == "sound"


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_stored(pages: Pages) -> None:
    wrong = {
        "sound_seconds": ("4", "601", "x", "", "1e2", "9" * 30), "quiet_minutes": ("0", "-3"),
        "escalate_minutes": ("", "5, 3", "1,2,3,4,5,6", "0", "a"), "account_failures.count": ("0", "10001", "ten"),
        "accounts_spread.minutes": ("1441",), "lookups_many.times": ("101",), "wrong_credential": ("off",), "decoy_tried": ("loud",),
    }  # fmt: skip
    for field, values in wrong.items():
        for value in values:
            answer = pages.post("/settings/alarm", form=(GIVEN | {field: value}).items())
            assert answer.status_code == 422, (field, value)
            place = answer.text.partition(f'name="{field}"')[2].partition(">")[0]
            assert 'aria-invalid="true"' in place, (field, value)
    assert pages.db.read(pages.house.merchant_id, alarm_rules_revision) == 0


def test_two_who_change_at_once_are_told(pages: Pages) -> None:
    assert pages.post("/settings/alarm", form=GIVEN.items()).status_code == 303
    late = pages.post("/settings/alarm", form=(GIVEN | {"sound_seconds": "77"}).items())
    assert late.status_code == 409 and "changed by somebody else" in late.text and 'value="77"' in late.text
    assert chosen(pages).sound_seconds == 60


def test_who_may_look_and_who_may_change(pages: Pages) -> None:
    assert pages.get("/settings/alarm", role="").status_code == 303
    assert pages.get("/settings/alarm", role="station").status_code == 403
    said = text_of(pages.get("/settings/alarm", role="clerk"))
    assert "disabled" in said and "Save" not in said.partition("<main")[2]
    for role in ("clerk", "checker", "auditor"):
        assert pages.post("/settings/alarm", role=role, form=GIVEN.items()).status_code == 403, role
    stale = pages.post("/settings/alarm", token="another's", form=(GIVEN | {"sound_seconds": "88"}).items())
    assert stale.status_code == 403 and 'value="88"' in stale.text
    assert pages.db.read(pages.house.merchant_id, alarm_rules_revision) == 0


def test_a_form_without_its_fields_is_no_fault(pages: Pages) -> None:
    answer = pages.post("/settings/alarm")
    assert answer.status_code == 422 and 'name="profile"' in answer.text
    assert pages.db.read(pages.house.merchant_id, alarm_rules_revision) == 0
