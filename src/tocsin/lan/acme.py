"""A certificate by ACME with a DNS challenge: for a desk in a shop, which nobody can reach from outside.

The TXT record is set by a command of the owner's (`acme_dns_hook`), called as
`HOOK present|cleanup NAME VALUE`; it returns once the record can be seen.
Source: RFC 8555, 8.4.
"""

import datetime as dt
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from acme import challenges, client, errors, messages
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import CertificateSigningRequestBuilder, DNSName, Name, SubjectAlternativeName
from josepy.jwa import ES256
from josepy.jwk import JWKEC

from tocsin.core.durable import write_private
from tocsin.core.errors import Refusal
from tocsin.lan.file import read_key
from tocsin.settings import Settings

_HOOK_SECONDS = 300
_ORDER_SECONDS = 300
_USER_AGENT = "tocsin"


class AcmeFailed(Refusal):
    """The authority at {directory} gave no certificate for {name}: {problem}"""

    kind, code = "broken", "acme_failed"


def order_certificate(settings: Settings, folder: Path, name: str) -> None:
    """Write `desk.crt` and `desk.key` with a certificate of the authority.

    Raises:
        AcmeFailed: it refused, did not answer in time, or the hook failed.
    """
    try:
        _order(settings, folder, name)
    except (
        errors.Error,
        messages.Error,
        requests.RequestException,
        OSError,
        subprocess.SubprocessError,
    ) as wrong:
        problem = " ".join(str(wrong).split())[:300]
        raise AcmeFailed(directory=settings.acme_directory, name=name, problem=problem) from wrong


def _order(settings: Settings, folder: Path, name: str) -> None:
    net = client.ClientNetwork(_account_key(folder), alg=ES256, user_agent=_USER_AGENT)
    found = client.ClientV2(client.ClientV2.get_directory(settings.acme_directory, net), net)
    _register(found, settings.acme_email)
    key = ec.generate_private_key(ec.SECP256R1())
    csr = (
        CertificateSigningRequestBuilder().subject_name(Name([]))
        .add_extension(SubjectAlternativeName([DNSName(name)]), critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    order = found.new_order(csr.public_bytes(serialization.Encoding.PEM))
    deadline = dt.datetime.now() + dt.timedelta(seconds=_ORDER_SECONDS)  # noqa: DTZ005 - acme compares with a naive one
    for authorization in order.authorizations:
        chosen = _dns_challenge(authorization)
        domain = chosen.chall.validation_domain_name(name)
        response, validation = chosen.response_and_validation(net.key)
        with _record(settings.acme_dns_hook, domain, validation):
            found.answer_challenge(chosen, response)
            order = found.poll_authorizations(order, deadline)
    done = found.finalize_order(order, deadline)
    write_private(folder / "desk.key", key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))  # fmt: skip
    write_private(folder / "desk.crt", done.fullchain_pem.encode())


def _register(found: client.ClientV2, email: str) -> None:
    try:
        found.new_account(
            messages.NewRegistration.from_data(email=email or None, terms_of_service_agreed=True)
        )
    except errors.ConflictError as known:
        found.query_registration(
            messages.RegistrationResource(body=messages.Registration(), uri=known.location)
        )


def _dns_challenge(authorization: messages.AuthorizationResource) -> messages.ChallengeBody:
    for offered in authorization.body.challenges:
        if isinstance(offered.chall, challenges.DNS01):
            return offered
    raise errors.Error("it offers no DNS challenge")


@contextmanager
def _record(hook: str, domain: str, value: str) -> Iterator[None]:
    command = shlex.split(hook)
    if not command:
        raise errors.Error("acme_dns_hook is not set: name the command that sets the TXT record")
    subprocess.run(
        [*command, "present", domain, value], check=True, timeout=_HOOK_SECONDS, capture_output=True
    )
    try:
        yield
    finally:
        subprocess.run(
            [*command, "cleanup", domain, value], check=False, timeout=_HOOK_SECONDS, capture_output=True
        )


def _account_key(folder: Path) -> JWKEC:
    path = folder / "account.key"
    if not path.is_file():
        made = ec.generate_private_key(ec.SECP256R1())
        write_private(path, made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ))  # fmt: skip
    return JWKEC(key=read_key(path))
