"""SIGKILL of a station while its printer works, and of its desk in turn: what the station wrote down decides."""

import subprocess
import sys
from typing import Any

import msgspec

from tests.proofs.asking import Client, Unexpected, add_printer, become_owner
from tests.proofs.audit import find_twice
from tests.proofs.print_kills import PrintReign
from tests.proofs.running import ROOT, Beside, Ground, RunningDesk, wait_until
from tocsin.access.station import create_station_code
from tocsin.core.actor import desk_actor
from tocsin.core.clock import DAY_US, now_us
from tocsin.core.tenant import list_merchants
from tocsin.desk import open_desk
from tocsin.settings import Settings
from tocsin.station.paper_journal import Paper

_NAME = "后厨"
_TOLD_SECONDS = 60.0  # one that was handed over and lost with its station is asked for after ten


class Agent(Beside):
    """`tocsin station run` as a process of its own."""

    def __init__(self, desk: RunningDesk, *, name: str = _NAME, file: str = "station") -> None:
        super().__init__(desk, file)
        self._base, self.file, self.fault = desk.base, desk.folder / f"{file}.json", ""
        self.name = name

    def enrol(self, code: str) -> None:
        """Enrol it; its journal is as old as a station's that has worked for a day."""
        given = [
            "enrol",
            "--server",
            self._base,
            "--code",
            code,
            "--name",
            self.name,
            "--file",
            str(self.file),
        ]
        done = subprocess.run(
            [sys.executable, "-m", "tocsin", "station", *given], cwd=ROOT, capture_output=True, text=True
        )
        if done.returncode:
            raise Unexpected(done.stderr)
        born = Paper("", "", "born", now_us() - DAY_US)
        self.file.with_suffix(".papers").write_bytes(msgspec.json.encode(born) + b"\n")

    def work(self) -> None:
        """Let it work, broken where it is to be."""
        program = ("tests.proofs.broken_station", self.fault) if self.fault else ("tocsin",)
        given = ["station", "run", "--file", str(self.file), "--printer-network", "127.0.0.0/8"]
        self.start(*given, program=program)


class StationReign(PrintReign):
    """A desk whose printer hangs on a station; both are killed, the station more often."""

    def __init__(self, ground: Ground, engine: str, *, seed: int) -> None:
        super().__init__(ground, engine, seed=seed)
        self.agent, self.station_kills = Agent(self.desk), 0

    def set_up(self) -> None:
        """Start a desk with an owner, a station, and a printer there."""
        self.desk.start()
        self.client: Client = become_owner(self.desk)
        self.desk.stop()
        code = make_code(self.desk)
        self.desk.start()
        self.agent.enrol(code)
        self.agent.work()
        add_printer(self.client, self.peer.port, answer_seconds=3, station=_NAME)

    def begin(self, *, fault: str = "") -> None:
        """Set up and begin, without a second process at the database."""
        super(PrintReign, self).begin(fault=fault)

    def end_and_begin(self, *, fault: str = "") -> None:
        """Kill the station, every third time its desk; note how long papers in doubt take to be told unknown."""
        self.kills += 1
        killed_us, sending = now_us(), self._sending()
        if self.kills % 3 == 0:
            self.serving.clear()
            self.desk.kill()
            self.peer.switches.mute_queued = False
            self.desk.start(fault=fault)
            self.serving.set()
        else:
            self.station_kills += 1
            self.agent.kill()
            self.agent.work()
        wait_until(lambda: not sending & self._sending(), seconds=_TOLD_SECONDS, step_seconds=0.02)
        doubted = "SELECT id, ended_at_us FROM print_job WHERE state = 'unknown' AND reason = 'stopped'"
        self.shown_seconds += [
            (int(ended) - killed_us) / 1e6 for job, ended in self.desk.rows(doubted) if int(job) in sending
        ]

    def _sending(self) -> set[int]:
        return {int(row[0]) for row in self.desk.rows("SELECT id FROM print_job WHERE state = 'sending'")}

    def end(self, *, patience_seconds: float = 120) -> dict[str, Any]:
        """Return the figures of the other kills, with the station's."""
        return {**super().end(patience_seconds=patience_seconds), "station_kills": self.station_kills}

    def close(self) -> None:
        """End what was begun."""
        self.agent.kill()
        super().close()


def run_station_kills(ground: Ground, engine: str, *, kills: int, seed: int) -> dict[str, Any]:
    """Kill so often; two of three times while a paper is at the printer."""
    reign = StationReign(ground, engine, seed=seed)
    try:
        reign.begin()
        for n in range(kills):
            reign.kill(at_paper=n % 3 != 1)
        wait_until(reign.has_tried_all, seconds=60)
        return reign.end()
    finally:
        reign.close()


def find_forgetful_station(ground: Ground, engine: str, *, seed: int) -> bool:
    """Tell whether a station that writes nothing down is found: a paper of its comes twice."""
    reign = StationReign(ground, engine, seed=seed)
    reign.agent.fault = "forget_papers"
    try:
        reign.begin()
        for _ in range(5):
            # All of a paper's bytes are at the printer, and the station is waiting for its word.
            reign.peer.switches.mute_queued = True
            reign.peer.wait_papers(len(reign.peer.papers()) + 1, 60)
            reign.end_and_begin()
            reign.peer.switches.mute_queued = False
            if wait_until(
                lambda: find_twice(reign.desk, reign.peer, reign.kept), seconds=20, step_seconds=0.5
            ):
                return True
    finally:
        reign.close()
    return False


def make_code(desk: RunningDesk) -> str:
    opened = open_desk(Settings(data_dir=str(desk.folder / "data"), database_url=desk.database_url))
    try:
        (merchant,) = opened.db.read(0, list_merchants)
        made = opened.db.write(merchant.id, lambda tx: create_station_code(tx, desk_actor(merchant.id)))
        return made.code
    finally:
        opened.close()
