"""Each connection among boxes 1 to 10 of the patent's diagram, walked by a test that bears its name."""

from pathlib import Path

from tests.access.passkeys import make_passkey, sign_in_with
from tests.access.people import ELSEWHERE, HOME, attempt, enter, enter_as, make_desk, make_operator
from tests.alarm.test_way import wait_for
from tests.web.pages import open_pages
from tocsin.access.limiter import SignInRefused
from tocsin.access.login import SignedIn, begin_sign_in
from tocsin.access.operator import suspend_operator
from tocsin.access.session import find_session
from tocsin.access.verification import find_candidate
from tocsin.alarm.incident import clear_incident, list_incidents, silence_incident
from tocsin.alarm.siren_row import add_siren
from tocsin.alarm.sirens.memory import PLUGIN
from tocsin.core.actor import desk_actor
from tocsin.core.db import Database
from tocsin.desk import Desk
from tocsin.orders.lookup import own_lookups
from tocsin.orders.query import search_orders
from tocsin.settings import Settings

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
)


def test_1_2_3_one_sign_in_for_the_pc_and_the_phone(db: Database, tmp_path: Path) -> None:
    """The same page, the same methods; the session remembers on which of the two it was opened."""
    with open_pages(db, tmp_path) as pages:
        pc, phone = pages.get("/sign-in", role=""), pages.get("/sign-in", role="", **{"user-agent": PHONE})
    assert pc.status_code == phone.status_code == 200
    forms = [answer.text.count('action="/sign-in"') for answer in (pc, phone)]
    assert forms[0] == forms[1] > 0
    assert 'name="viewport"' in phone.text


def test_2_4_5_a_name_is_verified_before_methods_are_offered(db: Database) -> None:
    """Name → is he known, active, allowed → what he may use; who is unknown or suspended is offered the same."""
    desk = make_desk(db)
    clerk_id = make_operator(db, desk, "clerk", name="anne")
    known, unknown = find_candidate(db, "anne"), find_candidate(db, "nobody")
    assert (known.operator_id, unknown.operator_id) == (clerk_id, 0)
    offered = begin_sign_in(db, "anne", passkeys=True)
    assert offered == begin_sign_in(db, "nobody", passkeys=True)
    assert offered.methods == ("password", "passkey")
    owner = desk_actor(desk.merchant_id)
    db.write(desk.merchant_id, lambda tx: suspend_operator(tx, owner, operator_id=clerk_id))
    assert begin_sign_in(db, "anne", passkeys=True) == offered
    assert attempt(db, "anne", password="four unrelated pears today") == attempt(db, "nobody")


def test_5_6_5_7_password_and_fingerprint_in_parallel(db: Database) -> None:
    """Either opens the desk; that one of them fails, or is locked, takes nothing from the other."""
    desk = make_desk(db)
    finger = make_passkey(db, enter_as(db, desk, "owner"))
    by_password, by_finger = enter(db, desk.owner), sign_in_with(db, finger, name=desk.owner)
    assert isinstance(by_finger, SignedIn)
    assert by_password.actor.id == by_finger.actor.id
    refused: list[SignInRefused | SignedIn] = [attempt(db, desk.owner) for _ in range(12)]
    assert {one.code for one in refused if isinstance(one, SignInRefused)} == {"wrong", "locked"}
    assert isinstance(sign_in_with(db, finger, name=desk.owner), SignedIn), "guessed passwords lock no finger"
    assert isinstance(sign_in_with(db, finger, origin="https://elsewhere.example"), SignInRefused)
    assert isinstance(attempt(db, desk.owner, password="four unrelated pears today", address=HOME,
                              device=by_password.device_token), SignedIn), "at his own device he comes in"  # fmt: skip


def test_5_8_9_a_wrong_credential_becomes_an_incident_and_the_siren(db: Database, tmp_path: Path) -> None:
    """Wrong → incident, light at once; the third → the siren sounds; silence takes the noise, not the light."""
    people = make_desk(db)
    place = f"connection-{people.merchant_id}"
    heard = lambda: PLUGIN.places[place].now
    desk = Desk(Settings(data_dir=str(tmp_path)), db)
    boss = desk_actor(people.merchant_id)
    db.write(people.merchant_id, lambda tx: add_siren(
        tx, boss, name="店门", driver="memory", options={"place": place}
    ))  # fmt: skip
    desk.start()
    try:
        attempt(db, people.owner)
        wait_for(lambda: heard().light and not heard().sound)
        attempt(db, people.owner)
        attempt(db, people.owner)
        wait_for(lambda: heard().sound)
        (found,) = db.read(people.merchant_id, lambda tx: list_incidents(tx, boss, open_only=True))
        assert (found.level, found.why) == ("sound", "account_failures")
        db.write(people.merchant_id, lambda tx: silence_incident(tx, boss, incident_id=found.id))
        wait_for(lambda: heard().light and not heard().sound)
        db.write(
            people.merchant_id,
            lambda tx: clear_incident(tx, boss, incident_id=found.id, note="是我们自己试的"),
        )
        wait_for(lambda: not heard().light)
    finally:
        desk.close()


def test_5_10_success_opens_the_desk_at_its_query_and_is_asked_again_at_every_request(db: Database) -> None:
    """The session leads to the look-up, which is recorded; once he is suspended the same session opens nothing."""
    desk = make_desk(db)
    clerk_id = make_operator(db, desk, "clerk", name="anne")
    entered = enter(db, "anne")
    actor = find_session(db, entered.token, address=ELSEWHERE)
    assert actor is not None and actor.id == clerk_id
    search_orders(db, actor, text="1234", door="web")
    assert [kept.kind for kept in db.read(desk.merchant_id, lambda tx: own_lookups(tx, actor))] == ["search"]
    owner = desk_actor(desk.merchant_id)
    db.write(desk.merchant_id, lambda tx: suspend_operator(tx, owner, operator_id=clerk_id))
    assert find_session(db, entered.token, address=ELSEWHERE) is None
