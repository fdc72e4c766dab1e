"""The proof of privacy, whole on each engine: it is small already."""

import pytest

from tests.proofs import privacy
from tests.proofs.running import ENGINES


@pytest.mark.parametrize("engine", ENGINES)
def test_an_erased_person_is_in_no_file(engine: str) -> None:
    found = privacy.main(["--engine", engine])
    assert found["holds"] and found["places"] >= 8, found
