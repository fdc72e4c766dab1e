"""Consumers of events: what one event meets keeps none waiting but those of its subject."""

import errno
import sqlite3
from functools import partial

import psycopg
import pytest

from tocsin.core import loop as loop_module
from tocsin.core.actor import NotAllowed
from tocsin.core.errors import DatabaseAway
from tocsin.core.event import Event
from tocsin.core.loop import for_each_event


def full() -> Exception:
    fault = sqlite3.OperationalError("database or disk is full")
    fault.sqlite_errorcode = 13
    return fault


def events(*ids: int, subject: int = 0) -> list[Event]:
    return [
        Event(id=one, horizon=0, merchant_id=1, kind="test", subject_id=subject or one, data="", at_us=0)
        for one in ids
    ]


def test_what_one_event_meets_keeps_none_waiting_but_those_of_its_subject():
    """A refusal is passed over at once, a fault once it has come often enough."""
    seen, given_up = list[int](), list[int]()

    def act(one: Event) -> None:
        seen.append(one.id)
        if one.id == 11:
            raise NotAllowed(right="import")
        if one.id == 12:
            raise ValueError("its data")

    waiting = [*events(11), *events(12, 13, subject=7), *events(14)]
    take = partial(for_each_event, "passing over", waiting, act, give_up=lambda one: given_up.append(one.id))
    for _ in range(loop_module._TRIES_MOST - 1):
        with pytest.raises(ValueError, match="its data"):
            take()
    assert (seen[:3], given_up) == ([11, 12, 14], [11] * 9) and 13 not in seen
    seen.clear()
    take()
    assert (seen, given_up[9:]) == ([11, 12, 13, 14], [11, 12])
    with pytest.raises(ValueError, match="its data"):
        take()


def test_a_fault_that_went_by_is_counted_no_more():
    left = [ValueError("a moment")] * (loop_module._TRIES_MOST - 1)

    def act(_: Event) -> None:
        if left:
            raise left.pop()

    take = partial(for_each_event, "going by", events(21), act)
    for _ in range(loop_module._TRIES_MOST - 1):
        with pytest.raises(ValueError, match="a moment"):
            take()
    take()
    left.append(ValueError("a moment"))
    with pytest.raises(ValueError, match="a moment"):
        take()


@pytest.mark.parametrize(
    "fault", [DatabaseAway(), full(), psycopg.errors.DiskFull(), OSError(errno.EMFILE, "too many open files")]
)
def test_no_event_is_passed_over_while_nothing_works(fault: Exception):
    seen: list[int] = []

    def act(one: Event) -> None:
        seen.append(one.id)
        raise fault

    for _ in range(2 * loop_module._TRIES_MOST):
        with pytest.raises(type(fault)):
            for_each_event("nothing works", events(31, 32), act)
    assert set(seen) == {31}
