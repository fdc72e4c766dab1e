"""The watched folder: what lies still is imported once, links and folders are not followed, reasons are told."""

import os
import time
from functools import partial
from pathlib import Path

import pytest

from tests.house import make_house
from tocsin.core.db import Database
from tocsin.core.writer import WriterStopped
from tocsin.orders.importing import list_imports
from tocsin.orders.screen import Filter, count_rows
from tocsin.orders.watch_folder import import_folder

SHEET = "订单号,收货人,联系电话,收货地址,商品名称,单价,数量\nX-1,张三,13800138000,黄山路 1 号,酥梨,10.00,2\n"


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_files_that_lie_still_are_imported_and_moved_and_nothing_else_is(
    db: Database, tmp_path: Path, monkeypatch
) -> None:
    house = make_house(db)
    folder, outside = tmp_path / "watched", tmp_path / "outside.csv"
    folder.mkdir()
    outside.write_text(SHEET.replace("X-1", "OUT"), "utf-8")
    put(folder, "orders.csv", SHEET)
    step = partial(import_folder, db, folder, merchant_id=house.merchant_id)
    assert step() == 0, "it may still be written to"
    now = time.time()
    monkeypatch.setattr("tocsin.orders.watch_folder.time.time", lambda: now + 3)
    put(folder, "bad.csv", "心情,天气\n好,晴\n")
    put(folder, ".hidden.csv", SHEET)
    put(folder, "half.csv.part", SHEET)
    (folder / "link.csv").symlink_to(outside)
    os.link(outside, folder / "hard.csv")
    (folder / "sub").mkdir()
    assert step() == 4
    assert db.read(house.merchant_id, partial(count_rows, wanted=Filter())) == 1
    assert sorted(path.name for path in (folder / "done").iterdir()) == ["orders.csv"]
    failed = sorted(path.name for path in (folder / "failed").iterdir() if path.name.endswith(".txt"))
    assert failed == [f"{name}.reason.txt" for name in ("bad.csv", "hard.csv", "link.csv")]
    assert "can't be read" in (folder / "failed" / "bad.csv.reason.txt").read_text("utf-8")
    assert outside.exists() and not list((folder / "working").iterdir())
    assert sorted(path.name for path in folder.iterdir()) == [
        ".hidden.csv",
        "done",
        "failed",
        "half.csv.part",
        "sub",
        "working",
    ]


def test_what_was_left_by_a_kill_is_taken_up_and_changes_nothing_twice(db: Database, tmp_path: Path) -> None:
    house = make_house(db)
    folder = tmp_path / "watched"
    (folder / "working").mkdir(parents=True)
    nameless = SHEET.replace("X-1", "").replace("订单号,", "订单号,")
    for text in (nameless, '{"lines": []}', '{"lines": []}'):
        put(folder / "working", "orders.csv", text)
        assert import_folder(db, folder, merchant_id=house.merchant_id) == 1
    assert [one.orders for one in db.read(house.merchant_id, list_imports)] == [1, 0]
    assert db.read(house.merchant_id, partial(count_rows, wanted=Filter())) == 1, (
        "an order without a number, once"
    )
    assert sorted(path.name for path in (folder / "done").iterdir()) == [
        "orders-1.csv", "orders-2.csv", "orders.csv",
    ]  # fmt: skip


def test_no_name_and_no_clock_of_a_file_holds_up_the_others(
    db: Database, tmp_path: Path, monkeypatch
) -> None:
    """Names of 255 bytes, names in no encoding, and a time of next year that came with the file."""
    house, folder = make_house(db), tmp_path / "watched"
    folder.mkdir()
    names = [
        b"\xb5\xf6.csv",
        b"a" * 250 + b".csv",
        ("梨" * 83 + ".csv").encode(),
        b"b" * 246 + b".csv",
        b"z.csv",
    ]
    for place, name in enumerate(names):
        path = Path(os.fsdecode(os.path.join(os.fsencode(folder), name)))
        path.write_text(
            "心情\n好\n" if name.startswith(b"b") else SHEET.replace("X-1", f"N-{place}"), "utf-8"
        )
    now = time.time()
    os.utime(folder / "z.csv", (now + 9e6, now + 9e6))
    monkeypatch.setattr("tocsin.orders.watch_folder.time.time", lambda: now + 3)
    assert import_folder(db, folder, merchant_id=house.merchant_id) == 5
    assert db.read(house.merchant_id, partial(count_rows, wanted=Filter())) == 4
    left = [path.name for path in (*folder.iterdir(), *(folder / "working").iterdir())]
    assert sorted(left) == ["done", "failed", "working"]
    assert len(list((folder / "done").iterdir())) == 4 and len(list((folder / "failed").iterdir())) == 2


def test_a_file_that_the_desk_leaves_at_its_end_is_taken_up_at_its_next_start(
    db: Database, tmp_path: Path, monkeypatch
) -> None:
    house, folder = make_house(db), tmp_path / "watched"
    (folder / "working").mkdir(parents=True)
    put(folder / "working", "orders.csv", SHEET)
    step = partial(import_folder, db, folder, merchant_id=house.merchant_id)
    with monkeypatch.context() as ending:
        ending.setattr("tocsin.orders.watch_folder.upload_sheet", _stopped)
        with pytest.raises(WriterStopped):
            step()
    assert [path.name for path in (folder / "working").iterdir()] == ["orders.csv"]
    assert step() == 1 and [path.name for path in (folder / "done").iterdir()] == ["orders.csv"]


def _stopped(*_: object, **__: object) -> None:
    raise WriterStopped
