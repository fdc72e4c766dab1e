"""Sirens that announce themselves for Home Assistant: where to command them, and where they tell their state.

The announcement is retained under `homeassistant/siren/…/config`; keys may be shortened, and `~`
stands for a base. One that needs a template to be spoken to is refused: it would take a program to read.

Source: Home Assistant, MQTT discovery and MQTT siren.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tocsin.alarm.lines.mqtt_line import Broker, MqttLine
from tocsin.alarm.siren import Abilities, Confirmed, Pattern, SirenFailed

_LONG = {
    "avty": "availability", "avty_t": "availability_topic", "cmd_t": "command_topic", "cmd_tpl": "command_template",
    "cmd_off_tpl": "command_off_template", "pl_on": "payload_on", "pl_off": "payload_off", "pl_avail": "payload_available",
    "pl_not_avail": "payload_not_available", "stat_t": "state_topic", "stat_on": "state_on", "stat_off": "state_off",
    "stat_val_tpl": "state_value_template", "val_tpl": "value_template", "sup_dur": "support_duration", "t": "topic",
}  # fmt: skip
_TEMPLATES = ("command_template", "command_off_template", "state_value_template", "value_template", "availability_template")  # fmt: skip


class DiscoveredSiren:
    """One siren, found by its announcement."""

    def __init__(self, broker: Broker, options: Mapping[str, Any]) -> None:
        topic = str(options["topic"]).rstrip("/")
        self._announced = topic if topic.endswith("/config") else f"{topic}/config"
        self._light = options["profile"] == "LTD-1101J"
        self._about: dict[str, Any] = {}
        self._on, self._times = False, 0
        self._online: bool | None = None
        self._asking = False
        self._waker: Callable[[], None] = lambda: None
        self._line = MqttLine(broker, (self._announced,), heard=self._hear, turned=self._turn)
        self.can = Abilities(light=self._light, sound=True, separable=False, confirms=True, timed=True)

    def set(self, pattern: Pattern, *, until: float) -> Confirmed:
        """Command it as it said that it wants to be commanded, with a duration where it takes one."""
        about = self._know(until)
        payload: dict[str, Any] = {"state": about["payload_on" if pattern.sound else "payload_off"]}
        timed = bool(pattern.sound and pattern.seconds and about["support_duration"])
        if timed:
            payload["duration"] = pattern.seconds
        self._asking, seen = True, self._times
        try:
            self._line.publish(about["command_topic"], msgspec.json.encode(payload).decode(), until=until)
            if not about["state_topic"]:
                self._require_online()
                self._on = pattern.sound
                return self._confirmed(by_device=False, timed=timed)
            if not self._line.wait_for(lambda: self._is_told(seen, on=pattern.sound), until=until):
                raise SirenFailed(problem="it does not confirm")
            self._require_online()
        finally:
            self._asking = False
        return self._confirmed(by_device=True, timed=timed)

    def probe(self, *, until: float) -> Confirmed:
        """Return what it told last: it can't be asked, and tells of its end by its availability."""
        about = self._know(until)
        self._require_online()
        return self._confirmed(by_device=bool(about["state_topic"]), timed=False)

    def watch(self, waker: Callable[[], None]) -> None:
        """Wake when it becomes unavailable, the line breaks, or it changes by itself."""
        self._waker = waker

    def close(self) -> None:
        """Leave the broker."""
        self._line.close()

    def _is_told(self, seen: int, *, on: bool) -> bool:
        return self._online is False or (self._times > seen and self._on == on)

    def _know(self, until: float) -> dict[str, Any]:
        """Return the announcement once it is here, and the availability that it names."""
        self._line.require(until)
        if not self._line.wait_for(lambda: bool(self._about), until=until):
            raise SirenFailed(problem="it has not announced itself on this topic")
        about = self._about
        if any(about.get(name) for name in _TEMPLATES) or not isinstance(about.get("command_topic"), str):
            raise SirenFailed(
                problem="its announcement asks for a template, or names no topic", permanent=True
            )
        self._line.wait_for(lambda: self._online is not None or not about["availability"], until=until)
        return about

    def _require_online(self) -> None:
        about = self._about
        if self._online is False or (about.get("availability") and self._online is None):
            raise SirenFailed(problem="it is offline: its last will says so")

    def _confirmed(self, *, by_device: bool, timed: bool) -> Confirmed:
        light = self._light and self._on
        return Confirmed(light=light, sound=self._on, confirmed=by_device, ends_by_itself=timed and by_device)

    def _hear(self, topic: str, text: str) -> None:
        about = self._about
        if topic == self._announced:
            about = self._about = read_announcement(text) or {}
            for wanted in (about.get("state_topic"), *about.get("availability", ())):
                if wanted:
                    self._line.listen(wanted)
        elif topic == about.get("state_topic"):
            self._hear_state(text, about)
        elif topic in about.get("availability", {}):
            was, self._online = self._online, text == about["availability"][topic]
            if was != self._online:
                self._waker()

    def _hear_state(self, text: str, about: dict[str, Any]) -> None:
        try:
            told = msgspec.json.decode(text)
        except msgspec.DecodeError:
            told = text
        state = told.get("state") if isinstance(told, dict) else text
        if state not in (about["state_on"], about["state_off"]):
            return
        changed, self._on = self._on != (state == about["state_on"]), state == about["state_on"]
        self._times += 1
        if changed and not self._asking:
            self._waker()

    def _turn(self, up: bool) -> None:
        self._online = self._online if up else None
        self._waker()


def read_announcement(text: str) -> dict[str, Any] | None:
    """Return an announcement with long keys and whole topics, None where the device took itself back.

    `state_topic` is empty where it tells no state; `availability` holds what each of its topics says when
    the device is there.
    """
    try:
        found = msgspec.json.decode(text) if text else None
    except msgspec.DecodeError:
        found = None
    if not isinstance(found, dict):
        return None
    base = str(found.get("~", ""))
    about = _lengthen(found, base)
    on, off = about.setdefault("payload_on", "ON"), about.setdefault("payload_off", "OFF")
    present, several = about.get("payload_available", "online"), about.get("availability")
    available = {about["availability_topic"]: present} if about.get("availability_topic") else {}
    for each in several if isinstance(several, list) else []:
        one = _lengthen(each, base) if isinstance(each, dict) else {}
        if one.get("topic"):
            available[one["topic"]] = one.get("payload_available", present)
    told = {"state_on": on, "state_off": off, "support_duration": True}
    return {**told, **about, "state_topic": about.get("state_topic") or "", "availability": available}


def _lengthen(found: dict[Any, Any], base: str) -> dict[str, Any]:
    return {_LONG.get(str(key), str(key)): _whole(value, base) for key, value in found.items()}


def _whole(value: Any, base: str) -> Any:
    if base and isinstance(value, str) and "~" in (value[:1], value[-1:]):
        return base + value[1:] if value.startswith("~") else value[:-1] + base
    return value
