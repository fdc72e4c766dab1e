"""Who lifts a lockdown proves who he is; to lock down asks for nothing."""

import pytest
from msgspec.structs import replace

from tests.house import make_house
from tocsin.access.lockdown import set_posture_by_hand
from tocsin.access.step_up import ProofNeeded
from tocsin.alarm.posture import read_posture
from tocsin.core.db import Database


def test_lifting_asks_for_a_proof_and_locking_does_not(db: Database) -> None:
    house = make_house(db)
    stale = replace(house.actor(), proved_at_us=0)

    def set_(actor: object, state: str) -> str:
        db.write(house.merchant_id, lambda tx: set_posture_by_hand(tx, actor, state=state, reason="x"))  # type: ignore[arg-type]
        return db.read(house.merchant_id, read_posture).state

    assert set_(stale, "lockdown") == "lockdown"
    for state in ("calm", "alert"):
        with pytest.raises(ProofNeeded):
            set_(stale, state)
    assert db.read(house.merchant_id, read_posture).state == "lockdown"
    assert set_(house.actor(), "alert") == "alert" and set_(stale, "calm") == "calm"
