"""Files of orders over the API: streamed at once, resumed, cancelled; what breaks off is seen to."""

import csv
import hashlib
import io
import json
import time
from functools import partial
from pathlib import Path

import pytest

from tests.api.door import Door
from tests.house import make_draft
from tocsin.core.clock import DAY_US, pass_time
from tocsin.core.queue import queue_for
from tocsin.orders import export
from tocsin.orders.download import cancel_download, start_download
from tocsin.orders.download_file import change_download_rules, purge_downloads, write_download
from tocsin.orders.export import EXPORTS_MOST, Begun, Export, ExportBroken, ExportsBusy
from tocsin.orders.file_part import read_range
from tocsin.orders.intake import take_in
from tocsin.orders.ledger import all_lookups
from tocsin.orders.screen import Filter


def looks(door: Door) -> int:
    return len(door.db.read(door.house.merchant_id, lambda tx: all_lookups(tx, door.actor())))


def test_orders_are_streamed_as_a_file_and_it_is_recorded_first(door: Door) -> None:
    for n in range(3):
        door.order(external_id=f"E-{n}", campaign="=1+1" if n else "spring")
    before = looks(door)
    answer = door.ask("GET", "/orders/export", params={"columns": "external_id,campaign,phone"})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows == [["external_id", "campaign", "phone"]] + [[f"E-{n}", "'=1+1" if n else "spring", "138****5678"] for n in (2, 1, 0)]  # fmt: skip
    assert looks(door) == before + 1 and "orders.csv" in answer.headers["content-disposition"]
    lines = door.ask("GET", "/orders/export", params={"format": "jsonl", "query": "campaign:spring"}).text
    assert [json.loads(line)["external_id"] for line in lines.splitlines()] == ["E-0"]
    for name in ("xlsx", "ubl", "pdf"):
        assert door.ask("GET", "/orders/export", params={"format": name}).status_code == 200
    real = {"real": "true", "reason": "audit", "columns": "phone"}
    assert "13812345678" in door.ask("GET", "/orders/export", params=real).text
    before = looks(door)
    for params, role, status in (
        ({"format": "exe"}, "owner", 422), ({"columns": "password"}, "owner", 422), (real, "clerk", 403),
        ({"real": "true"}, "manager", 422), ({"query": "no such thing:"}, "owner", 422), ({}, "", 401),
    ):  # fmt: skip
        answer = door.ask("GET", "/orders/export", role=role, params=params)
        assert answer.status_code == status, (params, answer.text)
    assert looks(door) == before


def test_a_fault_halfway_is_raised_and_places_are_given_back(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.order()
    make = partial(
        Export, door.db, door.house.merchant_id, wanted=Filter(), format_name="csv", real=False, columns=(),
        begun=Begun(1),
    )  # fmt: skip

    def broken(*_: object, **__: object) -> None:
        raise OSError("disk")

    with monkeypatch.context() as patched:
        patched.setattr("tocsin.orders.export.write_file", broken)
        with pytest.raises(ExportBroken, match="OSError"):
            list(make())
    monkeypatch.setattr("tocsin.orders.export._CHUNKS_AHEAD", 1)
    monkeypatch.setattr("tocsin.orders.export._CHUNK_BYTES", 1)
    waiting = [make() for _ in range(EXPORTS_MOST)]
    with pytest.raises(ExportsBusy):
        make()
    for one in waiting:
        one.close()
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            assert b"LI-5" in b"".join(make())
            break
        except ExportsBusy:
            time.sleep(0.05)
    while export._places._value < EXPORTS_MOST:  # the next test finds them free
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_file_is_taken_up_where_it_was_broken_off(door: Door) -> None:
    door.order()
    made = door.ask("POST", "/downloads", json={"columns": ["number", "title"]}).json()["id"]
    door.work()
    whole = door.ask("GET", f"/downloads/{made}/file")
    digest = hashlib.sha256(whole.content).hexdigest()
    etag = whole.headers["etag"]
    assert (etag, whole.headers["accept-ranges"]) == (f'"{digest}"', "bytes")
    assert whole.content.startswith('\ufeff"number","title"'.encode())

    def part(asked: str, **more: str) -> tuple[int, bytes]:
        answer = door.ask("GET", f"/downloads/{made}/file", headers={"range": asked, **more})
        return answer.status_code, answer.content

    assert part("bytes=7-", **{"if-range": etag}) == (206, whole.content[7:])
    assert part("bytes=-4") == (206, whole.content[-4:]) and part("bytes=0-0") == (206, whole.content[:1])
    assert part("bytes=7-", **{"if-range": '"other"'}) == (200, whole.content)
    assert part("bytes=99999-")[0] == 416 and part("lines=1-2")[0] == 200
    assert door.ask("POST", f"/downloads/{made}/cancel").status_code == 409
    assert read_range("bytes=5-2", "", etag="", size=9) is None and read_range("bytes=0-1,4-5", "", etag="", size=9) is None  # fmt: skip


def test_a_cancelled_download_leaves_no_file_and_an_old_one_is_removed(door: Door, tmp_path: Path) -> None:
    for n in range(2):
        door.db.write(door.house.merchant_id, partial(take_in, actor=door.actor(), draft=make_draft(external_id=f"E{n}")))  # fmt: skip
    folder, queue, owner = tmp_path / "d", queue_for(door.db), door.actor()
    ask = partial(start_download, actor=owner, queue=queue, wanted=Filter(), folder=folder)
    first, second = (door.db.write(door.house.merchant_id, ask) for _ in range(2))
    door.db.write(door.house.merchant_id, partial(cancel_download, actor=owner, download_id=first))
    for one in (first, second):
        write_download(door.db, door.house.merchant_id, {"download": str(one), "folder": str(folder)})
    assert [path.name for path in folder.iterdir()] == [f"orders-{second}.csv"]
    door.db.write(door.house.merchant_id, partial(change_download_rules, actor=owner, days=2, revision=0))
    assert purge_downloads(door.db) == 0
    pass_time(3 * DAY_US)
    try:
        assert purge_downloads(door.db) == 1 and list(folder.iterdir()) == []
    finally:
        pass_time(0)
