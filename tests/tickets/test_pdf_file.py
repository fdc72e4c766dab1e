"""A folder as printer: a paper is there whole, or not at all."""

import os
from pathlib import Path

import pytest

from tests.tickets.paper import SERIAL, make_content, words_of
from tocsin.tickets.printers import pdf_file
from tocsin.tickets.printers.pdf_file import PLUGIN, PdfFileOptions


def test_the_file_is_named_by_the_serial_and_holds_the_paper(tmp_path: Path):
    PLUGIN.send(PdfFileOptions(folder=str(tmp_path)), make_content())
    assert [file.name for file in tmp_path.iterdir()] == [f"{SERIAL}.pdf"]
    assert "A-20260921-0001" in words_of((tmp_path / f"{SERIAL}.pdf").read_bytes())


def test_the_same_paper_again_replaces_it(tmp_path: Path):
    options = PdfFileOptions(folder=str(tmp_path))
    assert [PLUGIN.send(options, make_content()).result for _ in range(2)] == ["printed"] * 2
    assert len(list(tmp_path.iterdir())) == 1


def test_a_missing_folder_fails(tmp_path: Path):
    outcome = PLUGIN.send(PdfFileOptions(folder=str(tmp_path / "gone")), make_content())
    assert (outcome.result, outcome.reason) == ("failed", "folder_missing")


def test_a_folder_that_may_not_be_written_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    outcome = PLUGIN.send(PdfFileOptions(folder=str(tmp_path)), make_content())
    assert (outcome.result, outcome.reason) == ("failed", "folder_locked")


def test_a_disk_that_fails_leaves_nothing_behind(tmp_path: Path):
    (tmp_path / f"{SERIAL}.pdf").mkdir()  # a rename onto a folder is refused by the system
    outcome = PLUGIN.send(PdfFileOptions(folder=str(tmp_path)), make_content())
    assert (outcome.result, outcome.reason) == ("failed", "file_error")
    assert [file.name for file in tmp_path.iterdir()] == [f"{SERIAL}.pdf"]
    assert not outcome.bytes_left


def test_a_paper_that_may_not_be_on_disk_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    true_sync, calls = os.fsync, []

    def failing_second(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(5, "Input/output error")
        true_sync(handle)

    monkeypatch.setattr(pdf_file.os, "fsync", failing_second)
    outcome = PLUGIN.send(PdfFileOptions(folder=str(tmp_path)), make_content())
    assert (outcome.result, outcome.reason, outcome.bytes_left) == ("unknown", "file_error", True)
