"""Each signal is dealt with once: with several watches at once, and where one dies in the middle."""

import threading
from collections.abc import Callable

import pytest

from tests.alarm.scene import ANNE, Scene, send_many, watch
from tocsin.alarm import watch as watching
from tocsin.alarm.escalate import tend_incidents
from tocsin.alarm.incident import IncidentSilenced, silence_incident
from tocsin.alarm.signal import Signal
from tocsin.alarm.watch import watch_signals
from tocsin.core.clock import MINUTE_US, shift_clock
from tocsin.core.db import Database
from tocsin.core.postgres import PostgresDatabase


def run_together(*steps: Callable[[], object]) -> list[BaseException]:
    """Run steps at the same moment, each on a thread; return what they raised."""
    gate, faults = threading.Barrier(len(steps)), []

    def run(step: Callable[[], object]) -> None:
        gate.wait(10)
        try:
            step()
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return faults


def test_several_servers_count_each_signal_once(db: Database, make_db: Callable[[], Database]):
    """On PostgreSQL as several processes have it, each with a pool of its own; on SQLite as threads of the one."""
    scene = Scene(db)
    servers = [db, make_db(), make_db()] if isinstance(db, PostgresDatabase) else [db] * 3
    stop = threading.Event()

    def serve(server: Database) -> None:
        while not stop.is_set() or watch_signals(server, limit=7):
            watch_signals(server, limit=7)

    def attack() -> None:
        try:
            for number in range(40):
                told = [
                    Signal(
                        kind="credential_wrong", operator_id=number, name_digest=str(number), address="::1"
                    )
                ]
                scene.write(send_many, told=told * 5)
        finally:
            stop.set()

    assert run_together(attack, *(lambda server=server: serve(server) for server in servers)) == []
    watch(db)
    found = scene.incident()
    assert (found.signals, found.accounts, found.addresses) == (200, 40, 1)
    assert scene.events().count("alarm.raised") == 1 and scene.events().count("alarm.level") == 1


def test_a_watch_that_dies_before_its_commit_leaves_all_to_the_next(
    db: Database, monkeypatch: pytest.MonkeyPatch
):
    scene = Scene(db)
    scene.send(times=5, operator_id=ANNE)
    seen = watching.see_signals

    class Died(BaseException):
        """As when the process is killed: nothing catches it."""

    def die(*_: object) -> None:
        raise Died

    monkeypatch.setattr(watching, "see_signals", die)
    with pytest.raises(Died):
        watch_one(scene)
    assert scene.incidents() == [] and scene.events() == []
    monkeypatch.setattr(watching, "see_signals", seen)
    watch(db)
    assert scene.incident().signals == 5 and scene.events().count("alarm.raised") == 1


def watch_one(scene: Scene) -> None:
    """Deal with the next signals; on SQLite the writer takes nothing but faults from a verb, so it runs here."""
    db = scene.db
    if isinstance(db, PostgresDatabase):
        watch_signals(db)
        return

    def verb(tx):
        try:
            watching._take(tx, heir_id=0, limit=10)
        except BaseException as died:
            raise RuntimeError from died

    try:
        db.write(scene.merchant_id, verb)
    except RuntimeError as fault:
        raise fault.__cause__ or fault from None


def test_many_who_silence_at_once_are_one_and_the_rest_is_told(db: Database):
    scene = Scene(db)
    scene.fail(times=3)
    number = scene.incident().id
    faults = run_together(*[lambda: scene.act(silence_incident, incident_id=number)] * 4)
    assert len(faults) == 3 and all(isinstance(fault, IncidentSilenced) for fault in faults)
    assert scene.entries().count("silenced") == 1


def test_silencing_beside_new_signals_is_never_lost(db: Database):
    scene = Scene(db)
    scene.fail(times=3)
    number = scene.incident().id
    scene.send(times=50, operator_id=ANNE)
    shift_clock(10 * MINUTE_US)
    faults = run_together(
        lambda: watch(db), lambda: scene.act(silence_incident, incident_id=number), lambda: tend_incidents(db)
    )  # fmt: skip
    assert faults == []
    assert scene.incident().silenced_at_us is not None and scene.incident().signals == 53
    assert not scene.wanted().sound


def test_two_servers_take_one_step_of_escalation(db: Database):
    scene = Scene(db)
    scene.fail(times=3)
    shift_clock(4 * MINUTE_US)
    assert run_together(*[lambda: tend_incidents(db)] * 4) == []
    assert scene.incident().escalated == 1 and scene.entries().count("escalated") == 1
