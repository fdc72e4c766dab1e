"""Open event streams by who listens: one who opens more than his share loses his oldest; a server that ends sends all elsewhere."""

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

STREAMS_MOST = 8
# An answer in the 500s would end a browser's line for good; one that ends is opened anew. Source: WHATWG HTML, 9.2.3.
ELSEWHERE = b"retry: 1000\n\n"


class Place:
    """One open stream; `ended` tells it to end, since a newer one took its place."""

    def __init__(self) -> None:
        self.ended = False


class Streams:
    """The open streams of a desk; `draining` once its server is about to end."""

    def __init__(self) -> None:
        self.draining = False
        self._places: dict[Hashable, list[Place]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def open(self, listener: Hashable) -> Iterator[Place]:
        """Give a listener (a session, a key) a place while the stream runs."""
        place = Place()
        with self._lock:
            place.ended = self.draining
            places = self._places.setdefault(listener, [])
            places.append(place)
            while len(places) > STREAMS_MOST:
                places.pop(0).ended = True
        try:
            yield place
        finally:
            self._give_back(listener, place)

    def open_count(self) -> int:
        """Return how many are open."""
        with self._lock:
            return sum(map(len, self._places.values()))

    def drain(self) -> None:
        """End each stream that is open, and from now on each as soon as it opens."""
        with self._lock:
            self.draining = True
            for place in (place for places in self._places.values() for place in places):
                place.ended = True

    def _give_back(self, listener: Hashable, place: Place) -> None:
        with self._lock:
            places = self._places.get(listener, [])
            if place in places:
                places.remove(place)
            if not places:
                self._places.pop(listener, None)
