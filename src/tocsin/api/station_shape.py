"""What stations and the desk tell each other, as JSON."""

from typing import Any, Literal

from msgspec import Struct

from tocsin.tickets.printer import PrintOutcome

WAIT_SECONDS = 20.0


class EnrolmentIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A new station: the code that a manager made, its name and key, and a proof that the key is its own."""

    code: str
    name: str
    public_key: str
    proof: str
    version: str = ""


class EnrolledOut(Struct, frozen=True):
    """How the station calls itself from now on, and whose it is."""

    station: str
    merchant: str


class PollIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A station that waits for commands, for 20 seconds at most."""

    version: str = ""
    wait_seconds: float = WAIT_SECONDS


class CommandOut(Struct, frozen=True):
    """One command; `seconds` are left to do it in."""

    id: str
    kind: str
    payload: dict[str, Any]
    seconds: float


class CommandsOut(Struct, frozen=True):
    """What there is to do; none after a wait in which nothing came."""

    commands: list[CommandOut]


class AnswerIn(Struct, frozen=True, forbid_unknown_fields=True):
    """What came of a command; of `reader.verify` the statement that the station signed."""

    command: str
    result: dict[str, Any] = {}
    said: str = ""
    signature: str = ""


class ProgressIn(Struct, frozen=True, forbid_unknown_fields=True):
    """How far a command is."""

    command: str
    progress: dict[str, Any]


class StateIn(Struct, frozen=True, forbid_unknown_fields=True):
    """How a station's reader is, or that it leaves for now."""

    reader: Literal["none", "ready", "vanished"] = "none"
    driver: str = ""
    leaving: bool = False


class PaperIn(Struct, frozen=True):
    """What became of a ticket at a station: `paper` is the command by which it came there; no outcome: it was never begun."""

    paper: str
    job: str
    outcome: PrintOutcome | None = None


class TakenOut(Struct, frozen=True):
    """It was taken; `keep` tells an enrolled finger to stay."""

    keep: bool = True
