"""Step-up: what is dear asks for a fresh proof."""

import pytest
from msgspec.structs import replace

from tests.access.people import enter, make_desk
from tocsin.access.session import find_session
from tocsin.access.step_up import FRESH_US, ProofNeeded, is_proved, mark_proved, require_proof
from tocsin.core.actor import desk_actor
from tocsin.core.clock import now_us, shift_clock
from tocsin.core.db import Database


def test_a_sign_in_is_a_proof_for_ten_minutes_and_a_new_one_renews_it(db: Database) -> None:
    desk = make_desk(db)
    entered = enter(db, desk.owner)
    require_proof(entered.actor)
    shift_clock(FRESH_US + 1)
    stale = find_session(db, entered.token)
    assert stale is not None
    with pytest.raises(ProofNeeded):
        require_proof(stale)
    db.write(desk.merchant_id, lambda tx: mark_proved(tx, stale, method="password"))
    fresh = find_session(db, entered.token)
    assert fresh is not None
    require_proof(fresh)


def test_a_proof_is_of_its_session_alone(db: Database) -> None:
    desk = make_desk(db)
    here, there = enter(db, desk.owner), enter(db, desk.owner)
    shift_clock(FRESH_US + 1)
    db.write(desk.merchant_id, lambda tx: mark_proved(tx, here.actor, method="password"))
    found = find_session(db, there.token)
    assert found is not None and not is_proved(found)


def test_keys_and_stations_can_prove_nothing_and_the_desk_need_not(db: Database) -> None:
    actor = enter(db, make_desk(db).owner).actor
    for kind in ("api_key", "station"):
        with pytest.raises(ProofNeeded):
            require_proof(replace(actor, kind=kind, proved_at_us=0))
    require_proof(desk_actor(1))
    assert not is_proved(replace(actor, proved_at_us=now_us() - FRESH_US))
