"""The documentation's tables, from code of the tests' own."""

import click
import pytest

from docs import make


def test_a_cell_stays_a_cell():
    assert make._cell("a|b\nc") == "a\\|b c"


def test_a_page_keeps_its_own_words(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(make, "DOCS", tmp_path)
    monkeypatch.setattr(make, "PAGES", {"a.md": lambda: iter(["| new |"])})
    (tmp_path / "a.md").write_text(f"before\n{make.BEGIN}\n| old |\n{make.END}\nafter\n")
    make.main()
    assert (tmp_path / "a.md").read_text() == f"before\n{make.BEGIN}\n\n| new |\n\n{make.END}\nafter\n"
    assert make.made_page("a.md") == (tmp_path / "a.md").read_text()


def test_commands_in_groups_are_found_by_all_their_words(monkeypatch: pytest.MonkeyPatch):
    group = click.Group(
        commands={"b": click.Group(commands={"c": click.Command("c")}), "a": click.Command("a")}
    )
    monkeypatch.setattr(make, "root_command", lambda: group)
    assert list(make.commands()) == ["a", "b c"]
