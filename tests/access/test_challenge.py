"""Challenges: random, used once, for one purpose and session, short; what nobody answers counts when it repeats."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.access.passkeys import THERE, ask, make_passkey, sign_in_with
from tests.access.people import HOME, attempt, enter, make_desk, make_operator
from tocsin.access.assertion import Where, report_failure
from tocsin.access.challenge import (
    FREE_PER_ADDRESS,
    LIFE_US,
    WINDOW_US,
    Asked,
    challenge,
    count_unanswered,
    make_challenge,
    sweep_challenges,
    take_challenge,
)
from tocsin.access.decoy import add_decoy
from tocsin.access.limiter import Locked, SignInRefused
from tocsin.access.login import SignedIn, sign_in_by_passkey
from tocsin.access.table import attempt as attempts
from tocsin.alarm.table import signal
from tocsin.core.clock import SECOND_US, shift_clock
from tocsin.core.db import Database
from tocsin.core.statement import Statement

_STATES = Statement[tuple[str, str]](
    challenge.select().with_only_columns(challenge.c.state, challenge.c.challenge_hash)
)
_INFERRED = Statement[tuple[int, str, int, str]](
    signal.select()
    .with_only_columns(signal.c.operator_id, signal.c.device, signal.c.merchant_id, signal.c.kind)
    .where(signal.c.outcome == "inferred")
    .order_by(signal.c.id)
)
_ATTEMPTS = Statement[tuple[str, str]](
    attempts.select().with_only_columns(attempts.c.method, attempts.c.outcome).order_by(attempts.c.id)
)


def made(db: Database, **asked: Any) -> bytes:
    found = db.write(
        0, lambda tx: make_challenge(tx, Asked(**{"purpose": "sign_in", "address": HOME, **asked}))
    )
    assert isinstance(found, bytes)
    return found


def taken(db: Database, one: bytes, purpose: Any = "sign_in", *, session_id: int = 0) -> bool:
    return db.write(0, lambda tx: take_challenge(tx, one, purpose=purpose, session_id=session_id)) is not None


def states(db: Database) -> list[str]:
    return sorted(row[0] for row in db.read(0, lambda tx: tx.rows(_STATES)))


def inferred(db: Database) -> list[tuple[int, bool]]:
    """Whose account each inferred failure was about, and whether the device was known."""
    return [(row[0], bool(row[1])) for row in db.read(0, lambda tx: tx.rows(_INFERRED))]


def test_a_challenge_is_256_bits_taken_once_and_never_stored_itself(db: Database) -> None:
    one, other = made(db), made(db)
    assert len(one) == 32 and one != other
    assert taken(db, one) and not taken(db, one) and taken(db, other)
    assert one.hex() not in str(db.read(0, lambda tx: tx.rows(_STATES)))
    assert not taken(db, bytes(32)) and not taken(db, b"") and not taken(db, b"x" * 9000)


@pytest.mark.parametrize("pressed", [True, False])
def test_a_challenge_ends_after_three_minutes(db: Database, *, pressed: bool) -> None:
    young, old = made(db, pressed=pressed), made(db, pressed=pressed)
    shift_clock(LIFE_US - 5 * SECOND_US)
    assert taken(db, young)
    shift_clock(LIFE_US + 1)
    assert not taken(db, old)


def test_a_challenge_is_for_its_purpose_and_its_session(db: Database) -> None:
    one = made(db, purpose="prove", session_id=7)
    assert not taken(db, one) and not taken(db, one, "add", session_id=7)
    assert not taken(db, one, "prove", session_id=8) and not taken(db, one, "prove")
    assert taken(db, one, "prove", session_id=7)


def test_an_address_gets_so_many_challenges_and_others_are_free(db: Database) -> None:
    for _ in range(FREE_PER_ADDRESS):
        made(db)
    found = db.write(0, lambda tx: make_challenge(tx, Asked("sign_in", HOME)))
    assert isinstance(found, Locked) and 0 < found.retry_after_seconds <= 300
    made(db, address="198.51.100.7")


def test_a_failure_that_the_page_reports_is_counted_once_as_inferred(db: Database) -> None:
    desk = make_desk(db)
    entered = enter(db, desk.owner)
    where = replace(THERE, device=entered.device_token)
    options = ask(db, desk.owner, where=where)
    said = {"purpose": "sign_in", "error": "NotAllowedError"}
    assert report_failure(db, options["challenge"], where, **said)  # type: ignore[arg-type]
    assert not report_failure(db, options["challenge"], where, **said)  # type: ignore[arg-type]
    assert inferred(db) == [(entered.actor.id, True)]
    assert db.read(0, lambda tx: tx.rows(_ATTEMPTS))[-1] == ("passkey", "inferred")
    finger = make_passkey(db, entered.actor)
    assert sign_in_by_passkey(db, finger.sign(options), where) == SignInRefused("wrong")


def test_without_a_name_a_failure_is_of_the_only_one_who_uses_the_browser(db: Database) -> None:
    desk = make_desk(db)
    make_operator(db, desk, "clerk", name="clerk")
    entered = enter(db, desk.owner)
    where = replace(THERE, device=entered.device_token)
    fail(db, "", where)
    enter(db, "clerk", device=entered.device_token)
    fail(db, "", where)
    fail(db, "", replace(THERE, device="nobody's"))
    assert inferred(db) == [(entered.actor.id, True), (0, True), (0, False)]
    assert [row[2] for row in db.read(0, lambda tx: tx.rows(_INFERRED))] == [desk.merchant_id] * 2 + [0]


def test_a_finger_for_a_decoy_is_told_as_one(db: Database) -> None:
    desk = make_desk(db)
    owner = enter(db, desk.owner).actor
    db.write(desk.merchant_id, lambda tx: add_decoy(tx, owner, name="admin"))
    fail(db, "admin", THERE)
    (told,) = db.read(0, lambda tx: tx.rows(_INFERRED))
    assert (told[0], told[2], told[3]) == (0, desk.merchant_id, "decoy_tried")


def fail(db: Database, name: str, where: Where) -> None:
    """Ask for a finger, and report that it was not taken."""
    made = ask(db, name, where=where)["challenge"]
    assert report_failure(db, made, where, purpose="sign_in", error="NotAllowedError")


@pytest.mark.parametrize("error", ["AbortError", "SecurityError", "NotSupportedError", "InvalidStateError"])
def test_a_page_that_could_not_ask_says_nothing_of_a_finger(db: Database, error: str) -> None:
    options = ask(db, make_desk(db).owner)
    assert not report_failure(db, options["challenge"], THERE, purpose="sign_in", error=error)
    assert inferred(db) == [] and states(db) == ["failed"]


def test_reports_of_what_was_never_asked_are_nothing(db: Database) -> None:
    for odd in ("", "***", "AA", "é", "A" * 40_000):
        assert not report_failure(db, odd, THERE, purpose="sign_in", error="NotAllowedError")
    assert inferred(db) == []


def leave(db: Database, name: str = "", *, where: Where = THERE, at_us: int, pressed: bool = True) -> None:
    """Ask for a finger at an instant from now, and let nobody answer."""
    shift_clock(at_us)
    ask(db, name, where=where, pressed=pressed)
    shift_clock(at_us + LIFE_US + SECOND_US)
    count_unanswered(db)


def test_what_nobody_answers_counts_from_the_second_time_of_a_name_on(db: Database) -> None:
    desk = make_desk(db)
    owner = enter(db, desk.owner).actor
    leave(db, desk.owner, at_us=0)
    assert inferred(db) == [] and states(db) == ["left"]
    leave(db, "nobody", at_us=WINDOW_US // 6)
    assert inferred(db) == []
    leave(db, desk.owner, at_us=WINDOW_US // 3)
    assert inferred(db) == [(owner.id, False)]
    count_unanswered(db)
    assert inferred(db) == [(owner.id, False)]
    leave(db, desk.owner, at_us=WINDOW_US // 2)
    assert len(inferred(db)) == 2


def test_an_hour_apart_they_are_two_first_times(db: Database) -> None:
    desk = make_desk(db)
    leave(db, desk.owner, at_us=0)
    leave(db, desk.owner, at_us=WINDOW_US + SECOND_US)
    assert inferred(db) == []


def test_without_a_name_they_are_told_by_the_browser(db: Database) -> None:
    here = replace(THERE, device="a-cookie")
    leave(db, where=here, at_us=0)
    leave(db, where=replace(THERE, device="another"), at_us=WINDOW_US // 6)
    assert inferred(db) == []
    leave(db, where=here, at_us=WINDOW_US // 3)
    assert inferred(db) == [(0, False)]


def test_a_page_that_only_waits_and_an_answer_leave_nothing_to_count(db: Database) -> None:
    desk = make_desk(db)
    finger = make_passkey(db, enter(db, desk.owner).actor)
    for minute in (0, 10):
        leave(db, at_us=minute * 60 * SECOND_US, pressed=False)
    assert states(db) == ["answered", "waiting", "waiting"]
    shift_clock(0)
    for _ in range(2):
        assert isinstance(sign_in_with(db, finger), SignedIn)
    shift_clock(LIFE_US + SECOND_US)
    assert count_unanswered(db) == 0 and inferred(db) == []


def test_old_challenges_are_swept_and_those_that_may_still_count_are_kept(db: Database) -> None:
    desk = make_desk(db)
    leave(db, desk.owner, at_us=0)
    ask(db, pressed=False)
    shift_clock(3 * LIFE_US)
    assert db.write(0, sweep_challenges) == 1 and states(db) == ["left"]
    shift_clock(WINDOW_US + 2 * LIFE_US)
    assert db.write(0, sweep_challenges) == 1 and states(db) == []


def test_passwords_and_reports_have_counters_of_their_own(db: Database) -> None:
    desk = make_desk(db)
    for _ in range(25):
        options = ask(db, desk.owner)
        report_failure(db, options["challenge"], THERE, purpose="sign_in", error="NotAllowedError")
    assert attempt(db, desk.owner, address=HOME) == SignInRefused("wrong")
