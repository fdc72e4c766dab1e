"""Attempts with a finger: bound to operator, desk, station and browser; counted; answered once; used once."""

from typing import Any

import pytest

from tests.access.counters import Counter
from tests.access.stations import signals
from tests.house import make_house
from tocsin.access.decoy import add_decoy
from tocsin.access.finger_attempt import NoReaderHere, Proved, attempt_state, desk_has_reader, use_attempt
from tocsin.access.finger_record import expire_attempts, find_attempt, has_overdue, sweep_finger_attempts
from tocsin.access.limiter import SignInRefused
from tocsin.access.operator import suspend_operator
from tocsin.core import clock
from tocsin.core.command import report_progress
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.core.signature import make_key

SECOND = clock.SECOND_US


@pytest.fixture
def counter(db: Database) -> Counter:
    made = Counter(db)
    made.clerk = made.operator("clerk", name="wang")  # type: ignore[attr-defined]
    made.with_finger(made.clerk)  # type: ignore[attr-defined]
    return made


def use(counter: Counter, token: str, **changed: Any) -> Any:
    given = {"purpose": "sign_in", "desk_token": counter.desk, "session_id": 0, **changed}
    return use_attempt(counter.db, token, then=lambda _tx, proved: proved, **given)


def told(counter: Counter) -> list[tuple[str, str]]:
    """Return what the alarm was told, but for the enrolment's."""
    return [(kind, outcome) for kind, _, outcome in signals(counter.house)]


def test_a_match_is_used_once_in_the_browser_and_at_the_desk_that_asked(counter: Counter) -> None:
    asked = counter.begin("wang")
    assert attempt_state(counter.db, asked.token) == "open"
    counter.write(lambda tx: report_progress(
        tx, station_id=counter.station_id, command_id=asked.command.id, progress={"asking": True}
    ))  # fmt: skip
    assert attempt_state(counter.db, asked.token) == "asking"
    assert use(counter, asked.token) == SignInRefused("wrong"), "nothing is proved yet"
    assert asked.answer("match") == "accepted"
    assert attempt_state(counter.db, asked.token) == "matched"
    for wrong in ({"desk_token": ""}, {"desk_token": "x"}, {"purpose": "prove"}, {"session_id": 7}):
        assert use(counter, asked.token, **wrong) == SignInRefused("wrong")
    assert use(counter, asked.token + "x") == SignInRefused("wrong")
    assert use(counter, asked.token) == Proved(counter.clerk, "wang", counter.desk_id)  # type: ignore[attr-defined]
    assert use(counter, asked.token) == SignInRefused("wrong")
    assert told(counter) == [("credential_right", "right")]


def test_a_match_that_nobody_uses_ends_after_15_seconds(counter: Counter) -> None:
    asked = counter.begin("wang")
    asked.answer("match")
    clock.shift_clock(16 * SECOND)
    assert use(counter, asked.token) == SignInRefused("wrong")


def test_a_wrong_finger_counts_is_journalled_and_told_in_the_lane_of_the_desk(counter: Counter) -> None:
    asked = counter.begin("wang")
    assert asked.answer("no_match") == "accepted"
    assert attempt_state(counter.db, asked.token) == "no_match"
    assert use(counter, asked.token) == SignInRefused("wrong")
    rows = counter.db.write(0, lambda tx: tx._cursor.execute(
        "SELECT kind, method, operator_id, device, outcome FROM signal"
    ).fetchall())  # fmt: skip
    assert [tuple(row) for row in rows] == [
        ("credential_wrong", "reader", counter.clerk, str(counter.desk_id), "wrong")  # type: ignore[attr-defined]
    ]
    verbs = [one.verb for one in counter.read(lambda tx: read_journal(tx))]
    assert verbs[:2] == ["access.finger", "access.sign_in_failed"]
    counter.begin("wang").answer("match")
    assert told(counter)[-1] == ("credential_right", "right")


def test_wrong_fingers_lock_and_nothing_is_asked_of_the_station_then(counter: Counter) -> None:
    for _ in range(5):
        assert counter.begin("wang").answer("no_match") == "accepted"
    refused = counter.open("wang")
    assert (
        isinstance(refused, SignInRefused)
        and refused.code == "locked"
        and 0 < refused.retry_after_seconds <= 30
    )
    assert counter.commands() == []


