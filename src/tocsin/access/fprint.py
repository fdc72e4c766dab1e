"""The line to fprintd: a connection to the system bus that hears fprintd alone.

Whoever is on the bus may send us a signal that looks like one of fprintd's; the bus itself says
who sent it, and only what the owner of fprintd's name sent is heard.
"""

import asyncio
import time
from collections.abc import Callable
from threading import Event
from typing import Any

from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

from tocsin.core.log import get_log

NAME, DEVICE, MANAGER = (
    "net.reactivated.Fprint",
    "net.reactivated.Fprint.Device",
    "net.reactivated.Fprint.Manager",
)
_MANAGER_PATH, _BUS, _PROPERTIES = (
    "/net/reactivated/Fprint/Manager",
    "org.freedesktop.DBus",
    "org.freedesktop.DBus.Properties",
)
_ERROR = "net.reactivated.Fprint.Error."
_CALL_SECONDS, _STEP_SECONDS = 10.0, 0.05
_log = get_log("fprint")
_MATCHES = (
    f"type='signal',sender='{NAME}'",
    f"type='signal',sender='{_BUS}',member='NameOwnerChanged',arg0='{NAME}'",
)


class FprintRefused(Exception):
    """fprintd answered with an error; `code` is its short name, such as `AlreadyInUse`."""

    def __init__(self, name: str, text: str) -> None:
        self.code = name.removeprefix(_ERROR)
        super().__init__(f"{self.code}: {text}")


class FprintGone(Exception):
    """There is no fprintd to speak to, or no bus."""


class Until:
    """When to stop waiting: after some seconds, or when somebody says so."""

    def __init__(self, seconds: float, stop: Event) -> None:
        self._at, self._stop = time.monotonic() + seconds, stop

    def is_over(self) -> bool:
        """Tell whether the time is over."""
        return self._stop.is_set() or time.monotonic() >= self._at

    def step(self) -> float:
        """Return for how long to wait before looking again, in seconds."""
        return min(_STEP_SECONDS, max(0.0, self._at - time.monotonic()))


class FprintBus:
    """One connection; made and used on one event loop.

    Args:
        on_signal: called with the member and body of each signal of fprintd's, and with `gone` when fprintd or the bus goes.
    """

    def __init__(self, address: str, *, on_signal: Callable[[str, list[Any]], None]) -> None:
        self._address, self._on_signal = address, on_signal
        self._bus: MessageBus | None = None
        self._ending: asyncio.Task[None] | None = None
        self._owner = ""

    async def connect(self) -> None:
        """Connect, and begin to hear.

        Raises:
            FprintGone: there is no bus.
        """
        bus = MessageBus(bus_address=self._address) if self._address else MessageBus(bus_type=BusType.SYSTEM)
        try:
            await asyncio.wait_for(bus.connect(), _CALL_SECONDS)
        except Exception as fault:
            raise FprintGone(str(fault)) from fault
        self._bus = bus
        self._ending = asyncio.create_task(self._tell_end(bus))
        bus.add_message_handler(self._hear)
        for rule in _MATCHES:
            await self._ask_bus("AddMatch", rule)
        await self._find_owner()

    @property
    def connected(self) -> bool:
        """Tell whether the bus is there."""
        return self._bus is not None and self._bus.connected

    async def devices(self) -> list[str]:
        """Return the paths of the readers; fprintd is started by the bus where it is not running.

        Raises:
            FprintGone, FprintRefused
        """
        found: list[str] = (await self.call(_MANAGER_PATH, MANAGER, "GetDevices"))[0]
        if not self._owner:
            await self._find_owner()
        return found

    async def call(self, path: str, interface: str, member: str, *given: str) -> list[Any]:
        """Call a method of fprintd whose arguments are all texts; return what it returns.

        Raises:
            FprintGone: it is not there, or does not answer in time.
            FprintRefused: it answered with an error.
        """
        return await self._send(Message(
            destination=NAME, path=path, interface=interface, member=member, signature="s" * len(given), body=list(given)
        ))  # fmt: skip

    async def read(self, path: str, name: str) -> Any:
        """Return a property of a reader. Their names hold hyphens: no attribute can be called so."""
        (value,) = await self.call(path, _PROPERTIES, "Get", DEVICE, name)
        return value.value

    def close(self) -> None:
        """Leave the bus: fprintd frees what we had claimed."""
        if self._bus is not None:
            left, self._bus = self._bus, None
            left.disconnect()
        if self._ending is not None:
            self._ending.cancel()

    async def _send(self, message: Message) -> list[Any]:
        if self._bus is None or not self._bus.connected:
            raise FprintGone("there is no bus")
        try:
            answer = await asyncio.wait_for(self._bus.call(message), _CALL_SECONDS)
        except Exception as fault:
            raise FprintGone(str(fault) or type(fault).__name__) from fault
        if answer.message_type is MessageType.ERROR:
            name, text = str(answer.error_name), str(answer.body[0] if answer.body else "")
            if name.startswith(f"{_BUS}.Error.") and not name.endswith(("AccessDenied", "InvalidArgs")):
                raise FprintGone(f"{name}: {text}")
            raise FprintRefused(name, text)
        return list(answer.body)

    async def _ask_bus(self, member: str, given: str) -> list[Any]:
        return await self._send(Message(
            destination=_BUS, path="/org/freedesktop/DBus", interface=_BUS, member=member, signature="s", body=[given]
        ))  # fmt: skip

    async def _tell_end(self, bus: MessageBus) -> None:
        try:
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # it ships without a type
        except Exception as fault:  # noqa: BLE001 - however the line broke, fprintd is gone with it
            _log.info("bus_lost", problem=str(fault))
        if self._bus is bus:
            self._on_signal("gone", [])

    async def _find_owner(self) -> None:
        try:
            self._owner = str((await self._ask_bus("GetNameOwner", NAME))[0])
        except FprintGone:  # not running: the first call starts it
            self._owner = ""

    def _hear(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        if message.sender == _BUS and message.member == "NameOwnerChanged" and message.body[0] == NAME:
            before, self._owner = self._owner, str(message.body[2])
            if before and before != self._owner:
                self._on_signal("gone", [])
        elif self._owner and message.sender == self._owner:
            self._on_signal(str(message.member), list(message.body))
