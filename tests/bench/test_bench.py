"""The bench runs small in every test run, so that it is never found broken when it is needed."""

import json
import subprocess
import sys

import pytest


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_the_bench_measures_every_work_beside_the_raw_engine(engine: str) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.bench",
        "--orders",
        "150",
        "--repeats",
        "5",
        "--json",
        "--engine",
        engine,
    ]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    works = report["engines"][engine]["works"]
    assert [row["work"] for row in works] == [
        "create, 5 lines", "get", "search phone tail", "search name", "screen page 1", "screen page 100",
        "CSV of all, rows", "ticket drawn",
    ]  # fmt: skip
    assert all(row["p50_ms"] > 0 for row in works)
    assert all(row["ratio"] > 0 for row in works if row["work"] != "ticket drawn")
