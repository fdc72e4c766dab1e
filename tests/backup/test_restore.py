"""A backup made and restored: every row is there, no number comes again, and nothing acts by itself."""

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.backup.installation import PASSPHRASE, make_settings, rows_of, run, tables_of, walls_of
from tests.backup.lived import Lived, house_of
from tests.counter import Counter
from tests.databases import PostgresServer
from tests.house import make_house
from tests.peers.escpos_peer import EscposPeer
from tocsin.access.admission import Admitted, StationRefused
from tocsin.access.api_key import find_api_key
from tocsin.access.limiter import SignInRefused
from tocsin.access.restored import approve_restored, list_restored, note_restored
from tocsin.access.session import find_session
from tocsin.access.station import live_stations
from tocsin.alarm.drill_plan import DrillPlan, change_plan, is_due, start_due_drills
from tocsin.alarm.incident import (
    RESTORED,
    alarm_now,
    clear_incident,
    end_incident,
    get_incident,
    raise_incident,
)
from tocsin.alarm.record import open_incidents
from tocsin.alarm.ring import ring_after_restart
from tocsin.alarm.siren_plan import read_situation, wish_of
from tocsin.alarm.siren_row import add_siren
from tocsin.backup import postgres_copy, sqlite_copy
from tocsin.backup.files import NotEmpty
from tocsin.backup.make import Made, make_backup
from tocsin.backup.place import Folder
from tocsin.backup.restore import OtherEngine, Restored, check_backup, restore_backup
from tocsin.backup.sealed_file import BackupUnreadable
from tocsin.backup.settle_alarm import settle_alarm
from tocsin.core.actor import Actor
from tocsin.core.clock import MINUTE_US, now_us, shift_clock, to_datetime
from tocsin.core.db import Database
from tocsin.core.event import latest_event_id
from tocsin.core.journal import read_journal
from tocsin.opening import open_database
from tocsin.orders.outbound import list_endpoints
from tocsin.orders.stop import open_holds
from tocsin.settings import Settings
from tocsin.tickets.auto_print import list_automatic

# What the restore itself changes.
SETTLED = {
    "account_notice", "api_key", "auto_print", "enrolled_station", "event", "event_consumer", "hold", "incident", "incident_entry",
    "journal", "limit_bucket", "number_counter", "node_lease", "order_head", "outbound_endpoint", "outbound_sequence", "owner_link", "posture", "print_job",
    "serial_counter", "session", "signal", "station_code", "tally_state", "undo_item",
}  # fmt: skip


def quiet(_step: str, _done: int, _all: int) -> None:
    """Tell nobody."""


def back_up(settings: Settings, place: Path) -> Made:
    return make_backup(settings, Folder(place), PASSPHRASE, tell=quiet)


def bring_back(settings: Settings, place: Path, **given: object) -> Restored:
    (kept, *_) = Folder(place).listed()[::-1]
    with Folder(place).reading(kept.name) as file:
        return restore_backup(settings, file, PASSPHRASE, tell=quiet, **given)  # type: ignore[arg-type]


@pytest.fixture
def restored(lived: Lived, server: PostgresServer | None, tmp_path: Path) -> Settings:
    """The settings of what was restored."""
    made = back_up(lived.settings, tmp_path / "kept")
    settings = make_settings(tmp_path / "after", server, empty=True)
    assert bring_back(settings, tmp_path / "kept").rows == made.rows > 100
    return settings


def owner_of(db: Database, lived: Lived) -> Actor:
    return house_of(db, lived).actor()


def test_every_row_comes_back_and_nothing_acts_by_itself(lived: Lived, restored: Settings) -> None:
    named = tables_of(lived.settings)
    assert tables_of(restored) == named
    assert walls_of(restored) == walls_of(lived.settings)
    changed = {name for name in named if rows_of(restored, name) != rows_of(lived.settings, name)}
    assert changed <= SETTLED, changed - SETTLED
    assert {"number_counter", "print_job", "session", "api_key"} <= changed
    orders = "id, number, revision, payable_minor, receiver_name"
    assert rows_of(restored, "order_head", orders) == rows_of(lived.settings, "order_head", orders)
    db = open_database(restored)
    try:
        _look_at_orders(db, lived)
        _look_at_who_enters(db, lived)
        _look_at_the_alarm(db, lived)
    finally:
        db.close()


