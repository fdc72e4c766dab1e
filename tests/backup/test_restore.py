"""A backup made and restored: every row is there, no number comes again, and nothing acts by itself."""

import io
from functools import partial
from pathlib import Path

import pytest

from tests.backup.installation import PASSPHRASE, make_settings, rows_of, tables_of
from tests.backup.lived import Lived, house_of
from tests.counter import Counter
from tests.databases import PostgresServer
from tests.peers.escpos_peer import EscposPeer
from tocsin.access.admission import Admitted, StationRefused
from tocsin.access.api_key import find_api_key
from tocsin.access.limiter import SignInRefused
from tocsin.access.restored import approve_restored, list_restored
from tocsin.access.session import find_session
from tocsin.access.station import live_stations
from tocsin.alarm.incident import alarm_now, get_incident
from tocsin.alarm.ring import ring_after_restart
from tocsin.backup.files import NotEmpty
from tocsin.backup.make import Made, make_backup
from tocsin.backup.place import Folder
from tocsin.backup.restore import OtherEngine, Restored, check_backup, restore_backup
from tocsin.backup.sealed_file import BackupUnreadable
from tocsin.core.actor import Actor
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
    "serial_counter", "session", "signal", "station_code", "undo_item",
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
