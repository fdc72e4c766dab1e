"""Box 7, a fingerprint reader at a desk: the contract that every driver keeps, apart from the devices.

A driver is one file in `access/readers/` with a `PLUGIN`. It runs at a station and knows no
database. It keeps the templates, or what stands behind it does: none ever comes to the desk. An
operator is known to it by an opaque name alone.
"""

from collections.abc import Callable, Mapping
from threading import Event
from typing import Any, Literal, Protocol

from msgspec import Struct

from tocsin.core.errors import Refusal

FINGERS = tuple(
    f"{side}-{finger}"
    for side in ("right", "left")
    for finger in ("index-finger", "thumb", "middle-finger", "ring-finger", "little-finger")
)
"""Names of the ten fingers, as fprintd has them; the likeliest first."""

Outcome = Literal["match", "no_match", "bad_scan", "device_error", "cancelled", "vanished"]
Enrolled = Literal["enrolled", "duplicate", "bad_scan", "device_error", "cancelled", "vanished"]
Presence = Literal["ready", "vanished"]
BAD_SCANS_MOST = 5


class ReaderFailed(Refusal):
    """The reader did not do as it was told: {problem}"""

    kind, code = "broken", "reader_failed"


class Scan(Struct, frozen=True):
    """What came of asking for a finger.

    Args:
        outcome: `no_match` alone is a wrong finger, which the reader has seen. `bad_scan` is one that it could not read,
            `cancelled` none before the time was over or somebody stopped it, `vanished` a reader that went away.
        bad_scans: how often a finger could not be read before.
        problem: a code where nothing could be tried: `not_enrolled`, `busy`, `denied`; else empty.
    """

    outcome: Outcome
    bad_scans: int = 0
    problem: str = ""


class Stage(Struct, frozen=True):
    """How far an enrolment is; `retry` says why the last touch did not count, empty where it did."""

    done: int
    of: int
    retry: str = ""


class Enrolment(Struct, frozen=True):
    """What came of an enrolment; `duplicate` is a finger that somebody has enrolled already."""

    outcome: Enrolled
    problem: str = ""


class ReaderAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a station says of an attempt, and signs; ids are texts.

    Args:
        nonce: the one that came with the attempt.
        time_us: of the station's clock.
    """

    attempt: str
    nonce: str
    operator: str
    desk: str
    station: str
    result: Outcome
    bad_scans: int
    problem: str
    time_us: int


def answer_text(statement: str) -> bytes:
    """Return what the signature of an answer covers; `statement` is its JSON as it travels."""
    return b"tocsin reader answer 1\n" + statement.encode("utf-8", "surrogatepass")


class Reader(Protocol):
    """One reader, opened; asked by one thread at a time, but for `presence` and `close`."""

    def presence(self) -> Presence:
        """Tell whether the reader is there now."""
        ...

    def verify(self, operator: str, *, seconds: float, stop: Event, on_asking: Callable[[], None]) -> Scan:
        """Ask for a finger of an operator, for so many seconds or until `stop` is set.

        A device that fails is an outcome, not a fault. `on_asking` is called, on any thread, once the reader waits
        for this operator's finger: a finger that was laid before is not his.
        """
        ...

    def enrol(
        self, operator: str, finger: str, *, seconds: float, stop: Event, on_stage: Callable[[Stage], None]
    ) -> Enrolment:
        """Have an operator lay a finger again and again until the reader knows it."""
        ...

    def delete(self, operator: str, finger: str = "") -> None:
        """Forget a finger of an operator, or all of his; one that is not there is forgotten already.

        Raises:
            ReaderFailed: it could not be forgotten.
        """
        ...

    def fingers(self, operator: str) -> tuple[str, ...]:
        """Return which fingers of an operator the reader knows.

        Raises:
            ReaderFailed: the reader did not say.
        """
        ...

    def close(self) -> None:
        """Let go of the reader."""
        ...


class ReaderDriver(Protocol):
    """What a `PLUGIN` of `access.readers` is."""

    name: str

    def open(self, options: Mapping[str, Any], *, on_presence: Callable[[Presence], None]) -> Reader:
        """Begin to watch a reader; `on_presence` is called, on any thread, whenever it goes or comes.

        Raises:
            ReaderFailed: the options are wrong.
        """
        ...
