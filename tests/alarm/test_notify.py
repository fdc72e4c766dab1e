"""Who is told, of what, when: notices made of events, each once."""

from collections.abc import Iterator
from functools import partial

import pytest
import sqlalchemy as sa

from tests.alarm.told import (
    BASE_URL,
    Posting,
    entries,
    hook,
    make_recipient,
    notices,
    raise_one,
    recipients,
    send_due,
    settled,
    until,
)
from tests.house import House, make_house
from tests.peers.robot_peer import RobotPeer
from tocsin.access.restored import note_restored
from tocsin.alarm import message
from tocsin.alarm.incident import acknowledge_incident, clear_incident
from tocsin.alarm.message import Account, name_accounts_by
from tocsin.alarm.notify import CONSUMER, tell_people
from tocsin.alarm.posture import change_posture
from tocsin.core.clock import MINUTE_US, SECOND_US, shift_clock
from tocsin.core.db import Database
from tocsin.core.event import append_event, event_consumer
from tocsin.core.statement import Statement

OWNER = 77


@pytest.fixture
def house(db: Database) -> House:
    return make_house(db)


@pytest.fixture
def peer() -> Iterator[RobotPeer]:
    made = RobotPeer()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message, "_name_of", message._name_of)
    name_accounts_by(lambda _, operator_id: Account("林", active=operator_id != 99))


def tell(house: House) -> None:
    Posting(house.db).tell()


def whats(house: House, recipient_id: int) -> list[str]:
    return [one.what for one in notices(house, recipient_id)]


def event(house: House, kind: str, subject_id: int, **data: str) -> None:
    house.db.write(house.merchant_id, lambda tx: append_event(tx, kind, subject_id=subject_id, data=data))


def test_people_are_told_of_the_level_that_they_chose(house: House, peer: RobotPeer) -> None:
    light = make_recipient(house, hook(peer, "a"), wants=("light", "sound"))
    sound = make_recipient(house, hook(peer, "b"), wants=("sound",))
    nothing = make_recipient(house, hook(peer, "c"), wants=())
    raise_one(house, level="light")
    tell(house)
    assert (whats(house, light), whats(house, sound)) == (["raised"], [])
    raise_one(house, level="sound")
    tell(house)
    assert whats(house, sound) == ["raised"] and whats(house, nothing) == []
    assert whats(house, light) == ["raised"], "on its way still: it says what is true when it leaves"


def test_nobody_is_called_for_a_desk_that_was_restored(house: House, peer: RobotPeer) -> None:
    told = make_recipient(house, hook(peer, "a"), wants=("light", "sound"))
    house.db.write(house.merchant_id, lambda tx: note_restored(tx, made_at_us=1))
    tell(house)
    assert whats(house, told) == []


def test_what_got_worse_is_told_at_once_and_what_rings_again_is_not(house: House, peer: RobotPeer) -> None:
    one = make_recipient(house, hook(peer), wants=("light", "sound"))
    raise_one(house, level="light")
    with Posting(house.db) as posting:
        posting.tell()
        until(lambda: settled(house, one))
        incident_id = raise_one(house, level="sound")
        posting.tell()
        event(house, "alarm.level", incident_id, level="sound")  # a minute later it rings again
        posting.tell()
        until(lambda: settled(house, one))
    assert whats(house, one) == ["raised", "level"]
    assert [text.partition("，")[0] for text in peer.texts()] == ["【注意】合肥店", "【警报】合肥店"]


def test_an_event_that_is_read_again_tells_nobody_twice(house: House, peer: RobotPeer) -> None:
    one = make_recipient(house, hook(peer), operator_id=OWNER, wants=("sound", "account"))
    raise_one(house)
    event(house, "access.account_changed", OWNER, what="password")
    tell(house)
    back = Statement[None](
        sa.update(event_consumer).where(event_consumer.c.name == CONSUMER).values(horizon=0, event_id=0)
    )
    house.db.write(0, lambda tx: tx.run(back))
    tell(house)
    assert whats(house, one) == ["raised", "account"]


