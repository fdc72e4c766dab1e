"""Rights are data: each role has what the specification's table says, row by row."""

import pytest

from tocsin.access.permit import Holder, permit_operator
from tocsin.core.actor import ROLES

COLUMNS = ("owner", "manager", "clerk", "checker", "auditor", "station")
# The table of §4, with the rights that each of its words stands for.
TABLE = """
query (masked), own look-ups              | ✓  | ✓           | ✓            | ✓            | ✓      |
reveal with a purpose                     | ✓  | ✓           | finding only | finding only |        |
create, amend, produce, revise            | ✓  | ✓           | ✓            |              |        |
import, mark paid or shipped              | ✓  | ✓           | ✓            |              |        |
cancel, void                              | ✓  | ✓           |              |              |        |
print, hold, settle unknown, acknowledge W| ✓  | ✓           | ✓            | ✓            |        |
release a manual hold; second person      | ✓  | ✓           |              | ✓            |        |
download (masked); with real data         | ✓ ✓| ✓ with reason | masked     |              | masked |
silence, acknowledge an incident          | ✓  | ✓           | ✓            | ✓            | ✓      |
clear; posture; alarm and shop settings   | ✓  | ✓           |              |              |        |
operators, keys, roles                    | ✓  | clerks, checkers |         |              |        |
journal, look-up ledger                   | ✓  | ✓           | own          | own          | ✓      |
devices: claim jobs, sound, read fingers  |    |             |              |              |        | ✓
"""
MEANING = {
    "query": {"✓": {"query"}},
    "reveal": {"✓": {"reveal", "reveal_finding"}, "finding only": {"reveal_finding"}},
    "create": {"✓": {"amend"}},
    "import": {"✓": {"import", "mark"}},
    "cancel": {"✓": {"cancel"}},
    "print": {"✓": {"print", "hold", "settle", "acknowledge"}},
    "release": {"✓": {"release", "second_person"}},
    "download": {
        "✓ ✓": {"download", "download_real"},
        "✓ with reason": {"download", "download_real_reason"},
        "masked": {"download"},
    },
    "silence": {"✓": {"incident"}},
    "clear": {"✓": {"incident_clear", "shop_settings"}},
    "operators": {"✓": {"operators"}, "clerks, checkers": {"operators_below"}},
    "journal": {"✓": {"journal"}, "own": {"journal_own"}},
    "devices": {"✓": {"device"}},
}
ROWS = [[cell.strip() for cell in row.split("|")] for row in TABLE.strip().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
@pytest.mark.parametrize("role", COLUMNS)
def test_a_role_has_exactly_the_rights_of_its_cell(role: str, row: list[str]) -> None:
    meaning = MEANING[row[0].replace(",", " ").replace(":", " ").replace(";", " ").split()[0]]
    cells = row[1:] + [""] * (len(COLUMNS) - len(row) + 1)
    cell = cells[COLUMNS.index(role)]
    of_row = set().union(*meaning.values())
    assert set(ROLES[role]) & of_row == (meaning[cell] if cell else set())


def test_the_table_names_every_right_and_every_role() -> None:
    named = set().union(*(rights for meaning in MEANING.values() for rights in meaning.values()))
    assert named == set().union(*ROLES.values())
    assert set(ROLES) == set(COLUMNS)


def test_an_unknown_role_has_no_rights() -> None:
    assert permit_operator(Holder(1, 2, "x", "king", "en", "UTC", 0, 0), 7).rights == frozenset()
