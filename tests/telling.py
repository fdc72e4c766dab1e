"""Assertions that tell all that is wrong, one a line, instead of the first of it."""

from collections.abc import Iterable


def assert_none(wrong: Iterable[object], cure: str = "") -> None:
    """Fail with each of the wrong ones and the cure."""
    told = [str(one) for one in wrong]
    assert not told, "\n".join([f"{len(told)} wrong. {cure}".strip(), *told])
