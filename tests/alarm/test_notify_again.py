"""What is new in an attack that somebody has already is told at once, to each who is concerned; what can't be told keeps nothing back."""

from typing import Any

import pytest

from tests.alarm.scene import Scene
from tests.alarm.test_notify import OWNER, names, peer, tell, whats
from tests.alarm.told import hook, make_recipient, raise_one, send_due
from tests.house import make_house
from tests.peers.robot_peer import RobotPeer
from tocsin.alarm import notify
from tocsin.alarm.incident import acknowledge_incident
from tocsin.core import loop
from tocsin.core.clock import MINUTE_US, shift_clock
from tocsin.core.db import Database, Tx
from tocsin.core.event import Event

__all__ = ["names", "peer"]  # fixtures


@pytest.mark.usefixtures("names")
def test_what_is_new_is_told_at_once_and_each_who_is_concerned_once(db: Database, peer: RobotPeer) -> None:
    """Somebody has it: then another account is attacked, and a third is tried once."""
    scene = Scene(db)
    shop = make_recipient(scene.house, hook(peer, "shop"), wants=("sound",))
    his = make_recipient(scene.house, hook(peer, "his"), operator_id=OWNER, wants=("sound",))
    third = make_recipient(scene.house, hook(peer, "third"), operator_id=OWNER + 1, wants=())
    scene.fail(times=3)
    tell(scene.house)
    send_due(scene.house)
    scene.act(acknowledge_incident, incident_id=scene.incident().id)
    shift_clock(2 * MINUTE_US)
    scene.fail(times=3, operator_id=OWNER, name_digest="owner")
    tell(scene.house)
    assert whats(scene.house, shop) == ["raised", "again"] and whats(scene.house, his) == ["raised", "yours"]
    send_due(scene.house)
    scene.act(acknowledge_incident, incident_id=scene.incident().id)
    shift_clock(4 * MINUTE_US)
    scene.fail(operator_id=OWNER + 1, name_digest="third")
    tell(scene.house)
    scene.fail(operator_id=OWNER + 1, name_digest="third")
    tell(scene.house)
    assert whats(scene.house, third) == ["raised"] and whats(scene.house, his) == ["raised", "yours"]
    assert whats(scene.house, shop) == ["raised", "again"], "who has it is left in peace"
    texts = peer.texts()
    assert sum("再次鸣响" in text for text in texts) == 1
    assert sum("有人在尝试登录你的账号" in text for text in texts) == 1


def test_an_event_that_cannot_be_told_keeps_no_other_from_being_told(
    db: Database, peer: RobotPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither another merchant's nor the next of the same."""
    first, second = make_house(db), make_house(db, code="BB")
    mine, theirs = make_recipient(first, hook(peer)), make_recipient(second, hook(peer))
    honest, wrong = notify.tell_event, raise_one(first)

    def broken(tx: Tx, *, event: Event, **more: Any) -> None:
        honest(tx, event=event, **more)
        if event.subject_id == wrong:
            raise ArithmeticError("its data")

    monkeypatch.setattr(notify, "tell_event", broken)
    raise_one(second)
    raise_one(first, key="other")
    monkeypatch.setattr(loop, "_PAUSES_SECONDS", ())
    tell(first)
    assert whats(second, theirs) == ["raised"] == whats(first, mine)
