"""The bench runs small in every test run, so that it is never found broken when it is needed."""

import json
import subprocess
import sys

import pytest

from tests.bench import pages
from tests.bench.__main__ import _OTHERS, main


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_the_bench_measures_every_work_beside_the_raw_engine(engine: str) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.bench",
        "--orders",
        "50",
        "--times",
        "3",
        "--repeats",
        "5",
        "--sheet-rows",
        "50" if engine == "sqlite" else "0",
        "--json",
        "--engine",
        engine,
    ]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    works = report["engines"][engine]["works"]
    assert [row["work"] for row in works] == [
        "create, 5 lines", "get", "search phone tail", "search name", "search SKU", "search number tail",
        "screen page 1", "screen page 100", "count, bounded", "CSV of all, rows", "ticket drawn",
    ]  # fmt: skip
    alone = {one["work"]: one for one in report["engines"][engine]["alone"]}
    imports = {"import csv": 50, "import xlsx": 50} if engine == "sqlite" else {}
    assert {name: one["rows"] for name, one in alone.items()} == {"CSV of all": 775, **imports}
    assert all(one["peak_mb"] > 0 for one in alone.values())
    assert not imports or alone["import xlsx"]["child_peak_mb"] > alone["import csv"]["child_peak_mb"] == 0
    assert all(row["p50_ms"] > 0 for row in works)
    assert all(row["ratio"] > 0 for row in works if row["work"] != "ticket drawn")


def test_each_option_says_what_it_does_and_what_it_is_without_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.argv", ["bin/bench", "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    for words in (
        "filled with (default: 100000)",
        "measured (default: 200)",
        "on (default: both)",
        "JSON instead",
        *(f"bin/bench {name} {what}" for name, (_, what) in _OTHERS.items()),
    ):
        assert words in told


@pytest.mark.parametrize("engine", pages.ENGINES)
def test_the_bench_opens_each_page_and_counts_what_it_asks(
    engine: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "sys.argv", ["bin/bench", *f"pages --orders 5 --times 2 --repeats 1 --engine {engine} --json".split()]
    )
    main()
    report = json.loads(capsys.readouterr().out)
    rows = {row["work"]: row for row in report["engines"][engine]}
    assert report["orders"] == 10 and next(iter(rows)) == "/healthz" and len(rows) > 60
    assert rows["/healthz"]["asked"] == 0 and rows["/orders/{number:str}"]["asked"] > 10
    assert all(row["p50_ms"] > 0 for row in rows.values())


def test_the_bench_measures_pages_that_listen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = "live --desks 6 --rounds 1 --orders 1 --engine sqlite --json"
    monkeypatch.setattr("sys.argv", ["bin/bench", *given.split()])
    main()
    report = json.loads(capsys.readouterr().out)["sqlite"]
    assert report["memory"]["after_mb"] >= report["memory"]["before_mb"] > 50
    assert report["listening"]["receipt_ms"]["count"] == 4 * 6, "each page hears of each change"
    assert report["listening"]["unheard"]["p99"] == 0 == report["alone"]["page_ms"]["p99"]
    assert report["herd"]["pages"]["p50"] == 6 and report["herd"]["page_p50_ms"]["p50"] > 0
