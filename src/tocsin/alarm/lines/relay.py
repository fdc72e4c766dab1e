"""Relays: which output switches the sound and which the light, alike for every driver of relays.

A siren with two wires (`LTD-1101J`) sounds and flashes when its one relay closes; where light and
sound are to be apart, each has a device and a relay of its own.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from tocsin.alarm.siren import Abilities, Confirmed, Option, Pattern, SirenOptionWrong

PROFILE = Option(
    name="profile", label="Wired to the siren's relay", kind="choice", default="LTD-1101J",
    choices={"LTD-1101J": "Siren and strobe in one, two wires (LTD-1101J)", "siren": "A siren without a light"},
)  # fmt: skip


def output_options(*, first: int, most: int, hint: str, only: tuple[str, ...] = ()) -> tuple[Option, ...]:
    """Return the options of a relay driver whose first output has the number `first`."""
    return (
        PROFILE,
        Option(
            name="sound_output", label="Relay of the siren", kind="number", default=str(first), least=first,
            most=most, hint=hint, only=only,
        ),
        Option(
            name="light_output", label="Relay of the strobe", kind="number", least=first, most=most, only=only,
            hint="Leave it empty where one relay does both",
        ),
    )  # fmt: skip


class Wiring(Struct, frozen=True):
    """What hangs on which output; None: nothing of that kind."""

    sound: int | None
    light: int | None
    strobe_with_sound: bool

    def can(self, *, confirms: bool, timed: bool) -> Abilities:
        """Return what such a device can do."""
        shows = self.light is not None
        return Abilities(
            light=shows or self.strobe_with_sound, sound=self.sound is not None, separable=shows, confirms=confirms,
            timed=timed and self.sound is not None,
        )  # fmt: skip

    def outputs(self, pattern: Pattern) -> dict[int, bool]:
        """Return which outputs are to be on and off; the siren's comes first: it is what is waited for."""
        wanted = {self.sound: pattern.sound, self.light: pattern.light}
        return {output: on for output, on in wanted.items() if output is not None}

    def confirmed(self, states: Mapping[int, bool], *, by_device: bool, timed: bool = False) -> Confirmed:
        """Return what outputs in such states let people hear and see."""
        sound = self.sound is not None and states[self.sound]
        own_light = self.light is not None and states[self.light]
        return Confirmed(
            light=own_light or (sound and self.strobe_with_sound), sound=sound, confirmed=by_device,
            ends_by_itself=timed and sound,
        )  # fmt: skip


def read_wiring(options: Mapping[str, Any]) -> Wiring:
    """Return the wiring that options tell of.

    Raises:
        SirenOptionWrong: nothing is wired, or both to one relay.
    """
    sound, light = options["sound_output"], options["light_output"]
    if sound is None and light is None:
        raise SirenOptionWrong(name="sound_output", problem="one relay at least is needed")
    if sound == light:
        raise SirenOptionWrong(
            name="light_output",
            problem="the strobe needs a relay of its own; leave it empty where one does both",
        )
    return Wiring(sound, light, sound is not None and options["profile"] == "LTD-1101J")
