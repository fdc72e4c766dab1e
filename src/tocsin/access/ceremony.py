"""WebAuthn ceremonies: what a browser is asked, and whether what it answers is true. No database here.

Whatever an answer holds, it is right or it is refused with a reason: never a fault.
Source: W3C Web Authentication Level 3, §5.4, §5.5, §7.1 and §7.2.
"""

import ipaddress
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

# What reads certificates takes a tenth of a second to load: it is, when the first answer comes.
# Source: IANA COSE Algorithms: ECDSA with SHA-256, EdDSA, RSASSA-PKCS1-v1_5 with SHA-256.
ALGORITHMS = (-7, -8, -257)
# A browser that is asked for no attestation sends `none`, or what the authenticator said of itself.
FORMATS = ("none", "packed")
LONGEST_ANSWER = 64 * 1024
TIMEOUT_MS = 120_000
_OWN_PORTS = {"https": 443, "http": 80}
_BASE64URL = re.compile(r"[A-Za-z0-9_-]{1,32768}")


class RelyingParty(Struct, frozen=True):
    """Whose passkeys these are: the host alone, and the one origin that they are used at."""

    id: str
    origin: str


class AnswerRefused(Exception):
    """An answer proves nothing; `reason` is a code for the journal, and goes to nobody who asks."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Answer(Struct, frozen=True):
    """What a browser sent, as far as it can be read before it is verified."""

    credential_id: str
    challenge: bytes
    user_handle: str
    text: str


class Made(Struct, frozen=True):
    """A new passkey, as its authenticator made it."""

    credential_id: str
    public_key: str
    algorithm: int
    sign_count: int
    backed_up: bool


class Used(Struct, frozen=True):
    """What a right answer tells of its passkey."""

    sign_count: int
    backed_up: bool


def relying_party(base_url: str) -> RelyingParty | None:
    """Return whose passkeys a desk at an address can use; None where browsers give none.

    They want HTTPS or `localhost`, and a name: no number is a relying party.
    Source: W3C Web Authentication Level 3, §5.1.3; W3C Secure Contexts, §3.1.
    """
    place = urlsplit(base_url)
    host = place.hostname or ""
    if not host or _is_number(host) or (place.scheme != "https" and host != "localhost"):
        return None
    # As browsers spell an origin: without the scheme's own port, without a user.
    port = "" if place.port in (None, _OWN_PORTS.get(place.scheme)) else f":{place.port}"
    return RelyingParty(host, f"{place.scheme}://{host}{port}")


def request_options(party: RelyingParty, challenge: bytes, *, allowed: list[str]) -> dict[str, Any]:
    """Return what `navigator.credentials.get` is asked; an empty list asks for any passkey of the desk."""
    return {
        "challenge": encode(challenge), "timeout": TIMEOUT_MS, "rpId": party.id, "userVerification": "required",
        "allowCredentials": [_descriptor(one) for one in allowed],
    }  # fmt: skip


def creation_options(
    party: RelyingParty, challenge: bytes, *, user: tuple[bytes, str, str], excluded: list[str]
) -> dict[str, Any]:
    """Return what `navigator.credentials.create` is asked.

    Args:
        user: the opaque handle, the sign-in name, the name as people know it.
        excluded: the ids of passkeys that the operator has already.
    """
    handle, name, display_name = user
    return {
        "challenge": encode(challenge), "timeout": TIMEOUT_MS, "rp": {"id": party.id, "name": "Tocsin"},
        "user": {"id": encode(handle), "name": name, "displayName": display_name},
        "pubKeyCredParams": [{"type": "public-key", "alg": one} for one in ALGORITHMS],
        "excludeCredentials": [_descriptor(one) for one in excluded], "attestation": "none",
        "authenticatorSelection": {
            "residentKey": "required", "requireResidentKey": True, "userVerification": "required",
        },
    }  # fmt: skip


def read_answer(text: str) -> Answer:
    """Return what an answer names: its passkey and its challenge.

    Raises:
        AnswerRefused: it is not shaped as one, or comes from inside another site's page.
    """
    try:
        if len(text) > LONGEST_ANSWER:
            raise AnswerRefused("too_long")
        given = json.loads(text)
        said = json.loads(decode(given["response"]["clientDataJSON"]))
        answer = Answer(
            given["id"], decode(said["challenge"]), given["response"].get("userHandle") or "", text
        )
        decode(answer.credential_id)
        decode(answer.user_handle or "AA")
    except AnswerRefused:
        raise
    except Exception:  # noqa: BLE001 - it may hold anything at all
        raise AnswerRefused("malformed") from None
    # The library reads the first of these and looks at neither.
    if said.get("crossOrigin", False) is not False or "topOrigin" in said:
        raise AnswerRefused("cross_origin")
    return answer


def verify_creation(answer: Answer, party: RelyingParty, *, challenge: bytes) -> Made:
    """Return the passkey that an answer to a challenge brings.

    Raises:
        AnswerRefused: anything about it is not as it was asked.
    """
    from webauthn import verify_registration_response
    from webauthn.helpers import decode_credential_public_key, parse_attestation_object
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

    try:
        # Looked at first: what reads chips' and vendors' certificates is never reached.
        given = json.loads(answer.text)["response"]["attestationObject"]
        if parse_attestation_object(decode(given)).fmt not in FORMATS:
            raise AnswerRefused("attestation")
        found = verify_registration_response(
            credential=answer.text, expected_challenge=challenge, expected_rp_id=party.id,
            expected_origin=party.origin, require_user_verification=True,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(one) for one in ALGORITHMS],
        )  # fmt: skip
        algorithm = int(decode_credential_public_key(found.credential_public_key).alg)
    except AnswerRefused:
        raise
    except Exception as fault:  # noqa: BLE001 - the library raises all sorts at what it can't read
        raise AnswerRefused(_reason(fault)) from None
    return Made(
        encode(found.credential_id), encode(found.credential_public_key), algorithm, found.sign_count,
        found.credential_backed_up,
    )  # fmt: skip


def verify_use(answer: Answer, party: RelyingParty, *, challenge: bytes, public_key: str) -> Used:
    """Return what a passkey's signature over the challenge tells; the counter is for the caller to compare.

    Raises:
        AnswerRefused: anything about it is not as it was asked.
    """
    from webauthn import verify_authentication_response

    try:
        found = verify_authentication_response(
            credential=answer.text, expected_challenge=challenge, expected_rp_id=party.id,
            expected_origin=party.origin, credential_public_key=decode(public_key), credential_current_sign_count=0,
            require_user_verification=True,
        )  # fmt: skip
    except Exception as fault:  # noqa: BLE001 - the library raises all sorts at what it can't read
        raise AnswerRefused(_reason(fault)) from None
    return Used(found.new_sign_count, found.credential_backed_up)


def encode(plain: bytes) -> str:
    """Return bytes as Base64url without padding."""
    return urlsafe_b64encode(plain).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the bytes of Base64url text.

    Raises:
        ValueError: it is none.
    """
    if not _BASE64URL.fullmatch(text):
        raise ValueError("no Base64url")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


_REASONS = (
    ("user verification", "not_verified"), ("origin", "origin"), ("rp id", "relying_party"), ("signature", "signature"),
    ("challenge", "challenge"), ("present", "not_present"), ("alg", "algorithm"),
)  # fmt: skip


def _reason(fault: Exception) -> str:
    said = str(fault).lower()
    return next((code for mark, code in _REASONS if mark in said), "malformed")


def _descriptor(credential_id: str) -> dict[str, str]:
    return {"type": "public-key", "id": credential_id}


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