def test_while_it_goes_on_there_is_an_update_a_minute_later_then_less_and_less_often(
    house: House, peer: RobotPeer
) -> None:
    one = make_recipient(house, hook(peer))
    incident_id, passed_us, waits = raise_one(house), 0, []
    tell(house)
    send_due(house)
    for _ in range(5):
        for _ in range(3):  # ten thousand guesses are one update
            event(house, "alarm.counted", incident_id)
        tell(house)
        before, last = notices(house, one)[-2:]
        assert (before.state, last.what, last.state) == ("sent", "update", "waiting")
        waits.append(round((last.due_at_us - before.at_us) / MINUTE_US))
        passed_us += last.due_at_us - last.at_us + SECOND_US
        shift_clock(passed_us)
        send_due(house)
    assert waits == [1, 5, 15, 60, 60]
    assert len(peer.texts()) == 6 and "仍在继续" in peer.texts()[-1]


def test_who_has_it_is_left_in_peace(house: House, peer: RobotPeer) -> None:
    one = make_recipient(house, hook(peer))
    incident_id = raise_one(house)
    tell(house)
    send_due(house)
    event(house, "alarm.counted", incident_id)
    tell(house)
    house.db.write(
        house.merchant_id, lambda tx: acknowledge_incident(tx, house.actor(), incident_id=incident_id)
    )
    shift_clock(2 * MINUTE_US)
    send_due(house)
    event(house, "alarm.counted", incident_id)
    tell(house)
    assert [n.state for n in notices(house, one)] == ["sent", "dropped"]
    assert len(peer.texts()) == 1


def test_the_end_is_told_to_those_who_heard_of_the_beginning(house: House, peer: RobotPeer) -> None:
    heard, not_heard = (
        make_recipient(house, hook(peer, "a")),
        make_recipient(house, hook(peer, "b"), wants=("light",)),
    )
    with Posting(house.db) as posting:
        incident_id = raise_one(house)
        posting.tell()
        until(lambda: settled(house, heard))
        house.db.write(
            house.merchant_id, lambda tx: clear_incident(tx, house.actor(), incident_id=incident_id)
        )
        posting.tell()
        until(lambda: len(peer.texts()) == 2)
    assert whats(house, heard) == ["raised", "cleared"] and whats(house, not_heard) == []
    assert "已结束" in peer.texts()[1] and "owner 已解除" in peer.texts()[1]


def test_the_owner_of_the_account_is_told_whatever_he_chose(house: House, peer: RobotPeer) -> None:
    his = make_recipient(house, hook(peer, "his"), operator_id=OWNER, wants=())
    another = make_recipient(house, hook(peer, "another"), operator_id=OWNER + 1, wants=())
    with Posting(house.db) as posting:
        incident_id = raise_one(house, level="light", operator_id=OWNER)
        posting.tell()
        until(lambda: settled(house, his))
    assert whats(house, another) == []
    (text,) = peer.texts()
    assert "有人在尝试登录你的账号" in text and f"{BASE_URL}/incidents/{incident_id}/mine" in text
    assert "锁定" in text and "林" not in text, "his own name is not told to him"


def test_others_are_told_whose_account_it_is(house: House, peer: RobotPeer) -> None:
    one = make_recipient(house, hook(peer))
    with Posting(house.db) as posting:
        incident_id = raise_one(house, operator_id=OWNER)
        posting.tell()
        until(lambda: settled(house, one))
    (text,) = peer.texts()
    assert "林" in text and text.endswith(f"{BASE_URL}/incidents/{incident_id}") and "15" in text


def test_a_known_device_has_half_a_minute_to_get_it_right(house: House, peer: RobotPeer) -> None:
    his = make_recipient(house, hook(peer), operator_id=OWNER)
    raise_one(house, kind="device", key=f"device:{OWNER}:x", level="light", operator_id=OWNER)
    tell(house)
    (waiting,) = notices(house, his)
    assert waiting.due_at_us - waiting.at_us == 30 * SECOND_US
    raise_one(house, kind="device", key=f"device:{OWNER}:x", level="sound", operator_id=OWNER)
    tell(house)
    assert (
        whats(house, his) == ["raised", "level"]
        and notices(house, his)[1].due_at_us == notices(house, his)[1].at_us
    )


