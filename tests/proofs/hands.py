"""Hands that work at a desk while it is killed again and again, and keep what it acknowledged."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from tests.api.door import order_in
from tests.peers.escpos_peer import EscposPeer
from tests.proofs.asking import Client, Unexpected

_WAITING_MOST = 15
_LETTERS = str.maketrans("0123456789", "klmnoqruvw")
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"


@dataclass
class Known:
    """An order as its hand knows it: what was sent, and each revision that was acknowledged with its tag."""

    number: str
    id: int
    external_id: str
    sent: dict[str, Any]
    revision: int = 1
    tags: dict[int, str] = field(default_factory=dict)
    holds: dict[str, str] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)
    revealed: int = 0


@dataclass
class Kept:
    """What all hands were told, to be found again afterwards."""

    orders: list[Known] = field(default_factory=list)
    prints: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Print id → (order, revision) of each paper that was acknowledged as queued."""
    asked: Counter[tuple[int, int]] = field(default_factory=Counter)
    """(order, revision) → requests that may have queued a paper, acknowledged or not."""
    settled: dict[str, bool] = field(default_factory=dict)
    acked: int = 0
    repeated: int = 0
    """Requests that a kill broke off and that were sent again."""
    unexpected: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Hand:
    """One client thread: takes in, imports, amends, holds, prints, looks up, by its own dice.

    Args:
        serving: set while the desk answers; a request that is broken off waits for it and goes out again.
        ending: set when the hand is to stop after the request that it has under way.
    """

    def __init__(
        self, name: str, client: Client, *, peer: EscposPeer, kept: Kept, dice: Random, serving: threading.Event,
        ending: threading.Event,
    ) -> None:  # fmt: skip
        self.name, self.client, self.kept, self.dice, self.peer = name, client, kept, dice, peer
        self.serving, self.ending = serving, ending
        self.orders: list[Known] = []
        self._n = 0
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the request under way; the desk must serve."""
        self._thread.join(120)
        assert not self._thread.is_alive(), f"{self.name} hangs"

    def _work(self) -> None:
        deeds: dict[Callable[[], None], int] = {
            self._create: 5, self._import: 1, self._amend: 4, self._hold: 2, self._release: 2, self._print: 6,
            self._settle: 1, self._look_up: 4, self._search: 2, self._screen: 1, self._reveal: 1,
        }  # fmt: skip
        while not self.ending.is_set():
            deed = self._create if len(self.orders) < 2 else self.dice.choices([*deeds], [*deeds.values()])[0]
            try:
                deed()
            except Exception as wrong:
                with self.kept.lock:
                    self.kept.unexpected.append(f"{deed.__name__}: {type(wrong).__name__} {wrong}"[:500])
                if not self.serving.wait(60):
                    return
            self.ending.wait(self.dice.uniform(0.02, 0.25))

    def _again(self, ask: Callable[[], Any]) -> Any:
        """Ask until an answer comes; one that came is an acknowledgement."""
        while True:
            self.serving.wait(60)
            try:
                answer = ask()
            except httpx.TransportError:
                with self.kept.lock:
                    self.kept.repeated += 1
                if self.ending.wait(0.05) and not self.serving.is_set():
                    raise
                continue
            with self.kept.lock:
                self.kept.acked += 1
            return answer

    def _post(self, path: str, body: Any, *, keyed: bool = True) -> Any:
        once = self._name() if keyed else ""
        return self._again(lambda: self.client.post(path, body, once=once))

    def _name(self) -> str:
        self._n += 1
        return f"{self.name}-{self._n}"

    def _word(self) -> str:
        """Return a name in letters alone: what looks like a piece of an address is masked in notes and reasons."""
        return self._name().translate(_LETTERS)

    def _pick(self) -> Known:
        return self.dice.choice(self.orders[-12:])

    def _draft(self) -> dict[str, Any]:
        count, name = self.dice.randint(1, 4), self._name()
        pays = f"{count * 39.9:.2f}"
        receiver = {
            "name": self.dice.choice(_SURNAMES) + "小明", "phone": f"138{self.dice.randrange(10**8):08d}", "province": "安徽省",
            "city": "合肥市", "district": "蜀山区", "address": f"黄山路 {name} 号",
        }  # fmt: skip
        line = {
            "title": "砀山酥梨",
            "sku": f"LI-{name}",
            "quantity": str(count),
            "unit_price": "39.9",
            "total": pays,
        }
        return order_in(
            external_id=name, receiver=receiver, lines=[line],
            totals={"goods": pays, "payable": pays, "paid": pays},
        )  # fmt: skip

    def _keep(self, taken: dict[str, Any], sent: dict[str, Any]) -> None:
        known = Known(taken["number"], int(taken["id"]), sent["external_id"], sent)
        self.orders.append(known)
        with self.kept.lock:
            self.kept.orders.append(known)

    def _create(self) -> None:
        """By the external id alone, or with a key: either way once."""
        sent = self._draft()
        self._keep(self._post("/orders", sent, keyed=self.dice.random() < 0.5), sent)

    def _import(self) -> None:
        sent = [self._draft() for _ in range(3)]
        answer = self._post("/orders/import", sent, keyed=False)
        if len(answer["rows"]) != len(sent):
            raise Unexpected(str(answer))
        for row, order in zip(answer["rows"], sent, strict=True):
            found = self._again(lambda number=row["number"]: self.client.look_up(number))
            self._keep({"number": row["number"], "id": found["id"]}, order)

    def _amend(self) -> None:
        known, tag = self._pick(), self._word()
        body = {"seen": known.revision, "reason": "改备注", "changes": {"merchant_note": tag}}
        known.revision = self._post(f"/orders/{known.number}/amendments", body)["revision"]
        known.tags[known.revision] = tag

    def _hold(self) -> None:
        known, reason = self._pick(), self._word()
        known.holds[self._post(f"/orders/{known.number}/holds", {"reason": reason})["id"]] = reason

    def _release(self) -> None:
        """Let a hold go; the order re-enters at the terminal."""
        for known in self.orders:
            for hold in known.holds.keys() - known.released:
                self._ask_paper(known)
                answer = self._post(f"/holds/{hold}/release", {"reason": "已确认"})
                known.released.add(hold)
                self._keep_prints(known, [answer["requested"]] if answer["requested"] else [])
                return

    def _print(self) -> None:
        """Ask for a paper, unless many wait already."""
        if len(self.kept.prints) - len(self.peer.papers()) > _WAITING_MOST:
            return
        known = self._pick()
        self._ask_paper(known)
        body = {"orders": [{"number": known.number, "seen": known.revision}]}
        self._keep_prints(known, self._post("/terminals/0/prints", body)["results"])

    def _ask_paper(self, known: Known) -> None:
        with self.kept.lock:
            self.kept.asked[known.id, known.revision] += 1

    def _keep_prints(self, known: Known, results: list[Any]) -> None:
        with self.kept.lock:
            for result in results:
                for job in result["prints"]:
                    self.kept.prints[job] = (known.id, known.revision)

    def _settle(self) -> None:
        """Look whether the paper of an unknown outcome lies there, and say so."""
        mine = {known.number for known in self.orders}
        waiting = [
            one
            for one in self._again(lambda: self.client.get("/prints", state="unknown"))
            if one["number"] in mine
        ]
        if not waiting:
            return
        job = waiting[-1]["id"]
        came_out = any(paper.codes().get("code128") == job for paper in self.peer.papers())
        self._post(f"/prints/{job}/settlement", {"came_out": came_out})
        with self.kept.lock:
            self.kept.settled[job] = came_out

    def _look_up(self) -> None:
        known = self._pick()
        found = self._again(lambda: self.client.look_up(known.number))
        if found["external_id"] != known.external_id or found["revision"] != known.revision:
            raise Unexpected(f"{known} but {found}")

    def _search(self) -> None:
        sku = self._pick().sent["lines"][0]["sku"]
        self._again(lambda: self.client.search(sku))

    def _screen(self) -> None:
        self._again(lambda: self.client.screen(payment="paid", amount_min="159"))

    def _reveal(self) -> None:
        known = self._pick()
        shown = {"number": known.number, "id": known.id, "revision": known.revision}
        real = self._again(lambda: self.client.reveal(shown))
        if real["phone"] != known.sent["receiver"]["phone"]:
            raise Unexpected(f"{known} but {real}")