@pytest.mark.parametrize("result", ["bad_scan", "cancelled", "device_error", "vanished"])
def test_what_is_no_wrong_finger_does_not_count(counter: Counter, result: str) -> None:
    for _ in range(12):
        asked = counter.begin("wang")
        assert asked.answer(result) == "accepted"
        assert attempt_state(counter.db, asked.token) == result
        counter.note("ready")
    for _ in range(4):
        counter.begin("wang").answer("no_match")
    kinds = {kind for kind, _ in told(counter)} - {"device_back"}
    assert kinds == {"credential_wrong", *(["reader_vanished"] if result == "vanished" else [])}
    assert counter.begin("wang").answer("match") == "accepted", "four wrong ones do not lock"


def test_an_answer_counts_once(counter: Counter) -> None:
    asked = counter.begin("wang")
    assert [asked.answer("match"), asked.answer("match"), asked.answer("no_match")] == [
        "accepted",
        "answered",
        "answered",
    ]
    wrong = counter.begin("wang")
    assert [wrong.answer("no_match"), wrong.answer("match")] == ["accepted", "answered"]
    assert attempt_state(counter.db, wrong.token) == "no_match"
    refused = [
        one for one in counter.read(lambda tx: read_journal(tx)) if one.verb == "access.finger_refused"
    ]
    assert [one.fields()["why"] for one in refused] == ["answered"] * 3


def test_an_answer_after_its_time_is_refused_and_recorded(counter: Counter) -> None:
    asked = counter.begin("wang")
    clock.shift_clock(26 * SECOND)
    assert asked.answer("match") == "expired"
    assert attempt_state(counter.db, asked.token) == "cancelled"
    assert use(counter, asked.token) == SignInRefused("wrong")


@pytest.mark.parametrize(
    "changed",
    [
        {"operator": "1"}, {"desk": "1"}, {"nonce": "A" * 32}, {"attempt": "1"}, {"attempt": "x"}, {"attempt": "9" * 30},
        {"station": "1.1"}, {"time_us": 0}, {"said": "{}"}, {"said": "\ud800"}, {"said": "null"}, {"key": make_key()},
        {"signature": "A" * 86}, {"signature": "x"}, {"command_id": 1},
    ],
    ids=lambda changed: next(iter(changed)),
)  # fmt: skip
def test_an_answer_that_was_altered_is_refused_and_alarms(counter: Counter, changed: dict[str, Any]) -> None:
    asked = counter.begin("wang")
    assert asked.answer("match", **changed) == "foreign"
    assert told(counter) == [("station_foreign", "wrong")]
    assert attempt_state(counter.db, asked.token) == "open"
    assert asked.answer("match") == "accepted"


def test_the_answer_of_one_attempt_is_none_of_another(counter: Counter) -> None:
    first = counter.begin("wang")
    said = first.said("match")
    first.answer("match", said=said)
    second = counter.begin("wang")
    assert second.answer(said=said) == "foreign", "the first's statement for the second's command"
    assert second.answer(said=said, command_id=first.command.id) == "answered"
    assert second.answer("no_match") == "accepted"


def test_another_stations_answer_is_none(counter: Counter) -> None:
    asked = counter.begin("wang")
    thief = Counter(counter.db, house=make_house(counter.db, code="XX"))
    asked.counter = thief
    assert asked.answer("match", station=counter.machine.name) == "foreign"


def test_a_station_of_the_same_shop_answers_for_no_other(counter: Counter) -> None:
    asked = counter.begin("wang")
    said = asked.said("match")
    asked.counter = Counter(
        counter.db, house=counter.house
    )  # signs with a key that is its own, in the other's name
    assert asked.answer("match", said=said) == "foreign"
    assert attempt_state(counter.db, asked.token) == "open"


def test_only_at_an_enrolled_desk_with_a_reader_that_is_there(counter: Counter) -> None:
    assert desk_has_reader(counter.db, desk_token=counter.desk)
    for desk in ("", "made up"):
        assert not desk_has_reader(counter.db, desk_token=desk)
        with pytest.raises(NoReaderHere):
            counter.open("wang", desk=desk)
    counter.note("vanished")
    with pytest.raises(NoReaderHere):
        counter.open("wang")
    counter.note("ready")
    clock.shift_clock(31 * SECOND)
    assert not desk_has_reader(counter.db, desk_token=counter.desk), "the station is silent"


