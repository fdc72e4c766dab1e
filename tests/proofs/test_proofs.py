"""Each proof, small: the product keeps its promises, and a broken one is seen."""

import json
import subprocess
import sys

import pytest

from tests.proofs import (
    amend,
    cluster,
    formulas,
    intake,
    kill,
    lockout,
    lookups,
    restoring,
    rush,
    sealing,
    siren,
    soak,
    way,
)
from tests.proofs.__main__ import PROOFS, main
from tests.proofs.running import ENGINES, ROOT, open_ground


def test_the_whole_way_small_and_each_planted_fault_is_seen() -> None:
    found = way.main(["--engine", "sqlite"])
    assert found["holds"], found
    assert found["engines"]["sqlite"]["revised"] == ["202002250100000004"]


def test_the_whole_way_small_on_postgresql() -> None:
    with open_ground() as ground:
        found = way.walk_way(ground, "postgresql")
    assert way.broken_promises(found) == [] and found["revised"] == ["202002250100000004"], found


def test_kills_small_and_each_planted_fault_is_seen() -> None:
    found = kill.main(["--engine", "sqlite", "--kills", "3", "--seed", "7"])
    assert found["holds"], found
    assert (found["kills"], found["lost"], found["printed_twice_by_program"]) == (3, 0, 0)


def test_kills_small_on_postgresql() -> None:
    with open_ground() as ground:
        found = kill.run_kills(ground, "postgresql", kills=3, seed=7)
    assert kill.broken_promises(found) == [] and found["kills"] == 3, found


def test_lockout_small_and_the_planted_fault_is_seen() -> None:
    found = lockout.main(["--engine", "sqlite", "--seconds", "2"])
    assert found["holds"], found


def test_lockout_small_on_two_processes_of_postgresql() -> None:
    with open_ground() as ground:
        found = lockout.attack(ground, "postgresql", seconds=2)
    assert lockout.broken_promises(found) == [] and found["processes"] == 2, found


def test_a_guess_too_many_and_an_owner_kept_out_are_broken_promises() -> None:
    sound = {
        "guesses_tested": 10, "valid_ok": 40, "owner_in_during_attack": 1.0, "unrecorded": 0, "owner_sign_ins": 3, "stranger_locked": True,
    }  # fmt: skip
    assert lockout.broken_promises(sound) == []
    for name, wrong in (
        ("guesses_tested", 11), ("valid_ok", 39), ("owner_in_during_attack", 0.9), ("unrecorded", 1), ("owner_sign_ins", 0), ("stranger_locked", False),
    ):  # fmt: skip
        assert lockout.broken_promises({**sound, name: wrong}) == [name]


def test_intake_small_and_the_planted_faults_are_seen() -> None:
    found = intake.main(["--deliveries", "80", "--kills", "2", "--seed", "7"])
    assert found["holds"], found
    assert (found["deliveries"], found["kills"], len(found["engines"])) == (80, 2, 2)


def test_amendments_small_and_the_planted_faults_are_seen() -> None:
    found = amend.main(["--engine", "sqlite", "--attempts", "40", "--numbers", "100"])
    assert found["holds"], found


def test_amendments_small_on_two_processes_of_postgresql() -> None:
    with open_ground() as ground:
        found = amend.run(ground, "postgresql", attempts=40, numbers=100, planted=False)
    assert amend.broken_promises(found) == [] and found["processes"] == 2, found


def test_a_restore_small() -> None:
    with open_ground() as ground:
        found = restoring.run_restores(ground, "sqlite", restores=1, seed=7)
    assert restoring.broken_promises(found) == [], found
    wrong = {**found, "numbers_reused": 1, "rows_torn": 1, "pending": 0}
    assert restoring.broken_promises(wrong) == ["rows_torn", "numbers_reused", "pending"]


def test_two_attacks_on_the_journal_small() -> None:
    found = sealing.prove(("sqlite",), attacks=("sign_oneself", "roll_back"))
    assert found["holds"], found


@pytest.mark.parametrize("engine", ENGINES)
def test_a_killed_upgrade_small(engine: str) -> None:
    with open_ground() as ground:
        found = restoring.run_upgrades(ground, engine, kills=1, seed=7)
    assert (found["killed_upgrades"], found["unusable"]) == (1, 0), found


@pytest.mark.parametrize("engine", ENGINES)
def test_formulas_small(engine: str) -> None:
    found = formulas.main(["--engine", engine, "--payloads", "95"])
    assert found["holds"], found


def test_sirens_small_and_each_planted_fault_is_seen() -> None:
    found = siren.main(["--engine", "sqlite", "--incidents", "2", "--failures", "20"])
    assert found["holds"], found
    assert (found["incidents_timed"], found["unrecorded"], found["flood_incidents"]) == (2, 0, 1)


def test_sirens_small_on_postgresql() -> None:
    with open_ground() as ground:
        found = siren.run(ground, "postgresql", incidents=2, failures=20)
    assert siren.broken_promises(found) == [], found


def test_what_is_heard_late_twice_or_never_is_a_broken_promise() -> None:
    sound = {
        "incidents_timed": 3, "unheard": 0, "p99_ms": 300, "failures": 9, "unrecorded": 0, "flood_incidents": 1, "flood_counted": 9,
        "flood_rings": 1, "sounds_per_minute_max": 1, "unasked_rings": 0, "takeover_ms": 40, "broker_takeover_ms": 1500, "broker_back_ms": 400,
        "backup_still_afterwards": True,
    }  # fmt: skip
    assert siren.broken_promises(sound) == []
    for name, wrong in (
        ("p99_ms", 1001), ("unheard", 1), ("unrecorded", 1), ("flood_incidents", 2), ("sounds_per_minute_max", 2), ("unasked_rings", 1), ("takeover_ms", 60_000),
        ("broker_back_ms", 60_000), ("flood_rings", 0), ("backup_still_afterwards", False), ("flood_counted", 8),
    ):  # fmt: skip
        assert siren.broken_promises({**sound, name: wrong}) == [name]


