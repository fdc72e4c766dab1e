"""Serial ports: how one is named, for each driver that has one."""

import re

from tocsin.alarm.siren import Option, SirenOptionWrong

PORT = Option(
    name="port", label="Serial port", default="/dev/ttyUSB0", required=True,
    hint="Better one of /dev/serial/by-id/: it stays the same when another is plugged in",
)  # fmt: skip
# Serial lines alone: merely opening another device may start something, such as a watchdog.
_NAME = re.compile(r"/dev/(?!.*\.\.)(tty|serial/|pts/|rfcomm)[A-Za-z0-9/_.:@+-]*")


def require_port(port: str) -> None:
    """Refuse what is no device of this machine.

    Raises:
        SirenOptionWrong: it is not.
    """
    if not _NAME.fullmatch(port):
        raise SirenOptionWrong(name="port", problem="a serial port is written as /dev/ttyUSB0")
