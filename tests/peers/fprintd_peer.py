"""The real fprintd with libfprint's virtual image reader, on a bus and with an authority of its own.

Prints are NIST's, of tests/data/fingerprints: the alpha channel is the ridges. As libfprint's
virtual-image driver has it: two ints (width, height) and the picture; negative widths are signs.
"""

import asyncio
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus
from PIL import Image

PRINTS = Path(__file__).parents[1] / "data" / "fingerprints"
FPRINTD, POLKITD = "/usr/libexec/fprintd", "/usr/lib/polkit-1/polkitd"
_RETRY, _FAULT, _FINGER, _UNPLUG = -1, -2, -4, -5
BUS_CONF = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true" send_type="method_return"/><allow send_requested_reply="true" send_type="error"/>
<allow receive_type="method_call"/><allow receive_type="method_return"/><allow receive_type="error"/>
<allow receive_type="signal"/></policy></busconfig>
"""


class FprintdPeer:
    """A bus, an authority and fprintd as processes of our own, in a folder that goes with them."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tocsin-fp-"))
        self.folder.chmod(0o755)  # the authority gives up root, and must still reach the bus
        self.address = f"unix:path={self.folder / 'bus.sock'}"
        self._socket, self._processes = self.folder / "reader.sock", dict[str, subprocess.Popen[bytes]]()
        self._finger: socket.socket | None = None

    def __enter__(self) -> Self:
        try:
            (self.folder / "bus.conf").write_text(BUS_CONF.format(socket=self.folder / "bus.sock"))
            self._start("bus", "dbus-daemon", "--nofork", f"--config-file={self.folder / 'bus.conf'}")
            _wait_until(lambda: (self.folder / "bus.sock").exists(), "the bus")
            self._start("polkitd", *self._authority())
            self._wait_for("org.freedesktop.PolicyKit1")
            self.start_fprintd()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.lift()
        for process in reversed(self._processes.values()):
            process.kill()
            process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start_fprintd(self) -> None:
        """Start fprintd, which finds the reader plugged in."""
        (self.folder / "state").mkdir(exist_ok=True, mode=0o700)
        self._start("fprintd", FPRINTD, "-t")
        self._wait_for("net.reactivated.Fprint")

    def kill_fprintd(self) -> None:
        """End fprintd as a crash would."""
        self._processes["fprintd"].send_signal(signal.SIGKILL)
        self._processes.pop("fprintd").wait(10)
        self.lift()

    def templates(self) -> list[Path]:
        """Return the files in which fprintd keeps what it has learnt."""
        return [path for path in (self.folder / "state").rglob("*") if path.is_file()]

    def lay(self, name: str, *, seed: int | None = None, mild: bool = False) -> None:
        """Lay a finger once the reader asks for one: the print as it is, or turned and dirtied as a seed has it.

        Args:
            mild: only a little, so that it is known again each time.
        """
        image = load_print(name, seed=seed, mild=mild)
        self._send(struct.pack("ii", *image.size) + image.tobytes())

    def blank(self) -> None:
        """Lay what can't be read as a finger."""
        image = Image.new("L", (300, 300), 0)
        self._send(struct.pack("ii", *image.size) + image.tobytes())

    def bad(self, kind: int = 1) -> None:
        """Have the reader say that it could not read: 0 general, 1 too short, 2 not centred, 3 take it away."""
        self._send(struct.pack("ii", _RETRY, kind))

    def fault(self) -> None:
        """Have the reader fail."""
        self._send(struct.pack("ii", _FAULT, 0))

    def touch(self, down: bool) -> None:
        """Put a finger on the glass, or take it off, without a picture."""
        self._send(struct.pack("ii", _FINGER, int(down)), waits=False)

    def unplug(self) -> None:
        """Take the reader away."""
        self._send(struct.pack("ii", _UNPLUG, 0))
        self.lift()

    def lift(self) -> None:
        """Close the line to the reader: it opens a new one with each claim."""
        if self._finger is not None:
            self._finger.close()
            self._finger = None

    def wait_for_need(self, seconds: float = 15) -> None:
        """Wait until the reader asks for a finger."""
        asyncio.run(asyncio.wait_for(_needed(self.address), seconds))

    def asks_for_a_finger(self) -> bool:
        """Tell whether the reader asks for a finger now."""
        return asyncio.run(_asks(self.address))

    def _authority(self) -> tuple[str, ...]:
        """Return the command of the authority: the real one gives up root, so it must have it."""
        if os.geteuid() == 0:
            return (POLKITD, "--no-debug")
        return (sys.executable, str(Path(__file__).with_name("polkit_authority.py")), self.address)

    def _send(self, data: bytes, *, waits: bool = True) -> None:
        if waits:
            self.wait_for_need()
        for _ in range(2):
            try:
                if self._finger is None:
                    self._finger = self._connect()
                self._finger.sendall(data)
            except OSError:
                self.lift()
            else:
                return
        raise RuntimeError("the reader takes nothing")

    def _connect(self) -> socket.socket:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        _wait_until(lambda: line.connect_ex(str(self._socket)) == 0, "the reader")
        return line

    def _start(self, name: str, *command: str) -> None:
        environment = {
            **os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address, "FP_VIRTUAL_IMAGE": str(self._socket),
            "STATE_DIRECTORY": str(self.folder / "state"),
        }  # fmt: skip
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def _wait_for(self, name: str) -> None:
        asyncio.run(asyncio.wait_for(_owned(self.address, name), 20))


