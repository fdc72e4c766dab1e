"""Says at the end how many tests ran on each database: `-p tests.tally`."""

from typing import Any

DATABASES = ("sqlite", "postgresql")


def tally_databases(node_ids: list[str]) -> dict[str, int]:
    """Count the ids whose parameters name a database, and those that name none."""
    counts = dict.fromkeys((*DATABASES, "neither"), 0)
    for node_id in node_ids:
        words = node_id.partition("[")[2].rstrip("]").split("-")
        for name in [name for name in DATABASES if name in words] or ["neither"]:
            counts[name] += 1
    return counts


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the counts of what has run, passed or failed."""
    ran = [
        r for word in ("passed", "failed") for r in terminalreporter.stats.get(word, []) if r.when == "call"
    ]
    counts = tally_databases([report.nodeid for report in ran])
    told = ", ".join(f"{counts[name]} on {name}" for name in DATABASES)
    terminalreporter.write_line(f"Tests: {len(ran)} ran: {told}, {counts['neither']} without a database")