def _look_at_orders(db: Database, lived: Lived) -> None:
    house = house_of(db, lived)
    counter = Counter(house, EscposPeer.__new__(EscposPeer), house.actor())
    order = counter.order(lived.order_ids[0], real=True)
    assert (order.number, order.receiver.phone) == (lived.numbers[0], "13812345678"), (
        "keys open what was sealed"
    )
    job = counter.job(lived.waiting_job)
    assert (job.state, job.reason) == ("unknown", "restored")
    assert [one.kind for one in counter.holds(lived.order_ids[0])] == ["unknown"]
    held = db.read(lived.merchant_id, lambda tx: open_holds(tx, order_id=lived.held_order))
    assert [(one.kind, one.until_us) for one in held] == [("later", None)], "no time brings it to paper"
    assert db.read(lived.merchant_id, list_automatic) == []
    numbers = {
        counter.order(counter.take(external_id=f"B-{place}", quantity=9).order_id).number
        for place in range(3)
    }
    assert all(int(number.rpartition("-")[2]) > 10_000 for number in numbers)
    endpoints = db.read(lived.merchant_id, lambda tx: list_endpoints(tx, house.actor()))
    assert [(one.state, one.problem) for one in endpoints] == [("paused", "restored")]
    counter.check()
    assert db.read(0, latest_event_id) > 1_000_000, "no event's id comes twice"


def _look_at_who_enters(db: Database, lived: Lived) -> None:
    owner = owner_of(db, lived)
    assert find_session(db, lived.session) is None
    assert isinstance(find_api_key(db, lived.key, address="192.0.2.1"), SignInRefused)
    machine = lived.machine
    machine.house = house_of(db, lived)
    assert machine.ask() == StationRefused("waiting")
    (row,) = db.read(lived.merchant_id, live_stations)
    assert row.vanished_at_us > 0, "no alarm misses one that is not let in"
    waiting = db.read(lived.merchant_id, lambda tx: list_restored(tx, owner))
    assert {one.kind: one.name for one in waiting} == {
        "auto_print": "", "webhook": "仓库", "api_key": "wms", "station": "Counter"
    }  # fmt: skip
    for one in waiting:
        db.write(lived.merchant_id, partial(approve_restored, actor=owner, item_id=one.id))
    assert isinstance(find_api_key(db, lived.key, address="192.0.2.1"), Actor)
    assert isinstance(machine.ask(), Admitted)


def _look_at_the_alarm(db: Database, lived: Lived) -> None:
    owner = owner_of(db, lived)
    now = db.read(lived.merchant_id, alarm_now)
    assert (now.light, now.sound) == (True, False)
    assert now.newest is not None and now.newest.kind == "restored"
    assert ring_after_restart(db) == 0
    before = db.read(lived.merchant_id, lambda tx: get_incident(tx, owner, incident_id=lived.incident))
    assert (before.is_open, before.silenced_name, before.acknowledged_name) == (True, "restore", "restore")
    verbs = [one.verb for one in db.read(lived.merchant_id, read_journal)]
    assert "desk.restored" in verbs


def test_no_device_and_no_drill_begins_before_somebody_says_that_all_was_looked_at(db: Database) -> None:
    """A second restore, of a desk that was never looked at after the first, is as quiet."""
    house = make_house(db)
    raised: dict[str, Any] = {"why": "seal_broken", "why_data": {}, "alert": False}

    def do(verb: Callable[..., Any], *given: object, **named: object) -> Any:
        return db.write(house.merchant_id, lambda tx: verb(tx, *given, **named))

    def lit() -> int:
        seen = do(read_situation)
        return wish_of(seen, spent_us=0).incident_id

    do(add_siren, house.actor(), name="Yard", driver="memory", options={})
    here = to_datetime(now_us(), house.shop.zone)
    do(change_plan, house.actor(), chosen=DrillPlan(weekday=here.weekday(), hour=here.hour), revision=0)
    shift_clock(-here.minute * MINUTE_US)  # within the half hour
    for turn in range(2):
        before = do(raise_incident, kind="other", key=f"before {turn}", level="light", **raised)
        assert lit() == before
        do(settle_alarm)
        do(note_restored, made_at_us=1)
        assert lit() == 0 and not do(is_due) and start_due_drills(db) == 0
        assert do(alarm_now).light, "pages say it"
    new = do(raise_incident, kind="other", key="new", level="light", **raised)
    assert lit() == new, "what comes now is told of"
    do(end_incident, None, do(get_incident, house.actor(), incident_id=new), outcome="quiet")
    (said,) = [one for one in do(open_incidents) if one.kind == RESTORED]
    do(clear_incident, house.actor(), incident_id=said.id)
    assert lit() == before and do(is_due)


