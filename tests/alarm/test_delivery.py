"""One notice is sent until it was handed over or can't be; each failure is seen where people look."""

from collections.abc import Iterator

import pytest

from tests.alarm.told import (
    BASE_URL,
    Posting,
    allow_near_push,
    entries,
    hook,
    make_recipient,
    notices,
    point_robots_at,
    raise_one,
    recipients,
    send_due,
    settled,
    until,
    wecom,
)
from tests.house import House, make_house
from tests.peers.push_peer import PushPeer
from tests.peers.robot_peer import RobotPeer
from tocsin.alarm.delivery import UNSENT, NoticeUnsent, send_notice
from tocsin.alarm.incident import clear_incident
from tocsin.alarm.push import read_subscription
from tocsin.alarm.recipient import change_recipient, remove_recipient
from tocsin.core.clock import MINUTE_US, shift_clock
from tocsin.core.db import Database
from tocsin.core.event import Event, replay_events


@pytest.fixture
def house(db: Database) -> House:
    return make_house(db)


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[RobotPeer]:
    made = RobotPeer()
    point_robots_at(made, monkeypatch)
    yield made
    made.close()


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[PushPeer]:
    allow_near_push(monkeypatch)
    made = PushPeer()
    yield made
    made.close()


def events(house: House, kind: str) -> list[Event]:
    found = house.db.read(house.merchant_id, lambda tx: replay_events(tx, after_id=0))
    return [one for one in found if one.kind == kind]


def post(house: House, recipient_id: int) -> int:
    """Raise an incident and let it be sent until nothing waits; return its id."""
    with Posting(house.db) as posting:
        incident_id = raise_one(house)
        posting.tell()
        until(lambda: settled(house, recipient_id))
    return incident_id


def test_what_was_handed_over_stands_in_the_timeline_and_at_the_recipient(
    house: House, peer: RobotPeer
) -> None:
    one = make_recipient(house, wecom(), name="店长群")
    incident_id = post(house, one)
    (sent,) = notices(house, one)
    assert sent.state == "sent" and sent.tries == 1 and sent.sent_at_us is not None
    assert recipients(house)[one].sent_at_us is not None and recipients(house)[one].problem == ""
    (entry,) = entries(house, incident_id, "notified", "notify_failed")
    assert entry.kind == "notified" and entry.fields()["recipient"] == "店长群"
    assert recipients(house)[one].confirmed_at_us is None, "sent is not received"


def test_what_passes_by_itself_is_tried_again_and_seen_meanwhile(house: House, peer: RobotPeer) -> None:
    one = make_recipient(house, wecom())
    peer.refuse = [("code", 45009), ("status", 503)]
    incident_id = post(house, one)
    assert [n.state for n in notices(house, one)] == ["sent"] and notices(house, one)[0].tries == 3
    assert [e.kind for e in entries(house, incident_id, "notified", "notify_failed")] == [
        "notify_failed",
        "notified",
    ]
    assert recipients(house)[one].problem == "" and recipients(house)[one].problem_at_us is not None
    assert [e.fields()["problem"] for e in events(house, UNSENT)] == ["robot 45009"]


def test_a_wrong_address_is_not_tried_again(house: House, peer: RobotPeer) -> None:
    one = make_recipient(house, hook(peer))
    peer.refuse = [("status", 404)] * 9
    incident_id = post(house, one)
    assert notices(house, one)[0].state == "failed" and notices(house, one)[0].tries == 1
    assert len(peer.refuse) == 8 and recipients(house)[one].problem == "status 404"
    (entry,) = entries(house, incident_id, "notify_failed")
    assert (entry.fields()["problem"], entry.fields()["number"]) == ("the service refused it, status", "404")
    assert events(house, "job.failed") == []


def test_after_five_tries_it_is_given_up_and_the_job_has_failed(house: House, peer: RobotPeer) -> None:
    one = make_recipient(house, hook(peer))
    peer.always = ("status", 500)
    with Posting(house.db) as posting:
        posting.queue.retry_seconds = lambda attempts: None if attempts >= 5 else 0.02  # type: ignore[method-assign]
        incident_id = raise_one(house)
        posting.tell()
        until(lambda: house.db.read(house.merchant_id, posting.queue.failed))
        failed = house.db.read(house.merchant_id, posting.queue.failed)
    assert [job.task for job in failed] == ["alarm.notify"] and "incident" not in failed[0].payload
    assert notices(house, one)[0].state == "failed" and notices(house, one)[0].tries == 5
    assert [e.fields()["fault"] for e in events(house, "job.failed")] == ["NoticeUnsent"]
    assert len(entries(house, incident_id, "notify_failed")) == 2, "the first and the last"


