"""5—8: a wrong password at the sign-in becomes light, and the third the siren's wish, while the desk runs."""

import time
from collections.abc import Callable
from pathlib import Path

from tests.access.people import attempt, enter, make_desk
from tocsin.alarm.incident import alarm_now, silence_incident
from tocsin.core.actor import desk_actor
from tocsin.core.db import Database
from tocsin.desk import Desk
from tocsin.settings import Settings


def wait_for(truth: Callable[[], object]) -> float:
    """Return how many seconds it took until something is so; ten at most."""
    started = time.monotonic()
    while not truth():
        assert time.monotonic() - started < 10, "it never came"
        time.sleep(0.002)
    return time.monotonic() - started


def test_wrong_passwords_are_seen_and_heard_and_the_right_one_still_opens(db: Database, tmp_path: Path):
    people = make_desk(db)
    known = enter(db, people.owner).device_token
    desk = Desk(Settings(data_dir=str(tmp_path)), db)
    desk.start()

    def stands():
        return db.read(people.merchant_id, alarm_now)

    try:
        attempt(db, people.owner)
        assert wait_for(lambda: stands().light) < 2
        assert not stands().sound and stands().posture.state == "alert"
        attempt(db, people.owner)
        attempt(db, people.owner)
        assert wait_for(lambda: stands().sound) < 2
        newest = stands().newest
        assert newest is not None and newest.signals == 3 and newest.why == "account_failures"
        assert enter(db, people.owner, device=known).actor.merchant_id == people.merchant_id
        actor = desk_actor(people.merchant_id)
        db.write(people.merchant_id, lambda tx: silence_incident(tx, actor, incident_id=newest.id))
        for _ in range(8):
            attempt(db, people.owner)
        wait_for(lambda: (now := stands().newest) and now.signals == 11)
        assert stands().light and not stands().sound and stands().open_incidents == 1
        assert (stands().newest or newest).refused > 0, "the limiter held it"
    finally:
        desk.close()


def test_a_name_that_nobody_has_is_seen_too(db: Database, tmp_path: Path):
    people = make_desk(db)
    desk = Desk(Settings(data_dir=str(tmp_path)), db)
    desk.start()
    try:
        attempt(db, "nobody-has-this")
        assert wait_for(lambda: db.read(people.merchant_id, alarm_now).light) < 2
    finally:
        desk.close()
