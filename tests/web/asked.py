"""Counts the statements that a database is asked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tocsin.core.db import Tx


@contextmanager
def counted() -> Iterator[Callable[[], int]]:
    """Count the statements that are run; what is given returns how many since it was last asked."""
    run, so_far = Tx._execute, [0]

    def count(tx: Tx, statement: Any, params: Any) -> Any:
        so_far[0] += 1
        return run(tx, statement, params)

    def taken() -> int:
        found, so_far[0] = so_far[0], 0
        return found

    Tx._execute = count  # type: ignore[method-assign]
    try:
        yield taken
    finally:
        Tx._execute = run  # type: ignore[method-assign]
