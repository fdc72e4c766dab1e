"""A push service with one browser behind it: takes what a desk sends, and decrypts it as that browser would.

Source: RFC 8030, RFC 8291, RFC 8292; http_ece is another implementation of the content coding.
"""

import base64
import http.server
import json
import os
import time
from typing import Any

import http_ece
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.peers.http_peer import HttpPeer


def encode(raw: bytes) -> str:
    """Return base64url without its filling."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return what base64url holds."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class PushPeer(HttpPeer):
    """A running push service; `status` is what it answers."""

    def __init__(self) -> None:
        self._key, self._auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        self.status, self.asked = 201, 0
        self.taken: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        super().__init__()

    def answer(self, asked: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        """Take a message, or refuse it."""
        status = self._take(body, {name.lower(): value for name, value in asked.headers.items()})
        asked.send_response(status)
        if status == 307:
            asked.send_header("location", self.origin + "/elsewhere")
        asked.send_header("content-length", "0")
        asked.end_headers()

    def subscription(self) -> str:
        """Return what the browser's `PushSubscription.toJSON()` would give."""
        point = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        keys = {"p256dh": encode(point), "auth": encode(self._auth)}
        return json.dumps({"endpoint": f"{self.origin}/push/abc", "expirationTime": None, "keys": keys})

    def _take(self, body: bytes, headers: dict[str, str]) -> int:
        self.asked += 1
        if self.status != 201:
            return self.status
        if not self._is_signed(headers.get("authorization", "")):
            return 403
        plain = http_ece.decrypt(body, private_key=self._key, auth_secret=self._auth, version="aes128gcm")
        self.taken.append(json.loads(plain))
        self.headers.append(headers)
        return 201

    def _is_signed(self, authorization: str) -> bool:
        """Verify the token by the key that stands beside it, as RFC 8292 asks."""
        scheme, _, rest = authorization.partition(" ")
        parts = dict(one.strip().split("=", 1) for one in rest.split(","))
        signed, _, signature = parts["t"].rpartition(".")
        claims = json.loads(decode(signed.split(".")[1]))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(parts["k"]))
        raw = decode(signature)
        try:
            key.verify(
                encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:])), signed.encode(),
                ec.ECDSA(hashes.SHA256()),
            )  # fmt: skip
        except InvalidSignature:
            return False
        return (
            scheme == "vapid"
            and claims["aud"] == self.origin
            and claims["exp"] > time.time()
            and bool(claims["sub"])
        )