def test_serials_skip_twice_what_a_busy_day_took(
    lived: Lived, server: PostgresServer | None, tmp_path: Path
) -> None:
    """Since the backup as many may have been printed again as on the busiest day before it."""
    run(lived.settings, "UPDATE serial_counter SET last = 30000")
    back_up(lived.settings, tmp_path / "kept")
    settings = make_settings(tmp_path / "after", server, empty=True)
    bring_back(settings, tmp_path / "kept")
    last = {row[0] for row in rows_of(settings, "serial_counter", "last")}
    assert last == {90_000, 60_000}, "the busy day's own, and each other day on which one may be given now"


def test_what_lies_beside_the_database_is_read_before_it(
    lived: Lived, server: PostgresServer | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint that is sealed while the database is copied is newer than the copy: with it the journal would seem cut."""
    checkpoint = lived.settings.path("keys", "journal", "1.json")
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.write_text("before")
    for module, name in ((sqlite_copy, "copy_file"), (postgres_copy, "Snapshot")):
        true = getattr(module, name)

        def sealed_meanwhile(*given: Any, true: Any = true, **named: Any) -> Any:
            checkpoint.write_text("since")
            return true(*given, **named)

        monkeypatch.setattr(module, name, sealed_meanwhile)
    back_up(lived.settings, tmp_path / "kept")
    settings = make_settings(tmp_path / "after", server, empty=True)
    bring_back(settings, tmp_path / "kept")
    assert checkpoint.read_text() == "since"
    assert settings.path("keys", "journal", "1.json").read_text() == "before"


def test_what_a_crash_left_beside_its_file_is_not_written_into_the_restored_one(
    lived: Lived, tmp_path: Path
) -> None:
    back_up(lived.settings, tmp_path / "kept")
    if lived.settings.database_url:
        return
    for end in ("-wal", "-shm", "-journal"):
        settings = make_settings(tmp_path / f"after{end}", None, empty=True)
        settings.path().mkdir()
        settings.path(f"desk.sqlite{end}").write_bytes(b"what was written ahead")
        with pytest.raises(NotEmpty):
            bring_back(settings, tmp_path / "kept")


def test_another_desk_s_key_is_never_replaced_and_nothing_unsealed_is_left(
    lived: Lived, server: PostgresServer | None, tmp_path: Path
) -> None:
    back_up(lived.settings, tmp_path / "kept")
    settings = make_settings(tmp_path / "after", server, empty=True)
    key = settings.key_path()
    key.parent.mkdir(parents=True, exist_ok=True)
    key.write_bytes(b"o" * 32)
    with pytest.raises(NotEmpty, match=r"installation\.key"):
        bring_back(settings, tmp_path / "kept")
    assert key.read_bytes() == b"o" * 32 and not settings.path(".restore").exists()
    key.write_bytes(lived.settings.key_path().read_bytes())
    assert bring_back(settings, tmp_path / "kept").rows > 100, "its own key may be there"


def test_only_an_empty_place_is_filled_and_only_by_its_own_engine(
    lived: Lived, restored: Settings, tmp_path: Path
) -> None:
    with pytest.raises(NotEmpty):
        bring_back(restored, tmp_path / "kept")
    other = Settings(
        data_dir=str(tmp_path / "other"), database_url="" if restored.database_url else "postgresql://x/y"
    )
    with pytest.raises(OtherEngine):
        bring_back(other, tmp_path / "kept")


def test_what_was_changed_cut_off_or_sealed_otherwise_is_refused_whole(
    lived: Lived, server: PostgresServer | None, tmp_path: Path
) -> None:
    back_up(lived.settings, tmp_path / "kept")
    (path,) = (tmp_path / "kept").iterdir()
    whole = path.read_bytes()
    assert check_backup(io.BytesIO(whole), PASSPHRASE, tell=quiet).rows > 100
    settings = make_settings(tmp_path / "after", server, empty=True)
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 1
    for broken in (whole[:-1], whole[: len(whole) // 2], whole[:200], b"", bytes(changed), whole + b"x"):
        with pytest.raises(BackupUnreadable):
            restore_backup(settings, io.BytesIO(broken), PASSPHRASE, tell=quiet)
    with pytest.raises(BackupUnreadable):
        restore_backup(settings, io.BytesIO(whole), PASSPHRASE + "x", tell=quiet)
    restore_backup(settings, io.BytesIO(whole), PASSPHRASE, tell=quiet)
    assert not (tmp_path / "after" / ".restore").exists()
