"""Certificate files: read with a clear refusal."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tocsin.core.errors import Refusal


class CertificateWrong(Refusal):
    """The certificate can't be used ({path}): {problem}"""

    kind, code = "broken", "certificate_wrong"


def read_certificates(path: Path) -> list[x509.Certificate]:
    """Return the certificates of a PEM file, the desk's own first.

    Raises:
        CertificateWrong: the file is not there, or holds none.
    """
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as wrong:
        raise CertificateWrong(path=str(path), problem=str(wrong)) from wrong


def read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Return the private key of a PEM file that the desk wrote.

    Raises:
        CertificateWrong: the file is not there, or holds none.
    """
    try:
        found = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as wrong:
        raise CertificateWrong(path=str(path), problem=str(wrong)) from wrong
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise CertificateWrong(path=str(path), problem="it is not a key that the desk made")
    return found
