"""Consumers of events: what one event meets keeps none behind it waiting."""

import errno
import sqlite3
import time

import psycopg
import pytest

from tocsin.core.actor import NotAllowed
from tocsin.core.errors import DatabaseAway
from tocsin.core.event import Event
from tocsin.core.loop import for_each_event
from tocsin.core.postgres_end import NotCommitted
from tocsin.core.writer import WriterStopped


def full() -> Exception:
    fault = sqlite3.OperationalError("database or disk is full")
    fault.sqlite_errorcode = 13
    return fault


def events(*ids: int) -> list[Event]:
    return [
        Event(id=one, horizon=0, merchant_id=1, kind="test", subject_id=one, data="", at_us=0) for one in ids
    ]


def test_what_one_event_meets_keeps_none_behind_it_waiting():
    """A refusal is passed over at once, another fault when it has come three times."""
    seen, given_up = list[int](), list[int]()

    def act(one: Event) -> None:
        seen.append(one.id)
        if one.id == 11:
            raise NotAllowed(right="import")
        if one.id in (12, 13):
            raise ValueError("its data")

    def give_up(one: Event) -> None:
        given_up.append(one.id)
        if one.id == 12:
            raise ValueError("its data")

    for_each_event(events(11, 12, 13, 14), act, give_up=give_up)
    assert (seen, given_up) == ([11, *[12] * 3, *[13] * 3, 14], [11, 12, 13])


def test_a_fault_of_a_moment_is_tried_again():
    left, done, given_up = [ValueError("a moment"), NotCommitted()], list[int](), list[int]()

    def act(one: Event) -> None:
        if left:
            raise left.pop()
        done.append(one.id)

    for_each_event(events(21), act, give_up=lambda one: given_up.append(one.id))
    assert (done, given_up) == ([21], [])


def test_many_that_fail_at_once_are_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    waited, given_up = list[float](), list[int]()
    monkeypatch.setattr(time, "sleep", waited.append)

    def act(_: Event) -> None:
        raise ValueError("its data")

    for_each_event(events(*range(200)), act, give_up=lambda one: given_up.append(one.id))
    assert len(given_up) == 200 and sum(waited) <= 10


@pytest.mark.parametrize(
    "fault",
    [
        DatabaseAway(),
        WriterStopped(),
        full(),
        psycopg.errors.DiskFull(),
        OSError(errno.EMFILE, "too many open files"),
    ],
)
def test_no_event_is_passed_over_while_nothing_works(fault: Exception):
    seen: list[int] = []

    def act(one: Event) -> None:
        seen.append(one.id)
        raise fault

    with pytest.raises(type(fault)):
        for_each_event(events(31, 32), act)
    assert seen == [31]
