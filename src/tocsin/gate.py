"""The gate: who stands at a door, told from what his request carries; each door asks it, for each request."""

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from tocsin.access.api_key import find_api_key
from tocsin.access.guess import FREE_IN_A_ROW
from tocsin.access.limiter import SignInRefused
from tocsin.access.session import csrf_matches, find_session
from tocsin.core.actor import Actor
from tocsin.core.errors import Refusal
from tocsin.desk import Desk
from tocsin.settings import Settings

SESSION_COOKIE, DEVICE_COOKIE = "tocsin_session", "tocsin_device"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACKS = ("127.0.0.1", "::1")


class NotSignedIn(Refusal):
    """Sign in first, or send an API key that is alive"""

    kind, code = "refused", "not_signed_in"


class TooManyTries(Refusal):
    """Too many wrong tries from there: wait {retry_after_seconds} seconds"""

    kind, code = "locked", "too_many_tries"


class PasswordOff(Refusal):
    """Password sign-in from unknown devices is off for this account after {most} wrong tries: use a device that knows you, a passkey, or ask a manager for a code"""

    kind, code = "locked", "password_off"


class FormForeign(Refusal):
    """This form was not made in your session: go back, copy what you typed, open the page again and send it from there"""

    kind, code = "refused", "form_foreign"


class OriginForeign(Refusal):
    """Another site sent this request: open the desk itself and do it there"""

    kind, code = "refused", "origin_foreign"


class HostUnknown(Refusal):
    """The desk does not answer to the name “{host}”: use {address}, or set public_url"""

    kind, code = "invalid", "host_unknown"


class AddressUnsafe(Refusal):
    """The address holds bytes that are no text: send it in UTF-8 without NUL"""

    kind, code = "invalid", "address_unsafe"


def find_session_actor(desk: Desk, token: str) -> Actor | None:
    """Return who a session cookie stands for."""
    return find_session(desk.db, token) if token else None


def find_key_actor(desk: Desk, authorization: str, *, address: str) -> Actor | None:
    """Return who a bearer key stands for; None where the header names another scheme.

    Raises:
        NotSignedIn: the key is wrong or revoked.
        TooManyTries: too many wrong keys came from the address.
    """
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return None
    found = find_api_key(desk.db, secret.strip(), address=address)
    if isinstance(found, Actor):
        return found
    if found.code == "locked":
        raise TooManyTries(retry_after_seconds=found.retry_after_seconds)
    raise NotSignedIn


def require_form(token: str, given: str) -> None:
    """Refuse a change that does not carry its session's form token.

    Raises:
        FormForeign: it is another session's, or none.
    """
    if not csrf_matches(token, given):
        raise FormForeign


def require_same_origin(headers: Mapping[str, str], *, with_session: bool) -> None:
    """Refuse a change that another site sent.

    A browser says where a request comes from; a program that says nothing may not use a browser's session.

    Raises:
        OriginForeign: it came from elsewhere.
    Source: W3C Fetch Metadata; OWASP ASVS 5.0, 3.5.
    """
    site, origin = headers.get("sec-fetch-site", ""), headers.get("origin", "")
    if site and site not in ("same-origin", "none"):
        raise OriginForeign
    if origin and _place_of(origin) != headers.get("host", "").lower():
        raise OriginForeign
    if with_session and not site and not origin:
        raise OriginForeign


def redirect_of_loopback(settings: Settings, host: str) -> str:
    """Return the address that a request for a loopback's number belongs to, empty for other hosts.

    Browsers refuse passkeys on numbers, and cookies of `localhost` are not sent to them.
    """
    plain = settings.host == "localhost" and not settings.lan
    return settings_origin(host) if plain and _host_name(host) in _LOOPBACKS else ""


def settings_origin(host: str) -> str:
    """Return `http://localhost` with the port of a Host header."""
    port = re.search(r":(\d{1,5})$", host)
    return f"http://localhost{port[0] if port else ''}"


def require_known_host(settings: Settings, host: str) -> None:
    """Refuse names that the desk was not told: another site's name may be pointed at it.

    Raises:
        HostUnknown: it is neither localhost, nor `host`, nor the name in `public_url`.
    """
    name = _host_name(host)
    known = {"localhost", settings.host.lower(), (urlsplit(settings.base_url()).hostname or "")}
    if name in known or settings.host in ("0.0.0.0", "::") or _is_number(name):
        return
    raise HostUnknown(host=name[:80], address=settings.base_url())


def require_text(path: bytes, query: bytes) -> None:
    """Refuse an address that decodes to what no database takes.

    Raises:
        AddressUnsafe: NUL, or bytes that are not UTF-8.
    """
    for part in (path, query):
        plain = re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), part)
        if b"\0" in plain:
            raise AddressUnsafe
        try:
            plain.decode("utf-8")
        except UnicodeDecodeError:
            raise AddressUnsafe from None


def refused_try(refused: SignInRefused) -> Refusal:
    """Return a refused secret as a refusal that a door can show."""
    if refused.needs_reset:
        return PasswordOff(most=FREE_IN_A_ROW)
    if refused.code == "locked":
        return TooManyTries(retry_after_seconds=refused.retry_after_seconds)
    return NotSignedIn()


def _place_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # a bracket that is not closed: no browser sends it
        return "?"


def _host_name(host: str) -> str:
    return host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0].lower()


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
