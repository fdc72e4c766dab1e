"""What is new in an attack that somebody has already: it is told at once, to each who is concerned."""

import pytest

from tests.alarm.scene import Scene
from tests.alarm.test_notify import OWNER, names, peer, tell, whats
from tests.alarm.told import hook, make_recipient, send_due
from tests.peers.robot_peer import RobotPeer
from tocsin.alarm.incident import acknowledge_incident
from tocsin.core.clock import MINUTE_US, shift_clock
from tocsin.core.db import Database

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
