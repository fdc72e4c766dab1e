"""The desk that a day is lived at: it really serves, has a printer that really answers, and orders as a day brings them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from msgspec import Struct

from tests.api.door import order_in
from tests.peers.escpos_peer import EscposPeer
from tests.proofs.asking import Unexpected, add_printer, become_owner_in, hidden_fields
from tests.proofs.running import RunningDesk, wait_until

RIGHT_PHONE = "13812345678"
PASSWORD = "correct horse battery staple 9"
_WRONG_PHONE = "1381234567x8"
_GIVEN = "春夏秋冬山水风云梅兰竹菊江河湖海"


class Taken(Struct, frozen=True):
    """An order of the day: its number, what it is looked up by, and what is wrong with it."""

    number: str
    external_id: str
    name: str
    phone: str
    kind: str


class House:
    """A desk in operation: its owner's client, its printer, its orders."""

    def __init__(self, desk: RunningDesk, peer: EscposPeer) -> None:
        self.desk, self.peer = desk, peer
        self._owner = httpx.Client(
            headers={"origin": desk.base}, follow_redirects=True, timeout=60, trust_env=False
        )
        self.client = become_owner_in(self._owner, desk)
        self.printer = add_printer(self.client, peer.port)
        self.orders: list[Taken] = []

    def invite(self, name: str, role: str) -> str:
        """Invite an operator as the owner; return the one-time link."""
        at = f"{self.desk.base}/settings/operators"
        hidden = hidden_fields(self._owner.get(at).text)
        answer = self._owner.post(at, data={"name": name, "role": role, **hidden})
        found = re.search(r'value="(http[^"]+/join/[^"]+)"', answer.text)
        if found is None:
            raise Unexpected(f"no invitation: {answer.status_code}")
        return found[1]

    def take(self, **kinds: int) -> None:
        """Take in so many orders of each kind (`wrong`: no phone to dial, `warned`: no house number, `good`); wait until each is checked."""
        asked = [(kind, len(self.orders) + n) for n, kind in enumerate(_each(kinds))]
        sent = [_order(n, kind) for kind, n in asked]
        rows = self.client.post("/orders/import", sent)["rows"]
        self.orders += [
            Taken(str(row["number"]), one["external_id"], one["receiver"]["name"], one["receiver"]["phone"], kind)
            for row, one, (kind, _) in zip(rows, sent, asked, strict=True)
        ]  # fmt: skip
        there = wait_until(
            lambda: self.count("order_head WHERE checked <> ''") >= len(self.orders),
            seconds=60,
            step_seconds=0.3,
        )
        assert there, "the checks came to no end"

    def of(self, kind: str) -> list[Taken]:
        """Return the orders of a kind."""
        return [one for one in self.orders if one.kind == kind]

    def count(self, of: str) -> int:
        """Return how many rows there are, past the product; `of` stands behind FROM."""
        return int(self.desk.rows(f"SELECT count(*) FROM {of}")[0][0])

    def close(self) -> None:
        """Close the owner's connections."""
        self._owner.close()
        self.client.http.close()


def _each(kinds: dict[str, int]) -> list[str]:
    return [kind for kind, count in kinds.items() for _ in range(count)]


def _order(n: int, kind: str) -> dict[str, Any]:
    placed = datetime.now(UTC) - timedelta(minutes=n + 30)
    receiver = {
        "name": f"王{_GIVEN[n // 16 % 16]}{_GIVEN[n % 16]}", "phone": _WRONG_PHONE if kind == "wrong" else f"1381234{5000 + n * 7:04d}",
        "province": "安徽省", "city": "合肥市", "district": "蜀山区", "address": "黄山路" if kind == "warned" else f"黄山路 {n + 1} 号",
    }  # fmt: skip
    return order_in(
        external_id=f"DAY{n + 1:04d}", receiver=receiver, placed_at=placed.isoformat(),
        paid_at=(placed + timedelta(minutes=1)).isoformat(),
    )  # fmt: skip
