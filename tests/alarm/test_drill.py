"""A drill tries the whole chain: signal, sirens, people, screens, each link with its time; what fails is said."""

from collections.abc import Callable, Iterator

import pytest

from tests.alarm.scene import watch
from tests.alarm.told import Posting, allow_near_push, hook, make_recipient, notices
from tests.alarm.yard import Yard
from tests.peers.push_peer import PushPeer
from tests.peers.robot_peer import RobotPeer
from tocsin.alarm.drill import (
    DRILLED,
    Drill,
    DrillMissing,
    DrillRunning,
    DrillUntimely,
    get_drill,
    list_drills,
    start_drill,
)
from tocsin.alarm.drill_chain import note_screen, read_chain, tend_drills
from tocsin.alarm.incident import DRILL
from tocsin.alarm.posture import read_posture
from tocsin.alarm.push import read_subscription
from tocsin.alarm.receipt import take_receipt
from tocsin.alarm.recipient import change_recipient
from tocsin.core.actor import NotAllowed
from tocsin.core.clock import SECOND_US, shift_clock
from tocsin.core.db import Database


@pytest.fixture
def yard(db: Database) -> Iterator[Yard]:
    made = Yard(db)
    yield made
    made.sounding.stop()


@pytest.fixture
def peer() -> Iterator[RobotPeer]:
    made = RobotPeer()
    yield made
    made.close()


def newest(yard: Yard) -> Drill:
    found: list[Drill] = yard.read(list_drills)
    return found[0]


def links(yard: Yard) -> dict[tuple[str, str], str]:
    return {(one.link, one.name): one.state for one in newest(yard).chain()}


def run(yard: Yard, *, during: Callable[[], object] = lambda: None) -> Drill:
    """Run a drill to its end; `during` happens once its incident is there."""
    with Posting(yard.db) as posting:
        yard.act(start_drill)
        watch(yard.db)
        during()

        def ended() -> bool:
            posting.tell()
            tend_drills(yard.db)
            return newest(yard).state != "running"

        yard.until(ended, seconds=90)
    return newest(yard)


def test_the_whole_chain_with_the_time_of_each_link(yard: Yard, peer: RobotPeer) -> None:
    door, yard_place = yard.siren("Door"), yard.siren("Yard")
    yard.until(lambda: yard.row("Door").state == "off" and yard.row("Yard").state == "off")
    one = make_recipient(yard.house, hook(peer), name="群")
    heard: list[int] = []
    done = run(
        yard, during=lambda: heard.append(yard.act(note_screen, incident_id=newest(yard).incident_id) or 1)
    )
    assert done.state == "passed", done.links
    assert links(yard) == {
        ("signal", ""): "ok", ("siren_on", "Door"): "ok", ("siren_on", "Yard"): "ok", ("siren_off", "Door"): "ok",
        ("siren_off", "Yard"): "ok", ("person", "群"): "sent", ("screen", "1"): "ok",
    }  # fmt: skip
    assert all(0 <= link.ms < 5000 for link in done.chain())
    for place in (door, yard_place):
        sounded = [pattern for pattern in place.told if pattern.sound]
        assert sounded and not place.now.on, "it sounded, and is off again"
    assert 2.5 < (done.cleared_at_us - done.raised_at_us) / SECOND_US < 8
    assert "演练" in peer.texts()[0] and "并没有出事" in peer.texts()[0] and len(peer.texts()) == 1
    assert [n.what for n in notices(yard.house, one)] == ["raised"], "its end is not told as an alarm's is"
    assert yard.incident().kind == DRILL and yard.incident().outcome == "drilled"
    assert yard.read(read_posture).state == "calm", "a drill raises no posture"
    assert yard.events().count(DRILLED) == 1


def test_a_siren_that_does_not_answer_fails_the_drill(yard: Yard, peer: RobotPeer) -> None:
    yard.siren("Door")
    broken = yard.siren("Broken")
    yard.until(lambda: yard.row("Door").state == "off" and yard.row("Broken").state == "off")
    make_recipient(yard.house, hook(peer), name="群")
    broken.fails = "gone"
    done = run(yard)
    assert done.state == "failed"
    assert links(yard)["siren_on", "Broken"] == "failed" and links(yard)["siren_on", "Door"] == "ok"
    assert [link.problem for link in done.chain() if link.state == "failed" and link.link == "siren_on"] != [
        ""
    ]


