"""The line to an MQTT broker: kept open, made again by itself when it breaks, and never late.

Commands go out with quality 0 and are dropped where there is no broker: one that came through
minutes later would make noise when nobody wants it.
"""

import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from typing import Any

import paho.mqtt.client as paho
from msgspec import Struct
from paho.mqtt.enums import CallbackAPIVersion

from tocsin.alarm.siren import ANSWER_SECONDS, SirenFailed, SirenOptionWrong

_CA_MOST_BYTES = 1 << 20
_KEEPALIVE_SECONDS = 15
_FIRST_RETRY_SECONDS, _LAST_RETRY_SECONDS = 0.2, 1.0
_BAD_SIGN_IN = ("Bad user name or password", "Not authorized")


class Broker(Struct, frozen=True):
    """Where the broker is, and how to be let in."""

    host: str
    port: int
    tls: bool
    ca_file: str
    user: str
    password: str


class MqttLine:
    """One client of a broker.

    Args:
        topics: what to subscribe to each time that the line is made.
        heard: is handed each message as (topic, text), with `changed` held.
        turned: is called when the line breaks and when it is up again, with True for up and `changed` held.

    Raises:
        SirenOptionWrong: the file holds no certificate.
    """

    def __init__(
        self, broker: Broker, topics: tuple[str, ...], *, heard: Callable[[str, str], None], turned: Callable[[bool], None]
    ) -> None:  # fmt: skip
        self.changed = threading.Condition()
        self._broker, self._topics, self._heard, self._turned = broker, list(topics), heard, turned
        self._up, self._problem, self._detail = False, "the broker does not answer", ""
        self._tls = _trust(broker.ca_file) if broker.tls else None
        self._client: paho.Client | None = None
        self._granted: set[int] = set()

    def publish(self, topic: str, text: str, *, until: float) -> None:
        """Send a command once the line is up.

        Raises:
            SirenFailed: it is not up in time.
        """
        self.require(until)
        assert self._client is not None
        self._client.publish(topic, text, qos=0, retain=False)

    def require(self, until: float) -> None:
        """Wait until the line is up.

        Raises:
            SirenFailed: it is not up in time.
        """
        if not self.wait_for(lambda: self._up, until=until):
            refused = self._problem == "the broker refuses name or password"
            raise SirenFailed(problem=self._problem, detail=self._detail, permanent=refused)

    def wait_for(self, condition: Callable[[], bool], *, until: float) -> bool:
        """Wait until what was heard makes a condition true, at most until an instant of the monotonic clock."""
        self._begin()
        with self.changed:
            return self.changed.wait_for(condition, timeout=max(0.0, until - time.monotonic()))

    def listen(self, topic: str) -> None:
        """Subscribe to one more topic, now and whenever the line is made anew."""
        if topic not in self._topics:
            self._topics.append(topic)
            if self._client is not None and self._up:
                self._client.subscribe(topic, qos=1)

    def close(self) -> None:
        """Leave the broker."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def _begin(self) -> None:
        if self._client is not None:
            return
        client = self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=f"tocsin-{token_hex(6)}", clean_session=True
        )
        if self._broker.user:
            client.username_pw_set(self._broker.user, self._broker.password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        client.connect_timeout = ANSWER_SECONDS
        client.reconnect_delay_set(_FIRST_RETRY_SECONDS, _LAST_RETRY_SECONDS)  # type: ignore[arg-type] # it waits parts too
        client.on_socket_open = _send_at_once
        client.on_connect, client.on_connect_fail = self._connected, self._not_connected
        client.on_subscribe, client.on_disconnect = self._subscribed, self._disconnected
        client.on_message = self._message
        client.connect_async(self._broker.host, self._broker.port, keepalive=_KEEPALIVE_SECONDS)
        client.loop_start()

    def _connected(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
        if reason.is_failure:
            wrong = str(reason) in _BAD_SIGN_IN
            self._say("the broker refuses name or password" if wrong else "the broker refuses", str(reason))
            return
        self._granted.clear()
        for topic in self._topics:
            client.subscribe(topic, qos=1)

    def _subscribed(
        self, _client: paho.Client, _data: Any, message_id: int, reasons: Any, _more: Any
    ) -> None:
        self._granted.add(message_id)
        if any(reason.is_failure for reason in reasons):
            self._say("the broker does not let it listen", str(reasons[0]))
            return
        with self.changed:
            if len(self._granted) >= len(self._topics) and not self._up:
                self._up = True
                self._turned(True)
            self.changed.notify_all()

    def _not_connected(self, _client: paho.Client, _data: Any) -> None:
        fault = sys.exc_info()[1]
        untrusted = isinstance(fault, ssl.SSLCertVerificationError)
        self._say(
            "the broker's certificate is not trusted" if untrusted else "the broker does not answer",
            str(fault or ""),
        )

    def _disconnected(self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
        with self.changed:
            if self._up:
                self._problem, self._detail = "the broker does not answer", str(reason)
            self._up = False
            self._turned(False)
            self.changed.notify_all()

    def _message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        with self.changed:
            self._heard(message.topic, message.payload.decode("utf-8", "replace"))
            self.changed.notify_all()

    def _say(self, problem: str, detail: str) -> None:
        self._problem, self._detail = problem, detail


def _send_at_once(_client: paho.Client, _data: Any, line: Any) -> None:
    # Two small messages in a row would else wait for the answer to the first: 44 ms each way.
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _trust(ca_file: str) -> ssl.SSLContext:
    # A pipe or a device would keep whoever opens it waiting.
    if ca_file and not (Path(ca_file).is_file() and Path(ca_file).stat().st_size <= _CA_MOST_BYTES):
        raise SirenOptionWrong(name="ca_file", problem="there is no certificate to be read in this file")
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError):
        raise SirenOptionWrong(
            name="ca_file", problem="there is no certificate to be read in this file"
        ) from None
