"""A file on its way keeps its snapshot for as long as its reader takes: who takes it too slowly, over all, is ended."""

import threading
import time

import pytest
from structlog.testing import capture_logs

from tocsin.core.db import Database
from tocsin.orders import export
from tocsin.orders.export import EXPORTS_MOST, ExportBroken, ExportsBusy, Piped

CHUNK, CHUNKS = b"x" * (1 << 16), 200


def pipe(db: Database, ended: threading.Event) -> Piped:
    def write(_: object, out: object) -> None:
        for _n in range(CHUNKS):
            out.write(CHUNK)  # type: ignore[attr-defined]

    return Piped(db, 0, write=write, ended=ended.set)


def take(piped: Piped, *, pause_seconds: float = 0.0) -> int:
    """Take the file chunk by chunk; return how many bytes came before it ended or broke off."""
    taken = 0
    for chunk in piped:
        taken += len(chunk)
        time.sleep(pause_seconds)
    return taken


def test_a_reader_who_is_never_silent_and_too_slow_over_all_is_ended(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "SILENT_SECONDS", 1.0)
    monkeypatch.setattr(export, "SLOWEST_BYTES_A_SECOND", 1 << 30)
    ended = threading.Event()
    with capture_logs() as logs:
        with pytest.raises(ExportBroken):
            take(pipe(db, ended), pause_seconds=0.05)  # ten seconds for all of it
        assert ended.wait(10)
    assert [log["why"] for log in logs if log["event"] == "export_ended"] == ["slow"]


def test_a_reader_who_is_fast_enough_has_the_whole_whatever_the_desk_takes(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "SILENT_SECONDS", 5.0)
    ended = threading.Event()
    assert take(pipe(db, ended)) == CHUNKS * len(CHUNK)
    assert ended.wait(10)
    running = [pipe(db, threading.Event()) for _ in range(EXPORTS_MOST)]
    with pytest.raises(ExportsBusy):
        pipe(db, ended)
    for one in running:
        assert take(one) == CHUNKS * len(CHUNK)
