"""Web Push: an alarm on the phone or PC of an operator, through the push service of his browser's maker.

The message is encrypted for that browser alone (RFC 8291), the desk shows itself by its own key (RFC 8292).
Where the push service is blocked, as Google's in mainland China, nothing arrives: it is never the only way.
Any browser may name any host: its address is looked up, checked and connected in one step (`core/outbound`).
"""

import base64
import re
import time
from typing import Any
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from tocsin.alarm.channel import Address
from tocsin.alarm.outcome import SENT, Outcome, outcome_of_status
from tocsin.alarm.reach import require_public
from tocsin.core.errors import Refusal
from tocsin.core.outbound import Answer, Network, read_place
from tocsin.core.vault import Vault

SECONDS_MOST = 8.0
LIFE_SECONDS = 3600
SCHEMES = ("https",)
"""A push service is reached by these; a test adds its own."""
NETWORKS: tuple[Network, ...] = ()
"""Private networks with a push service: none but a test's."""
_SIGNED_SECONDS = 12 * 3600
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ENDPOINT_MOST = 1000
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,120}={0,2}")
_GONE = {404, 410}


class SubscriptionWrong(Refusal):
    """This browser's subscription can't be taken: {problem}"""

    kind, code = "invalid", "subscription_wrong"


class Keys(Struct, frozen=True):
    """The public key and the secret of a browser's subscription, as it names them."""

    p256dh: str
    auth: str


class Subscription(Struct, frozen=True):
    """What `PushSubscription.toJSON()` gives.

    Source: W3C Push API, 8.
    """

    endpoint: str
    keys: Keys


def read_subscription(given: str | bytes) -> Address:
    """Return a browser's subscription as a checked address.

    Raises:
        SubscriptionWrong: it has another shape.
        PlaceForbidden: its endpoint is not out on the internet.
    """
    try:
        found = msgspec.json.decode(given, type=Subscription)
        parts = urlsplit(found.endpoint)
        host, port = parts.hostname or "", parts.port
    except (msgspec.MsgspecError, ValueError):
        raise SubscriptionWrong(problem="it has another shape") from None
    if parts.scheme not in SCHEMES or not host or parts.username or len(found.endpoint) > _ENDPOINT_MOST:
        raise SubscriptionWrong(problem="its endpoint is no address of a push service")
    if not (
        _TOKEN.fullmatch(found.keys.p256dh)
        and _TOKEN.fullmatch(found.keys.auth)
        and _is_point(found.keys.p256dh)
    ):
        raise SubscriptionWrong(problem="its keys are none")
    require_public(host)
    shown = host + (f":{port}" if port else "")
    return Address("push", msgspec.json.encode(found).decode(), shown)


def public_key(vault: Vault) -> str:
    """Return the desk's public key, as `applicationServerKey` takes it."""
    point = serialization.PublicFormat.UncompressedPoint
    return _encode(_private_key(vault).public_key().public_bytes(serialization.Encoding.X962, point))


def send_push(
    vault: Vault, subscription: str, message: dict[str, Any], *, sender: str, topic: str = ""
) -> Outcome:
    """Send a message to a browser; return what its push service answered.

    Args:
        sender: address of the desk, which a push service may complain to.
        topic: at most 32 characters; a newer message replaces one of the same topic that has not arrived yet.
    """
    from tocsin.core.outbound_post import post_body

    found = msgspec.json.decode(subscription, type=Subscription)
    headers = {
        **_signed(_private_key(vault), found.endpoint, sender), "content-encoding": "aes128gcm",
        "content-type": "application/octet-stream", "ttl": str(LIFE_SECONDS), "urgency": "high",
        **({"topic": topic} if topic else {}),
    }  # fmt: skip
    body = _encrypted(subscription, msgspec.json.encode(message))
    place = read_place(found.endpoint)
    return _outcome(post_body(place, body, headers=headers, networks=NETWORKS, seconds=SECONDS_MOST))


def _encrypted(subscription: str, plain: bytes) -> bytes:
    from pywebpush import WebPusher  # type: ignore[import-untyped]

    return bytes(WebPusher(msgspec.json.decode(subscription)).encode(plain)["body"])


def _signed(key: ec.EllipticCurvePrivateKey, endpoint: str, sender: str) -> dict[str, str]:
    from py_vapid import Vapid02  # type: ignore[import-untyped]

    parts = urlsplit(endpoint)
    claims = {
        "sub": _contact(sender),
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(time.time()) + _SIGNED_SECONDS,
    }
    return {"authorization": Vapid02(key).sign(claims)["Authorization"]}


def _outcome(answer: Answer) -> Outcome:
    if answer.taken:
        return SENT
    if answer.status in _GONE:
        return Outcome("gone", code=answer.problem)
    if answer.status:
        return outcome_of_status(answer.status)
    code = {"timeout": "no_answer", "unreachable": "no_connection"}.get(answer.problem, answer.problem)
    return Outcome("failed", code=code, permanent=code == "forbidden")


def _contact(address: str) -> str:
    """Return the desk's address as a push service takes it: https, or a mailbox at a host with a dot in its name."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)+", host):
        return "mailto:alarm@localhost"
    return f"https://{host}" if parts.scheme == "https" else f"mailto:alarm@{host}"


def _private_key(vault: Vault) -> ec.EllipticCurvePrivateKey:
    """Return the desk's key, made of the installation's: nothing more is stored.

    Source: FIPS 186-5, A.2.1, from 64 extra bits and more.
    """
    number = int.from_bytes(vault.installation_secret("vapid")) % (_ORDER - 1) + 1
    return ec.derive_private_key(number, ec.SECP256R1())


def _is_point(text: str) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        )
    except ValueError:
        return False
    return True


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