def test_the_next_people_are_told_when_nobody_has_it(house: House, peer: RobotPeer) -> None:
    first = make_recipient(house, hook(peer, "a"), wants=("sound", "escalated"))
    plain = make_recipient(house, hook(peer, "b"), wants=("sound",))
    second = make_recipient(house, hook(peer, "c"), wants=(), step=1)
    third = make_recipient(house, hook(peer, "d"), wants=(), step=2)
    incident_id = raise_one(house)
    tell(house)
    escalate(house, incident_id, step=1)
    assert whats(house, first) == ["raised", "escalated"] and whats(house, plain) == ["raised"]
    assert whats(house, second) == ["escalated"] and whats(house, third) == []
    escalate(house, incident_id, step=2)
    assert whats(house, third) == ["escalated"] and whats(house, second) == ["escalated", "escalated"]


def escalate(house: House, incident_id: int, *, step: int) -> None:
    from tocsin.alarm.table import incident

    taken = Statement[None](sa.update(incident).where(incident.c.id == incident_id), sets=("escalated",))
    house.db.write(house.merchant_id, lambda tx: tx.run(taken, escalated=step))
    event(house, "alarm.escalated", incident_id, step=str(step))
    tell(house)


def test_lockdown_and_calm_are_told(house: House, peer: RobotPeer) -> None:
    one = make_recipient(house, hook(peer), locale="en")
    with Posting(house.db) as posting:
        for state in ("lockdown", "calm"):
            change = partial(change_posture, actor=house.actor(), state=state, reason="x")
            house.db.write(house.merchant_id, change)
            posting.tell()
            until(lambda: settled(house, one))
    assert [text.splitlines()[0] for text in peer.texts()] == [
        "合肥店: the order desk is now in lockdown", "合肥店: the order desk is now in the state “calm”"
    ]  # fmt: skip


def test_a_change_of_an_account_is_told_to_its_owner_alone(house: House, peer: RobotPeer) -> None:
    his = make_recipient(house, hook(peer, "his"), operator_id=OWNER, wants=("account",))
    silent = make_recipient(house, hook(peer, "silent"), operator_id=OWNER, wants=("sound",))
    shop = make_recipient(house, hook(peer, "shop"), wants=("account", "sound"))
    with Posting(house.db) as posting:
        event(house, "access.account_changed", OWNER, what="password")
        event(house, "access.account_changed", OWNER + 1, what="password")
        posting.tell()
        until(lambda: settled(house, his))
    assert (whats(house, his), whats(house, silent), whats(house, shop)) == (["account"], [], [])
    assert "密码" in peer.texts()[0] and "/lock-account" in peer.texts()[0]


def test_who_was_switched_off_or_suspended_is_told_nothing(house: House, peer: RobotPeer) -> None:
    suspended = make_recipient(house, hook(peer, "a"), operator_id=99)
    raise_one(house, operator_id=99)
    tell(house)
    assert whats(house, suspended) == []


def test_nobody_is_woken_for_what_was_hours_ago(house: House, peer: RobotPeer) -> None:
    one = make_recipient(house, hook(peer))
    raise_one(house)
    shift_clock(2 * 60 * MINUTE_US)
    tell(house)
    assert whats(house, one) == []


def test_a_robot_is_not_sent_more_than_it_takes(house: House, peer: RobotPeer) -> None:
    one = make_recipient(house, hook(peer))
    for number in range(20):
        raise_one(house, key=f"void:{number}", kind="void_scanned")
    tell(house)
    late = [n.due_at_us - n.at_us for n in notices(house, one)]
    assert late == [0] * 15 + [MINUTE_US] * 5


def test_events_of_orders_pass_without_a_write_each(house: House, peer: RobotPeer) -> None:
    event(house, "order.produced", 1)
    assert tell_people(house.db, Posting(house.db).queue, base_url=BASE_URL) == 0
    for number in range(60):
        event(house, "order.produced", number)
    assert tell_people(house.db, Posting(house.db).queue, base_url=BASE_URL) > 60
    assert tell_people(house.db, Posting(house.db).queue, base_url=BASE_URL) == 0


def test_each_merchant_has_his_own_people(db: Database, house: House, peer: RobotPeer) -> None:
    other = make_house(db, code="BB")
    mine, theirs = make_recipient(house, hook(peer)), make_recipient(other, hook(peer))
    raise_one(other)
    tell(house)
    assert whats(house, mine) == [] and whats(other, theirs) == ["raised"]
    assert recipients(house).keys() == {mine} and entries(house, 1) == []
