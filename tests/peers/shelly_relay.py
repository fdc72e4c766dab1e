"""A Shelly relay of the second generation: RPC over HTTP with digest sign-in, and over MQTT; timers of its own."""

import hashlib
import json
import secrets
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion


class Switches:
    """The device's relays: `Switch.Set` with `toggle_after`, and `Switch.GetStatus`."""

    def __init__(self, relays: int = 2) -> None:
        self.on = [False] * relays
        self.stuck = False
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._timers: dict[int, tuple[threading.Timer, float, float]] = {}
        self._lock = threading.RLock()

    def call(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Answer a frame as the device does."""
        method, params = frame["method"], frame.get("params", {})
        self.calls.append((method, params))
        relay = params.get("id", -1)
        if method not in ("Switch.Set", "Switch.GetStatus"):
            return {"id": frame["id"], "error": {"code": 404, "message": f"No handler for {method}"}}
        if not 0 <= relay < len(self.on):
            return {
                "id": frame["id"],
                "error": {"code": -105, "message": "Argument 'id', value -1 not found!"},
            }
        result = self._set(relay, params) if method == "Switch.Set" else self._status(relay)
        return {"id": frame["id"], "src": "shellyplus2pm-0a1b", "result": result}

    def close(self) -> None:
        """End the timers."""
        for timer, _, _ in self._timers.values():
            timer.cancel()

    def _set(self, relay: int, params: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            was = self.on[relay]
            if relay in self._timers:
                self._timers.pop(relay)[0].cancel()
            if not self.stuck:
                self.on[relay] = bool(params["on"])
            if after := params.get("toggle_after"):
                timer = threading.Timer(after, self._toggle, (relay,))
                timer.daemon = True
                timer.start()
                self._timers[relay] = (timer, time.time(), after)
            return {"was_on": was}

    def _toggle(self, relay: int) -> None:
        with self._lock:
            self._timers.pop(relay, None)
            self.on[relay] = not self.on[relay]

    def _status(self, relay: int) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": relay,
            "source": "rpc",
            "output": self.on[relay],
            "temperature": {"tC": 41.2},
        }
        if relay in self._timers:
            found |= {"timer_started_at": self._timers[relay][1], "timer_duration": self._timers[relay][2]}
        return found


class HttpPeer:
    """An HTTP device on a free port: `/rpc` as a Shelly, `/relay/0?turn=on` and `/cm?cmnd=Power` as others do.

    Args:
        password: then `/rpc` asks for digest sign-in (SHA-256) as `admin`, and `/relay` for basic.
    """

    def __init__(self, *, password: str = "") -> None:
        self.switches, self.password = Switches(), password
        self.requests: list[tuple[str, str, str]] = []
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.delay_seconds = 0.0
        self._nonce = secrets.token_hex(8)
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                peer.answer(self)

            do_POST = do_PUT = do_GET

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, asked: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        body = asked.rfile.read(int(asked.headers.get("content-length") or 0))
        path, _, query = asked.path.partition("?")
        self.requests.append((asked.command, asked.path, asked.headers.get("host", "")))
        time.sleep(self.delay_seconds)
        if path in self.answers:
            self._send(asked, *self.answers[path])
        elif path == "/rpc":
            if self.password and not self._is_signed(asked):
                challenge = (
                    f'Digest qop="auth", realm="shellyplus2pm-0a1b", nonce="{self._nonce}", algorithm=SHA-256'
                )
                self._send(asked, 401, {"WWW-Authenticate": challenge}, b"")
            else:
                self._send(asked, 200, {}, json.dumps(self.switches.call(json.loads(body))).encode())
        elif path.startswith("/relay/"):
            relay = int(path.rpartition("/")[2])
            if "turn=" in query and not self.switches.stuck:
                self.switches.on[relay] = "turn=on" in query
            self._send(asked, 200, {}, json.dumps({"relays": [{"ison": self.switches.on[relay]}]}).encode())
        else:
            self._send(asked, 404, {}, b"{}")

    def close(self) -> None:
        """Stop serving; the port is free."""
        self.switches.close()
        self._server.shutdown()
        self._server.server_close()

    def _is_signed(self, asked: BaseHTTPRequestHandler) -> bool:
        """Tell whether a digest is right. Source: RFC 7616, 3.4.1."""
        given = asked.headers.get("authorization", "")
        if not given.startswith("Digest "):
            return False
        parts = dict(part.strip().split("=", 1) for part in given[7:].split(","))
        said = {name: value.strip('"') for name, value in parts.items()}
        one = _sha(f"admin:shellyplus2pm-0a1b:{self.password}")
        two = _sha(f"{asked.command}:{asked.path}")
        wanted = _sha(f"{one}:{self._nonce}:{said['nc']}:{said['cnonce']}:auth:{two}")
        return said["uri"] == asked.path and said["nonce"] == self._nonce and said["response"] == wanted

    @staticmethod
    def _send(
        asked: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes
    ) -> None:  # fmt: skip
        asked.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            asked.send_header(name, value)
        asked.send_header("content-length", str(len(body)))
        asked.end_headers()
        asked.wfile.write(body)


class MqttPeer:
    """The same device behind a broker: `<topic>/rpc`, answers to `<src>/rpc`, `<topic>/online` as its last will."""

    def __init__(self, port: int, topic: str) -> None:
        self.switches, self.topic, self.deaf = Switches(), topic, False
        self._ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=topic)
        self._client.will_set(f"{topic}/online", "false", qos=1, retain=True)
        self._client.on_connect, self._client.on_message = self._connected, self._message
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.connect("127.0.0.1", port, keepalive=10)
        self._client.loop_start()
        assert self._ready.wait(10)

    def press(self, relay: int, *, on: bool) -> None:
        """Switch at the device; it tells everybody."""
        self.switches.on[relay] = on
        status = {f"switch:{relay}": {"id": relay, "output": on, "source": "switch"}}
        frame = {"src": self.topic, "dst": f"{self.topic}/events", "method": "NotifyStatus", "params": status}
        self._client.publish(f"{self.topic}/events/rpc", json.dumps(frame))

    def vanish(self) -> None:
        """Lose the line without a word."""
        self._client.loop_stop()
        line = self._client.socket()
        if line is not None:
            line.shutdown(socket.SHUT_RDWR)
            line.close()

    def close(self) -> None:
        """End in order."""
        self.switches.close()
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: paho.Client, *_: Any) -> None:
        client.publish(f"{self.topic}/online", "true", qos=1, retain=True)
        client.subscribe(f"{self.topic}/rpc", qos=1)

    def _message(self, client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        frame = json.loads(message.payload)
        if not self.deaf:
            answer = {**self.switches.call(frame), "dst": frame["src"]}
            client.publish(f"{frame['src']}/rpc", json.dumps(answer))


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