def test_a_message_that_is_not_taken_fails_the_drill(yard: Yard, peer: RobotPeer) -> None:
    make_recipient(yard.house, hook(peer, "good"), name="群")
    make_recipient(yard.house, hook(peer, "bad"), name="坏")
    peer.refuse = [("status", 404)]
    done = run(yard)
    failed = [link for link in done.chain() if link.state == "failed"]
    assert done.state == "failed" and [(link.link, link.number) for link in failed] == [("person", "404")]


def test_who_does_not_want_drills_is_left_in_peace(yard: Yard, peer: RobotPeer) -> None:
    calm = make_recipient(yard.house, hook(peer, "calm"), wants=("light", "sound"))
    make_recipient(yard.house, hook(peer, "drilled"), wants=("drill",), name="群")
    assert run(yard).state == "passed"
    assert notices(yard.house, calm) == [] and len(peer.texts()) == 1


def test_a_browser_that_shows_it_confirms_and_a_person_may_confirm_later(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow_near_push(monkeypatch)
    browser = PushPeer()
    address = read_subscription(browser.subscription())
    one = make_recipient(yard.house, address, kind="push", operator_id=1, name="手机", locale="en")
    assert run(yard).state == "passed" and links(yard)["person", "手机"] == "sent"
    assert browser.taken[0]["title"].startswith("DRILL")
    token = browser.taken[0]["seen"].rpartition("/")[2]
    assert browser.taken[0]["url"].endswith(token)
    yard.write(take_receipt, token=token)
    now = {(link.link, link.name): link.state for link in yard.read(read_chain, present=newest(yard))}
    assert now["person", "手机"] == "ok" and notices(yard.house, one)[0].received_at_us is not None
    browser.close()


def test_a_chain_that_leads_to_nobody_has_failed(yard: Yard) -> None:
    assert run(yard).state == "failed"
    assert links(yard) == {
        ("signal", ""): "ok",
        ("siren_on", ""): "none",
        ("person", ""): "none",
        ("screen", ""): "none",
    }


def test_a_signal_that_nobody_reads_fails_the_drill(yard: Yard) -> None:
    yard.act(start_drill)
    tend_drills(yard.db)
    assert newest(yard).state == "running"
    shift_clock(11 * SECOND_US)
    tend_drills(yard.db)
    assert newest(yard).state == "failed" and links(yard)["signal", ""] == "failed"
    watch(yard.db)
    assert yard.incidents() == [], "it is over: nothing sounds late"


def test_a_message_that_hangs_fails_it_after_a_minute(yard: Yard, peer: RobotPeer) -> None:
    make_recipient(yard.house, hook(peer), name="群")
    yard.act(start_drill)
    watch(yard.db)
    Posting(yard.db).tell()
    for seconds in (4, 30, 70):
        shift_clock(seconds * SECOND_US)
        tend_drills(yard.db)
    assert newest(yard).state == "failed" and links(yard)["person", "群"] == "failed"


def test_a_drill_waits_for_no_alarm_and_for_no_other_drill(yard: Yard) -> None:
    yard.alarm()
    with pytest.raises(DrillUntimely):
        yard.act(start_drill)
    other = Yard(yard.db, code="BB")
    other.act(start_drill)
    with pytest.raises(DrillRunning):
        other.act(start_drill)
    other.sounding.stop()


@pytest.mark.parametrize("role", ["clerk", "checker", "auditor", "station"])
def test_only_who_looks_after_the_shop_lets_the_sirens_sound(yard: Yard, role: str) -> None:
    with pytest.raises(NotAllowed):
        yard.act(start_drill, role)
    with pytest.raises(DrillMissing):
        yard.write(get_drill, drill_id=7)


def test_a_screen_tells_of_drills_alone(yard: Yard) -> None:
    yard.alarm()
    yard.act(note_screen, "clerk", incident_id=yard.incident().id)
    yard.act(note_screen, "clerk", incident_id=7)
    assert yard.lines("screen") == []


def test_nothing_is_told_to_who_was_switched_off(yard: Yard, peer: RobotPeer) -> None:
    one = make_recipient(yard.house, hook(peer), name="群")
    yard.act(
        change_recipient, recipient_id=one, name="群", locale="en", wants=("drill",), step=0, active=False
    )
    run(yard)
    assert links(yard)["person", ""] == "none"
    assert peer.taken == []
