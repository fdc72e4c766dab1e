from types import SimpleNamespace

from tests.tally import pytest_terminal_summary, tally_databases


def test_ids_are_counted_by_the_database_that_they_name():
    ids = ["a::b[sqlite]", "a::b[postgresql]", "a::b[postgresql-3]", "a::sqlite", "a::b[on sqlite]"]
    assert tally_databases(ids) == {"sqlite": 1, "postgresql": 2, "neither": 2}


def test_the_counts_are_of_what_ran():
    lines: list[str] = []
    passed = [SimpleNamespace(nodeid=f"t[{name}]", when="call") for name in ("sqlite", "postgresql", "x")]
    failed = [
        SimpleNamespace(nodeid="t[sqlite]", when="call"),
        SimpleNamespace(nodeid="t[sqlite]", when="teardown"),
    ]
    pytest_terminal_summary(
        SimpleNamespace(stats={"passed": passed, "failed": failed}, write_line=lines.append)
    )
    assert lines == ["Tests: 4 ran: 2 on sqlite, 1 on postgresql, 1 without a database"]
