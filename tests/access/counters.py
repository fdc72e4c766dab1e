"""Builders: an enrolled desk at which a station's reader stands, operators with fingers, and what the station answers."""

from typing import Any

import msgspec
from msgspec.structs import replace

from tests.access.people import right_hash
from tests.access.stations import COUNTER, Machine, make_machine
from tests.house import House, make_house
from tocsin.access.desk import enrol_desk
from tocsin.access.desk_reader import place_reader
from tocsin.access.finger import ask_enrolment, settle_enrolment
from tocsin.access.finger_answer import Taken, take_answer
from tocsin.access.finger_attempt import Opened, open_attempt
from tocsin.access.operator import add_operator
from tocsin.access.presence import note_reader
from tocsin.access.reader import FINGERS, ReaderAnswer, answer_text
from tocsin.access.station import find_station
from tocsin.access.verification import find_candidate
from tocsin.core import clock
from tocsin.core.actor import Actor
from tocsin.core.command import Command, answer_command, read_command, take_commands
from tocsin.core.db import Database
from tocsin.core.ident import new_id
from tocsin.core.signature import sign


class Counter:
    """A desk with a reader in a shop of its own."""

    def __init__(self, db: Database, *, house: House | None = None) -> None:
        self.db, self.house = db, house or make_house(db)
        self.merchant_id = self.house.merchant_id
        self.machine: Machine = make_machine(db, house=self.house)
        self.station: Actor = self.machine.actor()
        self.station_id = self.machine.id
        self.owner_id = self.operator("owner")
        self.owner = self.actor("owner", actor_id=self.owner_id)
        made = self.write(lambda tx: enrol_desk(tx, self.owner, name="前台", place="", shop_id=0))
        self.desk_id, self.desk = made.id, made.token
        self.note("ready")
        self.write(lambda tx: place_reader(tx, self.owner, desk_id=self.desk_id, station_id=self.machine.id))

    def write(self, verb: Any) -> Any:
        return self.db.write(self.merchant_id, verb)

    def read(self, verb: Any) -> Any:
        return self.db.read(self.merchant_id, verb)

    def note(self, state: str) -> None:
        """The station says how its reader is."""
        self.machine.actor()
        self.write(lambda tx: note_reader(tx, self.station, state=state, driver="fprintd"))  # type: ignore[arg-type]

    def actor(self, role: str, *, actor_id: int, session_id: int = 0) -> Actor:
        """Return somebody who has just proved who he is."""
        found = self.house.actor(role, actor_id=actor_id)
        return replace(found, proved_at_us=clock.now_us(), session_id=session_id)

    def operator(self, role: str = "clerk", *, name: str = "") -> int:
        """Return the id of a new operator."""
        return self.write(lambda tx: add_operator(
            tx, name=name or f"{role}-{new_id()}", display_name=role, role=role, password_hash=right_hash(),
            locale="zh_CN", zone="Asia/Shanghai", created_by=0,
        ))  # fmt: skip

    def with_finger(self, operator_id: int, *, name: str = FINGERS[0]) -> int:
        """Enrol a finger of an operator, as his owner has it done; return the command's id."""
        command_id = self.ask_finger(operator_id, name=name)
        assert self.answer_enrolment(command_id, "enrolled")
        return command_id

    def ask_finger(self, operator_id: int, *, name: str = FINGERS[0], by: Actor | None = None) -> int:
        self.come()
        return self.write(lambda tx: ask_enrolment(
            tx, by or self.owner, operator_id=operator_id, station_id=self.station_id, name=name
        ))  # fmt: skip

    def come(self) -> None:
        """The station is seen now."""
        self.machine.actor()

    def answer_enrolment(self, command_id: int, outcome: str) -> bool:
        self.commands()

        def settle(tx: Any) -> bool:
            asked = read_command(tx, command_id=command_id)
            assert asked is not None
            answer_command(tx, station_id=self.machine.id, command_id=command_id, answer={"outcome": outcome})
            return settle_enrolment(tx, self.station, asked, outcome=outcome)

        return bool(self.write(settle))

    def commands(self) -> list[Command]:
        """Take what the station is asked."""
        return self.write(lambda tx: take_commands(tx, station_id=self.machine.id))

    def open(
        self, name: str, *, desk: str | None = None, purpose: str = "sign_in", session_id: int = 0
    ) -> Any:
        """Open an attempt at the desk; the station is there."""
        self.machine.actor()
        return open_attempt(
            self.db, find_candidate(self.db, name), purpose=purpose, desk_token=self.desk if desk is None else desk,  # type: ignore[arg-type]
            address=COUNTER, session_id=session_id,
        )  # fmt: skip

    def begin(self, name: str, **more: Any) -> "Asked":
        """Open an attempt and take it at the station."""
        opened = self.open(name, **more)
        assert isinstance(opened, Opened), opened
        taken = [one for one in self.commands() if one.kind == "reader.verify"]
        assert len(taken) == 1, taken
        return Asked(self, opened.token, taken[0])


class Asked:
    """An attempt that is open at the station."""

    def __init__(self, counter: Counter, token: str, command: Command) -> None:
        self.counter, self.token, self.command = counter, token, command

    def said(self, result: str = "match", **changed: Any) -> str:
        """Return what the station says, changed where a test says so."""
        payload = self.command.payload
        answer = ReaderAnswer(
            attempt=payload["attempt"], nonce=payload["nonce"], operator=payload["operator"], desk=payload["desk"],
            station=self.counter.machine.name, result=result, bad_scans=0, problem="", time_us=clock.now_us(),  # type: ignore[arg-type]
        )  # fmt: skip
        return msgspec.json.encode(replace(answer, **changed)).decode()

    def answer(
        self, result: str = "match", *, said: str = "", signature: str = "", key: bytes = b"", command_id: int = 0, **changed: Any
    ) -> Taken:  # fmt: skip
        """Have the station answer; return what became of it."""
        machine = self.counter.machine
        said = said or self.said(result, **changed)
        signature = signature or sign(key or machine.key, answer_text(said))
        station = self.counter.read(lambda tx: find_station(tx, station_id=machine.id))
        return take_answer(
            self.counter.db, station, self.counter.station, said=said, signature=signature,
            command_id=command_id or self.command.id, address=COUNTER,
        )  # fmt: skip
