"""The local authority: signs the desk's own certificate where no public one will.

Whoever installs it on a phone trusts it for one host name only (name constraints), so that its
key, stolen, opens no bank. The key stays in the data folder, readable by its owner alone.
"""

import datetime as dt
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tocsin.core.durable import write_private
from tocsin.lan.file import read_certificates, read_key

AUTHORITY_YEARS = 10
# Phones refuse longer ones; a third of it is left when a new one is made.
LEAF_DAYS = 397
_CLOCK_SKEW = dt.timedelta(hours=1)


def ensure_authority(folder: Path, name: str) -> x509.Certificate:
    """Return the authority for a host name, made where there is none (or one for another name)."""
    path = folder / "authority.crt"
    if path.is_file() and (folder / "authority.key").is_file():
        found = read_certificates(path)[0]
        if _is_for(found, name) and not expires_soon(found):
            return found
    return _make_authority(folder, name)


def issue_certificate(folder: Path, name: str) -> None:
    """Write `desk.crt` (with the authority behind it) and `desk.key` for a host name."""
    authority = ensure_authority(folder, name)
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        _begin(name, authority.subject, days=LEAF_DAYS)
        .public_key(key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()),  # type: ignore[arg-type]
            critical=False,
        )
        .sign(read_key(folder / "authority.key"), hashes.SHA256())
    )
    write_private(folder / "desk.key", _pem_of(key))
    chain = [one.public_bytes(serialization.Encoding.PEM) for one in (leaf, authority)]
    write_private(folder / "desk.crt", b"".join(chain))


def expires_soon(certificate: x509.Certificate) -> bool:
    """Tell whether less than a third of a certificate's life is left."""
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return certificate.not_valid_after_utc - dt.datetime.now(dt.UTC) < life / 3


def fingerprint_of(certificate: x509.Certificate) -> str:
    """Return the SHA-256 by which people compare a certificate: `AB:CD:…`."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _make_authority(folder: Path, name: str) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tocsin"),
        x509.NameAttribute(NameOID.COMMON_NAME, f"Tocsin desk {name}"[:64]),
    ])  # fmt: skip
    made = (
        _begin(f"Tocsin desk {name}", own, days=365 * AUTHORITY_YEARS, subject=own)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(
            x509.NameConstraints(permitted_subtrees=[x509.DNSName(name)], excluded_subtrees=None),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(folder / "authority.key", _pem_of(key))
    write_private(folder / "authority.crt", made.public_bytes(serialization.Encoding.PEM))
    return made


def _begin(
    name: str, issuer: x509.Name, *, days: int, subject: x509.Name | None = None
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    own = subject or x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    return (
        x509.CertificateBuilder().subject_name(own).issuer_name(issuer).serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW).not_valid_after(now + dt.timedelta(days=days))
    )  # fmt: skip


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=signs, crl_sign=signs, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _is_for(authority: x509.Certificate, name: str) -> bool:
    limits = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    return limits.permitted_subtrees == [x509.DNSName(name)]


def _pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
