"""The chaos printer, small: the desk stands it, and broken ones are seen."""

from tests.proofs.printing import broken_promises, find_planted, run_chaos
from tocsin.core.db import Database


def test_cuts_lies_a_night_and_a_change_small(db: Database) -> None:
    found = run_chaos(db, cuts=6, byte_step=801, small=True)
    assert broken_promises(found) == [], found
    assert found["cuts"] > 100 and found["papers"] >= 4 and found["cut_unknown"] == 5, found


def test_a_broken_driver_a_spool_without_check_and_an_old_paper_are_seen(db: Database) -> None:
    found = find_planted(db, faults=("believe", "check_nothing", "print_old"))
    assert found == {"believe": True, "check_nothing": True, "print_old": True}


def test_each_figure_breaks_the_promise() -> None:
    sound = {
        "silent_loss": 0,
        "auto_reprint": 0,
        "unchecked_paper": 0,
        "stale_paper": 0,
        "unknown_shown_p99_s": 0.1,
    }
    assert broken_promises(sound) == []
    for name in sound:
        assert broken_promises({**sound, name: 3}) == [name]
