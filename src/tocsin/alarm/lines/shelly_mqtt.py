"""Shelly relays over MQTT: the same calls as over HTTP, with a topic for the question and one for the answer.

Source: Shelly API, Gen2+ devices, MQTT (`<id>/rpc`, `<id>/online`, `<id>/events/rpc`) and RPC channels.
"""

from collections.abc import Callable, Mapping
from itertools import count
from secrets import token_hex
from typing import Any

import msgspec

from tocsin.alarm.lines.mqtt_line import Broker, MqttLine
from tocsin.alarm.lines.relay import read_wiring
from tocsin.alarm.lines.shelly import read_outputs, switch_outputs
from tocsin.alarm.siren import Confirmed, Pattern, SirenFailed


class ShellyOverMqtt:
    """One Shelly device of one or several relays."""

    def __init__(self, broker: Broker, options: Mapping[str, Any]) -> None:
        self._wiring, self._topic = read_wiring(options), options["topic"]
        self._source, self._numbers = f"tocsin-{token_hex(6)}", count(1)
        self._answers = dict[int, dict[str, Any]]()
        self._online: bool | None = None
        self._asking = False
        self._waker: Callable[[], None] = lambda: None
        topics = (f"{self._source}/rpc", f"{self._topic}/online", f"{self._topic}/events/rpc")
        self._line = MqttLine(broker, topics, heard=self._hear, turned=self._turn)
        self.can = self._wiring.can(confirms=True, timed=True)

    def set(self, pattern: Pattern, *, until: float) -> Confirmed:
        """Switch the relays with the device's own timer, and ask what they do."""
        return self._with(lambda rpc: switch_outputs(rpc, self._wiring, pattern=pattern), until)

    def probe(self, *, until: float) -> Confirmed:
        """Ask what the relays do."""
        return self._with(lambda rpc: read_outputs(rpc, self._wiring), until)

    def watch(self, waker: Callable[[], None]) -> None:
        """Wake when the last will tells of its end, the line breaks, or a relay changes by itself."""
        self._waker = waker

    def close(self) -> None:
        """Leave the broker."""
        self._line.close()

    def _with(self, act: Callable[[Any], Confirmed], until: float) -> Confirmed:
        self._asking = True
        try:
            return act(lambda method, params: self._call(method, params, until=until))
        finally:
            self._asking = False
            self._answers.clear()

    def _call(self, method: str, params: dict[str, Any], *, until: float) -> dict[str, Any]:
        number = next(self._numbers)
        frame = {"id": number, "src": self._source, "method": method, "params": params}
        self._line.publish(f"{self._topic}/rpc", msgspec.json.encode(frame).decode(), until=until)
        if not self._line.wait_for(
            lambda: self._online is False or number in self._answers, until=until
        ):  # fmt: skip
            raise SirenFailed(problem="it does not confirm")
        answer = self._answers.pop(number, None)
        if answer is None:
            raise SirenFailed(problem="it is offline: its last will says so")
        if not isinstance(answer.get("result"), dict):
            raise SirenFailed(problem="it refuses the command", detail=str(answer.get("error"))[:100])
        return dict(answer["result"])

    def _hear(self, topic: str, text: str) -> None:
        if topic == f"{self._topic}/online":
            was, self._online = self._online, text == "true"
            if was != self._online:
                self._waker()
            return
        try:
            told = msgspec.json.decode(text)
        except msgspec.DecodeError:
            told = None
        if not isinstance(told, dict):
            return
        if topic == f"{self._source}/rpc" and isinstance(told.get("id"), int):
            self._answers[told["id"]] = told
        elif told.get("method") == "NotifyStatus" and not self._asking:
            self._waker()

    def _turn(self, up: bool) -> None:
        self._online = self._online if up else None
        self._waker()
