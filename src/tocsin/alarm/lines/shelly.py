"""Shelly relays (second generation and later): the calls that switch and ask, over whatever line carries them.

Source: Shelly API, Gen2+ devices, components, Switch (`Switch.Set`, `Switch.GetStatus`).
"""

from typing import Any, Protocol

from tocsin.alarm.lines.relay import Wiring
from tocsin.alarm.siren import Confirmed, Pattern, SirenFailed


class Rpc(Protocol):
    """One call to the device."""

    def __call__(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Return its result.

        Raises:
            SirenFailed: the device answers with an error, or not at all.
        """
        ...


def switch_outputs(rpc: Rpc, wiring: Wiring, *, pattern: Pattern) -> Confirmed:
    """Switch a pattern's outputs, the sound's with the device's own timer, and ask what they do.

    Raises:
        SirenFailed: the device does something else.
    """
    wanted = wiring.outputs(pattern)
    for output, on in wanted.items():
        params: dict[str, Any] = {"id": output - 1, "on": on}
        if on and output == wiring.sound and pattern.seconds:
            params["toggle_after"] = pattern.seconds
        rpc("Switch.Set", params)
    states, timed = _ask(rpc, wiring)
    if states != wanted:
        raise SirenFailed(problem="it says that it does something else than it was told")
    return wiring.confirmed(states, by_device=True, timed=timed)


def read_outputs(rpc: Rpc, wiring: Wiring) -> Confirmed:
    """Ask what the outputs do."""
    states, timed = _ask(rpc, wiring)
    return wiring.confirmed(states, by_device=True, timed=timed)


def _ask(rpc: Rpc, wiring: Wiring) -> tuple[dict[int, bool], bool]:
    states, timed = dict[int, bool](), False
    for output in (wiring.sound, wiring.light):
        if output is None:
            continue
        status = rpc("Switch.GetStatus", {"id": output - 1})
        if not isinstance(status.get("output"), bool):
            raise SirenFailed(problem="its answer can't be read", detail=str(status)[:100])
        states[output] = status["output"]
        timed = timed or (output == wiring.sound and "timer_duration" in status)
    return states, timed
