"""Backups and restores, broken on purpose: `python -m tests.proofs.broken_restore FAULT backup …`. The proof must see each."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tocsin.__main__ import main
from tocsin.backup import postgres_copy, settle, settle_orders, sqlite_copy
from tocsin.core.sqlite import engine


def lose_a_row() -> None:
    """The copy lacks the newest number of an order."""
    copy_file, parts = sqlite_copy.copy_file, postgres_copy.Snapshot.parts

    def copy_less(source: Path, target: Path, **given: Any) -> None:
        copy_file(source, target, **given)
        connection = engine.connect(str(target), isolation_level=None)
        connection.execute(
            "DELETE FROM order_number WHERE order_id = (SELECT max(order_id) FROM order_number)"
        )
        connection.close()

    def less_parts(self: Any, table: Any) -> Iterator[bytes]:
        for part in parts(self, table):
            yield part[: part.rstrip(b"\n").rindex(b"\n") + 1] if table.name == "order_number" else part

    sqlite_copy.copy_file = copy_less
    postgres_copy.Snapshot.parts = less_parts  # type: ignore[method-assign]


def skip_nothing() -> None:
    """Numbers go on where the backup left them."""
    settle_orders._skip_numbers = lambda *_, **__: 0  # type: ignore[assignment]


def let_print() -> None:
    """What was asked for prints as soon as the desk serves."""
    settle.settle_tickets = lambda *_, **__: None  # type: ignore[assignment]


def let_in() -> None:
    """Keys and sessions go on as if nothing had been."""
    settle.settle_access = lambda *_: None  # type: ignore[assignment]


FAULTS = {
    "lose_a_row": lose_a_row,
    "skip_nothing": skip_nothing,
    "let_print": let_print,
    "let_in": let_in,
}

if __name__ == "__main__":
    FAULTS[sys.argv.pop(1)]()
    main()
