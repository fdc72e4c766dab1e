"""A reader that fprintd drives, over D-Bus; templates stay with fprintd.

What counts as a wrong finger is `verify-no-match` that came before our own VerifyStop and was not
followed by an error or by the reader's going away: fprintd says the same word when a verification
is stopped, and may say it when a reader is unplugged.
Source: fprintd 1.94, src/device.c.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from threading import Event, Thread
from typing import Any, TypeVar

from tocsin.access.fprint import DEVICE, FprintBus, FprintGone, FprintRefused, Until
from tocsin.access.reader import BAD_SCANS_MOST, Enrolment, Presence, ReaderFailed, Scan, Stage
from tocsin.core.log import get_log

R = TypeVar("R")
Hearing = asyncio.Queue[tuple[str, list[Any]]]
_AFTER_NO_MATCH_SECONDS, _FINGER_DOWN_SECONDS = 0.3, 2.0
_LOOK_SECONDS, _OPEN_SECONDS, _SLACK_SECONDS = 5.0, 5.0, 30.0
_CLAIMS_MOST, _CLAIM_AGAIN_SECONDS = 8, 0.2
_LOOK_AGAIN_SECONDS = (0.0, 0.1, 0.2)
_BAD = frozenset({"retry-scan", "swipe-too-short", "finger-not-centered", "remove-and-retry", "too-fast"})
_PROBLEMS = {"NoEnrolledPrints": "not_enrolled", "AlreadyInUse": "busy", "PermissionDenied": "denied"}
_END_OF_ENROLMENT = {
    "completed": Enrolment("enrolled"), "duplicate": Enrolment("duplicate"), "disconnected": Enrolment("vanished"),
    "data-full": Enrolment("device_error", "full"), "failed": Enrolment("bad_scan"),
}  # fmt: skip
_log = get_log("fprintd")


class FprintdReader:
    """The first reader that fprintd has, or the one at a path; watched on a thread of its own.

    Args:
        address: of the bus; empty is the system's.
        path: of the reader at fprintd; empty is the first.
    """

    def __init__(self, address: str, path: str, *, on_presence: Callable[[Presence], None]) -> None:
        self._address, self._wanted, self._on_presence = address, path, on_presence
        self._device, self._presence, self._first = "", "", Event()
        self._bus = FprintBus(address, on_signal=self._hear)
        self._heard: Hearing | None = None
        self._loop = asyncio.new_event_loop()
        self._look, self._finding = asyncio.Event(), asyncio.Lock()
        self._thread = Thread(target=self._live, name="fprintd", daemon=True)
        self._thread.start()
        self._first.wait(_OPEN_SECONDS)

    def presence(self) -> Presence:
        """Tell whether the reader is there now."""
        return "ready" if self._device else "vanished"

    def verify(self, operator: str, *, seconds: float, stop: Event, on_asking: Callable[[], None]) -> Scan:
        """Ask for a finger of an operator."""
        return self._run(self._verify(operator, Until(seconds, stop), on_asking), seconds)

    def enrol(
        self, operator: str, finger: str, *, seconds: float, stop: Event, on_stage: Callable[[Stage], None]
    ) -> Enrolment:
        """Have an operator lay a finger until fprintd knows it."""
        return self._run(self._enrol(operator, finger, until=Until(seconds, stop), tell=on_stage), seconds)

    def delete(self, operator: str, finger: str = "") -> None:
        """Forget a finger of an operator, or all of his."""
        self._run(self._delete(operator, finger), 0)

    def fingers(self, operator: str) -> tuple[str, ...]:
        """Return which fingers of an operator fprintd knows."""
        return self._run(self._fingers(operator), 0)

    def close(self) -> None:
        """Leave the bus: fprintd frees what we had claimed."""
        self._loop.call_soon_threadsafe(self._watching.cancel)
        self._thread.join(_OPEN_SECONDS)

    async def _verify(self, operator: str, until: Until, on_asking: Callable[[], None]) -> Scan:
        device = self._device
        if not device:
            return Scan("vanished")
        try:
            async with self._claimed(device, operator) as heard:
                await self._bus.call(device, DEVICE, "VerifyStart", "any")
                on_asking()
                try:
                    scan = await self._scan(device, heard, until)
                finally:
                    await self._end(device, "VerifyStop")
        except FprintRefused as refused:
            scan = Scan("device_error", problem=_PROBLEMS.get(refused.code, "refused"))
        except FprintGone:
            return Scan("vanished")
        if scan.outcome in ("no_match", "device_error") and await self._has_gone(device):
            return Scan("vanished", scan.bad_scans)
        return scan

    async def _scan(self, device: str, heard: Hearing, until: Until) -> Scan:
        bad = 0
        while True:
            result = await self._next(device, heard, until)
            if result is None and await self._finger_is_down(device):
                # Laid in the last moment: what comes of it is waited for, or a wrong one would go unseen.
                result = await self._next(device, heard, Until(_FINGER_DOWN_SECONDS, Event()))
            if result is None:
                return Scan("cancelled", bad)
            word, done = result
            if word == "match":
                return Scan("match", bad)
            if word == "no-match":
                return Scan(await self._confirm_no_match(device, heard), bad)
            if word not in _BAD:
                return Scan("vanished" if word in ("gone", "disconnected") else "device_error", bad)
            bad += 1
            if done or bad >= BAD_SCANS_MOST:
                return Scan("bad_scan", bad)

    async def _confirm_no_match(self, device: str, heard: Hearing) -> Any:
        after = await self._next(device, heard, Until(_AFTER_NO_MATCH_SECONDS, Event()))
        if after is None:
            return "no_match"
        return "vanished" if after[0] in ("gone", "disconnected") else "device_error"

    async def _finger_is_down(self, device: str) -> bool:
        """Tell whether a finger is being read: fprintd needs none any more, or says that one lies there."""
        return bool(await self._bus.read(device, "finger-present")) or not await self._bus.read(
            device, "finger-needed"
        )

    async def _enrol(
        self, operator: str, finger: str, *, until: Until, tell: Callable[[Stage], None]
    ) -> Enrolment:
        device = self._device
        if not device:
            return Enrolment("vanished")
        try:
            async with self._claimed(device, operator) as heard:
                stages = int(await self._bus.read(device, "num-enroll-stages"))
                await self._bus.call(device, DEVICE, "EnrollStart", finger)
                tell(Stage(0, stages))
                try:
                    made = await self._stages(device, heard, until=until, stages=stages, tell=tell)
                finally:
                    await self._end(device, "EnrollStop")
        except FprintRefused as refused:
            made = Enrolment("device_error", _PROBLEMS.get(refused.code, "refused"))
        except FprintGone:
            return Enrolment("vanished")
        if made.outcome == "device_error" and await self._has_gone(device):
            return Enrolment("vanished")
        return made

    async def _stages(
        self, device: str, heard: Hearing, *, until: Until, stages: int, tell: Callable[[Stage], None]
    ) -> Enrolment:  # fmt: skip
        passed = 0
        while (result := await self._next(device, heard, until)) is not None:
            word, done = result
            if done or word in ("gone", "disconnected"):
                return _END_OF_ENROLMENT.get(
                    word, Enrolment("vanished" if word == "gone" else "device_error")
                )
            passed += word == "stage-passed"
            tell(Stage(passed, stages, word if word in _BAD else ""))
        return Enrolment("cancelled")

    async def _delete(self, operator: str, finger: str) -> None:
        try:
            async with self._claimed(self._there(), operator):
                call = ("DeleteEnrolledFinger", finger) if finger else ("DeleteEnrolledFingers2",)
                await self._bus.call(self._device, DEVICE, *call)
        except (FprintRefused, FprintGone) as fault:
            if not isinstance(fault, FprintRefused) or fault.code != "NoEnrolledPrints":
                raise ReaderFailed(problem=str(fault)) from fault

    async def _fingers(self, operator: str) -> tuple[str, ...]:
        try:
            return tuple((await self._bus.call(self._there(), DEVICE, "ListEnrolledFingers", operator))[0])
        except (FprintRefused, FprintGone) as fault:
            if isinstance(fault, FprintRefused) and fault.code == "NoEnrolledPrints":
                return ()
            raise ReaderFailed(problem=str(fault)) from fault

    @asynccontextmanager
    async def _claimed(self, device: str, operator: str) -> AsyncIterator[Hearing]:
        await self._claim(device, operator)
        self._heard = asyncio.Queue()
        try:
            yield self._heard
        finally:
            self._heard = None
            await self._end(device, "Release")

    async def _claim(self, device: str, operator: str) -> None:
        """Claim a reader; one that its last user just left is free within a moment."""
        for turn in range(_CLAIMS_MOST):
            try:
                await self._bus.call(device, DEVICE, "Claim", operator)
            except FprintRefused as refused:
                if refused.code != "AlreadyInUse" or turn + 1 == _CLAIMS_MOST:
                    raise
                await asyncio.sleep(_CLAIM_AGAIN_SECONDS)
            else:
                return

    async def _end(self, device: str, member: str) -> None:
        """Stop or release; a reader that is gone can be neither, and is found missing by who looks next."""
        try:
            await self._bus.call(device, DEVICE, member)
        except (FprintRefused, FprintGone) as fault:
            _log.info("not_ended", member=member, problem=str(fault))

    async def _next(self, device: str, heard: Hearing, until: Until) -> tuple[str, bool] | None:
        """Return the next status without its prefix, and whether it is the last; None at the end of the time."""
        while not until.is_over():
            with suppress(TimeoutError):
                member, body = await asyncio.wait_for(heard.get(), until.step())
                if member in ("VerifyStatus", "EnrollStatus"):
                    return str(body[0]).partition("-")[2], bool(body[1])
                if member == "gone" or (member == "InterfacesRemoved" and body[0] == device):
                    return "gone", True
        return None

    def _hear(self, member: str, body: list[Any]) -> None:
        if self._heard is not None:
            self._heard.put_nowait((member, body))
        if member in ("gone", "InterfacesRemoved", "InterfacesAdded"):
            self._look.set()

    def _live(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._watching = self._loop.create_task(self._watch())
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._watching)
        self._bus.close()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _watch(self) -> None:
        """Look for the reader again and again: at each sign of a change at once, else every few seconds."""
        while True:
            self._look.clear()
            await self._find()
            self._first.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), _LOOK_SECONDS if self._device else 1.0)

    async def _find(self) -> None:
        async with self._finding:
            await self._find_alone()

    async def _find_alone(self) -> None:
        try:
            if not self._bus.connected:
                self._bus.close()
                self._bus = FprintBus(self._address, on_signal=self._hear)
                await self._bus.connect()
            found = await self._bus.devices()
            self._device = next((path for path in found if self._wanted in ("", path)), "")
        except (FprintGone, FprintRefused) as fault:
            self._device = ""
            _log.info("not_found", problem=str(fault))
        presence: Presence = "ready" if self._device else "vanished"
        if presence != self._presence:
            self._presence = presence
            self._on_presence(presence)

    async def _has_gone(self, device: str) -> bool:
        """Tell whether the reader has gone; fprintd may name it for a moment after it failed."""
        for pause_seconds in _LOOK_AGAIN_SECONDS:
            await asyncio.sleep(pause_seconds)
            await self._find()
            if self._device != device:
                return True
        return False

    def _there(self) -> str:
        if not self._device:
            raise ReaderFailed(problem="it is not there")
        return self._device

    def _run(self, work: Coroutine[Any, Any, R], seconds: float) -> R:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds + _SLACK_SECONDS)


class FprintdDriver:
    """Makes readers of options: `bus`, an address that is not the system's; `device`, a path that is not the first."""

    name = "fprintd"

    def open(self, options: Mapping[str, Any], *, on_presence: Callable[[Presence], None]) -> FprintdReader:
        """Begin to watch a reader."""
        return FprintdReader(
            str(options.get("bus", "")), str(options.get("device", "")), on_presence=on_presence
        )


PLUGIN = FprintdDriver()
