"""An ACME authority (serles) and the name server that it asks: `python -m tests.peers.acme_server FOLDER PORT DNS_PORT`.

The name server answers TXT from the files of FOLDER/txt, which the desk's hook writes: the challenge
is verified over the wire, as a public authority does.
"""

import datetime as dt
import os
import sys
import threading
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingUDPServer

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOOK = """#!/bin/sh
# present|cleanup NAME VALUE
case $1 in
  present) printf %s "$3" > "{folder}/txt/$2" ;;
  cleanup) rm -f "{folder}/txt/$2"; echo "$2" >> "{folder}/cleaned" ;;
esac
"""


class Backend:
    """Signs what the challenge allowed, with the names of the request."""

    def __init__(self, config: object) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A test authority")])

    def sign(self, csr: bytes, subject: object, names: object, email: object) -> tuple[str, None]:
        asked = x509.load_pem_x509_csr(csr)
        now = dt.datetime.now(dt.UTC)
        days = int(os.environ.get("LEAF_DAYS", "90"))
        leaf = (
            x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(self.name).public_key(asked.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=90 - days))
            .not_valid_after(now + dt.timedelta(days=days))
            .add_extension(asked.extensions.get_extension_for_class(x509.SubjectAlternativeName).value, critical=True)
            .sign(self.key, hashes.SHA256())
        )  # fmt: skip
        return leaf.public_bytes(serialization.Encoding.PEM).decode(), None


class NameServer(BaseRequestHandler):
    """Answers TXT questions from the folder, NXDOMAIN else."""

    folder = Path()

    def handle(self) -> None:
        data, socket = self.request
        asked = dns.message.from_wire(data)
        answer = dns.message.make_response(asked)
        name = asked.question[0].name
        file = self.folder / name.to_text(omit_final_dot=True)
        if file.is_file():
            answer.answer.append(dns.rrset.from_text(name, 1, "IN", "TXT", f'"{file.read_text()}"'))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        socket.sendto(answer.to_wire(), self.client_address)


def main(folder: Path, port: int, dns_port: int) -> None:
    """Serve until killed."""
    (folder / "txt").mkdir()
    NameServer.folder = folder / "txt"
    threading.Thread(
        target=ThreadingUDPServer(("127.0.0.1", dns_port), NameServer).serve_forever, daemon=True
    ).start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], dns_port
    dns.resolver.override_system_resolver(resolver)
    dns.resolver.default_resolver = resolver
    config = folder / "config.ini"
    config.write_text(
        f"[serles]\nbackend = tests.peers.acme_server:Backend\ndatabase = sqlite:///{folder}/acme.sqlite\n"
        "subjectNameTemplate =\nforceTemplateDN = false\n"
    )
    os.environ["CONFIG"] = str(config)
    from serles import create_app

    create_app().run(host="127.0.0.1", port=port, threaded=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
