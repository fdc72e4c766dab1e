"""The collector of garbage is paused, and afterwards as it was, whoever else paused it meanwhile."""

import gc
from contextlib import ExitStack

import pytest

from tocsin.core.collector import collector_paused


def test_it_is_on_again_once_the_last_goes_on() -> None:
    first, second = ExitStack(), ExitStack()
    for one in (first, second):
        one.enter_context(collector_paused())
        assert not gc.isenabled()
    first.close()
    assert not gc.isenabled(), "the second still works"
    second.close()
    assert gc.isenabled()
    with pytest.raises(KeyError), collector_paused():
        raise KeyError
    assert gc.isenabled()


def test_where_it_was_off_it_stays_off() -> None:
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_stays_is_walked_no_more() -> None:
    with collector_paused():
        passing = [[]]
    assert any(one is passing for one in gc.get_objects())
    with collector_paused(stays=True):
        kept = [[]]
    assert not any(one is kept for one in gc.get_objects())
