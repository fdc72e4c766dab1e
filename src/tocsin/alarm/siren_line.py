"""One siren as it is driven: what is wanted of it, what it said last, and since when it fails.

The sounding alone calls a line, from its own thread; each command runs in a thread of its own, one at a
time, so that a siren that hangs keeps nobody waiting.
"""

import threading
import time
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from tocsin.alarm.siren import ANSWER_SECONDS, OFF, Abilities, Confirmed, Pattern, Siren, SirenFailed
from tocsin.core.log import get_log

Act = Literal["set", "probe"]
_OVERDUE_SECONDS = ANSWER_SECONDS + 0.3
_RETRY_MOST_SECONDS, _RETRY_WRONG_SECONDS = 15.0, 60.0
# The device's own timer is started anew when so much of it has passed.
_REARM_AT = 0.6
_TOO_SOON_SECONDS = 3.0
_LEAVE_SECONDS = 5.0
_log = get_log("alarm.siren")


class Outcome(Struct, frozen=True):
    """What came of one command: what it was and is told, or why it failed; `first` of a row of failures."""

    act: Act
    asked: Pattern
    before: Confirmed | None
    told: Confirmed | None
    failure: SirenFailed | None
    seconds: float
    first: bool = False


class Line:
    """One siren.

    Args:
        ended: is called from the command's thread when its outcome can be taken.
    """

    def __init__(
        self, siren: Siren, *, ended: Callable[[], None], probe_seconds: float, watch_seconds: float
    ) -> None:
        self._siren, self._ended = siren, ended
        self._probe_seconds, self._watch_seconds = probe_seconds, watch_seconds
        self.can: Abilities = siren.can
        self.told: Confirmed | None = None
        self.failure: SirenFailed | None = None
        self.failing_since = self.wanted_since = 0.0
        self.target = OFF
        self._armed_at = self._seen_at = self._missing_since = self._retry_at = 0.0
        self._tries = 0
        self._job: tuple[Act, Pattern, float] | None = None
        self._result: tuple[Confirmed | SirenFailed, float] | None = None
        self._failed_target: Pattern | None = None
        self._overdue = self._stirred = False
        self._thread: threading.Thread | None = None
        self.gone = threading.Event()
        siren.watch(self._stir)

    @property
    def failing(self) -> bool:
        """Tell whether it did not do its last command, or did not answer."""
        return self.failure is not None

    @property
    def busy(self) -> bool:
        """Tell whether a command is with the device."""
        return self._job is not None

    def shows(self, pattern: Pattern) -> bool:
        """Tell whether it does a pattern, by what it said last."""
        return self.told is not None and (self.told.light, self.told.sound) == (pattern.light, pattern.sound)

    def missing_seconds(self, now: float) -> float:
        """Return for how long it has not done what is wanted: since it was asked, or since it was seen to fail."""
        return now - max(self.wanted_since, self._missing_since)

    def drive(self, target: Pattern, now: float, *, hurry: bool = False) -> None:
        """Begin what brings it to a target, if anything does; look after it otherwise.

        Args:
            hurry: a person waits: what failed a moment ago is tried again at once.
        """
        if target.on and not self.target.on:
            self.wanted_since = now
        self.target = target
        rests = self.failing and now < self._retry_at and target == self._failed_target
        if self.busy or (rests and not (hurry or self._stirred)):
            return
        if not self.shows(target) or self._runs_out(target, now):
            self._begin("set", now)
        elif self._stirred or now - self._seen_at >= self._pause_seconds(target):
            self._begin("probe", now)

    def take(self, now: float) -> Outcome | None:
        """Return the outcome of a command that has ended or is overdue, once."""
        if self._job is None:
            return None
        act, asked, began = self._job
        if self._result is None:
            if self._overdue or now - began < _OVERDUE_SECONDS:
                return None
            self._overdue = True
            return self._fail(SirenFailed(problem="it does not answer", detail="hangs"), now)
        result, seconds = self._result
        self._job, self._result, self._overdue = None, None, False
        if isinstance(result, Confirmed) and act == "probe" and self._went_off(result, now):
            result = SirenFailed(problem="it goes off by itself too soon")
        if isinstance(result, SirenFailed):
            return self._fail(result, now, act=act, asked=asked, seconds=seconds)
        before, self.told = self.told, result
        recovered = self.failure
        self.failure, self._failed_target, self._tries, self._seen_at = None, None, 0, now
        if act == "set":
            self._armed_at = began
        return Outcome(act, asked, before, result, None, seconds, first=recovered is not None)

    def due_in(self, now: float) -> float:
        """Return in how many seconds it has to be looked at."""
        if self._job is not None:
            return 5.0 if self._overdue else max(0.0, self._job[2] + _OVERDUE_SECONDS - now)
        if self.failing:
            return max(0.0, self._retry_at - now)
        return 0.0 if self._stirred else 5.0

    def retire(self, *, off: bool) -> None:
        """Let go of the device once its command in hand has ended; switched off first, or left as it is."""
        off = off and (self.told is None or self.told.on or self.busy)
        threading.Thread(target=self._retire, args=(off,), name="siren leaves", daemon=True).start()

    def _retire(self, off: bool) -> None:
        if self._thread is not None:
            self._thread.join(_LEAVE_SECONDS)
        try:
            if off:
                self._siren.set(OFF)
        except Exception as fault:  # noqa: BLE001 - it may be away: it is let go all the same
            _log.warning("siren_left_on", exc_info=fault)
        finally:
            self._siren.close()
            self.gone.set()
            self._ended()

    def _begin(self, act: Act, now: float) -> None:
        self._stirred = False
        self._job = (act, self.target, now)
        self._thread = threading.Thread(target=self._work, args=(act, self.target), name="siren", daemon=True)
        self._thread.start()

    def _work(self, act: Act, pattern: Pattern) -> None:
        began = time.monotonic()
        result: Confirmed | SirenFailed
        try:
            result = self._siren.set(pattern) if act == "set" else self._siren.probe()
        except SirenFailed as failed:
            result = failed
        except Exception as fault:  # noqa: BLE001 - whatever a driver does, the others go on
            _log.error("siren_driver_failed", exc_info=fault)
            result = SirenFailed(problem="its driver failed", detail=type(fault).__name__)
        self._result = (result, time.monotonic() - began)
        self._ended()

    def _fail(
        self, failed: SirenFailed, now: float, *, act: Act = "set", asked: Pattern | None = None, seconds: float = 0.0
    ) -> Outcome:  # fmt: skip
        first, before = self.failure is None, self.told
        if first:
            self.failing_since = now
            self._missing_since = now if before is not None and before.on else 0.0
        self._tries += 1
        wait = (
            _RETRY_WRONG_SECONDS if failed.permanent else min(2.0 ** (self._tries - 1), _RETRY_MOST_SECONDS)
        )
        self.failure, self.told, self._retry_at = failed, None, now + wait
        self._failed_target = asked or self.target
        return Outcome(act, asked or self.target, before, None, failed, seconds, first=first)

    def _went_off(self, told: Confirmed, now: float) -> bool:
        """Tell whether it was on, should be, and is not, moments after it was switched."""
        wants = self.target.sound and not told.sound
        return bool(wants and self.told and self.told.sound and now - self._armed_at < _TOO_SOON_SECONDS)

    def _runs_out(self, target: Pattern, now: float) -> bool:
        return bool(target.sound and target.seconds and now - self._armed_at > target.seconds * _REARM_AT)

    def _pause_seconds(self, target: Pattern) -> float:
        return self._watch_seconds if target.on else self._probe_seconds

    def _stir(self) -> None:
        self._stirred = True
        self._ended()