def test_the_proofs_are_listed_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    told = (ROOT / "docs" / "proofs.md").read_text("utf-8")
    listed = [line.partition("\t")[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == [*PROOFS]
    assert [name for name in listed if f"## `bin/prove {name}`" not in told] == []
    assert main(["nothing"]) == 2
    assert main([]) == 2


def test_figures_are_the_last_line_and_decide_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for holds, status in ((True, 0), (False, 1)):
        monkeypatch.setitem(PROOFS, "way", lambda given, holds=holds: {"holds": holds, "given": given})
        assert main(["way", "--engine", "sqlite"]) == status
        last = capsys.readouterr().out.splitlines()[-1]
        assert json.loads(last) == {"holds": holds, "given": ["--engine", "sqlite"]}


def test_a_lost_order_a_second_paper_and_a_missing_look_up_are_broken_promises() -> None:
    sound = {
        "lost": 0, "printed_twice_by_program": 0, "sending_not_unknown": 0, "unexpected": 0, "all_ended": True,
        "acked": 9, "orders": 3, "amended": 1, "held": 1, "lookups": 2, "prints": 1, "papers": 1,
    }  # fmt: skip
    assert kill.broken_promises(sound) == []
    for name in ("lost", "printed_twice_by_program", "sending_not_unknown", "unexpected"):
        assert kill.broken_promises({**sound, name: 1}) == [name]
    assert kill.broken_promises({**sound, "papers": 0, "all_ended": False}) == ["papers", "all_ended"]


def test_an_ended_server_is_told_with_its_log() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.proofs.broken", "no_such_fault"], cwd=ROOT, capture_output=True, text=True
    )  # fmt: skip
    assert done.returncode == 1 and "no_such_fault" in done.stderr


@pytest.mark.parametrize("engine", ENGINES)
def test_lookups_small(engine: str) -> None:
    found = lookups.main(["--reads", "60", "--engine", engine])
    assert (found["holds"], found["unrecorded"], found["leaked_bytes_when_ledger_broken"]) == (True, 0, 0), (
        found
    )
    assert found["doors"] >= 8 and found["planted_fault_found"]


def test_a_cluster_small_and_a_standby_that_nobody_waits_for_is_seen() -> None:
    found = cluster.run_cluster((2, 0, 0), kills=2, seed=7, rolling=False)
    assert cluster.broken_promises(found) == [], found
    assert (found["kills"], found["failovers"]) == (2, 1)
    assert cluster.find_unreplicated(seed=7)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_rush_small_loses_nothing_and_others_go_between(engine: str) -> None:
    # On a busy machine all may wait for it: only first come, first served does so each time.
    for _ in range(3):
        with open_ground() as ground:
            found = rush.run_one(ground, engine, seconds=4, clients=48)
        assert (found["lost"], found["doubled"], found["unexpected"]) == (0, 0, []), found
        assert min(found["acked"], found["other_acked"], found["sirens"], found["prints"]) > 0, found
        if found["other_p50_ms"] < found["rush_p50_ms"] / 2:
            return
    pytest.fail("first come, first served, all wait alike")


@pytest.mark.parametrize("engine", ENGINES)
def test_each_planted_fault_is_seen_in_a_rush_small(engine: str) -> None:
    with open_ground() as ground:
        found = rush.find_planted(ground, engine, clients=48)
    assert found == dict.fromkeys(rush.FAULTS, True)


def test_each_figure_of_the_rush_can_break_its_promise() -> None:
    sound = {
        "lost": 0, "doubled": 0, "other_p99_ms": 250, "other_to_rush_p99": 0.3, "siren_p99_ms": 1000, "acked": 9, "other_acked": 1, "sirens": 1,
        "prints": 1, "print_p99_ms": 5000, "rss_growth_mb": 200, "unexpected": [],
    }  # fmt: skip
    assert rush.broken_promises(sound) == []
    for name, wrong in (
        ("lost", 1), ("doubled", 1), ("other_p99_ms", 251), ("other_to_rush_p99", 0.31), ("siren_p99_ms", 1001), ("acked", 0), ("other_acked", 0),
        ("sirens", 0), ("prints", 0), ("print_p99_ms", 5001), ("rss_growth_mb", 201), ("unexpected", ["x"]),
    ):  # fmt: skip
        assert rush.broken_promises({**sound, name: wrong}) == [name]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_soak_small_has_no_fault(engine: str) -> None:
    with open_ground() as ground:
        made = soak.Soak(ground, engine, orders=150, times=1)
        try:
            found = made.run(rate=25, seconds=4)
        finally:
            made.close()
    assert (found["server_errors"], found["unexpected"], found["requests"]) == (0, [], 100), found


def test_each_figure_of_the_soak_can_break_its_promise() -> None:
    sound = {
        "requests": 1,
        "server_errors": 0,
        "unindexed": 0,
        "memory_growth_percent": 5.0,
        "p99_ratio": 1.5,
        "unexpected": [],
    }
    assert soak.broken_promises(sound) == []
    for name, wrong in (
        ("requests", 0), ("server_errors", 1), ("unindexed", 1), ("memory_growth_percent", 5.1), ("p99_ratio", 1.6), ("unexpected", ["x"])
    ):  # fmt: skip
        assert soak.broken_promises({**sound, name: wrong}) == [name]
