"""Download: complete with a receipt or failed, masked unless asked with a reason, formula-safe."""

import csv
import hashlib
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from tests.house import House, make_draft, make_house
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database, Tx
from tocsin.core.journal import read_journal
from tocsin.core.queue import queue_for
from tocsin.orders import download_file as _declares_its_task  # noqa: F401
from tocsin.orders.download import (
    Download,
    DownloadMissing,
    DownloadReasonMissing,
    fetch_download,
    get_download,
    list_downloads,
    start_download,
)
from tocsin.orders.intake import take_in
from tocsin.orders.ledger import Asked, all_lookups
from tocsin.orders.screen import Filter


def make(house: House, folder: Path, *, role: str = "owner", **wanted: object) -> Download:
    """Ask for a download, let the worker write it, and fetch it."""
    actor, queue, stop = house.actor(role), queue_for(house.db), threading.Event()
    ask = partial(start_download, actor=actor, queue=queue, folder=folder, **{"wanted": Filter(), **wanted})  # type: ignore[arg-type]
    download_id = house.db.write(house.merchant_id, ask)
    worker = threading.Thread(target=queue.work, args=(house.db, stop))
    worker.start()
    until = time.monotonic() + 15
    try:
        while time.monotonic() < until:
            found = house.db.read(
                house.merchant_id, lambda tx: get_download(tx, actor, download_id=download_id)
            )
            if found.status in ("complete", "failed"):
                assert found.path == "", "a receipt does not tell where the file is"
                fetch = partial(fetch_download, actor=actor, download_id=download_id, door="page")
                return house.db.write(house.merchant_id, fetch) if found.status == "complete" else found
            time.sleep(0.02)
        raise AssertionError(f"still {found.status}")
    finally:
        stop.set()
        worker.join()


def test_a_download_is_whole_with_its_receipt(db: Database, tmp_path: Path) -> None:
    house = make_house(db)
    for n in range(3):
        draft = make_draft(external_id=f"E-{n}", merchant_note="", campaign="=1+1" if n else "")
        db.write(house.merchant_id, partial(take_in, actor=house.actor(), draft=draft))
    found = make(house, tmp_path / "d")
    assert (found.status, found.rows, found.total) == ("complete", 3, 3)
    data = Path(found.path).read_bytes()
    assert hashlib.sha256(data).hexdigest() == found.sha256 and len(data) == found.size_bytes
    rows = list(csv.DictReader(data.decode("utf-8-sig").splitlines()))
    assert {row["campaign"] for row in rows} == {"", "'=1+1"}
    assert {row["phone"] for row in rows} == {"138****5678"} and "13812345678" not in data.decode()
    assert not list((tmp_path / "d").glob(".*"))


def test_real_data_needs_the_right_or_a_reason(db: Database, tmp_path: Path) -> None:
    house = make_house(db)
    db.write(house.merchant_id, partial(take_in, actor=house.actor(), draft=make_draft(external_id="E")))
    with pytest.raises(NotAllowed):
        make(house, tmp_path, role="clerk", real=True, reason="x")
    with pytest.raises(DownloadReasonMissing):
        make(house, tmp_path, role="manager", real=True)
    found = make(house, tmp_path, role="manager", real=True, reason="快递对账")
    assert "13812345678" in Path(found.path).read_text("utf-8-sig")


def test_a_download_that_can_not_be_written_fails_and_leaves_nothing(db: Database, tmp_path: Path) -> None:
    house = make_house(db)
    (tmp_path / "file").write_text("in the way")
    found = make(house, tmp_path / "file" / "below")
    assert (found.status, found.sha256, found.fault) == ("failed", "", "NotADirectoryError")


def test_a_file_of_real_data_is_fetched_by_those_alone_who_may_have_one_and_recorded(
    db: Database, tmp_path: Path
) -> None:
    house = make_house(db)
    db.write(house.merchant_id, partial(take_in, actor=house.actor(), draft=make_draft(external_id="E")))
    real = make(house, tmp_path, role="manager", real=True, reason="快递对账")
    masked = make(house, tmp_path, role="manager")

    def fetch(file: Download, role: str, actor_id: int = 77) -> str:
        actor = house.actor(role, actor_id=actor_id)
        verb = partial(fetch_download, actor=actor, download_id=file.id, door="api")
        return db.write(house.merchant_id, verb).path

    auditor = house.actor("auditor", actor_id=77)
    receipt = db.read(house.merchant_id, lambda tx: get_download(tx, auditor, download_id=real.id))
    assert (receipt.sha256, receipt.path) == (real.sha256, "")
    assert [one.path for one in db.read(house.merchant_id, lambda tx: list_downloads(tx, auditor))] == [
        "",
        "",
    ]
    for role, actor_id in (("auditor", 77), ("manager", 77), ("clerk", 1), ("auditor", 1)):
        with pytest.raises(NotAllowed):
            fetch(real, role, actor_id)
    for file, role in ((real, "clerk"), (masked, "clerk")):
        with pytest.raises(DownloadMissing):
            fetch(file, role)
    assert fetch(real, "manager", 1) == fetch(real, "owner") == real.path
    assert fetch(masked, "auditor") == masked.path
    Path(masked.path).unlink()
    with pytest.raises(DownloadMissing):
        fetch(masked, "manager", 1)

    def recorded(tx: Tx) -> tuple[list[str], list[int]]:
        told = read_journal(tx, subject=f"download:{real.id}")
        looked = all_lookups(tx, house.actor(), asked=Asked(actor_id=77))
        return [e.actor_name for e in told if e.fields().get("file")], [one.count for one in looked]

    names, looks = db.read(house.merchant_id, recorded)
    assert sorted(names) == ["manager", "manager", "owner"] and len(looks) == 2
