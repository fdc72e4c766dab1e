"""The console's answers: a command is looked up, its words are read, and it runs."""

from typing import Any

import msgspec

from tocsin.console import alarm, fleet, merchants, operators
from tocsin.console.command import Caller
from tocsin.console.wire import Answered, Asked
from tocsin.core.errors import Refusal
from tocsin.core.log import get_log
from tocsin.core.telemetry import doing
from tocsin.desk import Desk

COMMANDS = {**operators.COMMANDS, **merchants.COMMANDS, **fleet.COMMANDS, **alarm.COMMANDS}
_BROKEN = "the desk made a mistake; nothing was changed: its log tells more"
_log = get_log("console")


class CommandUnknown(Refusal):
    """The running desk does not know this command: use the version of tocsin that it runs"""

    kind, code = "invalid", "command_unknown"


def run_command(desk: Desk, asked: Asked, *, user: int) -> Any:
    """Run a command as a user of this machine; return its result.

    Raises:
        CommandUnknown: there is none such.
        Refusal: what the command refuses.
        msgspec.ValidationError: it was given other words.
    """
    command = COMMANDS.get(asked.command)
    if command is None:
        raise CommandUnknown
    given = msgspec.json.decode(asked.given, type=command.given)
    with doing("task", f"console {asked.command}"):
        return command.run(Caller(desk, user), given)


def answer(desk: Desk, line: bytes, *, user: int) -> Answered:
    """Return what is answered to one line, whatever it holds."""
    try:
        asked = msgspec.json.decode(line, type=Asked)
        _log.info("console", command=asked.command, user=user)
        return Answered(run_command(desk, asked, user=user))
    except Refusal as refusal:
        return Answered(refused=refusal.message())
    except msgspec.DecodeError:
        return Answered(refused=CommandUnknown.template())
    except Exception as fault:  # noqa: BLE001 - who asks must hear of it, and the console goes on
        _log.error("console_failed", exc_info=fault)
        return Answered(refused=_BROKEN)
