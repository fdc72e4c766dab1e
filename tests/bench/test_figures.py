"""The bench of pages of figures, small: it tells what each costs, from rows and from tallies."""

import json

import pytest

from tests.bench import figures


def test_each_figure_is_measured_from_rows_and_from_tallies(capsys: pytest.CaptureFixture[str]) -> None:
    figures.main("--orders 300 --repeats 1 --engine sqlite --json".split())
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["orders"], told["tally_part_rows"]) == (300, 300) and told["tally_rows"] > 300
    assert (
        told["rows_ms"].keys()
        == told["tallies_ms"].keys()
        == {"pictures, 30 days", "pictures, today", "a campaign", "campaigns"}
    )
    assert "first count" in figures.table(told)
