"""The proof of the reader, small: on both engines, and with a driver that counts stops."""

import pytest

from tests.proofs import reader
from tests.proofs.running import ENGINES, open_ground


@pytest.mark.parametrize("engine", ENGINES)
def test_fingers_small(engine: str) -> None:
    with open_ground() as ground:
        found = reader.run(ground, engine, replays=40, seed=7, quick=True)
    assert reader.broken_promises(found) == [], found
    assert (
        found["no_matches"],
        found["wrong_finger_missed"],
        found["false_alarms"],
        found["replays_accepted"],
    ) == (2, 0, 0, 0)


def test_a_driver_that_counts_its_own_stops_is_seen() -> None:
    with open_ground() as ground:
        assert reader.run(ground, "sqlite", fault="count_stops")["false_alarms"] > 0


def test_what_is_missed_made_up_or_taken_twice_is_a_broken_promise() -> None:
    sound = {
        "matches": 3, "no_matches": 2, "retries": 1, "unplugs": 1, "false_stops": 1, "left_alone": 1, "device_errors": 1,
        "station_stops": 1, "replays": 9, "entered": 4, "vanished_told": 1, "station_missed": 1, "station_back": 1,
    }  # fmt: skip
    assert reader.broken_promises(sound) == []
    for name in (
        "wrong_finger_missed",
        "false_alarms",
        "otherwise",
        "entered_wrongly",
        "replays_accepted",
        "replays_faults",
    ):
        assert reader.broken_promises({**sound, name: 1}) == [name]
    for name, wrong in (
        ("entered", 3),
        ("vanished_told", 2),
        ("station_missed", 0),
        ("station_back", 2),
        ("replays", 0),
    ):
        assert reader.broken_promises({**sound, name: wrong}) == [name]
