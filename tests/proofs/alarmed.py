"""A desk with sirens around it: a real broker, a relay as a process of its own, a Modbus board, and who tries to get in."""

import re
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from tests.peers.modbus_board import ModbusBoard
from tests.peers.mosquitto_broker import Broker
from tests.proofs.running import ROOT, Ground, RunningDesk, wait_until
from tocsin.access.session import csrf_token
from tocsin.console.ask import ask
from tocsin.console.operators import CreateIn, OperatorOut
from tocsin.settings import Settings

TOPIC = "siren1"
STEP_SECONDS = 0.001
# Below what locks an account, whoever tries from wherever.
TRIES_PER_ACCOUNT = 8


class Relay:
    """The relay's process and its log: each change of the relay with the machine's wall clock, before it is told."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._port = folder, port
        self.log = folder / "relay.log"
        self.log.touch()
        self.start()

    def start(self) -> None:
        """Plug it in."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.peers.tasmota_relay", str(self._port), TOPIC, str(self.log)],
            cwd=ROOT, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None and self.process.stdout.readline(), "the relay did not start"

    def kill(self) -> None:
        """Cut its power."""
        self.process.kill()
        self.process.wait(10)

    def changes(self) -> list[tuple[float, str]]:
        """Return (time, ON or OFF) of each change."""
        rows = [line.split() for line in self.log.read_text().splitlines()]
        return [(float(at), state) for at, _, state in rows]

    def wait_for(self, state: str, *, since: float, seconds: float) -> float | None:
        """Return when it was so for the first time since an instant, None where it was not."""
        found: list[float] = []

        def look() -> bool:
            found.extend(at for at, told in self.changes() if told == state and at >= since)
            return bool(found)

        return found[0] if wait_until(look, seconds=seconds, step_seconds=STEP_SECONDS) else None


class Alarmed:
    """One desk, strict, with a relay that sounds and a Modbus board that takes over."""

    def __init__(self, ground: Ground, engine: str, *, accounts: int, fault: str = "") -> None:
        self.names = [f"clerk{n}" for n in range(accounts)]
        self._numbers, self._ends = iter(range(10**6)), ExitStack()
        try:
            self.desk: RunningDesk = ground.make_desk(engine)
            self._ends.callback(self.desk.stop)
            self.broker = Broker(self.desk.folder / "broker")
            self._ends.callback(self.broker.stop)
            self.relay = Relay(self.desk.folder, self.broker.port)
            self._ends.callback(self.relay.kill)
            self.board = ModbusBoard()
            self._ends.callback(self.board.close)
            self.desk.start(fault=fault)
            self._set_up()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End everything that was begun."""
        self._ends.close()

    def try_wrong(self, name: str, *, number: int | None = None) -> tuple[float, int]:
        """Send a wrong password from an address of its own; return when it left and how it was answered."""
        number = next(self._numbers) if number is None else number
        with self._browser(
            f"127.{20 + number // 200 % 200}.{number % 200}.{1 + number // 40_000}"
        ) as browser:
            left = time.time()
            answer = browser.post("/sign-in/password", data={"username": name, "password": f"wrong {number}"})
            return left, answer.status_code

    def open_incidents(self) -> list[int]:
        """Return the open incidents, but those of the sirens themselves, which end when they are back."""
        return [int(row[0]) for row in self.desk.rows(
            "SELECT id FROM incident WHERE cleared_at_us IS NULL AND kind <> 'siren_vanished'"
        )]  # fmt: skip

    def clear(self) -> None:
        """Clear what is open, over HTTP as the owner, and wait until the sirens are still."""
        cleared = time.time()
        was_on = bool(self.relay.changes()) and self.relay.changes()[-1][1] == "ON"
        for incident in self.open_incidents():
            answer = self._post(f"/incidents/{incident}/clearance")
            assert answer.status_code == 303, answer.text[:500]
        if was_on:
            assert self.relay.wait_for("OFF", since=cleared, seconds=10), "the relay stays on"

    def is_settled(self) -> bool:
        """Tell whether every siren has confirmed that it is off."""
        return {row[0] for row in self.desk.rows("SELECT state FROM siren WHERE removed = 0")} == {"off"}

    def rows_of(self, sql: str) -> int:
        """Return a count."""
        return int(self.desk.rows(sql)[0][0])

    def wait_board(self, *, seconds: float) -> float | None:
        """Return when the board's coil is on."""
        found = wait_until(lambda: self.board.coils(1)[0], seconds=seconds, step_seconds=0.002)
        return time.time() if found else None

    def _set_up(self) -> None:
        settings = Settings(data_dir=str(self.desk.folder / "data"), database_url=self.desk.database_url)
        password = secrets.token_urlsafe(18)

        def create(name: str, role: str) -> None:
            ask(
                settings,
                "operator.create",
                CreateIn(name=name, role=role, password=password),
                result=OperatorOut,
            )

        create("owner", "owner")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda name: create(name, "clerk"), self.names))
        self.owner = self._browser("127.0.0.1")
        entered = self.owner.post("/sign-in/password", data={"username": "owner", "password": password})
        assert entered.status_code == 303, entered.text[:500]
        rules = {
            "revision": "0",
            "profile": "strict",
            "sound_seconds": "30",
            "quiet_minutes": "10",
            "escalate_minutes": "3, 10",
        }
        assert self._post("/settings/alarm", **rules).status_code == 303
        mqtt = {
            "options.host": "127.0.0.1",
            "options.tcp_port": str(self.broker.port),
            "options.topic": TOPIC,
        }
        modbus = {
            "options.line": "tcp",
            "options.host": "127.0.0.1",
            "options.tcp_port": str(self.board.port),
        }
        for driver, options in (("mqtt", mqtt), ("modbus", {**modbus, "backup": "1"})):
            made = self._post("/settings/sirens", driver=driver, name=driver, rank="1", **options)
            assert made.status_code == 303, re.findall(r"class=\"error\".*?</p>", made.text)
        assert wait_until(self.is_settled, seconds=20), self.desk.log_end()

    def _browser(self, address: str) -> httpx.Client:
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.desk.port}", transport=httpx.HTTPTransport(local_address=address),
            headers={"host": f"localhost:{self.desk.port}", "origin": self.desk.base}, timeout=120, trust_env=False,
        )  # fmt: skip

    def _post(self, path: str, **fields: Any) -> httpx.Response:
        token = next(value for name, value in self.owner.cookies.items() if name.endswith("tocsin_session"))
        return self.owner.post(path, data={**fields, "csrf": csrf_token(token)})
