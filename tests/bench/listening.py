"""Browsers that hear a desk: one thread reads all of their lines, and each may fetch its page anew as `live.js` does."""

import http.client
import random
import selectors
import socket
import threading
import time
from collections import defaultdict
from contextlib import suppress
from urllib.parse import urlsplit

REST_SECONDS = 0.5
SPREAD_SECONDS = 0.02
SPREAD_MOST_SECONDS = 1.0


class Page:
    """One open page: its line, and its place among those that fetch."""

    def __init__(self, base: str, cookie: str, *, path: str) -> None:
        at = urlsplit(base)
        self.cookie, self.path, self.host, self.port = cookie, path, str(at.hostname), int(at.port or 80)
        self.moved, self.carry = threading.Event(), b""
        self.line = socket.create_connection((self.host, self.port), timeout=60)

    def listen(self, after: str) -> None:
        """Ask for the desk's events from one on."""
        head = f"GET /events?after={after} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nCookie: {self.cookie}\r\n\r\n"
        self.line.sendall(head.encode())

    def hear(self) -> list[list[str]]:
        """Return the orders of each word that came since; empty where it was another's."""
        *lines, self.carry = (self.carry + self.line.recv(65_536)).split(b"\n")
        told, name = list[list[str]](), b""
        for line in lines:
            if line.startswith(b"event: "):
                name = line[7:].strip()
            elif line.startswith(b"data: ") and name == b"moved":
                told.append(line[6:].decode().split())
        return told


class Listening:
    """As many pages as are wanted, that hear a desk until they are closed."""

    def __init__(self, base: str, cookies: list[str], *, paths: tuple[str, ...], fetch: bool = False) -> None:
        self.heard: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self.fetched: list[tuple[float, float]] = []
        self._ends, self._lock = False, threading.Lock()
        after = _newest(base, cookies[0]) if cookies else ""
        self.pages = [Page(base, one, path=paths[n % len(paths)]) for n, one in enumerate(cookies)]
        self._threads = [threading.Thread(target=self._hear_all, daemon=True)]
        self._threads += [
            threading.Thread(target=self._keep, args=(one,), daemon=True) for one in self.pages if fetch
        ]
        for page in self.pages:
            page.listen(after)
        for page in self.pages:
            assert page.line.recv(1, socket.MSG_PEEK) == b"H", "a page is not answered"
        for one in self._threads:
            one.start()

    def close(self) -> None:
        """End them."""
        self._ends = True
        for one in self._threads:
            one.join(30)
        for page in self.pages:
            page.line.close()

    def _hear_all(self) -> None:
        with selectors.DefaultSelector() as ready:
            for page in self.pages:
                ready.register(page.line, selectors.EVENT_READ, page)
            while not self._ends:
                for key, _ in ready.select(0.1):
                    told, now = key.data.hear(), time.monotonic()
                    for one in {one for ids in told for one in ids}:
                        self.heard[one].append((key.fd, now))
                    if told:
                        key.data.moved.set()

    def _keep(self, page: Page) -> None:
        asked = http.client.HTTPConnection(page.host, page.port, timeout=60)
        head = {"cookie": page.cookie, "accept": "text/html", "x-tocsin-quiet": "1", "x-tocsin-part": "1"}
        while not self._ends:
            if not page.moved.wait(0.2):
                continue
            time.sleep(random.random() * min((len(self.pages) - 1) * SPREAD_SECONDS, SPREAD_MOST_SECONDS))
            page.moved.clear()
            began = time.monotonic()
            with suppress(
                http.client.RemoteDisconnected
            ):  # an idle line that the server closed: the next is new
                asked.request("GET", page.path, headers=head)
                answer = asked.getresponse()
                answer.read()
                assert answer.status == 200, (page.path, answer.status)
            ended = time.monotonic()
            with self._lock:
                self.fetched.append((began, ended))
            time.sleep(max(REST_SECONDS, 4 * (ended - began)))
        asked.close()


def _newest(base: str, cookie: str) -> str:
    at = urlsplit(base)
    asked = http.client.HTTPConnection(str(at.hostname), int(at.port or 80), timeout=60)
    asked.request("GET", "/events", headers={"cookie": cookie})
    line = asked.getresponse().readline().decode()
    asked.close()
    return line.removeprefix("id: ").strip()
