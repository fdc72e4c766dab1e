"""A software authenticator: makes passkeys and signs with them, right or wrong in one respect at a time."""

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, BACKED_UP, ATTESTED = 0x01, 0x04, 0x18, 0x40


def b64(plain: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(plain).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes of Base64url without padding."""
    return urlsafe_b64decode(text + "===")


class Authenticator:
    """One passkey of one user; `verifies` False is a key without a reader: it never sets the UV flag."""

    def __init__(self, *, origin: str, verifies: bool = True, backed_up: bool = False) -> None:
        self.origin, self.credential_id, self.handle, self.count = origin, os.urandom(32), "", 0
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.flags = PRESENT | (VERIFIED if verifies else 0) | (BACKED_UP if backed_up else 0)

    def create(self, options: dict[str, Any], **changes: Any) -> str:
        """Answer creation options as a browser's `toJSON` would; `changes` replace members of the client data."""
        self.handle = options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        named = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id + cbor2.dumps(public)
        data = self._data(options["rp"]["id"], ATTESTED) + named
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"], changes)
        return self._answer(
            {"clientDataJSON": b64(client), "attestationObject": b64(attested), "transports": []}
        )

    def sign(self, options: dict[str, Any], *, handle: str | None = None, **changes: Any) -> str:
        """Answer request options; `handle` is another user's, or empty for none."""
        self.count += 1
        data = self._data(options["rpId"], 0)
        client = self._client("webauthn.get", options["challenge"], changes)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signed)}
        user = self.handle if handle is None else handle
        return self._answer({**response, "userHandle": user} if user else response)

    def _data(self, rp_id: str, more: int) -> bytes:
        return hashlib.sha256(rp_id.encode()).digest() + bytes([self.flags | more]) + self.count.to_bytes(4)

    def _client(self, kind: str, challenge: str, changes: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False, **changes}
        return json.dumps(said).encode()

    def _answer(self, response: dict[str, Any]) -> str:
        name = b64(self.credential_id)
        return json.dumps({
            "id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {},
            "authenticatorAttachment": "platform",
        })  # fmt: skip
