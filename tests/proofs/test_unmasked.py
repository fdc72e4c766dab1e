"""Each page and each format as a clerk and as an owner, masked; a page that prints the real phone is seen."""

from tests.proofs.running import open_ground
from tests.proofs.unmasked import SHOWN, on


def test_no_page_and_no_format_shows_a_real_text_but_those_that_have_to() -> None:
    with open_ground() as ground:
        found = on(ground, "sqlite")
    assert (found["unmasked_pages"], found["unmasked_formats"]) == (0, 0), found["unmasked_at"]
    assert found["unmasked_fault_found"] and found["shown_with_reason"] == len(SHOWN), found
    assert found["pages"] >= 85 and found["formats"] >= 20, found
