"""Tocsin under load: `tocsin serve`, once or several times on one database, asked over HTTP with a key as any program is."""

import shutil
from collections import Counter
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import msgspec
import psycopg

from tests.bench.load_job import Amend, Create, ExportAll, Get, Job, ListPage, Search, WrongPassword
from tests.bench.load_target import (
    Ask,
    HttpTarget,
    WrongAnswer,
    children_of,
    peak_memory_mb,
    processor_seconds,
)
from tests.bench.multiply import multiply_desk, multiply_search
from tests.bench.product import Product
from tests.databases import PostgresServer
from tests.proofs.asking import Client
from tests.proofs.running import RunningDesk
from tocsin.access.api_key import create_api_key
from tocsin.access.operator import add_operator
from tocsin.core import clock
from tocsin.core.db import Database, Tx
from tocsin.core.event import pass_all
from tocsin.core.ident import made_by, older_maker
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.sqlite import SqliteDatabase, connect_file
from tocsin.core.vault import open_vault
from tocsin.orders.wire import draft_to_in
from tocsin.tickets.check import CONSUMER

_NEVER = {"operators", "operators_below", "device"}
_PAGES = 100
_SCREEN = "/orders?payment=paid&fulfilment=shipped"
_KEPT = """
SELECT kind, count(*) FROM lookup WHERE door = 'api' GROUP BY kind UNION ALL
SELECT 'order', count(*) FROM order_head UNION ALL SELECT 'amended', sum(revision - 1) FROM order_head
"""
# Copies lie after what they were copied from: so long before now it is made that none lies ahead.
_AGO_US = 10 * clock.DAY_US


class Filled:
    """A database with many orders of one merchant, and a key to ask about them."""

    def __init__(self, desk: RunningDesk, *, orders: int, times: int) -> None:
        self.desk, self.count = desk, orders * times
        key_file = desk.folder / "data" / "keys" / "installation.key"
        vault = open_vault(key_file)
        file = desk.folder / "data" / "desk.sqlite"
        db: Database = (
            PostgresDatabase(desk.database_url, vault) if desk.database_url else SqliteDatabase(file, vault)
        )
        with closing(db), made_by(older_maker()):
            clock.shift_clock(-_AGO_US)
            try:
                product = Product(db, orders=orders)
                self._multiply(product, file, orders=orders, times=times)
            finally:
                clock.shift_clock(0)
            self.numbers = product.numbers
            self.key = db.write(product.house.merchant_id, lambda tx: _make_key(tx, product))
            db.write(0, lambda tx: pass_all(tx, CONSUMER))
        desk.owner_link = "made"

    def kept(self) -> Counter[str]:
        """Return how many look-ups the ledger holds, by kind, beside those that are not made here; and how many orders."""
        found = Counter({str(kind): int(count) for kind, count in self.desk.rows(_KEPT)})
        return found - Counter(order=self.count)

    def _multiply(self, product: Product, file: Path, *, orders: int, times: int) -> None:
        if self.desk.database_url:
            with psycopg.connect(self.desk.database_url, autocommit=True) as connection:
                if times > 1:
                    multiply_desk(connection, "postgresql", times=times)
                connection.execute("VACUUM ANALYZE")
        elif times > 1:
            with closing(connect_file(file)) as connection:
                multiply_desk(connection, "sqlite", times=times)
                multiply_search(connection, product.tokens(orders), times=times)


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
        self._find_page()

    def can(self, work: str) -> bool:
        """Tell whether it has such a work: all."""
        return True

    async def do(self, ask: Ask, job: Job) -> None:
        """Ask for one job; see `HttpTarget`."""
        kind, request, statuses, part = self._said(job)
        answer = await ask(request)
        if answer.status not in statuses or part not in answer.body:
            raise WrongAnswer(f"{job}: {answer.status} {answer.body[:300]!r}")
        if kind:
            self._answered[kind] += 1

    def require_kept(self) -> None:
        """Fail where the ledger or the store holds more or less than was answered.

        Raises:
            WrongAnswer: which kind, and how many of each.
        """
        kept = self._filled.kept()
        if kept != self._answered:
            raise WrongAnswer(f"answered {dict(self._answered)}, kept {dict(kept)}")

    def _said(self, job: Job) -> tuple[str, bytes, tuple[int, ...], bytes]:
        """Return what a job leaves behind that is counted, its request, and the status and a part of the right answer."""
        match job:
            case Get(number=number):
                return "detail", self._get(f"/orders/{number}"), (200,), f'"number":"{number}"'.encode()
            case Search(text=text):
                return "search", self._get(f"/orders?q={quote(text)}"), (200,), b'"orders":[{'
            case ListPage(page=page):
                return "screen", self._get(f"{_SCREEN}&after={self._places[page]}"), (200,), b'"orders":['
            case Create(draft=draft):
                body = msgspec.json.encode(draft_to_in(draft))
                return "order", self._post("/orders", body), (201,), b'"result":"new"'
            case Amend(number=number, seen=seen):
                body = msgspec.json.encode(
                    {"seen": seen, "reason": "asked", "changes": {"merchant_note": "at the gate"}}
                )
                return (
                    "amended",
                    self._post(f"/orders/{number}/amendments", body),
                    (201,),
                    f'"revision":{seen + 1}'.encode(),
                )
            case ExportAll():
                return "download", self._get("/orders/export"), (200,), b"\r\n0\r\n\r\n"
            case WrongPassword(password=password):
                # Refused at once where the limiter stands before it: the door is asked as who guesses asks.
                return (
                    "",
                    self._form("/sign-in/password", f"username=owner&password={password}"),
                    (401, 429),
                    b"</html>",
                )

    def spent(self) -> dict[str, float]:
        """Return the processor's seconds of the servers, and of the database's processes."""
        found = {"server": processor_seconds(self._pids())}
        if self._postgres is not None:
            found["database"] = processor_seconds(children_of(self._postgres.process.pid))
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

    def _post(self, path: str, body: bytes) -> bytes:
        head = f"POST /api/v1{path} HTTP/1.1\r\n{self._head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
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


def _make_key(tx: Tx, product: Product) -> str:
    owner_id = add_operator(
        tx, name="owner", display_name="owner", role="owner", password_hash="-", locale="en", zone="UTC", created_by=0
    )  # fmt: skip
    owner = product.house.actor("owner", actor_id=owner_id)
    return create_api_key(tx, owner, name="bench", scopes=frozenset(owner.rights - _NEVER))
