"""Ids only grow: across threads, past the counter, and when the clock goes back."""

import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core import ident
from tocsin.core.clock import now_us, shift_clock
from tocsin.core.ident import EPOCH_MS, IdMaker, id_at, made_at_us, new_id, use_node


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    shift_clock(0)
    use_node(0)


def test_threads_never_make_the_same_id_and_each_sees_them_grow() -> None:
    made: list[list[int]] = [[] for _ in range(8)]

    def make(into: list[int]) -> None:
        into.extend(new_id() for _ in range(5000))

    threads = [threading.Thread(target=make, args=(into,)) for into in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id_ for into in made for id_ in into}) == 40_000
    assert all(into == sorted(into) for into in made)


def test_ids_grow_when_the_clock_goes_back() -> None:
    before = new_id()
    shift_clock(-3_600_000_000)
    later = [new_id() for _ in range(10_000)]
    assert before < later[0] and all(a < b for a, b in pairwise(later))


def test_a_used_up_millisecond_borrows_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ident.clock, "now_us", lambda: 1_790_000_000_000_000)
    maker = IdMaker(5)
    made = [maker.next() for _ in range(10_000)]
    assert len(set(made)) == 10_000 and made == sorted(made)
    assert {(id_ >> 12) & 1023 for id_ in made} == {5}


def test_ids_fit_63_bits_until_2094() -> None:
    assert 0 < new_id() < 2**63
    assert ((1 << 41) - 1 + EPOCH_MS) // 1000 > 3_900_000_000


def test_ids_grow_when_the_node_changes() -> None:
    use_node(900)
    high = [new_id() for _ in range(5000)][-1]
    use_node(1)
    assert new_id() > high


@given(st.integers(0, 10**9))
def test_a_range_of_time_is_a_range_of_ids(offset_us: int) -> None:
    instant = 1_790_000_000_000_000 + offset_us
    assert id_at(instant) <= id_at(instant + 1000) and id_at(0) == 0
    assert made_at_us(id_at(instant)) == instant // 1000 * 1000


def test_an_id_of_now_lies_after_the_bound_of_now() -> None:
    bound = id_at(now_us())
    assert bound <= new_id()


@pytest.mark.parametrize("node", [-1, 1024])
def test_a_node_out_of_range_is_a_fault(node: int) -> None:
    with pytest.raises(ValueError, match=str(node)):
        IdMaker(node)
