"""The local authority, judged by a verifier of certificates that is not ours."""

import datetime as dt
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import verification

from tocsin.core.durable import write_private
from tocsin.lan.authority import ensure_authority, expires_soon, fingerprint_of, issue_certificate
from tocsin.lan.file import CertificateWrong, read_certificates, read_key

NAME = "desk.local"


def verify(folder: Path, name: str, *, trusted: x509.Certificate) -> list[x509.Certificate]:
    leaf = read_certificates(folder / "desk.crt")[0]
    store = verification.Store([trusted])
    return (
        verification.PolicyBuilder().store(store).build_server_verifier(x509.DNSName(name)).verify(leaf, [])
    )


def test_the_desks_certificate_holds_for_its_name_alone(tmp_path: Path):
    issue_certificate(tmp_path, NAME)
    authority = ensure_authority(tmp_path, NAME)
    assert len(verify(tmp_path, NAME, trusted=authority)) == 2
    with pytest.raises(verification.VerificationError):
        verify(tmp_path, "bank.example", trusted=authority)


def test_a_stolen_authority_signs_for_no_other_name(tmp_path: Path):
    """The thief's certificate is for a bank; who trusts the authority still refuses it."""
    authority = ensure_authority(tmp_path, NAME)
    thief = tmp_path / "thief"
    for name in ("authority.crt", "authority.key"):
        write_private(thief / name, (tmp_path / name).read_bytes())
    _sign_as_thief(thief, "bank.example")
    with pytest.raises(verification.VerificationError, match=r"name|constraint|permitted"):
        verify(thief, "bank.example", trusted=authority)
    _sign_as_thief(thief, NAME)  # the same hand, the allowed name: it was the name that was refused
    assert verify(thief, NAME, trusted=authority)


def _sign_as_thief(folder: Path, name: str) -> None:
    import tocsin.lan.authority as ours

    kept = ours._is_for
    ours._is_for = lambda *_: True
    try:
        issue_certificate(folder, name)
    finally:
        ours._is_for = kept


def test_the_authority_stays_and_another_name_makes_another(tmp_path: Path):
    first = ensure_authority(tmp_path, NAME)
    assert ensure_authority(tmp_path, NAME) == first
    assert ensure_authority(tmp_path, "other.local") != first


def test_keys_are_readable_by_their_owner_alone(tmp_path: Path):
    issue_certificate(tmp_path, NAME)
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert read_key(tmp_path / "desk.key") != read_key(tmp_path / "authority.key")


def test_a_certificate_is_renewed_when_a_third_of_its_life_is_left(tmp_path: Path):
    issue_certificate(tmp_path, NAME)
    leaf = read_certificates(tmp_path / "desk.crt")[0]
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc) <= dt.timedelta(days=398), (
        "phones refuse longer"
    )
    assert not expires_soon(leaf)


def test_a_file_that_is_no_certificate_is_named(tmp_path: Path):
    write_private(tmp_path / "x.crt", b"not PEM")
    with pytest.raises(CertificateWrong, match=r"x\.crt"):
        read_certificates(tmp_path / "x.crt")
    with pytest.raises(CertificateWrong, match="gone"):
        read_key(tmp_path / "gone")
    assert len(fingerprint_of(ensure_authority(tmp_path, NAME))) == 95
