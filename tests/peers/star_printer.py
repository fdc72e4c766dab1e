"""A Star printer that polls over HTTP: it asks, fetches, prints what the picture says, and tells; switches make it misbehave."""

import io
import socket
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

import httpx
import zxingcpp
from PIL import Image

OK, LOW, OUT, COVER = "200 OK", "211 OK Paper Low", "410 Out of Paper", "420 Cover Open"
ASB = {
    OK: "23 86 0 0 0 0 0 0 0",
    LOW: "23 86 0 0 0 4 0 0 0",
    OUT: "23 86 8 0 0 c 0 0 0",
    COVER: "23 86 28 0 0 0 0 0 0",
}


@dataclass
class StarPrinter:
    """Polls an address; `papers` are the codes on each paper that came out."""

    url: str
    code: str = OK
    end: str = OK
    papers: list[list[str]] = field(default_factory=list)

    def ask(self) -> str:
        """Ask for a paper; return its name."""
        told = {
            "status": ASB.get(self.code, ""), "printerMAC": "00:11:62:00:00:01", "uniqueID": "star", "clientAction": None,
            "statusCode": quote(self.code), "jobToken": None, "printingInProgress": False,
        }  # fmt: skip
        answer = httpx.post(self.url, json=told, trust_env=False, timeout=20)
        assert answer.status_code == 200, answer.text
        offer = answer.json()
        assert not offer["jobReady"] or "image/png" in offer["mediaTypes"]
        return str(offer["jobToken"]) if offer["jobReady"] else ""

    def fetch(self, name: str, *, kind: str = "image/png") -> httpx.Response:
        """Fetch a paper."""
        return httpx.get(self.url, params=self._named(name, kind), trust_env=False, timeout=20)

    def fetch_and_lose(self, name: str) -> bytes:
        """Fetch a paper and lose the line after its first bytes; return those."""
        split = urlsplit(self.url)
        with socket.create_connection((split.hostname, split.port or 80), timeout=20) as line:
            path = f"{split.path}?{urlencode(self._named(name, 'image/png'))}"
            line.sendall(f"GET {path} HTTP/1.1\r\nhost: {split.netloc}\r\n\r\n".encode())
            return line.recv(300)

    def print(self, picture: bytes) -> None:
        """Let a picture come out."""
        page = Image.open(io.BytesIO(picture))
        self.papers.append(sorted(code.text for code in zxingcpp.read_barcodes(page.convert("L"))))

    def tell(self, name: str, code: str = "") -> int:
        """Tell what became of a paper."""
        asked = {"uid": "star", "mac": "0", "code": code or self.end, "token": name}
        return httpx.delete(self.url, params=asked, trust_env=False, timeout=20).status_code

    def poll(self) -> str:
        """Go one round; return the name of the paper that came out."""
        name = self.ask()
        if not name:
            return ""
        answer = self.fetch(name)
        if answer.status_code == 200:
            self.print(answer.content)
        assert self.tell(name, "" if answer.status_code == 200 else "520 Failed") == 200
        return name if answer.status_code == 200 else ""

    @staticmethod
    def _named(name: str, kind: str) -> dict[str, str]:
        return {"uid": "star", "type": kind, "mac": "00:11:62:00:00:01", "token": name}
