"""A siren that announces itself for Home Assistant and obeys its own announcement."""

import json
import threading
import time
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion


class DiscoveredSiren:
    """One siren behind a broker; `announcement` is what it is found by, shortened as firmware does."""

    def __init__(self, port: int, name: str, **changes: Any) -> None:
        self.name, self.on, self.deaf = name, False, False
        self.commands: list[dict[str, Any]] = []
        self.topic = f"homeassistant/siren/{name}/config"
        self.announcement = {
            "~": f"yard/{name}", "name": "Yard siren", "uniq_id": name, "cmd_t": "~/set", "stat_t": "~/state",
            "avty": [{"t": "~/there", "pl_avail": "yes", "pl_not_avail": "no"}], "sup_vol": False, **changes,
        }  # fmt: skip
        self._timer: threading.Timer | None = None
        self._ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name)
        self._client.will_set(f"yard/{name}/there", "no", qos=1, retain=True)
        self._client.on_connect, self._client.on_message = self._connected, self._message
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.connect("127.0.0.1", port, keepalive=10)
        self._client.loop_start()
        assert self._ready.wait(10)

    def tell(self) -> None:
        """Publish the state, retained."""
        self._client.publish(
            f"yard/{self.name}/state", json.dumps({"state": "ON" if self.on else "OFF"}), retain=True
        )

    def leave(self) -> None:
        """Say that it is not there."""
        self._client.publish(f"yard/{self.name}/there", "no", qos=1, retain=True)

    def close(self) -> None:
        """End in order."""
        if self._timer:
            self._timer.cancel()
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: paho.Client, *_: Any) -> None:
        client.publish(self.topic, json.dumps(self.announcement), qos=1, retain=True)
        client.publish(f"yard/{self.name}/there", "yes", qos=1, retain=True)
        client.subscribe(f"yard/{self.name}/set", qos=1)
        self.tell()

    def _message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        command = json.loads(message.payload)
        self.commands.append(command)
        if self.deaf:
            return
        self.on = command["state"] == "ON"
        if self._timer:
            self._timer.cancel()
        if self.on and command.get("duration"):
            self._timer = threading.Timer(command["duration"], self._end)
            self._timer.daemon = True
            self._timer.start()
        self.tell()

    def _end(self) -> None:
        self.on = False
        time.sleep(0)
        self.tell()
