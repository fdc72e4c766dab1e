"""The bench of printing runs small in every test run."""

import json

import pytest

from tests.bench import printing


@pytest.mark.parametrize("engine", ["sqlite"])
def test_clicks_streams_and_memory_are_measured(engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    printing.main(["--tickets", "10", "--clicks", "1", "--engine", engine, "--json"])
    found = json.loads(capsys.readouterr().out)[engine]
    clicks = found["clicks"]
    assert 0 < clicks["answered_ms"]["p50"] and clicks["first_byte_ms"]["p50"] < clicks["confirmed_ms"]["p99"]
    assert (found["one_printer"]["tickets"], found["four_printers"]["tickets"], found["tickets"]) == (
        1,
        9,
        11,
    )
    assert found["memory_mb_after"]["most"] >= found["memory_mb_before"]["now"] > 0
