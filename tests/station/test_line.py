"""The line to a desk: TLS that is checked, answers that are none, refusals that are told."""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.databases import free_port
from tocsin.core.signature import make_key, read_header
from tocsin.station.identity import Identity
from tocsin.station.line import Line, LineBroken, LineRefused

ANSWERS: dict[str, tuple[int, bytes]] = {
    "/ok": (200, b'{"keep": true}'), "/empty": (200, b""), "/list": (200, b"[]"), "/html": (200, b"<html>"), "/fault": (500, b"{}"),
    "/refused": (409, b'{"code": "answer_not_taken", "detail": "no", "why": "answered"}'), "/moved": (307, b""),
    "/late": (429, b'{"code": "too_many_tries", "detail": "wait"}'),
}  # fmt: skip


class Peer(BaseHTTPRequestHandler):
    seen: list[str] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.seen.append(self.headers.get("authorization", ""))
        status, body = ANSWERS[self.path]
        self.send_response(status)
        self.send_header("retry-after", "7")
        self.send_header("location", "http://elsewhere.example/")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of `localhost` that signs itself, with its key."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path / "desk.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))  # fmt: skip
    return path


@pytest.fixture
def address(certificate: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def line_to(address: str, **more: str) -> Line:
    return Line(Identity(address, "1f.2a", make_key()), **more)


def test_a_desk_is_believed_by_its_certificate_alone(address: str, certificate: Path) -> None:
    line = line_to(address, ca=str(certificate))
    assert line.post("/ok", {}) == {"keep": True}
    seal = read_header(Peer.seen[-1])
    assert seal is not None and seal.station == "1f.2a"
    with pytest.raises(LineBroken, match="certificate"):
        line_to(address).post("/ok", {})
    with pytest.raises(LineBroken):
        line_to(address.replace("localhost", "127.0.0.1"), ca=str(certificate)).post("/ok", {})


def test_what_is_no_sound_answer_breaks_the_line(address: str, certificate: Path) -> None:
    line = line_to(address, ca=str(certificate))
    assert line.post("/empty", {}) == {}
    for path in ("/list", "/html", "/fault"):
        with pytest.raises(LineBroken):
            line.post(path, {})
    with pytest.raises(LineBroken):
        line_to(f"http://localhost:{free_port()}").post("/ok", {})
    line.close()
    with pytest.raises(LineBroken):
        line.post("/ok", {})


def test_a_refusal_is_told_and_no_redirect_is_followed(address: str, certificate: Path) -> None:
    line = line_to(address, ca=str(certificate))
    with pytest.raises(LineRefused) as refused:
        line.post("/refused", {})
    assert (refused.value.code, refused.value.why, refused.value.status) == (
        "answer_not_taken",
        "answered",
        409,
    )
    with pytest.raises(LineRefused) as late:
        line.post("/late", {})
    assert late.value.retry_after_seconds == 7
    with pytest.raises(LineRefused) as moved:
        line.post("/moved", {})
    assert moved.value.code == "http_307"
