"""Readers take turns, and one that could not be opened leaves its place."""

import pytest

from tocsin.core.read_pool import ReadPool


def test_who_came_back_first_goes_out_first() -> None:
    made = iter("abcd")
    pool = ReadPool(lambda: next(made), 3)
    lent = [pool.take() for _ in range(3)]
    for one in lent:
        pool.give(one)
    turns = list[str]()
    for _ in range(6):
        turns.append(pool.take())
        pool.give(turns[-1])
    assert (lent, turns) == (["a", "b", "c"], ["a", "b", "c"] * 2)


def test_one_that_cannot_be_opened_keeps_nobody_out() -> None:
    faults = [OSError("no more files")]

    def connect() -> str:
        if faults:
            raise faults.pop()
        return "a"

    pool = ReadPool(connect, 1)
    with pytest.raises(OSError, match="no more files"):
        pool.take()
    assert pool.take() == "a"