def load_print(name: str, *, seed: int | None = None, mild: bool = False) -> Image.Image:
    """Return a print as the reader would see it."""
    image = Image.open(PRINTS / f"{name}.png").split()[-1]
    if seed is not None:
        chance = random.Random(seed)
        turned = 4 if mild else 10
        image = image.rotate(
            chance.uniform(-turned, turned), resample=Image.Resampling.BICUBIC, fillcolor=0,
            translate=(chance.randint(-6, 6), chance.randint(-6, 6)),
        )  # fmt: skip
        if not mild:
            image = Image.blend(image, _noise(image.size, chance), chance.uniform(0, 0.12))
    width, height = ((side + 3) // 4 * 4 for side in image.size)
    padded = Image.new("L", (width, height), 0)
    padded.paste(image, (0, 0))
    return padded


def _noise(size: tuple[int, int], chance: random.Random) -> Image.Image:
    """Return grey noise, the same for the same seed: PIL's own is other in each process, and once in a while a bad finger."""
    even = [Image.frombytes("L", size, chance.randbytes(size[0] * size[1])) for _ in range(3)]
    return Image.blend(Image.blend(even[0], even[1], 1 / 2), even[2], 1 / 3)


async def _owned(address: str, name: str) -> None:
    bus = await MessageBus(bus_address=address).connect()
    try:
        while not (await _ask(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "NameHasOwner", name))[0]:
            await asyncio.sleep(0.02)
    finally:
        bus.disconnect()


async def _asks(address: str) -> bool:
    bus = await MessageBus(bus_address=address).connect()
    try:
        return await _is_needed(bus)
    finally:
        bus.disconnect()


async def _is_needed(bus: MessageBus) -> bool:
    found = await _ask(
        bus, "net.reactivated.Fprint", "/net/reactivated/Fprint/Device/0", "Get", "net.reactivated.Fprint.Device",
        "finger-needed",
    )  # fmt: skip
    return bool(found and found[0].value)


async def _needed(address: str) -> None:
    bus = await MessageBus(bus_address=address).connect()
    try:
        while not await _is_needed(bus):
            await asyncio.sleep(0.01)
    finally:
        bus.disconnect()


async def _ask(bus: MessageBus, name: str, path: str, member: str, *given: str) -> list[Any]:
    interface = name if member == "NameHasOwner" else "org.freedesktop.DBus.Properties"
    answer = await bus.call(Message(
        destination=name, path=path, interface=interface, member=member, signature="s" * len(given), body=list(given)
    ))  # fmt: skip
    return [] if answer.message_type is MessageType.ERROR else answer.body


def _wait_until(condition: Any, what: str, seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise RuntimeError(f"{what} did not come")
        time.sleep(0.01)
