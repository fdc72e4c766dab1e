"""A relay board on Modbus: pymodbus's own server, over TCP or over a pseudo serial line."""

import asyncio
import threading
from typing import Any

from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from tests.databases import free_port


class ModbusBoard:
    """One board of sixteen coils; over a serial line where a port is given.

    `stuck`: it takes every write as sound, and none of its coils moves.
    """

    def __init__(self, *, serial_port: str = "", device_id: int = 1, port: int = 0) -> None:
        self.device_id, self.serial_port = device_id, serial_port
        self.port, self.stuck = port or free_port(), False
        self._loop = asyncio.new_event_loop()
        self._server: Any = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.start()

    def start(self) -> None:
        """Serve."""
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(10)

    def stop(self) -> None:
        """Serve no more: the board has lost its power."""
        asyncio.run_coroutine_threadsafe(self._server.shutdown(), self._loop).result(10)

    def coils(self, count: int = 8) -> list[bool]:
        """Return the first coils' states."""
        found = asyncio.run_coroutine_threadsafe(
            self._server.async_getValues(self.device_id, 1, 0, count), self._loop
        ).result(10)
        return [bool(each) for each in found]

    def close(self) -> None:
        """End it for good."""
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _answer(
        self, _function: int, _start: int, _address: int, _count: int, _now: list[int], values: Any
    ) -> None:
        if self.stuck and values:
            values[:] = [False] * len(values)

    async def _serve(self) -> None:
        bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
        words = [SimData(0, count=8, datatype=DataType.REGISTERS)]
        device = SimDevice(
            id=self.device_id, simdata=(bits, list(bits), words, list(words)), action=self._answer
        )
        if self.serial_port:
            self._server = ModbusSerialServer(
                device, framer=FramerType.RTU, port=self.serial_port, baudrate=9600
            )
        else:
            self._server = ModbusTcpServer(device, address=("127.0.0.1", self.port))
        await self._server.serve_forever(background=True)
