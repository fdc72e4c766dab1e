"""A relay as Tasmota speaks: obeys `cmnd`, answers on `stat`, tells of its end by its last will.

Run as a process: `python -m tests.peers.tasmota_relay PORT TOPIC LOG`; each change of a relay is a line
`<seconds of the wall clock> <relay> ON|OFF` in LOG, written before the answer leaves.
"""

import json
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion


class TasmotaRelay:
    """One device with so many relays; `deaf` and `stuck` make it fail as real ones do."""

    def __init__(self, port: int, topic: str, *, relays: int = 1, log: Path | None = None) -> None:
        self.topic, self.relays, self._log = topic, relays, log
        self.on = dict.fromkeys(range(1, relays + 1), False)
        self.pulse = dict.fromkeys(range(1, relays + 1), 0)
        self.commands: list[tuple[str, str]] = []
        self.deaf = self.stuck = False
        self.old_answers = False
        self._timers: dict[int, threading.Timer] = {}
        self._ready, self._lock = threading.Event(), threading.RLock()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=topic)
        self._client.will_set(f"tele/{topic}/LWT", "Offline", qos=1, retain=True)
        self._client.reconnect_delay_set(0.2, 1)  # type: ignore[arg-type]
        self._client.on_connect, self._client.on_message = self._connected, self._message
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_socket_open = lambda _c, _d, line: line.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )
        self._client.connect(host="127.0.0.1", port=port, keepalive=10)
        self._client.loop_start()
        assert self._ready.wait(10), "the relay did not reach its broker"

    def switch(self, relay: int, *, on: bool) -> None:
        """Change a relay at the device, by its button or its timer, and tell."""
        with self._lock:
            if timer := self._timers.pop(relay, None):
                timer.cancel()
            changed, self.on[relay] = self.on[relay] != on, on
            seconds = self.pulse_seconds(relay)
            if on and seconds:
                self._timers[relay] = threading.Timer(seconds, self.switch, (relay,), {"on": False})
                self._timers[relay].daemon = True
                self._timers[relay].start()
            if changed:
                self._note(relay)
            self._tell_power(relay)

    def pulse_seconds(self, relay: int) -> float:
        """Return after how long a relay that is on goes off by itself, 0 for never."""
        value = self.pulse[relay]
        return value / 10 if value < 112 else value - 100

    def vanish(self) -> None:
        """Lose the line without a word: the broker tells the last will."""
        self._client.loop_stop()
        line = self._client.socket()
        if line is not None:
            line.shutdown(socket.SHUT_RDWR)
            line.close()

    def close(self) -> None:
        """End in order."""
        for timer in self._timers.values():
            timer.cancel()
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: paho.Client, *_: Any) -> None:
        client.publish(f"tele/{self.topic}/LWT", "Online", qos=1, retain=True)
        client.subscribe(f"cmnd/{self.topic}/#", qos=1)

    def _message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        command, value = message.topic.rpartition("/")[2].upper(), message.payload.decode()
        self.commands.append((command, value))
        if self.deaf:
            return
        name = command.rstrip("0123456789")
        relay = int(command[len(name) :] or "1")
        if relay not in self.on:
            self._tell("RESULT", json.dumps({"Command": "Unknown"}))
        elif name == "PULSETIME":
            if value:
                self.pulse[relay] = int(value)
            told = self.pulse[relay] if self.old_answers else {"Set": self.pulse[relay], "Remaining": 0}
            self._tell("RESULT", json.dumps({f"PulseTime{relay}": told}))
        elif name == "POWER":
            wanted = {"ON": True, "1": True, "OFF": False, "0": False, "TOGGLE": not self.on[relay]}
            if value.upper() in wanted and not self.stuck:
                self.switch(relay, on=wanted[value.upper()])
            else:
                self._tell_power(relay)

    def _tell_power(self, relay: int) -> None:
        name = "POWER" if self.relays == 1 else f"POWER{relay}"
        state = "ON" if self.on[relay] else "OFF"
        self._tell("RESULT", json.dumps({name: state}))
        self._tell(name, state)

    def _tell(self, last: str, text: str) -> None:
        self._client.publish(f"stat/{self.topic}/{last}", text)

    def _note(self, relay: int) -> None:
        if self._log is not None:
            with self._log.open("a") as file:
                file.write(f"{time.time():.6f} {relay} {'ON' if self.on[relay] else 'OFF'}\n")


if __name__ == "__main__":
    port_, topic_, log_, *relays_ = sys.argv[1:]
    device = TasmotaRelay(int(port_), topic_, log=Path(log_), relays=int((relays_ or ["1"])[0]))
    print("ready", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.pause()
