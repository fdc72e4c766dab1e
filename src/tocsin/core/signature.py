"""Signatures of stations: Ed25519 over what a request is and carries, and over what a reader saw.

Nothing here knows a database: the agent in the shop signs with it, the desk verifies with it.
Source: RFC 8032 (Ed25519).
"""

import base64
import hashlib
import re
import secrets

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

SCHEME = "Tocsin-Station"
CLOCK_SECONDS = 300
_KEY_BYTES, _SIGNATURE_BYTES, _NONCE_BYTES = 32, 64, 18
_WORD = r"[A-Za-z0-9_-]"
_STATION = re.compile(r"([0-7]?[0-9a-f]{1,15})\.([0-7]?[0-9a-f]{1,15})")
_HEADER = re.compile(
    rf"(?:{SCHEME}) ([0-9a-f]{{1,16}}\.[0-9a-f]{{1,16}}) (\d{{10,17}}) ({_WORD}{{22,43}}) ({_WORD}{{86}})",
    re.ASCII,
)


class Seal(Struct, frozen=True):
    """What a signed request's header says: who, when (microseconds), a nonce, the signature."""

    station: str
    time_us: int
    nonce: str
    signature: str


def make_key() -> bytes:
    """Return a new private key, 32 bytes."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


def public_key(key: bytes) -> str:
    """Return the public half of a private key, as it travels."""
    return _text(Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw())


def is_public_key(text: str) -> bool:
    """Tell whether a text has the shape of a public key."""
    return _bytes(text, _KEY_BYTES) is not None


def sign(key: bytes, message: bytes) -> str:
    """Return the signature of a message, as it travels."""
    return _text(Ed25519PrivateKey.from_private_bytes(key).sign(message))


def verifies(public: str, signature: str, message: bytes) -> bool:
    """Tell whether a signature is of this message and of the key's owner; never raises."""
    key, given = _bytes(public, _KEY_BYTES), _bytes(signature, _SIGNATURE_BYTES)
    if key is None or given is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(given, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def sealed_header(key: bytes, station: str, *, method: str, target: str, time_us: int, body: bytes) -> str:
    """Return the `Authorization` of a request, with a nonce of its own.

    Args:
        target: path and query as they are sent.
    """
    nonce = secrets.token_urlsafe(_NONCE_BYTES)
    unsigned = Seal(station, time_us, nonce, "")
    signature = sign(key, request_text(unsigned, method=method, target=target, body=body))
    return f"{SCHEME} {station} {time_us} {nonce} {signature}"


def read_header(text: str) -> Seal | None:
    """Return what a header says, None where it is not one of a station."""
    found = _HEADER.fullmatch(text)
    return Seal(found[1], int(found[2]), found[3], found[4]) if found else None


def request_text(seal: Seal, *, method: str, target: str, body: bytes) -> bytes:
    """Return what the signature of a request covers: every part of it that the desk acts on."""
    digest = hashlib.sha256(body).hexdigest()
    return "\n".join(
        ("tocsin station request 1", seal.station, method.upper(), target, str(seal.time_us), seal.nonce, digest)
    ).encode()  # fmt: skip


def enrolment_text(*, code: str, name: str, public: str) -> bytes:
    """Return what a station signs to show that the key it brings is its own."""
    return b"tocsin station enrolment 1\n" + msgspec.json.encode([code, name, public])


def station_name(merchant_id: int, station_id: int) -> str:
    """Return how a station calls itself in its requests: its merchant, then itself."""
    return f"{merchant_id:x}.{station_id:x}"


def station_ids(name: str) -> tuple[int, int]:
    """Return merchant and station of such a name; noughts where it is none."""
    found = _STATION.fullmatch(name)
    return (int(found[1], 16), int(found[2], 16)) if found else (0, 0)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str, length: int) -> bytes | None:
    """Return the bytes of a text in its one canonical form, None for any other."""
    if not re.fullmatch(rf"{_WORD}{{1,128}}", text, re.ASCII):
        return None
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return data if len(data) == length and _text(data) == text else None
