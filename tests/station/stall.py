"""A stall: a counter whose printer hangs on a station, as tests of station printing use it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.counter import Counter
from tests.peers.escpos_peer import EscposPeer
from tests.station.counter import Shop, Working, wait_for
from tocsin.core.command import ask_station, command
from tocsin.core.statement import Statement, bind, own
from tocsin.station.identity import save_identity
from tocsin.station.line import Line
from tocsin.station.paper_journal import PaperJournal
from tocsin.tickets.device import add_printer
from tocsin.tickets.errand import SEND
from tocsin.tickets.terminal import Requested

_ASKED = Statement[tuple[int]](
    sa.select(sa.func.count()).select_from(command).where(own(command), command.c.kind == bind("kind", str))
)


class Stall(Counter):
    """A counter whose one printer hangs on the shop's station."""

    def __init__(self, shop: Shop, peer: EscposPeer, folder: Path) -> None:
        super().__init__(shop.house, peer, shop.house.actor())
        self.shop, self.path = shop, folder / "station.papers"
        self.at_work = list[Working]()
        self.process: subprocess.Popen[bytes] | None = None
        self.do(
            add_printer, name="后厨", kind="escpos_network", options={"host": "127.0.0.1", "port": peer.port, "answer_timeout_seconds": 5},
            station_id=shop.station_id,
        )  # fmt: skip

    def work(self, *, papers: bool = True) -> Working:
        """Let the agent work."""
        self.at_work.append(Working(self.shop, papers=PaperJournal(self.path) if papers else None).ready())
        return self.at_work[-1]

    def run_agent(self) -> None:
        """Let the agent work as a process of its own, which may be killed."""
        file = self.path.with_suffix(".json")
        if not file.exists():
            save_identity(file, self.shop.identity, new=True)
        before = self.shop.found().last_seen_us
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tocsin", "station", "run", "--file", str(file), "--printer-network", "127.0.0.0/8"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(lambda: self.shop.found().last_seen_us > before)

    def kill(self) -> None:
        """Kill the agent, as a power cut does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def wait_written(self, what: str) -> None:
        """Wait until the journal holds a word."""
        wait_for(lambda: f'"{what}"'.encode() in self.path.read_bytes())

    def line(self) -> Line:
        """Return a line of the station, for a test that speaks for it."""
        return Line(self.shop.identity)

    def come_by_hand(self) -> None:
        """Be seen by the desk."""
        self.line().post("/api/v1/station/state", {})

    def take_by_hand(self) -> int:
        """Take the ticket that is handed over; return its command's id."""
        found = self.line().post("/api/v1/station/commands", {"wait_seconds": 10}, wait_seconds=10)[
            "commands"
        ]
        return next(int(one["id"]) for one in found if one["kind"] == SEND)

    def tell(self, command: int, job: int, **outcome: Any) -> bool:
        """Tell what became of a ticket."""
        told = {"paper": str(command), "job": str(job), "outcome": outcome, "of_a_later_version": 1}
        return bool(self.line().post("/api/v1/station/papers", told)["keep"])

    def command(self, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Return what the station answers to a command."""
        given = {"station_id": self.shop.station_id, "kind": kind, "payload": payload, "seconds": 10}
        return self.shop.answer_of(self.db.write(self.house.merchant_id, lambda tx: ask_station(tx, **given)))

    def asked(self, kind: str) -> int:
        """Return how many commands of a kind were ever given to a station."""
        return int(self.db.read(self.house.merchant_id, lambda tx: tx.value(_ASKED, kind=kind)) or 0)

    def ask_for_one(self, quantity: int = 2) -> int:
        """Take an order in and ask for its ticket."""
        asked: Requested = self.print(self.take(quantity=quantity).order_id)
        return asked.job_ids[0]