def test_a_name_without_a_finger_or_a_person_is_answered_the_same_and_asks_nobody(counter: Counter) -> None:
    counter.operator("checker", name="li")
    for name in ("li", "nobody at all"):
        opened = counter.open(name)
        assert counter.commands() == []
        assert attempt_state(counter.db, opened.token) in ("open", "asking")
    clock.shift_clock(clock.SECOND_US)
    assert attempt_state(counter.db, opened.token) == "asking", "as if a reader was asked"
    clock.shift_clock(19 * SECOND)
    assert attempt_state(counter.db, opened.token) == "cancelled"
    clock.shift_clock(26 * SECOND)
    assert counter.read(has_overdue) and counter.write(expire_attempts) >= 1
    assert not counter.read(has_overdue)
    assert told(counter) == []


def test_another_merchants_people_are_unknown_at_this_desk(counter: Counter) -> None:
    other = Counter(counter.db, house=make_house(counter.db, code="XX"))
    other.with_finger(other.operator("clerk", name="zhao"))
    opened = counter.open("zhao")
    assert counter.commands() == [] and [one for one in other.commands() if one.kind == "reader.verify"] == []
    assert other.open("zhao") != opened and len(other.commands()) == 1
    assert told(counter) == []


def test_a_suspended_operator_is_asked_for_no_finger(counter: Counter) -> None:
    counter.write(lambda tx: suspend_operator(tx, counter.owner, operator_id=counter.clerk))  # type: ignore[attr-defined]
    counter.open("wang")
    assert counter.commands() == []


def test_asking_for_a_decoy_is_told_when_the_attempt_ends(counter: Counter) -> None:
    counter.write(lambda tx: add_decoy(tx, counter.owner, name="boss"))
    counter.open("boss")
    assert counter.commands() == [] and told(counter) == []
    clock.shift_clock(26 * SECOND)
    assert counter.write(expire_attempts) == 1
    assert told(counter) == [("decoy_tried", "wrong")]


def test_a_new_attempt_at_the_desk_stops_the_one_before_and_a_wrong_finger_of_it_still_counts(
    counter: Counter,
) -> None:
    first = counter.begin("wang")
    counter.open("wang")
    kinds = [(one.kind, one.payload.get("command")) for one in counter.commands()]
    assert kinds == [("reader.cancel", str(first.command.id)), ("reader.verify", None)]
    assert attempt_state(counter.db, first.token) == "cancelled"
    assert first.answer("no_match") == "accepted"
    assert told(counter) == [("credential_wrong", "wrong")]
    second = counter.begin("wang")
    third = counter.begin("wang")
    assert second.answer("match") == "accepted"
    assert attempt_state(counter.db, second.token) == "cancelled", "somebody else is at the desk by now"
    assert use(counter, second.token) == SignInRefused("wrong")
    assert third.answer("match") == "accepted"
    assert use(counter, third.token).operator_id == counter.clerk  # type: ignore[attr-defined]


def test_stopping_again_and_again_locks_nobody(counter: Counter) -> None:
    for _ in range(30):
        asked = counter.begin("wang")
    assert asked.answer("match") == "accepted"
    assert told(counter) == [("credential_right", "right")]


def test_an_attempt_that_nobody_answers_is_ended_and_takes_its_count_back(counter: Counter) -> None:
    for turn in range(8):
        counter.begin("wang")
        clock.shift_clock((turn + 1) * 31 * SECOND)
        assert counter.write(expire_attempts) == 1
    counter.machine.actor()
    assert counter.begin("wang").answer("match") == "accepted"


def test_what_a_station_signed_is_kept_without_a_name_for_90_days(counter: Counter) -> None:
    asked = counter.begin("wang")
    said = asked.said("match")
    asked.answer(said=said)
    rows = counter.db.write(counter.merchant_id, lambda tx: tx._cursor.execute(
        "SELECT said, lease, signature FROM finger_attempt"
    ).fetchall())  # fmt: skip
    assert rows[0][0] == said and "wang" not in rows[0][1] and len(rows[0][2]) == 86
    assert counter.write(sweep_finger_attempts) == 0
    clock.shift_clock(91 * clock.DAY_US)
    assert counter.write(sweep_finger_attempts) == 1


def test_tokens_of_other_shapes_are_no_attempts(counter: Counter) -> None:
    for token in ("", "x", "1.2", "f" * 17 + "." + "A" * 43, "7" * 16 + "." + "A" * 43):
        assert attempt_state(counter.db, token) == "cancelled"
        assert use(counter, token) == SignInRefused("wrong")
    assert counter.write(lambda tx: find_attempt(tx, attempt_id=404)) is None
