"""A desk that serves over a real socket in a thread, and the agent of a station that works for it."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from tests.access.counters import Counter
from tests.access.stations import make_code
from tests.apps import app_of
from tests.databases import free_port
from tests.house import make_house
from tocsin.access.desk import enrol_desk
from tocsin.access.desk_reader import place_reader
from tocsin.access.finger import ask_enrolment
from tocsin.access.finger_attempt import Opened, attempt_state, open_attempt
from tocsin.access.reader import FINGERS
from tocsin.access.readers.memory import MemoryDriver, hand
from tocsin.access.station import Station, find_station
from tocsin.access.verification import find_candidate
from tocsin.core.command import read_command
from tocsin.core.db import Database
from tocsin.core.ident import new_id
from tocsin.core.signature import make_key, station_ids
from tocsin.desk import Desk
from tocsin.settings import Settings
from tocsin.station.agent import Agent
from tocsin.station.identity import Identity
from tocsin.station.line import Line
from tocsin.station.paper_journal import PaperJournal


class ServedDesk:
    """An app over a socket of its own, without what runs in the background; `open` requests are not answered yet."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.port = free_port()
        self.base = f"http://localhost:{self.port}"
        self.desk, self.open = Desk(Settings(data_dir=str(folder), port=self.port), db), 0
        self.start()

    def start(self) -> None:
        """Serve."""
        self.desk.closing = False
        self._loop = asyncio.new_event_loop()
        app = app_of(self.desk)

        async def counted(*given: Any) -> None:
            self.open += 1
            try:
                await app(*given)
            finally:
                self.open -= 1

        self._server = Server(
            counted, address="127.0.0.1", port=self.port, interface=Interfaces.ASGINL, http=HTTPModes.http1,
            websockets=False, log_enabled=False,
        )  # fmt: skip
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Serve no more."""
        self.desk.closing = True
        self._server.interrupt_signal = True
        self._loop.call_soon_threadsafe(self._server.main_loop_interrupt.set)
        self._thread.join(10)

    def close(self) -> None:
        self.stop()
        self.desk.close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._server.serve())


class Shop(Counter):
    """A merchant with an enrolled desk, whose station is a running agent with a reader in memory."""

    def __init__(self, db: Database, served: ServedDesk) -> None:
        self.db, self.served, self.house = db, served, make_house(db)
        self.merchant_id, self.tray_name = self.house.merchant_id, f"shop-{new_id()}"
        self.tray = hand(self.tray_name)
        self.owner_id = self.operator("owner")
        self.owner = self.actor("owner", actor_id=self.owner_id)
        self.identity = self.enrol()
        self.station_id = station_ids(self.identity.station)[1]
        made = self.write(lambda tx: enrol_desk(tx, self.owner, name="前台", place="", shop_id=0))
        self.desk_id, self.desk = made.id, made.token
        self.write(lambda tx: place_reader(tx, self.owner, desk_id=self.desk_id, station_id=self.station_id))

    def enrol(self, name: str = "Counter") -> Identity:
        """Enrol a machine over the wire."""
        made = Identity(self.served.base, "", make_key())
        line = Line(made)
        named = line.enrol(code=make_code(self.house), name=name, version="0.1")
        line.close()
        return Identity(made.server, named, made.key)

    def come(self) -> None:
        """The agent comes by itself."""

    def found(self) -> Station:
        station: Station = self.read(lambda tx: find_station(tx, station_id=self.station_id))
        return station

    def ask(self, name: str) -> str:
        """Open an attempt; return its token."""
        opened = open_attempt(
            self.db,
            find_candidate(self.db, name),
            purpose="sign_in",
            desk_token=self.desk,
            address="192.0.2.1",
        )
        assert isinstance(opened, Opened), opened
        return opened.token

    def state(self, token: str) -> str:
        """Return how an attempt stands once it is no longer open."""
        wait_for(lambda: attempt_state(self.db, token) not in ("open", "asking"))
        return attempt_state(self.db, token)

    def teach(self, operator_id: int, touch: str, *, name: str = FINGERS[0]) -> dict[str, Any]:
        """Enrol a finger; return what the station answered."""
        asked = self.write(lambda tx: ask_enrolment(
            tx, self.owner, operator_id=operator_id, station_id=self.station_id, name=name
        ))  # fmt: skip
        self.tray.put(touch, touch, touch)
        return self.answer_of(asked)

    def answer_of(self, command_id: int) -> dict[str, Any]:
        """Return what the station answered."""

        def look() -> dict[str, Any] | None:
            found = self.read(lambda tx: read_command(tx, command_id=command_id))
            return found.result() if found else None

        wait_for(lambda: look() is not None)
        return look() or {}


class Working:
    """A running agent."""

    def __init__(
        self, shop: Shop, *, reader: bool = True, identity: Identity | None = None, papers: PaperJournal | None = None
    ) -> None:  # fmt: skip
        self.shop, self.stop, self.said = shop, threading.Event(), list[str]()
        self.fault: list[BaseException] = []
        identity = identity or shop.identity
        self.line = Line(identity)
        self.agent = Agent(
            identity, self.line, driver=MemoryDriver() if reader else None, options={"tray": shop.tray_name}, say=self.said.append,
            papers=papers,
        )  # fmt: skip
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def ready(self) -> "Working":
        """Wait until the desk knows of it."""
        wait_for(lambda: any("is reached" in line for line in self.said))
        wait_for(lambda: self.shop.found().version == version("tocsin"))
        return self

    def end(self) -> None:
        """Stop it properly."""
        self.stop.set()
        self._thread.join(15)
        assert not self._thread.is_alive()

    def cut(self) -> None:
        """Cut its line, as a power cut would: it says no goodbye."""
        self.agent._ending.set()
        pool = self.line._http._transport._pool  # type: ignore[attr-defined]
        wait_for(lambda: pool.connections and all(held._connection for held in pool.connections))
        until = time.monotonic() + 10
        while self._thread.is_alive():  # also what it was about to open
            assert time.monotonic() < until, "the agent goes on"
            for held in pool.connections:
                with suppress(OSError, AttributeError):
                    held._connection._network_stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            time.sleep(0.01)

    def _run(self) -> None:
        try:
            self.agent.run(self.stop)
        except BaseException as fault:
            self.fault.append(fault)


def wait_for(condition: Callable[[], Any], *, seconds: float = 15) -> None:
    """Wait until a condition holds, which it must."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.01)
