"""Box 9, siren and strobe: the contract that every driver keeps, apart from the devices.

A driver is one file in `alarm/sirens/` with a `PLUGIN`. It is spoken to by one thread at a time,
outside any transaction, and each call ends within its timeout: it returns what the device
confirmed, or raises. It knows no database, so that a station drives the same sirens.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct

from tocsin.core.errors import Refusal


class SirenFailed(Refusal):
    """The siren {siren} did not do as it was told: {problem}"""

    kind, code = "broken", "siren_failed"

    @property
    def permanent(self) -> bool:
        """Tell that trying again will not help: the options are wrong, not the line."""
        return bool(self.data.get("permanent", False))


class SirenOptionWrong(Refusal):
    """The siren's setting “{name}” won't do: {problem}"""

    kind, code = "invalid", "siren_option_wrong"


class Pattern(Struct, frozen=True):
    """What a siren is to do now.

    Args:
        light, sound: on or off; a device that can't separate them sounds whenever either is asked for only
            where `sound` is, and stays dark for a light alone.
        seconds: at most so long; a device with a timer of its own is told it, so that it ends by itself.
    """

    light: bool
    sound: bool
    seconds: int = 180


OFF = Pattern(light=False, sound=False, seconds=0)


class Confirmed(Struct, frozen=True):
    """What the device says that it does now.

    Args:
        confirmed: the device itself said so; False: it can't, the command was only sent.
        ends_by_itself: the device's own timer will end it.
    """

    light: bool
    sound: bool
    confirmed: bool
    ends_by_itself: bool = False


class Option(Struct, frozen=True):
    """One setting of a driver, as its form shows it: `kind` is text, number, secret, or choice over `choices`."""

    name: str
    label: str
    kind: str = "text"
    default: str = ""
    hint: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False


class Siren(Protocol):
    """One device, opened with its options."""

    def set(self, pattern: Pattern) -> Confirmed:
        """Make it do a pattern.

        Raises:
            SirenFailed: nothing confirmed within the timeout.
        """
        ...

    def probe(self) -> Confirmed:
        """Ask what it does now, without changing it.

        Raises:
            SirenFailed: it does not answer.
        """
        ...

    def close(self) -> None:
        """Let go of the line; the device stays as it is."""
        ...


class SirenDriver(Protocol):
    """What a `PLUGIN` of `alarm.sirens` is."""

    name: str
    light: bool
    sound: bool
    separable: bool
    confirms: bool
    timed: bool
    options: tuple[Option, ...]

    def open(self, options: Mapping[str, Any]) -> Siren:
        """Make a siren of its options; nothing is sent yet.

        Raises:
            SirenOptionWrong: an option is missing or has the wrong shape.
        """
        ...
