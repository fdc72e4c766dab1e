"""Two servers behind nginx are restarted one after the other while orders come in: no request fails."""

import socket
import threading
from pathlib import Path
from typing import Self

import httpx
import pytest

from tests.databases import PostgresServer
from tests.proofs.asking import form_token, hidden_fields
from tests.proofs.front import Nginx
from tests.proofs.rolling import Load
from tests.proofs.running import quiet_port, wait_until
from tests.served import Served
from tocsin.core.ident import new_id

DRAIN_SECONDS = 3


class Strangers:
    """Connections to one server, each of its own: it is refused before it begins, or it is answered."""

    def __init__(self, port: int) -> None:
        self._port, self.over = port, threading.Event()
        self.answered, self.refused, self.cut = 0, 0, list[str]()
        self._threads = [threading.Thread(target=self._come) for _ in range(2)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join(30)

    def _come(self) -> None:
        asked = f"GET /healthz HTTP/1.1\r\nhost: localhost:{self._port}\r\n\r\n".encode()
        while not self.over.is_set():
            try:
                line = socket.create_connection(("127.0.0.1", self._port), timeout=5)
            except OSError:
                self.refused += 1
                self.over.wait(0.02)
                continue
            with line:
                try:
                    line.sendall(asked)
                    said = line.recv(4096)
                except OSError as wrong:
                    self.cut.append(repr(wrong))
                    continue
                if said.startswith(b"HTTP/1.1 200"):
                    self.answered += 1
                    self.over.wait(0.005)
                else:
                    self.cut.append(repr(said))


def test_a_rolling_restart_fails_no_request(
    postgres_server: PostgresServer, postgres_template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    name = f"rolling_{new_id()}"
    postgres_server.copy(postgres_template, name)
    front = Nginx(tmp_path / "nginx")
    monkeypatch.setenv("TOCSIN_DRAIN_SECONDS", str(DRAIN_SECONDS))
    monkeypatch.setenv("TOCSIN_PUBLIC_URL", front.base)
    monkeypatch.setenv("TOCSIN_TRUSTED_PROXIES", "127.0.0.1")
    options = ("--empty", "--database-url", postgres_server.url(name))

    def serve(port: int, *, counted: bool = False) -> Served:
        return Served(tmp_path / "data", *options, port=port, counted=counted)

    first = serve(quiet_port(), counted=True)
    ports = [first.port, quiet_port()]
    servers = [first, serve(ports[1])]
    front.start(ports)
    try:
        key = _make_key(front.base, first.owner_links()[0])
        with Load(front.base, key) as load:
            for place, port in enumerate(ports):
                told = len(load.acked)
                assert wait_until(lambda told=told: len(load.acked) > told + 20, seconds=20)
                with Strangers(port) as strangers:
                    took = _end(servers[place])
                assert DRAIN_SECONDS < took < DRAIN_SECONDS + 20
                assert strangers.cut == [] and strangers.answered and strangers.refused
                if place == 0:
                    servers[0] = serve(port)
        assert load.failed == []
        assert set(load.acked.values()) == {1} and load.farewells >= 1
        ((kept,),) = postgres_server.sql("SELECT count(*) FROM order_head", database=name)
        assert kept == len(load.acked)
    finally:
        front.stop()
        monkeypatch.setenv("TOCSIN_DRAIN_SECONDS", "0")
        for server in servers:
            server.process.kill()
            server.process.communicate()


def _end(server: Served) -> float:
    """End a server as it is seen by who asks it meanwhile; return how many seconds it took."""
    seen = list[tuple[int, str, str]]()

    def look() -> bool:
        answer = httpx.get(server.url("/readyz"), trust_env=False)
        seen.append((answer.status_code, answer.json().get("code", ""), answer.headers.get("connection", "")))
        return answer.status_code == 503

    looking = threading.Thread(target=wait_until, args=(look,), kwargs={"seconds": 10})
    looking.start()
    took = server.stop()
    looking.join()
    assert seen[-1] == (503, "draining", "close")
    return took


def _make_key(base: str, link: str) -> str:
    with httpx.Client(
        headers={"origin": base}, follow_redirects=True, timeout=30, trust_env=False
    ) as browser:
        word = "a long pass phrase of pears"
        fields = {"name": "owner", "password": word, "again": word, **hidden_fields(browser.get(link).text)}
        browser.post(link, data=fields)
        token = form_token(browser.get(f"{base}/orders").text)
        made = browser.post(
            f"{base}/api/v1/keys",
            json={"name": "k", "scopes": ["import", "query"]},
            headers={"x-csrf": token},
        )
        return str(made.json()["secret"])