def test_one_that_fails_keeps_no_other_from_being_told(house: House, peer: RobotPeer) -> None:
    bad, good = make_recipient(house, hook(peer, "bad")), make_recipient(house, wecom())
    with Posting(house.db) as posting:
        posting.queue.first_delay_seconds = 60
        peer.refuse = [("status", 500)]
        raise_one(house)
        posting.tell()
        until(lambda: len(peer.taken) == 1)
        until(lambda: notices(house, good)[0].state == "sent" or notices(house, bad)[0].state == "sent")
    assert sorted(n.state for one in (bad, good) for n in notices(house, one)) == ["sent", "waiting"]


def test_a_browser_that_has_gone_is_taken_off_the_list(house: House, browser: PushPeer) -> None:
    one = make_recipient(house, read_subscription(browser.subscription()), kind="push", operator_id=1)
    browser.status = 410
    incident_id = post(house, one)
    assert one not in recipients(house) and notices(house, one)[0].state == "failed"
    assert [e.fields()["number"] for e in entries(house, incident_id, "notify_failed")] == ["410"]


def test_a_browser_is_told_with_where_to_go_and_how_to_say_that_it_came(
    house: House, browser: PushPeer
) -> None:
    one = make_recipient(
        house, read_subscription(browser.subscription()), kind="push", operator_id=1, locale="en"
    )
    incident_id = post(house, one)
    (shown,) = browser.taken
    assert shown["title"].startswith("ALARM") and shown["url"] == f"{BASE_URL}/incidents/{incident_id}"
    assert shown["tag"] == f"i{incident_id}" and shown["seen"].startswith(f"{BASE_URL}/received/")
    assert browser.headers[0]["topic"] == f"i{incident_id}"


def test_a_job_that_runs_twice_sends_once(house: House, peer: RobotPeer) -> None:
    one = make_recipient(house, hook(peer))
    post(house, one)
    payload = {"notice": str(notices(house, one)[0].id), "base_url": BASE_URL}
    send_notice(house.db, house.merchant_id, payload)
    send_notice(house.db, house.merchant_id, {"notice": "7", "base_url": BASE_URL})
    assert len(peer.taken) == 1


def test_what_is_over_before_it_left_is_not_told(house: House, peer: RobotPeer) -> None:
    one = make_recipient(house, hook(peer))
    house.db.write(house.merchant_id, lambda tx: change_recipient(
        tx, house.actor(), recipient_id=one, name="x", locale="en", wants=("light",), step=0, active=True
    ))  # fmt: skip
    posting = Posting(house.db)
    incident_id = raise_one(house, kind="device", key="device:1:x", level="light")
    posting.tell()
    house.db.write(house.merchant_id, lambda tx: clear_incident(tx, house.actor(), incident_id=incident_id))
    posting.tell()
    shift_clock(MINUTE_US)
    send_due(house)
    assert [n.state for n in notices(house, one)] == ["dropped"] and peer.taken == []


def test_who_was_taken_away_or_switched_off_meanwhile_is_not_told(house: House, peer: RobotPeer) -> None:
    gone, off = make_recipient(house, hook(peer, "a")), make_recipient(house, hook(peer, "b"))
    raise_one(house)
    posting = Posting(house.db)
    posting.tell()
    house.db.write(house.merchant_id, lambda tx: remove_recipient(tx, house.actor(), recipient_id=gone))
    house.db.write(house.merchant_id, lambda tx: change_recipient(
        tx, house.actor(), recipient_id=off, name="x", locale="en", wants=(), step=0, active=False
    ))  # fmt: skip
    with posting:
        until(lambda: settled(house, gone) and settled(house, off))
    assert [n.state for one in (gone, off) for n in notices(house, one)] == ["dropped", "dropped"]
    assert peer.taken == []


def test_the_queue_is_not_asked_to_try_again_in_vain(house: House, peer: RobotPeer) -> None:
    one = make_recipient(house, hook(peer))
    peer.always = ("status", 404)
    raise_one(house)
    Posting(house.db).tell()
    send_notice(house.db, house.merchant_id, {"notice": str(notices(house, one)[0].id), "base_url": BASE_URL})
    assert notices(house, one)[0].state == "failed"


def test_the_fault_that_the_queue_sees_names_no_address(house: House, peer: RobotPeer) -> None:
    one = make_recipient(house, hook(peer, "secret-path"))
    peer.always = ("status", 500)
    raise_one(house)
    Posting(house.db).tell()
    with pytest.raises(NoticeUnsent) as told:
        send_notice(
            house.db, house.merchant_id, {"notice": str(notices(house, one)[0].id), "base_url": BASE_URL}
        )
    assert "secret-path" not in str(told.value) and "status 500" in str(told.value)
