"""The trend, of made-up runs: what is told, what is not, and what is recorded."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench import trend


def _report(
    *, cpu_ms: float = 2.0, cpu_ratio: float = 0.4, work: str = "get", machine: str = "one"
) -> dict[str, Any]:
    row = {
        "work": work, "workload": "W1", "clients": 1, "servers": 1, "p50_ms": 3.0, "cpu_ms": cpu_ms, "ratio": 0.5,
        "cpu_ratio": cpu_ratio, "peak_mb": 150, "orders": 20_000,
    }  # fmt: skip
    return {"python": "3.11.7", "machine": machine, "engines": {"sqlite": [row]}}


def _run(folder: Path, report: dict[str, Any], *more: str) -> int:
    given = folder / "report.json"
    given.write_text(json.dumps(report))
    return trend.main(["--from", str(given), "--file", str(folder / "trend.jsonl"), *more])


def test_what_costs_a_tenth_more_beside_the_raw_engine_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(tmp_path, _report(cpu_ms=9.0), "--record") == 0
    assert _run(tmp_path, _report(), "--record") == 0
    capsys.readouterr()
    assert _run(tmp_path, _report(cpu_ms=2.3, cpu_ratio=0.35)) == 1
    assert "sqlite W1 get: 1.14 times as much" in capsys.readouterr().out


@pytest.mark.parametrize(
    "now",
    [
        {"cpu_ms": 2.1, "cpu_ratio": 0.39},  # a twentieth
        {"cpu_ms": 2.5, "cpu_ratio": 0.4},  # the machine is slow, and the raw engine with it
        {"cpu_ms": 2.0, "cpu_ratio": 0.3},  # the raw engine was quick by luck: the desk takes what it took
        {"cpu_ms": 9.0, "cpu_ratio": 0.1, "work": "search name"},  # never recorded
    ],
)
def test_what_is_not_dearer_by_both_is_not_told(tmp_path: Path, now: dict[str, Any]) -> None:
    assert _run(tmp_path, _report(), "--record") == 0
    assert _run(tmp_path, _report(**now)) == 0


def test_on_another_machine_the_raw_engine_alone_is_the_measure(tmp_path: Path) -> None:
    assert _run(tmp_path, _report(), "--record") == 0
    assert _run(tmp_path, _report(cpu_ms=1.0, cpu_ratio=0.3, machine="two")) == 1
    assert _run(tmp_path, _report(cpu_ms=9.0, cpu_ratio=0.4, machine="two")) == 0


def test_a_run_is_recorded_a_line_for_each_work(tmp_path: Path) -> None:
    for _ in range(2):
        _run(tmp_path, _report(), "--record")
    first, second = (json.loads(line) for line in (tmp_path / "trend.jsonl").read_text().splitlines())
    assert (
        first == second
        and first["engine"] == "sqlite"
        and first["machine"] == "one"
        and first["orders"] == 20_000
    )
    assert trend.read_record(trend.RECORD), "what is in the repository can be read"


@pytest.mark.parametrize("again", [0.2, 0.4])
def test_what_is_dearer_is_run_again_before_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: float
) -> None:
    assert _run(tmp_path, _report(machine=trend.this_machine()), "--record") == 0
    runs = [
        _report(cpu_ms=4.0, cpu_ratio=0.2),
        _report(cpu_ms=4.0, cpu_ratio=again),
        _report(cpu_ms=4.0, cpu_ratio=again),
    ]
    for one in runs:
        del one["machine"]
    asked = list[str]()

    def run_short(_: object, *, works: str = "") -> dict[str, Any]:
        asked.append(works)
        return runs[len(asked) - 1]

    monkeypatch.setattr(trend, "run_short", run_short)
    assert trend.main(["--file", str(tmp_path / "trend.jsonl")]) == int(again < 0.3)
    assert asked == (["", "get", "get"] if again < 0.3 else ["", "get"])


def test_what_was_recorded_last_was_recorded_on_a_machine_that_was_not_busy() -> None:
    last = {(line.engine, line.work): line for line in trend.read_record(trend.RECORD)}
    assert len(last) == 26
    assert [line for line in last.values() if not 0 < line.load <= trend.BUSY * 2] == []
