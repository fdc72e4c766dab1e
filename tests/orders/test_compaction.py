"""After an erasure the files are written anew: at once where they are small, else in the night; writers only wait."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.counter import open_counter
from tests.orders.planted import HIM, erase, open_folders
from tocsin.core.clock import now_us, to_datetime
from tocsin.core.db import Database
from tocsin.orders import compaction
from tocsin.orders.compaction import NIGHT_HOUR, compact_files, newest_compaction


def test_an_erasure_asks_for_one_writing_anew(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        open_folders(tmp_path)
        counter.take(receiver=HIM)
        erase(counter)
        asked = counter.ask(newest_compaction)
        assert (asked.state, asked.done_at_us) == ("waiting", 0) and asked.due_at_us <= now_us()
        counter.take(receiver=HIM, external_id="2")
        erase(counter)
        assert counter.ask(newest_compaction).id == asked.id, "what waits is for both"
        writers = [threading.Thread(target=counter.take, kwargs={"external_id": f"w{n}"}) for n in range(4)]
        for writer in writers:
            writer.start()
        compact_files(db, counter.house.merchant_id, {"compaction": str(asked.id)})
        for writer in writers:
            writer.join()
        done = counter.ask(newest_compaction)
        assert (done.state, done.left_over) == ("done", "") and done.began_at_us <= done.done_at_us
        assert all(counter.take(external_id=f"w{n}").result == "unchanged" for n in range(4))
        monkeypatch.setattr(compaction, "SMALL_BYTES", 0)
        counter.take(receiver=HIM, external_id="3")
        erase(counter)
        due = to_datetime(counter.ask(newest_compaction).due_at_us, "Asia/Shanghai")
        assert (due.hour, due.minute) == (NIGHT_HOUR, 0) and due > datetime.now(UTC)


def test_what_fails_is_tried_again(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_counter(db) as counter:
        open_folders(tmp_path)
        counter.take(receiver=HIM)
        erase(counter)
        asked = counter.ask(newest_compaction)
        with monkeypatch.context() as broken:
            broken.setattr(db, "compact", lambda: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                compact_files(db, counter.house.merchant_id, {"compaction": str(asked.id)})
        assert counter.ask(newest_compaction).state == "waiting"
