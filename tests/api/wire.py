"""The desk on a real socket, of either engine, asked by an owner in a session: what comes back is judged as a client would."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.door import _open_session
from tests.house import House, make_house
from tests.served import Served
from tocsin.access.session import csrf_token, find_session
from tocsin.access.step_up import mark_proved
from tocsin.opening import open_database
from tocsin.settings import Settings


class Wire:
    """A served desk with one merchant, and a client of its owner."""

    def __init__(self, folder: Path, *, database_url: str = "") -> None:
        self.folder, self.database_url = folder, database_url
        self.house, token = self._seed()
        self.served = Served(folder, *(["--database-url", database_url] if database_url else []))
        self.base = self.served.url()
        self.csrf = csrf_token(token)
        headers = {"cookie": f"tocsin_session={token}", "x-csrf": self.csrf, "origin": self.base}
        self.client = httpx.Client(base_url=self.base, headers=headers, timeout=60)

    def _seed(self) -> tuple[House, str]:
        db = open_database(Settings(data_dir=str(self.folder), database_url=self.database_url))
        house = make_house(db)

        def sign_in(tx: Any) -> str:
            return _open_session(tx, "owner")

        token = db.write(house.merchant_id, sign_in)
        actor = find_session(db, token)
        assert actor is not None
        db.write(house.merchant_id, lambda tx: mark_proved(tx, actor, method="password"))
        db.close()
        return house, token

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        """Send a request to the API."""
        return self.client.request(method, f"/api/v1{path}", **given)

    def form(self, path: str, **fields: str) -> httpx.Response:
        """Send a form as its page would."""
        return self.client.post(path, data={**fields, "csrf": self.csrf}, follow_redirects=False)

    def peak_kib(self) -> int:
        """Return the most memory that the server has ever held."""
        status = Path(f"/proc/{self.served.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])

    def kill(self) -> None:
        """End the server as a power cut would."""
        self.served.process.kill()
        self.served.process.communicate(timeout=30)

    def serve_again(self) -> None:
        """Start the server anew, at its address."""
        options = ["--database-url", self.database_url] if self.database_url else []
        self.served = Served(self.folder, *options, port=self.served.port)

    def close(self) -> None:
        """End the client and the server."""
        self.client.close()
        self.served.stop()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def wire(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """One desk on each engine for all tests that ask over a socket: a server takes seconds to start."""
    folder = tmp_path_factory.mktemp("wire")
    with contextlib.ExitStack() as stack:
        url = ""
        if request.param == "postgresql":
            server, shelf = (
                request.getfixturevalue("postgres_server"),
                request.getfixturevalue("postgres_shelf"),
            )
            name = shelf.lend()
            stack.callback(shelf.take_back, name)
            url = server.url(name)
        made = Wire(folder, database_url=url)
        stack.callback(made.close)
        yield made


def fault_of(answer: httpx.Response) -> str:
    """Return what is wrong with an answer as an answer: a fault of the desk, or a refusal that can't be read."""
    if answer.status_code >= 500:
        return f"{answer.status_code} {answer.text[:80]}"
    try:
        told = answer.json()
    except ValueError:
        return f"no JSON: {answer.text[:80]!r}"
    if answer.status_code < 400:
        return ""
    if not isinstance(told, dict) or not told.get("code") or not told.get("detail"):
        return f"a refusal without a reason: {told}"
    unclear = ("Traceback", "object at 0x", "psycopg", "sqlite3", "tocsin.")
    return f"it tells of its inside: {told}" if any(word in str(told) for word in unclear) else ""
