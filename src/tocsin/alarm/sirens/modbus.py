"""A relay board that speaks Modbus, over TCP or a serial line (RTU): coils are written, then read back."""

from collections.abc import Callable, Mapping
from typing import Any

from pymodbus import FramerType, ModbusException
from pymodbus.client import ModbusSerialClient, ModbusTcpClient

from tocsin.alarm.lines.network import NETWORKS, Network, read_networks, require_host, resolve
from tocsin.alarm.lines.relay import Wiring, output_options, read_wiring
from tocsin.alarm.lines.serial_port import PORT, require_port
from tocsin.alarm.siren import (
    ANSWER_SECONDS,
    Abilities,
    Confirmed,
    Option,
    Pattern,
    SirenFailed,
    SirenOptionWrong,
)

# A call that runs out of time ends the command; the others of it take milliseconds.
_CALL_SECONDS = ANSWER_SECONDS / 3
_PARITY = {"N": "None", "E": "Even", "O": "Odd"}


class ModbusSirens:
    """Opens relay boards on Modbus."""

    name = "modbus"
    title = "Modbus relay board (TCP or RTU)"
    can = Abilities(light=True, sound=True, separable=True, confirms=True, timed=False)
    options: tuple[Option, ...] = (
        Option(name="line", label="Line", kind="choice", default="tcp", choices={"tcp": "Network (TCP)", "rtu": "Serial (RTU)"}),
        Option(name="host", label="Host", hint="For TCP, as 192.168.1.70", only=("tcp",)),
        Option(name="tcp_port", label="TCP port", kind="number", default="502", least=1, only=("tcp",)),
        Option(name="port", label="Serial port", default=PORT.default, hint=PORT.hint, only=("rtu",)),
        Option(name="baud", label="Baud", kind="number", default="9600", least=300, most=921600, only=("rtu",)),
        Option(name="parity", label="Parity", kind="choice", default="N", choices=_PARITY, only=("rtu",)),
        Option(name="device_id", label="Device id", kind="number", default="1", least=0, most=255),
        *output_options(first=0, most=65535, hint="Address of its coil, counted from 0"),
        NETWORKS,
    )  # fmt: skip

    def open(self, options: Mapping[str, Any]) -> "_Board":
        """Make a siren of its options."""
        wiring, networks = read_wiring(options), read_networks(options["networks"])
        if options["device_id"] is None:
            raise SirenOptionWrong(name="device_id", problem="it is needed")
        if options["line"] == "rtu":
            require_port(options["port"])
            return _Board(lambda: _serial(options), wiring, device_id=options["device_id"])
        if not options["host"]:
            raise SirenOptionWrong(name="host", problem="it is needed")
        require_host(options["host"], networks)
        return _Board(lambda: _tcp(options, networks), wiring, device_id=options["device_id"])


class _Board:
    def __init__(
        self, connect: Callable[[], ModbusTcpClient | ModbusSerialClient], wiring: Wiring, *, device_id: int
    ) -> None:
        self._connect, self._wiring, self._device_id = connect, wiring, device_id
        self._client: ModbusTcpClient | ModbusSerialClient | None = None
        self.can = wiring.can(confirms=True, timed=False)

    def set(self, pattern: Pattern) -> Confirmed:
        """Write the coils, then read them back."""
        wanted = self._wiring.outputs(pattern)
        for coil, on in wanted.items():
            self._call("write_coil", coil, on)
        states = self._read()
        if states != wanted:
            raise SirenFailed(problem="it says that it does something else than it was told")
        return self._wiring.confirmed(states, by_device=True)

    def probe(self) -> Confirmed:
        """Read the coils."""
        return self._wiring.confirmed(self._read(), by_device=True)

    def watch(self, waker: Callable[[], None]) -> None:
        """It tells of nothing by itself."""

    def close(self) -> None:
        """Let go of the line."""
        if self._client is not None:
            self._client.close()  # type: ignore[no-untyped-call]
            self._client = None

    def _read(self) -> dict[int, bool]:
        coils = [coil for coil in (self._wiring.sound, self._wiring.light) if coil is not None]
        return {coil: bool(self._call("read_coils", coil, count=1).bits[0]) for coil in coils}

    def _call(self, name: str, coil: int, *values: bool, **more: int) -> Any:
        try:
            if self._client is None:
                self._client = self._connect()
            answer = getattr(self._client, name)(coil, *values, device_id=self._device_id, **more)
        except (ModbusException, OSError, ValueError) as fault:
            self.close()
            raise SirenFailed(problem="it does not answer", detail=str(fault)) from fault
        if answer.isError():
            code = getattr(answer, "exception_code", 0)
            # 1 to 3: it knows no such function, address or value. Source: Modbus Application Protocol 1.1b3, 7.
            raise SirenFailed(
                problem="it refuses the command", detail=f"Modbus exception {code}", permanent=0 < code < 4
            )
        return answer


def _tcp(options: Mapping[str, Any], networks: tuple[Network, ...]) -> ModbusTcpClient:
    port = options["tcp_port"] or 502
    address = resolve(options["host"], port, networks=networks)
    return ModbusTcpClient(address, port=port, timeout=_CALL_SECONDS, retries=0)


def _serial(options: Mapping[str, Any]) -> ModbusSerialClient:
    return ModbusSerialClient(
        options["port"], framer=FramerType.RTU, baudrate=options["baud"] or 9600, parity=options["parity"],
        timeout=_CALL_SECONDS, retries=0,
    )  # fmt: skip


PLUGIN = ModbusSirens()
