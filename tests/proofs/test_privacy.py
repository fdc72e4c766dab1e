"""The proof of privacy on each engine, with one sweep left out on SQLite; `bin/prove privacy` leaves out each."""

import pytest

from tests.proofs import privacy
from tests.proofs.running import ENGINES


@pytest.mark.parametrize("engine", ENGINES)
def test_an_erased_person_is_in_no_file(engine: str) -> None:
    found = privacy.main(["--engine", engine, "--faults", "1"])
    assert found["holds"] and found["places"] >= 8, found
