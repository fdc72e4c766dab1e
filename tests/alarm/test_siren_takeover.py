"""Sirens that fail: a backup takes over, one that vanished is told of, whatever drivers do."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.alarm.scene import watch
from tests.alarm.yard import Yard
from tocsin.alarm.siren import OFF
from tocsin.alarm.siren_group import Pace
from tocsin.alarm.siren_lease import LEASE_SECONDS, SirenLease
from tocsin.alarm.sirens.memory import PLUGIN
from tocsin.alarm.sounding import Sounding
from tocsin.alarm.table import siren
from tocsin.core.clock import SECOND_US, shift_clock
from tocsin.core.db import Database
from tocsin.core.statement import Statement, bind, own

_SPOIL = Statement[None](siren.update().where(own(siren), siren.c.id == bind("b_id")), sets=("driver",))


@pytest.fixture
def yard(db: Database) -> Iterator[Yard]:
    made = Yard(db)
    yield made
    made.sounding.stop()


@pytest.mark.parametrize("trouble", ["fails", "raises", "hangs"])
def test_a_backup_takes_over_from_one_that_does_not_confirm(yard: Yard, trouble: str) -> None:
    first, second, third = yard.siren("first"), yard.siren("second", backup=True, rank=1), yard.siren("third", backup=True, rank=2)  # fmt: skip
    yard.until(lambda: all(place.told for place in (first, second, third)))
    if trouble == "fails":
        first.fails = "no power"
    elif trouble == "raises":
        first.raises = RuntimeError
    else:
        first.delay_seconds = 2.5
    yard.alarm()
    took = yard.until(lambda: second.now.sound)
    assert took < (6 if trouble == "hangs" else 3)
    yard.rest(0.2)
    assert not third.now.on, "one that fails has one in its place"
    (failed,), (over,) = yard.lines("siren_failed"), yard.lines("takeover")
    assert failed["siren"] == "first" and failed["problem"]
    assert (over["siren"], over["instead_of"]) == ("second", "first") and 0 <= over["ms"] < 2600
    assert yard.row("first").state == "failed" and yard.row("first").problem
    first.fails, first.raises, first.delay_seconds = "", None, 0.0
    yard.until(lambda: first.now.sound and yard.row("second").state == "off", seconds=12)
    assert not second.now.on and yard.row("first").problem == ""


def test_the_next_backup_comes_where_the_first_one_fails_too(yard: Yard) -> None:
    first, second = yard.siren("first"), yard.siren("second", backup=True, rank=1)
    yard.siren("third", backup=True, rank=2)
    first.fails = second.fails = "gone"
    yard.alarm()
    yard.until(lambda: yard.row("third").state == "on")
    assert {line["siren"] for line in yard.lines("siren_failed")} >= {"first"}
    assert yard.lines("takeover")[-1]["siren"] == "third"
    assert len(yard.lines("siren_failed")) <= 2, "each failure is told once an incident, not at each try"


def test_one_that_vanished_is_told_once_and_again_when_it_is_back(yard: Yard) -> None:
    place = yard.siren(backup=False)
    yard.until(lambda: yard.row().state == "off")
    place.fails = "unplugged"
    yard.until(lambda: yard.row().state == "failed")
    assert not yard.row().vanished, "a moment's absence is nobody's incident"
    yard.until(lambda: yard.row().vanished)
    yard.rest(0.5)
    watch(yard.db)
    incident = yard.incident()
    assert (incident.kind, incident.signals) == ("siren_vanished", 1)
    assert incident.key.endswith(f"siren:{yard.ids['Yard']}")
    place.fails = ""
    yard.until(lambda: not yard.row().vanished, seconds=12)
    watch(yard.db)
    assert yard.incident().outcome == "back"


def test_one_that_tells_of_itself_is_looked_at_at_once(db: Database) -> None:
    yard = Yard(db, pace=Pace())
    try:
        place = yard.siren()
        yard.alarm()
        yard.until(lambda: yard.row().state == "on")
        line = next(iter(yard.sounding._groups[yard.merchant_id]._lines.values()))
        line._armed_at -= 4
        place.now = OFF
        place.waker()
        assert yard.until(lambda: place.now.sound) < 1
    finally:
        yard.sounding.stop()


def test_one_that_goes_off_at_once_again_and_again_has_failed(yard: Yard) -> None:
    first, second = yard.siren("first"), yard.siren("second", backup=True)
    yard.until(lambda: first.told and second.told)
    yard.alarm()
    yard.until(lambda: first.now.sound)
    yard.until(lambda: yard.row("first").state == "on")
    first.now = OFF
    first.waker()
    yard.until(lambda: second.now.sound)
    assert yard.lines("siren_failed")[0]["problem"] == "it goes off by itself too soon"


def test_settings_that_can_not_be_used_are_a_failure_and_others_sound(yard: Yard) -> None:
    yard.siren("broken")
    place = yard.siren("whole", backup=True)
    yard.write(lambda tx: tx.run(_SPOIL, b_id=yard.ids["broken"], driver="of another version"))
    yard.alarm()
    yard.until(lambda: place.now.sound)
    assert yard.row("broken").state == "failed"
    assert yard.row("broken").problem == "its settings can't be used any more: set it up again"


def test_one_merchants_trouble_is_not_the_others(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    place, other = yard.siren(), Yard(yard.db, code="BB")
    theirs = other.siren("whole")
    yard.until(lambda: place.told and theirs.told)
    group = yard.sounding._groups[yard.merchant_id]

    def fall(_now: float) -> float:
        raise RuntimeError

    monkeypatch.setattr(group, "round", fall)
    other.alarm()
    yard.until(lambda: theirs.now.sound)
    other.sounding.stop()


def test_a_driver_that_can_not_even_open_is_a_failure(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    yard.siren("odd")
    place = yard.siren("whole", backup=True)
    opening = PLUGIN.open

    def fall(options: Any) -> Any:
        if options["place"] == yard.names["odd"]:
            raise RuntimeError
        return opening(options)

    monkeypatch.setattr(PLUGIN, "open", fall)
    yard.alarm()
    yard.until(lambda: place.now.sound)
    yard.until(lambda: yard.row("odd").problem == "its driver failed")


def test_of_two_processes_one_drives_and_the_other_takes_over(
    make_db: Callable[[], Database],
) -> None:
    """On SQLite there is one process by its lock; on PostgreSQL the turn is leased, and given back at the end."""
    db = make_db()
    yard = Yard(db)
    place = yard.siren()
    yard.until(lambda: yard.row().state == "off")
    if db.dialect == "sqlite":
        assert SirenLease(db).hold()
        yard.sounding.stop()
        return
    second = Sounding(make_db(), pace=Pace())
    told = len(place.told)
    assert second.sound_sirens() > 0 and len(place.told) == told, "it is not its turn"
    yard.sounding.stop()
    yard.sounding = second
    second._lease._asked_at = 0
    yard.alarm()
    yard.until(lambda: place.now.sound)
    second.stop()


def test_a_turn_of_a_dead_process_runs_out(make_db: Callable[[], Database]) -> None:
    db = make_db()
    first, second = SirenLease(db), SirenLease(db)
    assert first.hold()
    if db.dialect == "postgresql":
        assert not second.hold()
        shift_clock((LEASE_SECONDS + 1) * SECOND_US)
        second._asked_at = 0
    assert second.hold()


def test_at_the_end_no_sound_is_left_that_nobody_ends(yard: Yard) -> None:
    timed, endless = yard.siren("timed"), yard.siren("endless")
    endless.timed = False
    yard.alarm()
    yard.until(lambda: yard.row("timed").state == yard.row("endless").state == "on")
    yard.sounding.stop()
    assert timed.now.sound, "its own timer ends it"
    assert not endless.now.sound
