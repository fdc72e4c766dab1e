"""The gate: who stands at a door, told from what his request carries; each door asks it, for each request."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from tocsin import waiting
from tocsin.access.api_key import find_api_key
from tocsin.access.guess import FREE_IN_A_ROW
from tocsin.access.limiter import SignInRefused
from tocsin.access.session import Seen, csrf_matches, look_session
from tocsin.core.actor import Actor
from tocsin.core.errors import Refusal
from tocsin.desk import Desk
from tocsin.settings import Settings

SESSION_COOKIE, DEVICE_COOKIE, DESK_COOKIE = "tocsin_session", "tocsin_device", "tocsin_desk"
WALL_COOKIE = "tocsin_wall"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_NOT_PLAIN = re.compile(rb"[^\x01-\x7e]|%")
_LOOPBACKS = ("127.0.0.1", "::1")
# An address, IPv6 in brackets, either with a port.
_HOP = re.compile(
    r"\[([0-9A-Fa-f:.]{2,45})\](?::\d{1,5})?|(\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?|([0-9A-Fa-f:.]{2,45})"
)


class NotSignedIn(Refusal):
    """Nobody is signed in: sign in first, or send an API key that is alive"""

    kind, code = "refused", "not_signed_in"


class SessionLocked(Refusal):
    """The desk is locked: unlock it with your PIN or your fingerprint, or sign out"""

    kind, code = "refused", "session_locked"


class OutOfHours(Refusal):
    """It is not your working time now: come back in your hours, or ask a manager to change them"""

    kind, code = "refused", "out_of_hours"


class OutOfPlace(Refusal):
    """You may not work from here: go to an enrolled desk or to your shop, or ask a manager to change it"""

    kind, code = "refused", "out_of_place"


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


class ForwardedWrong(Refusal):
    """The proxy did not say whom it speaks for: let it send X-Forwarded-For with addresses alone"""

    kind, code = "invalid", "forwarded_wrong"


class AddressUnsafe(Refusal):
    """The address holds bytes that are no text: send it in UTF-8 without NUL"""

    kind, code = "invalid", "address_unsafe"


def cookie_name(settings: Settings, name: str) -> str:
    """Return a cookie's name: over HTTPS with the prefix that no neighbouring host and no plain page can set.

    Source: RFC 6265bis, 4.1.3.2.
    """
    return f"__Host-{name}" if settings.is_https() else name


def read_cookie(settings: Settings, cookies: Mapping[str, str], name: str) -> str:
    """Return a cookie's secret, or nothing; over HTTPS the prefixed one alone counts."""
    return cookies.get(cookie_name(settings, name), "")


def client_address(settings: Settings, *, peer: str, forwarded: Sequence[str]) -> str:
    """Return the address that a request is counted by: the peer's, or whom a trusted proxy speaks for.

    Of what proxies add from the left to the right, the last one that is not itself trusted counts.

    Args:
        forwarded: the `X-Forwarded-For` headers, in their order.

    Raises:
        ForwardedWrong: a trusted proxy sent what is no address; nothing is guessed then.
    """
    address = peer
    if not _is_trusted(settings, address):
        return address
    for hop in reversed(",".join(forwarded).split(",") if forwarded else []):
        address = _hop_address(hop)
        if not _is_trusted(settings, address):
            break
    return address


def look_at_session(desk: Desk, cookies: Mapping[str, str], *, address: str, quiet: bool = False) -> Seen:
    """Return whose session a browser's cookies stand for, and what keeps him out now.

    Args:
        quiet: the page asked by itself: it does not count as use.
    """
    token, at_desk = (
        cookies.get(cookie_name(desk.settings, name), "") for name in (SESSION_COOKIE, DESK_COOKIE)
    )
    if not token:
        return Seen(None, "ended")
    seen = look_session(desk.db, token, address=address, desk=at_desk, quiet=quiet)
    if seen.actor is not None:
        waiting.is_of(seen.actor.merchant_id)
    return seen


def require_open(seen: Seen) -> Actor:
    """Return the actor of a session that nothing bars.

    Raises:
        NotSignedIn, SessionLocked, OutOfHours, OutOfPlace: something does.
    """
    if seen.bar == "locked":
        raise SessionLocked
    if seen.bar == "out_of_hours":
        raise OutOfHours
    if seen.bar == "out_of_place":
        raise OutOfPlace
    actor = seen.open()
    if actor is None:
        raise NotSignedIn
    return actor


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
        waiting.is_of(found.merchant_id)
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
    known = name in ("localhost", settings.host.lower()) or settings.host in ("0.0.0.0", "::")
    if known or name == (urlsplit(settings.base_url()).hostname or "") or _is_number(name):
        return
    raise HostUnknown(host=name[:80], address=settings.base_url())


def require_text(path: bytes, query: bytes) -> None:
    """Refuse an address that decodes to what no database takes.

    Raises:
        AddressUnsafe: NUL, or bytes that are not UTF-8.
    """
    for part in filter(_NOT_PLAIN.search, (path, query)):
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


def _is_trusted(settings: Settings, address: str) -> bool:
    networks = settings.proxies()
    if not networks:
        return False
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # no address at all: a socket of this machine
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return any((mapped or parsed) in network for network in networks)


def _hop_address(hop: str) -> str:
    shape = _HOP.fullmatch(hop.strip())
    try:
        return str(ipaddress.ip_address((shape[1] or shape[2] or shape[3]) if shape else ""))
    except ValueError:
        raise ForwardedWrong from None


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
