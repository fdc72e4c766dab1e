"""Tocsin under load: `tocsin serve`, once or several times on one database, asked over HTTP with a key as any program is."""

import shutil
import time
from collections import Counter
from urllib.parse import quote, urlencode

import httpx
import msgspec

from tests.bench.load_filled import PASSWORD, Filled
from tests.bench.load_job import (
    Amend,
    Create,
    ExportAll,
    Get,
    Job,
    ListPage,
    Load,
    Screens,
    Search,
    Ticket,
    WrongPassword,
)
from tests.bench.load_target import Ask, HttpTarget, WrongAnswer, peak_memory_mb, processor_seconds
from tests.databases import PostgresServer
from tests.proofs.asking import Client
from tests.proofs.running import RunningDesk
from tocsin.orders.wire import draft_to_in

_PAGES = 100
_REST_SECONDS, _RESTING = 1800.0, 0.1
_SCREEN = "/orders?payment=paid&fulfilment=shipped"


class Tocsin(HttpTarget):
    """The servers of one database; their clients take turns."""

    def __init__(self, filled: Filled, *, servers: int, postgres: PostgresServer | None = None) -> None:
        self.name, self._postgres = f"tocsin, {servers} process{'es' if servers > 1 else ''}", postgres
        self._desks, self._places, self._filled = [filled.desk], dict[int, str](), filled
        self._answered = Counter[str]()
        for n in range(1, servers):
            beside = RunningDesk(filled.desk.folder / f"beside-{n}", database_url=filled.desk.database_url)
            shutil.copytree(filled.desk.folder / "data" / "keys", beside.folder / "data" / "keys")
            beside.owner_link = "made"
            self._desks.append(beside)
        for desk in self._desks:
            desk.start()
        self.addresses = [("127.0.0.1", desk.port) for desk in self._desks]
        self._head = f"Host: localhost\r\nAuthorization: Bearer {filled.key}\r\n"
        self._cookie = _sign_in(filled.desk)
        self._find_page()

    def rest(self) -> None:
        """Wait until nothing is done behind: a start checks thousands of held orders again, and what was taken in is checked and counted.

        Raises:
            TimeoutError: the desk never came to rest, and what is measured would be its work behind.
        """
        until, before = time.monotonic() + _REST_SECONDS, self.spent()["server"]
        while time.monotonic() < until:
            time.sleep(1)
            before, last = self.spent()["server"], before
            if before - last < _RESTING:
                return
        raise TimeoutError(f"the desk is still at work after {_REST_SECONDS:.0f} s")

    def can(self, work: str) -> bool:
        """Tell whether it has such a work: all."""
        return True

    async def do(self, ask: Ask, job: Job) -> None:
        """Ask for one job; see `HttpTarget`."""
        said = self._said(job)
        answer = await ask(said.request)
        if answer.status not in said.statuses or said.part not in answer.body:
            raise WrongAnswer(f"{job}: {answer.status} {answer.body[:300]!r}")
        if said.kind:
            self._answered[said.kind] += said.count

    def require_kept(self) -> None:
        """Fail where the ledger or the store holds more or less than was answered.

        Raises:
            WrongAnswer: which kind, and how many of each.
        """
        kept = self._filled.kept()
        if kept != self._answered:
            raise WrongAnswer(f"answered {dict(self._answered)}, kept {dict(kept)}")

    def _said(self, job: Job) -> "_Said":
        """Return a job's request, what its right answer is, and what it leaves behind that is counted."""
        match job:
            case Get(number=number):
                return _Said(self._get(f"/orders/{number}"), f'"number":"{number}"'.encode(), kind="detail")
            case Search(text=text):
                return _Said(self._get(f"/orders?q={quote(text)}"), b'"orders":[{', kind="search")
            case ListPage(page=page):
                return _Said(self._get(f"{_SCREEN}&after={self._places[page]}"), b'"orders":[', kind="screen")
            case ExportAll():
                return _Said(self._get("/orders/export"), b"\r\n0\r\n\r\n", kind="download")
            case Screens():
                return _Said(self._page("/screens"), b"</html>")
            case Ticket(number=number):
                return _Said(self._page(f"/orders/{number}/ticket.png"), b"\x89PNG", kind="detail")
            case WrongPassword(password=password):
                # Refused at once where the limiter stands before it: the door is asked as who guesses asks.
                fields = urlencode({"username": "owner", "password": password})
                return _Said(self._form("/sign-in/password", fields), b"</html>", statuses=(401, 429))
            case _:
                return self._changed(job)

    def _changed(self, job: Create | Load | Amend) -> "_Said":
        match job:
            case Create(draft=draft):
                body = msgspec.json.encode(draft_to_in(draft))
                return _Said(
                    self._post("/orders", body), b'"result":"new"', kind="order", statuses=(201,)
                )  # fmt: skip
            case Load(drafts=drafts):
                body = msgspec.json.Encoder().encode_lines(map(draft_to_in, drafts))
                request = self._post("/orders/import", body, kind="application/x-ndjson")
                return _Said(request, f'"new":{len(drafts)}'.encode(), kind="order", count=len(drafts))
            case Amend(number=number, seen=seen):
                said = {"seen": seen, "reason": "asked", "changes": {"merchant_note": f"at the gate, {seen}"}}
                request = self._post(f"/orders/{number}/amendments", msgspec.json.encode(said))
                return _Said(request, f'"revision":{seen + 1}'.encode(), kind="amended", statuses=(201,))

    def spent(self) -> dict[str, float]:
        """Return the processor's seconds of the servers, and of the database's processes."""
        found = {"server": processor_seconds(self._pids())}
        if self._postgres is not None:
            found["database"] = processor_seconds([self._postgres.process.pid])
        return found

    def peak_mb(self) -> float:
        """Return the most memory that the servers have taken."""
        return peak_memory_mb(self._pids())

    def close(self) -> None:
        """Stop the servers."""
        for desk in self._desks:
            desk.stop()

    def _pids(self) -> list[int]:
        return [desk.process.pid for desk in self._desks if desk.process is not None]

    def _get(self, path: str) -> bytes:
        return f"GET /api/v1{path} HTTP/1.1\r\n{self._head}\r\n".encode()

    def _page(self, path: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {self._cookie}\r\n\r\n".encode()

    def _post(self, path: str, body: bytes, *, kind: str = "application/json") -> bytes:
        head = f"POST /api/v1{path} HTTP/1.1\r\n{self._head}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    def _form(self, path: str, fields: str) -> bytes:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(fields)}\r\n\r\n"
        )
        return f"{head}{fields}".encode()

    def _find_page(self) -> None:
        """Walk to the hundredth page, or to the last: its place is asked for again and again."""
        self._places[1] = place = ""
        asked = Client(self._filled.desk.base, self._filled.key)
        for _ in range(1, _PAGES):
            place = asked.get(f"{_SCREEN}&after={place}")["next"] or place
            self._answered["screen"] += 1
        self._places[_PAGES] = place


class _Said(msgspec.Struct, frozen=True):
    """A request, the statuses and a part of its right answer, and how many of which kind it leaves in ledger or store."""

    request: bytes
    part: bytes
    kind: str = ""
    count: int = 1
    statuses: tuple[int, ...] = (200,)


def _sign_in(desk: RunningDesk) -> str:
    """Return the cookies of the owner's browser, which has signed in before anything is measured."""
    with httpx.Client(
        base_url=desk.base, headers={"origin": desk.base}, timeout=60, trust_env=False
    ) as browser:
        answer = browser.post("/sign-in/password", data={"username": "owner", "password": PASSWORD})
        assert answer.status_code == 303, answer.text[:300]
        return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
