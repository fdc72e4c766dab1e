"""A flood of ten thousand wrong credentials is one incident that counts them all, and does not hold the desk up."""

import threading
import time
from pathlib import Path

from tests.alarm.scene import Scene, send_many, watch
from tocsin.alarm.evidence import next_signals
from tocsin.alarm.incident import wanted
from tocsin.alarm.signal import Signal
from tocsin.alarm.watch import BATCH, watch_signals
from tocsin.core.db import Database
from tocsin.desk import Desk
from tocsin.settings import Settings

FLOOD = 10_000
MOST_SECONDS = 20


def flood(scene: Scene) -> None:
    """Send it as a spray does: hundreds of accounts from hundreds of addresses, most of it refused untested."""
    told = [
        Signal(
            kind="credential_wrong", operator_id=number % 300, name_digest=str(number % 300),
            address=f"203.0.113.{number % 200}", outcome="wrong" if number < 900 else "locked",
        )
        for number in range(FLOOD)
    ]  # fmt: skip
    for start in range(0, FLOOD, 500):
        scene.write(send_many, told=told[start : start + 500])


def test_ten_thousand_failures_are_one_incident(db: Database):
    scene = Scene(db)
    flood(scene)
    started = time.monotonic()
    steps = 0
    while watch_signals(db):
        steps += 1
    assert time.monotonic() - started < MOST_SECONDS
    assert steps >= FLOOD / BATCH, "never more than a batch in a transaction"
    found = scene.incident()
    assert (found.signals, found.refused) == (FLOOD, FLOOD - 900)
    assert (found.accounts, found.addresses) == (300, 200)
    assert found.level == "sound" and scene.entries().count("sound") == 1
    assert len(scene.entries()) < 12, "a timeline, not ten thousand lines"
    assert scene.events().count("alarm.counted") <= MOST_SECONDS


def test_people_still_work_and_the_siren_is_asked_for_while_it_pours(db: Database, tmp_path: Path):
    scene = Scene(db)
    desk = Desk(Settings(data_dir=str(tmp_path)), db)
    desk.start()
    pouring = threading.Thread(target=flood, args=(scene,))
    pouring.start()
    heard_seconds, slowest_seconds = None, 0.0
    started = time.monotonic()
    until = started + 60
    while time.monotonic() < until:
        asked = time.monotonic()
        now = db.read(scene.merchant_id, wanted)
        slowest_seconds = max(slowest_seconds, time.monotonic() - asked)
        if now.sound and heard_seconds is None:
            heard_seconds = time.monotonic() - started
        if not pouring.is_alive() and scene.incident().signals == FLOOD:
            break
        time.sleep(0.02)
    pouring.join()
    waiting = db.read(0, lambda tx: next_signals(tx, limit=1))
    desk.close()
    assert waiting == []
    assert heard_seconds is not None and heard_seconds < 10
    assert slowest_seconds < 2


def test_an_incident_stands_soon_after_its_signal(db: Database):
    scene = Scene(db)
    scene.fail()
    took = []
    for _ in range(40):
        scene.send(outcome="locked")
        started = time.monotonic()
        watch(db)
        took.append(time.monotonic() - started)
    assert sorted(took)[len(took) // 2] < 0.1
    assert scene.incident().signals == 41
