"""The API of a fresh desk, asked as anybody: builders of clients and of who they are."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient

from tests.apps import app_of
from tests.house import House, make_house
from tocsin.access.api_key import create_api_key
from tocsin.access.operator import add_operator
from tocsin.access.session import create_session, csrf_token, find_session
from tocsin.access.step_up import mark_proved
from tocsin.core.actor import Actor
from tocsin.core.db import Database
from tocsin.core.ident import new_id
from tocsin.desk import Desk
from tocsin.settings import Settings

BASE = "http://localhost:8717"


class Door:
    """A desk with one merchant, and a client of its API."""

    def __init__(self, db: Database, folder: Path, *, house: House | None = None, **settings: Any) -> None:
        self.house = house or make_house(db)
        self.db, self.desk = db, Desk(Settings(data_dir=str(folder), **settings), db)
        self.client: TestClient[Any] = TestClient(
            app_of(self.desk), base_url=BASE, raise_server_exceptions=False
        )
        self._headers: dict[str, dict[str, str]] = {}

    @staticmethod
    def of_other_merchant(door: "Door") -> "Door":
        """Return the same desk as seen by the people of another merchant."""
        other = object.__new__(Door)
        other.house, other.db, other.desk, other.client = (
            make_house(door.db, code="BB"),
            door.db,
            door.desk,
            door.client,
        )
        other._headers = {}
        return other

    def headers(self, role: str) -> dict[str, str]:
        """Return the headers of a signed-in operator of a role; empty for nobody."""
        if not role:
            return {}
        if role not in self._headers:
            token = self.db.write(self.house.merchant_id, lambda tx: _open_session(tx, role))
            self._headers[role] = {
                "cookie": f"tocsin_session={token}", "x-csrf": csrf_token(token), "origin": BASE
            }  # fmt: skip
        return self._headers[role]

    @staticmethod
    def headers_of(cookie: str) -> dict[str, str]:
        """Return the headers of a browser with a cookie."""
        return {"cookie": cookie, "origin": BASE}

    def key(self, *scopes: str) -> dict[str, str]:
        """Return the headers of a new API key."""
        maker_id = self.db.write(
            self.house.merchant_id, lambda tx: _add_operator(tx, "owner", name=str(new_id()))
        )
        owner = self.house.actor("owner", actor_id=maker_id)
        secret = self.db.write(
            self.house.merchant_id,
            lambda tx: create_api_key(
                tx, owner, name="test", scopes=frozenset(scopes) or owner.rights - {"operators"}
            ),
        )
        return {"authorization": f"Bearer {secret}"}

    def prove(self, role: str = "owner") -> None:
        """Let the session of a role have proved itself just now, as a password or a passkey would."""
        actor = find_session(self.db, self.headers(role)["cookie"].partition("=")[2])
        assert actor is not None
        self.db.write(self.house.merchant_id, lambda tx: mark_proved(tx, actor, method="password"))

    def ask(self, method: str, path: str, *, role: str = "owner", **given: Any) -> httpx.Response:
        """Send a request as an operator of a role."""
        headers = {**self.headers(role), **given.pop("headers", {})}
        return self.client.request(method, f"/api/v1{path}", headers=headers, **given)

    def actor(self, role: str = "owner") -> Actor:
        return self.house.actor(role)

    def terminal(self) -> str:
        """Set up a printer that writes PDFs; return its id."""
        answer = self.ask("POST", "/terminals", json={"name": "PDF", "kind": "pdf_file"})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def work(self) -> None:
        """Let the queue do what waits."""
        self.desk.queue.open(self.db)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            waiting = self.ask("GET", "/downloads").json()
            if waiting and all(one["status"] not in ("waiting", "running") for one in waiting):
                break
            time.sleep(0.05)
        self.desk.queue.close()

    def order(self, **changes: Any) -> str:
        """Take an order in; return its number."""
        answer = self.ask("POST", "/orders", json=order_in(**changes))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["number"])


def order_in(**changes: Any) -> dict[str, Any]:
    """Return a paid order of one line that is right in every respect."""
    order: dict[str, Any] = {
        "channel": "api", "payment": "paid", "payment_method": "cash",
        "receiver": {"name": "王小明", "phone": "13812345678", "province": "安徽省", "city": "合肥市",
                     "district": "蜀山区", "address": "黄山路 12 号 3 栋 402 室"},
        "lines": [{"title": "砀山酥梨 5 斤装", "sku": "LI-5", "quantity": "2", "unit_price": "39.9", "total": "79.80"}],
        "totals": {"goods": "79.80", "payable": "79.80", "paid": "79.80"},
    }  # fmt: skip
    return order | changes


def _add_operator(tx: Any, role: str, *, name: str) -> int:
    return add_operator(
        tx, name=name, display_name=role, role=role, password_hash="-", locale="en", zone="UTC", created_by=0
    )  # fmt: skip


def _open_session(tx: Any, role: str) -> str:
    operator_id = _add_operator(tx, role, name=f"{role}-{tx.merchant_id}")
    return create_session(tx, operator_id=operator_id, device="test", address="127.0.0.1").token


@pytest.fixture
def door(db: Database, tmp_path: Path) -> Iterator[Door]:
    """The API of a fresh desk."""
    made = Door(db, tmp_path)
    with made.client:
        yield made
    made.desk.close()
