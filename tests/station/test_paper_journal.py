"""The station's journal: no paper begins twice, whatever happened to the file's end, and each end is told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tocsin.core.clock import SECOND_US, now_us
from tocsin.station import paper_journal as module
from tocsin.station.paper_journal import JournalBusy, JournalDamaged, PaperJournal
from tocsin.tickets.printer import PrintOutcome

OUT = PrintOutcome(result="printed", bytes_left=True)


def test_no_paper_begins_twice_and_what_was_cut_off_is_in_doubt(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "station.papers"
    first = PaperJournal(path)
    assert first.begin("1", "11") and first.begin("2", "12") and not first.begin("1", "11")
    first.end("1", OUT)
    assert [one.paper for one in first.untold()] == ["1"]
    first.note_told("1")
    first.close()
    again = PaperJournal(path)
    assert not again.begin("1", "11") and not again.begin("2", "12")
    (doubt,) = again.untold()
    assert (doubt.paper, doubt.outcome and doubt.outcome.result, doubt.outcome and doubt.outcome.reason) == (
        "2",
        "unknown",
        "stopped",
    )
    assert again.give_up("3", "13").state == "void" and not again.begin("3", "13")
    assert again.give_up("1", "11").outcome == OUT and {one.paper for one in again.untold()} == {
        "1",
        "2",
        "3",
    }
    assert path.stat().st_mode & 0o077 == 0
    again.close()


def test_a_line_that_was_cut_off_is_dropped_and_any_other_that_is_none_stops_the_station(
    tmp_path: Path,
) -> None:
    path = tmp_path / "station.papers"
    first = PaperJournal(path)
    first.begin("1", "11")
    whole = path.read_bytes()
    first.end("1", OUT)
    first.close()
    lines = path.read_bytes()
    for cut in range(len(whole), len(lines)):
        path.write_bytes(lines[:cut])
        journal = PaperJournal(path)
        assert not journal.begin("1", "11") and [
            one.outcome and one.outcome.result for one in journal.untold()
        ] == ["unknown"]
        journal.close()
    for cut in range(len(whole) - 1):
        path.write_bytes(whole[:cut])
        journal = PaperJournal(path)
        assert journal.begin("1", "11"), "its begin was not on the disk: no byte had left"
        journal.close()
    path.write_bytes(b"{}\n" + lines)
    with pytest.raises(JournalDamaged, match="line 1"):
        PaperJournal(path)


def test_it_was_there_only_once_the_desk_was_reached_and_no_clock_may_be_wrong_about_it(
    tmp_path: Path,
) -> None:
    journal = PaperJournal(tmp_path / "station.papers")
    hour_us = 3600 * SECOND_US
    assert not journal.knew_at(now_us() + hour_us)
    journal.note_reached()
    journal.note_reached()
    assert journal.knew_at(now_us() + 601 * SECOND_US) and not journal.knew_at(now_us() + 599 * SECOND_US)
    journal.close()
    again = PaperJournal(tmp_path / "station.papers")
    assert again.knew_at(now_us() + hour_us) and again.untold() == []
    again.close()


def test_two_agents_never_share_one(tmp_path: Path) -> None:
    journal = PaperJournal(tmp_path / "station.papers")
    with pytest.raises(JournalBusy):
        PaperJournal(tmp_path / "station.papers")
    for number in range(30):
        journal.begin(str(number), "1")
        journal.end(str(number), OUT)
        journal.note_told(str(number))
    size = (tmp_path / "station.papers").stat().st_size
    journal.close()
    smaller = PaperJournal(tmp_path / "station.papers")
    smaller.close()
    assert (tmp_path / "station.papers").stat().st_size <= size


def test_what_was_told_long_ago_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "station.papers"
    journal = PaperJournal(path)
    journal.note_reached()
    for number in range(1, 31):
        journal.begin(str(number), "1")
        journal.end(str(number), OUT)
        if number < 30:
            journal.note_told(str(number))
    journal.close()
    monkeypatch.setattr(module, "_KEPT_US", -1)
    kept = PaperJournal(path)
    assert (
        [one.paper for one in kept.untold()] == ["30"]
        and path.read_bytes().count(b"\n") == 2
        and path.stat().st_mode & 0o077 == 0
    )
    assert not kept.begin("30", "1") and kept.knew_at(now_us() + 3600 * SECOND_US)
    with pytest.raises(JournalBusy):
        PaperJournal(path)
    kept.close()


def test_a_full_disk_begins_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = PaperJournal(tmp_path / "station.papers")
    journal.begin("1", "11")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        journal.begin("2", "12")
    journal.end("1", OUT)  # it is told all the same
    assert [one.paper for one in journal.untold()] == ["1"]
    monkeypatch.undo()
    journal.close()


_LOADED = """
import sys, tocsin.cli.main, tocsin.station.agent, tocsin.cli.station
from importlib.metadata import packages_distributions
from tocsin.core.plugins import load_plugin, load_plugins
for kind in ("escpos_network", "escpos_serial", "escpos_usb", "tspl", "tspl_usb", "ipp"):
    assert load_plugin("tickets.printers", kind).at_station
assert load_plugin("tickets.printers", "../x") is None
load_plugins("alarm.sirens"), load_plugins("access.readers")
of = packages_distributions()
print(*sorted({name for module in sys.modules for name in of.get(module.partition(".")[0], [])}))
"""
# What its libraries use where it happens to be there.
_BESIDE = {
    "tocsin",
    "Pygments",
    "rich",
    "attrs",
    "greenlet",
    "dnspython",
    "setuptools",
    "packaging",
    "coverage",
}


def test_a_station_loads_neither_database_nor_drawing_and_no_more_than_its_lock_names() -> None:
    done = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True, check=True)
    loaded = {name.replace("_", "-") for name in done.stdout.split()} - _BESIDE
    lock = Path(__file__).parents[2] / "requirements" / "station.lock"
    named = {line.partition("==")[0] for line in lock.read_text().splitlines() if "==" in line}
    assert {"msgspec", "httpx", "pyserial"} <= loaded and loaded <= named, loaded - named
    assert not named & {"sqlalchemy", "typst", "pillow", "litestar", "psycopg"}
