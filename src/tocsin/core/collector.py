"""The collector of cyclic garbage, paused while much is made that holds none."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_changing, _was_on = threading.Lock(), list[bool]()


@contextmanager
def collector_paused(*, stays: bool = False) -> Iterator[None]:
    """Pause the collector, of all threads; once the last of those who pause it goes on, it is as it was.

    Args:
        stays: what is made lives as long as the process, so that no later collection walks it either.
    """
    with _changing:
        _was_on.append(gc.isenabled())
        gc.disable()
    try:
        yield
    finally:
        if stays:
            gc.freeze()
        with _changing:
            if _was_on.pop():
                gc.enable()
