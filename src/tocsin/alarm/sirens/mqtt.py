"""Over an MQTT broker: relays with Tasmota, Shelly relays, and sirens that announce themselves for Home Assistant."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from tocsin.alarm.lines.discovery import DiscoveredSiren
from tocsin.alarm.lines.mqtt_line import Broker
from tocsin.alarm.lines.relay import output_options
from tocsin.alarm.lines.shelly_mqtt import ShellyOverMqtt
from tocsin.alarm.lines.tasmota import TasmotaRelay
from tocsin.alarm.siren import ANSWER_SECONDS, Abilities, Confirmed, Option, Pattern, SirenOptionWrong


class Dialect(Protocol):
    """A device behind a broker; each call ends at an instant of the monotonic clock."""

    can: Abilities

    def set(self, pattern: Pattern, *, until: float) -> Confirmed:
        """Make it do a pattern."""
        ...

    def probe(self, *, until: float) -> Confirmed:
        """Ask what it does."""
        ...

    def watch(self, waker: Callable[[], None]) -> None:
        """Have a callable woken when it tells of itself."""
        ...

    def close(self) -> None:
        """Leave the broker."""
        ...


_DIALECTS: dict[str, Callable[[Broker, Mapping[str, Any]], Dialect]] = {
    "tasmota": TasmotaRelay, "shelly": ShellyOverMqtt, "discovery": DiscoveredSiren
}  # fmt: skip
_NAMES = {
    "tasmota": "Tasmota",
    "shelly": "Shelly (second generation or later)",
    "discovery": "Home Assistant discovery",
}


class MqttSirens:
    """Opens sirens behind an MQTT broker."""

    name = "mqtt"
    title = "MQTT: Tasmota, Shelly, Home Assistant"
    can = Abilities(light=True, sound=True, separable=True, confirms=True, timed=True)
    options: tuple[Option, ...] = (
        Option(name="dialect", label="It speaks", kind="choice", default="tasmota", choices=_NAMES),
        Option(name="host", label="Host of the broker", default="localhost", required=True),
        Option(name="tcp_port", label="TCP port", kind="number", default="1883", least=1),
        Option(name="topic", label="Topic of the device", required=True,
               hint="As it is set in the device, such as siren1; for discovery homeassistant/siren/…/config"),
        *output_options(first=1, most=28, hint="Relays are counted from 1", only=("tasmota", "shelly")),
        Option(name="user", label="Name for the sign-in"),
        Option(name="password", label="Password", kind="secret"),
        Option(name="tls", label="Encryption", kind="choice", default="off", choices={"off": "None", "on": "TLS"}),
        Option(name="ca_file", label="File of the broker's certificate authority", hint="Empty: those that this machine trusts"),
        Option(name="full_topic", label="Full topic (Tasmota)", default="%prefix%/%topic%/", only=("tasmota",)),
    )  # fmt: skip

    def open(self, options: Mapping[str, Any]) -> "_BehindBroker":
        """Make a siren of its options."""
        if any(sign in options["topic"] for sign in "#+") or options["topic"].startswith(("/", "$")):
            raise SirenOptionWrong(name="topic", problem="a topic names one device: no # and +")
        broker = Broker(
            host=options["host"], port=options["tcp_port"] or 1883, tls=options["tls"] == "on",
            ca_file=options["ca_file"], user=options["user"], password=options["password"],
        )  # fmt: skip
        return _BehindBroker(_DIALECTS[options["dialect"]](broker, options))


class _BehindBroker:
    def __init__(self, device: Dialect) -> None:
        self._device, self.can = device, device.can

    def set(self, pattern: Pattern) -> Confirmed:
        """Make it do a pattern."""
        return self._device.set(pattern, until=time.monotonic() + ANSWER_SECONDS)

    def probe(self) -> Confirmed:
        """Ask what it does."""
        return self._device.probe(until=time.monotonic() + ANSWER_SECONDS)

    def watch(self, waker: Callable[[], None]) -> None:
        """Have a callable woken when it tells of itself."""
        self._device.watch(waker)

    def close(self) -> None:
        """Leave the broker."""
        self._device.close()


PLUGIN = MqttSirens()
