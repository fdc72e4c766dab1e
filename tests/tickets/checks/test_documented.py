"""The page of the catalogue names each check with its level."""

from pathlib import Path

import pytest

from tocsin.tickets.rule import BROKEN_CODE, loaded_checks

PAGE = (Path(__file__).parents[3] / "docs" / "checks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", sorted(loaded_checks()))
def test_each_check_has_its_row(code: str) -> None:
    assert f"| `{code}` | {loaded_checks()[code].level}" in PAGE


def test_the_crash_of_a_check_is_documented() -> None:
    assert f"`{BROKEN_CODE}`" in PAGE
