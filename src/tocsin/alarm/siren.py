"""Box 9, siren and strobe: the contract that every driver keeps, apart from the devices.

A driver is one file in `alarm/sirens/` with a `PLUGIN`. A siren is spoken to by one thread at a
time, outside any transaction, and each call ends within `ANSWER_SECONDS`: it returns what the device
confirmed, or raises. After a failure the next call begins anew, with a line of its own making. It
knows no database, so that a station drives the same sirens.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec import Struct

from tocsin.core.errors import Refusal

ANSWER_SECONDS = 1.5


class SirenFailed(Refusal):
    """The siren did not do as it was told: {problem}"""

    kind, code = "broken", "siren_failed"

    @property
    def problem(self) -> str:
        """What went wrong, as a msgid."""
        return str(self.data.get("problem", ""))

    @property
    def detail(self) -> str:
        """What the device or the line said, in its own words."""
        return str(self.data.get("detail", ""))[:200]

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
        seconds: at most so long; a device with a timer of its own is told it, so that it ends by itself.
    """

    light: bool
    sound: bool
    seconds: int = 180

    @property
    def on(self) -> bool:
        """Tell whether anything is to be seen or heard."""
        return self.light or self.sound


OFF = Pattern(light=False, sound=False, seconds=0)


class Confirmed(Struct, frozen=True):
    """What the device does now.

    Args:
        confirmed: the device itself said so; False: it can't, the command was only sent.
        ends_by_itself: the device's own timer will end the sound.
    """

    light: bool
    sound: bool
    confirmed: bool
    ends_by_itself: bool = False

    @property
    def on(self) -> bool:
        """Tell whether anything is to be seen or heard."""
        return self.light or self.sound


class Abilities(Struct, frozen=True):
    """What a siren can do.

    Args:
        separable: it shows its light without sounding.
        confirms: the device says what it does.
        timed: the device has a timer of its own that ends the sound.
    """

    light: bool
    sound: bool
    separable: bool
    confirms: bool
    timed: bool

    def possible(self, wanted: Pattern) -> Pattern:
        """Return what it can do of a pattern: one that can't separate them stays dark for a light alone."""
        lights = wanted.on if self.separable else wanted.sound
        made = Pattern(light=lights and self.light, sound=wanted.sound and self.sound, seconds=wanted.seconds)
        return made if made.on else OFF


class Option(Struct, frozen=True, kw_only=True):
    """One setting of a driver, as its form shows it.

    Args:
        kind: text, number (of `least` to `most`), secret, or choice over `choices` (value to label).
        label, hint: msgids.
        only: values of the driver's first choice for which it counts; empty: always.
    """

    name: str
    label: str
    kind: str = "text"
    default: str = ""
    hint: str = ""
    choices: Mapping[str, str] = {}
    required: bool = False
    only: tuple[str, ...] = ()
    least: int = 0
    most: int = 65535


class Siren(Protocol):
    """One device, opened with its options."""

    can: Abilities

    def set(self, pattern: Pattern) -> Confirmed:
        """Make it do a pattern that it can do; the same one again starts its timer anew.

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

    def watch(self, waker: Callable[[], None]) -> None:
        """Have a callable woken, on any thread, when the device tells of a change that nobody asked it for."""
        ...

    def close(self) -> None:
        """Let go of the line; the device stays as it is."""
        ...


class SirenDriver(Protocol):
    """What a `PLUGIN` of `alarm.sirens` is.

    `title` is how people choose it, a msgid; empty: it is not offered. `can` is what it can do at
    best: what one siren can is known once it is opened.
    """

    name: str
    title: str
    can: Abilities
    options: tuple[Option, ...]

    def open(self, options: Mapping[str, Any]) -> Siren:
        """Make a siren of its options, as `read_options` returns them; nothing is sent yet.

        Raises:
            SirenOptionWrong: they don't fit together.
        """
        ...


def read_options(driver: SirenDriver, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a driver's options with their defaults, numbers as numbers; a number left empty is None.

    Raises:
        SirenOptionWrong: one is unknown, missing, or has the wrong shape.
    """
    for name in given:
        if name not in {option.name for option in driver.options}:
            raise SirenOptionWrong(name=name[:60], problem="there is no such setting")
    return {option.name: _read(option, given.get(option.name, option.default)) for option in driver.options}


def _read(option: Option, value: Any) -> Any:
    text = "" if value is None else str(value)
    text = text if option.kind == "secret" else text.strip()
    if not text and option.required:
        raise SirenOptionWrong(name=option.name, problem="it is needed")
    if len(text) > 500 or not text.isprintable():
        raise SirenOptionWrong(name=option.name, problem="it is too long, or holds what is no text")
    if option.kind == "choice" and text not in option.choices:
        raise SirenOptionWrong(name=option.name, problem="choose one of the list")
    if option.kind != "number":
        return text
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 7 and option.least <= int(text) <= option.most):
        raise SirenOptionWrong(name=option.name, problem="it is a whole number within its bounds")
    return int(text)
