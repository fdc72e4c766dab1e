"""The desk under load, small: each answer is right, each look-up is in the ledger, each change in the store."""

import json

import pytest

from tests.bench import load
from tests.bench.load_filled import Filled
from tests.bench.load_job import WORKS, Get, Jobs
from tests.bench.load_target import WrongAnswer
from tests.bench.load_tocsin import Tocsin
from tests.proofs.running import ENGINES, open_ground


@pytest.mark.parametrize("engine", ENGINES)
def test_under_load_each_answer_is_right_and_each_look_up_is_recorded(
    engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    load.main(f"--orders 40 --times 2 --seconds 0.05 --runs 1 --servers 2 --engine {engine} --json".split())
    report = json.loads(capsys.readouterr().out)
    rows = report["engines"][engine]
    asked = {(row["work"], row["clients"]) for row in rows}
    assert asked == {(work, clients) for work in WORKS for clients in load.CLIENTS.get(work, (1, 8))}
    assert (
        report["sizes"] == [80] and all(row["orders"] == 80 for row in rows) and not report["growth"][engine]
    )
    assert all(row["done"] > 0 and row["peak_mb"] > 0 for row in rows)
    assert all(row["raw_per_second"] > 0 and row["ratio"] > 0 and row["loop_ms"] > 0 for row in rows)
    assert {row["workload"] for row in rows} == {"W1", "W2", "W3", "W4", "W5", "W6", "W7"}
    assert [row["to_page_1"] > 0 for row in rows if row["work"] == "list page 100"] == [True, True]


def test_several_sizes_tell_what_grows(capsys: pytest.CaptureFixture[str]) -> None:
    load.main(
        "--orders 20 --times 3,1 --seconds 0.05 --runs 1 --works get --engine sqlite --clients 1 --json".split()
    )
    report = json.loads(capsys.readouterr().out)
    small, large = report["engines"]["sqlite"]
    assert report["sizes"] == [20, 60] and (small["orders"], large["orders"]) == (20, 60)
    (told,) = report["growth"]["sqlite"]
    assert (told["work"], told["clients"], told["servers"]) == ("get", 1, 1)
    assert told["cpu_ms"] == round(large["cpu_ms"] / max(small["cpu_ms"], 0.001), 2)
    assert "growth get, 1 clients, 1p" in load.table(report)


def test_an_answer_that_is_wrong_or_was_not_recorded_ends_the_bench() -> None:
    with open_ground() as ground:
        filled = Filled(ground.make_desk("sqlite"), orders=5, times=1)
        tocsin = Tocsin(filled, servers=1)
        try:
            tocsin.drive(Jobs(filled.numbers).of("get"), clients=1, seconds=0.05)
            tocsin.require_kept()
            tocsin._answered["detail"] += 1
            with pytest.raises(WrongAnswer, match="detail"):
                tocsin.require_kept()
            with pytest.raises(WrongAnswer, match="404"):
                tocsin.drive(iter([Get("B-20200101-0001")]), clients=1, seconds=0.05)
        finally:
            tocsin.close()
