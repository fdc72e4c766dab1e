"""The lane: one thread at a time, but nobody waits for a slow one, and who is in it enters again."""

import threading
import time

from tocsin.core.lane import Lane


def test_one_thread_at_a_time_goes_through() -> None:
    lane, inside, most = Lane(), [0], [0]

    def go() -> None:
        must_leave = lane.enter()
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.0005)
        inside[0] -= 1
        if must_leave:
            lane.leave()

    threads = [threading.Thread(target=go) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_who_has_waited_long_goes_beside_it_and_leaves_it_alone() -> None:
    lane, found = Lane(), list[bool]()
    assert lane.enter()
    beside = threading.Thread(target=lambda: found.append(lane.enter()))
    beside.start()
    beside.join(5)
    assert found == [False]
    lane.leave()
    assert lane.enter(), "it was left"


def test_a_thread_that_is_in_the_lane_does_not_wait_for_itself() -> None:
    lane = Lane()
    assert lane.enter()
    began = time.perf_counter()
    assert not lane.enter()
    assert time.perf_counter() - began < 0.004
