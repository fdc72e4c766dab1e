"""What is old goes in small pieces, the oldest first, until nothing old is left."""

import pytest
import sqlalchemy as sa

from tests.house import make_house
from tocsin.access.table import attempt
from tocsin.core.db import Database
from tocsin.core.statement import Statement, insert_into, old_rows
from tocsin.core.sweep import sweep_old

_ADD = insert_into(attempt)
_SWEPT_TO, _SWEEP = old_rows(attempt.c.at_us)
_LEFT = Statement[tuple[int, ...]](sa.select(attempt.c.at_us).order_by(attempt.c.at_us))


def add(db: Database, instants: list[int]) -> None:
    for n, at_us in enumerate(instants):
        given = {column.name: "" if isinstance(column.type, sa.Text) else 0 for column in attempt.columns}
        db.write(
            0,
            lambda tx, given=given, n=n, at_us=at_us: tx.run(_ADD, **{**given, "id": n + 1, "at_us": at_us}),
        )


def left(db: Database) -> list[int]:
    return [row[0] for row in db.read(0, lambda tx: tx.rows(_LEFT))]


def test_the_oldest_go_first_and_some_at_once(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    make_house(db)
    monkeypatch.setattr("tocsin.core.sweep.SWEPT_AT_ONCE", 3)
    add(db, [50, 10, 40, 20, 30, 60, 70, 80])
    sweep = lambda: db.write(0, lambda tx: sweep_old(tx, _SWEPT_TO, _SWEEP, before=65))
    assert (sweep(), left(db)) == (3, [40, 50, 60, 70, 80])
    assert (sweep(), left(db)) == (3, [70, 80])
    assert (sweep(), left(db)) == (0, [70, 80])


def test_many_of_one_moment_go_together(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    make_house(db)
    monkeypatch.setattr("tocsin.core.sweep.SWEPT_AT_ONCE", 3)
    add(db, [10] * 7 + [20])
    swept = [db.write(0, lambda tx: sweep_old(tx, _SWEPT_TO, _SWEEP, before=30)) for _ in range(3)]
    assert (swept, left(db)) == ([7, 1, 0], [])
