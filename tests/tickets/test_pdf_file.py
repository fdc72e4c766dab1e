"""A folder as printer: a paper is there whole, or not at all."""

import os
from pathlib import Path

import msgspec
import pytest

from tests.tickets.paper import SERIAL, make_content, words_of
from tocsin.tickets import papers
from tocsin.tickets.drawing import print_paper
from tocsin.tickets.papers import keep_papers_in
from tocsin.tickets.printers import pdf_file
from tocsin.tickets.printers.pdf_file import PLUGIN, PdfFileOptions


@pytest.fixture(autouse=True)
def inside(tmp_path: Path) -> None:
    keep_papers_in(tmp_path)


def test_the_file_is_named_by_the_serial_and_holds_the_paper(tmp_path: Path):
    print_paper(PLUGIN, PdfFileOptions(), make_content())
    assert [file.name for file in tmp_path.iterdir()] == [f"{SERIAL}.pdf"]
    assert "A-20260921-0001" in words_of((tmp_path / f"{SERIAL}.pdf").read_bytes())


def test_the_same_paper_again_replaces_it(tmp_path: Path):
    options = PdfFileOptions()
    assert [print_paper(PLUGIN, options, make_content()).result for _ in range(2)] == ["printed"] * 2
    assert len(list(tmp_path.iterdir())) == 1


def test_a_missing_folder_fails(tmp_path: Path):
    tmp_path.rmdir()
    outcome = print_paper(PLUGIN, PdfFileOptions(folder="kitchen"), make_content())
    assert (outcome.result, outcome.reason) == ("failed", "folder_missing")


def test_a_folder_inside_is_made(tmp_path: Path):
    assert print_paper(PLUGIN, PdfFileOptions(folder="厨房"), make_content()).result == "printed"
    assert (tmp_path / "厨房" / f"{SERIAL}.pdf").exists()


@pytest.mark.parametrize("folder", ["/etc", "../keys", "..", ".", "a/b", "a\\b", "a\0b"])
def test_no_other_folder_can_be_named(folder: str):
    with pytest.raises(msgspec.ValidationError, match="is no name of a folder"):
        msgspec.convert({"folder": folder}, PdfFileOptions)


def test_a_link_that_leads_outside_gets_no_paper(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory):
    outside = tmp_path_factory.mktemp("static")
    (tmp_path / "kitchen").symlink_to(outside)
    outcome = print_paper(PLUGIN, PdfFileOptions(folder="kitchen"), make_content())
    assert (outcome.result, outcome.reason) == ("failed", "folder_outside")
    assert list(outside.iterdir()) == []


def test_without_a_desk_nothing_is_written(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(papers, "_inside", [])
    assert print_paper(PLUGIN, PdfFileOptions(), make_content()).reason == "folder_outside"


def test_a_folder_that_may_not_be_written_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    outcome = print_paper(PLUGIN, PdfFileOptions(), make_content())
    assert (outcome.result, outcome.reason) == ("failed", "folder_locked")


def test_a_disk_that_fails_leaves_nothing_behind(tmp_path: Path):
    (tmp_path / f"{SERIAL}.pdf").mkdir()  # a rename onto a folder is refused by the system
    outcome = print_paper(PLUGIN, PdfFileOptions(), make_content())
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
    outcome = print_paper(PLUGIN, PdfFileOptions(), make_content())
    assert (outcome.result, outcome.reason, outcome.bytes_left) == ("unknown", "file_error", True)
