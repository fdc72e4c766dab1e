"""The desk's certificate: the owner's own, one by ACME, or one of the local authority; renewed in time."""

import datetime as dt
import ipaddress
import re
import ssl
from pathlib import Path
from typing import Literal

from cryptography import x509
from msgspec import Struct

from tocsin.core.errors import Refusal
from tocsin.core.log import get_log
from tocsin.lan.authority import ensure_authority, expires_soon, issue_certificate
from tocsin.lan.file import CertificateWrong, read_certificates
from tocsin.settings import Settings

_log = get_log("lan")
_NAME = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*"
)


class LanNameWrong(Refusal):
    """“{name}” is no host name for phones: use letters, digits, dots and dashes, such as desk.local (a number won't do)"""

    kind, code = "invalid", "lan_name_wrong"


class ServerCertificate(Struct, frozen=True):
    """Two PEM files that the server is begun with, and where they are from."""

    cert: Path
    key: Path
    source: Literal["own", "acme", "local"]


def source_of(settings: Settings) -> Literal["own", "acme", "local"]:
    """Return where the certificate comes from."""
    if settings.tls_cert:
        return "own"
    return "acme" if settings.acme_directory else "local"


def obtain_certificate(settings: Settings) -> ServerCertificate:
    """Return a certificate for the host name that is good for a while, made or renewed where it must be.

    Raises:
        LanNameWrong: the name is none.
        CertificateWrong: the owner's own files can't be read, don't fit together, or are for another name.
        AcmeFailed: the authority gave none, and there is none from before that still holds.
    """
    name = require_lan_name(settings.lan)
    source = source_of(settings)
    if source == "own":
        own = ServerCertificate(Path(settings.tls_cert), Path(settings.tls_key), "own")
        _require_fit(own, name)
        return own
    folder = settings.path("tls", source)
    made = ServerCertificate(folder / "desk.crt", folder / "desk.key", source)
    if _is_good(made, name, folder):
        return made
    if source == "local":
        issue_certificate(folder, name)
    else:
        _order(settings, made, name)
    _require_fit(made, name)
    return made


def _order(settings: Settings, made: ServerCertificate, name: str) -> None:
    from tocsin.lan.acme import AcmeFailed, order_certificate

    try:
        order_certificate(settings, made.cert.parent, name)
    except AcmeFailed as failed:
        if not _still_holds(made, name):
            raise
        # A third of its life is left: the next day tries again.
        _log.warning("certificate_not_renewed", problem=failed.message())


def _still_holds(made: ServerCertificate, name: str) -> bool:
    if not (made.cert.is_file() and made.key.is_file()):
        return False
    leaf = read_certificates(made.cert)[0]
    return name in names_of(leaf) and leaf.not_valid_after_utc > dt.datetime.now(dt.UTC)


def read_authority(settings: Settings) -> x509.Certificate:
    """Return the local authority's certificate, which phones are to install."""
    return ensure_authority(settings.path("tls", "local"), require_lan_name(settings.lan))


def require_lan_name(name: str) -> str:
    """Return a host name in small letters.

    Raises:
        LanNameWrong: it is an address or no name; browsers refuse passkeys on numbers.
    """
    folded = name.strip().rstrip(".").lower()
    if not _NAME.fullmatch(folded) or _is_number(folded) or folded == "localhost":
        raise LanNameWrong(name=name[:80])
    return folded


def _is_good(made: ServerCertificate, name: str, folder: Path) -> bool:
    if not (made.cert.is_file() and made.key.is_file()):
        return False
    chain = read_certificates(made.cert)
    if name not in names_of(chain[0]) or expires_soon(chain[0]):
        return False
    return made.source == "acme" or chain[-1] == ensure_authority(folder, name)


def _require_fit(made: ServerCertificate, name: str) -> None:
    leaf = read_certificates(made.cert)[0]
    if not any(_covers(pattern, name) for pattern in names_of(leaf)):
        raise CertificateWrong(path=str(made.cert), problem="it is for another host name")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(made.cert, made.key)
    except (OSError, ValueError) as wrong:
        raise CertificateWrong(path=str(made.key), problem=str(wrong)) from wrong


def names_of(leaf: x509.Certificate) -> list[str]:
    """Return the host names that a certificate is for."""
    try:
        held = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return held.get_values_for_type(x509.DNSName)


def _covers(pattern: str, name: str) -> bool:
    # RFC 6125, 6.4.3: a star stands for the first label alone.
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:].lower()
    return pattern.lower() == name


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return re.fullmatch(r"[0-9.]+", name) is not None
    return True
