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
from tocsin.core.db import Database
from tocsin.core.queue import queue_for
from tocsin.orders.download import Download, DownloadReasonMissing, get_download, start_download
from tocsin.orders.intake import take_in
from tocsin.orders.screen import Filter


def fetch(house: House, folder: Path, *, role: str = "owner", **wanted: object) -> Download:
    """Ask for a download and let the worker write it."""
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
                return found
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
    found = fetch(house, tmp_path / "d")
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
        fetch(house, tmp_path, role="clerk", real=True, reason="x")
    with pytest.raises(DownloadReasonMissing):
        fetch(house, tmp_path, role="manager", real=True)
    found = fetch(house, tmp_path, role="manager", real=True, reason="快递对账")
    assert "13812345678" in Path(found.path).read_text("utf-8-sig")


def test_a_download_that_can_not_be_written_fails_and_leaves_nothing(db: Database, tmp_path: Path) -> None:
    house = make_house(db)
    (tmp_path / "file").write_text("in the way")
    found = fetch(house, tmp_path / "file" / "below")
    assert (found.status, found.sha256, found.fault) == ("failed", "", "NotADirectoryError")
