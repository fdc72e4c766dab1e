"""Asking the console: the running desk where one listens, else the installation itself, opened for one command."""

import os
from typing import TypeVar

import msgspec
from msgspec import Struct

from tocsin.console.answer import run_command
from tocsin.console.wire import Answered, Asked, connect, console_path, receive, send
from tocsin.core.errors import Refusal
from tocsin.desk import open_desk
from tocsin.settings import Settings

R = TypeVar("R")


class ConsoleRefused(Refusal):
    """{said}"""

    kind, code = "refused", "console_refused"


class ConsoleSilent(Refusal):
    """The running desk did not answer at its console: look at its log, and ask again as its user or as root"""

    kind, code = "broken", "console_silent"


class NoDeskThere(Refusal):
    """There is no desk in {folder}: give the data folder of the desk that is meant (--data-dir), or start it with serve"""

    kind, code = "missing", "no_desk_there"


def ask(settings: Settings, command: str, given: Struct, *, result: type[R]) -> R:
    """Run a command and return its result.

    Raises:
        ConsoleRefused, ConsoleSilent: the running desk refused it, or is in trouble.
        NoDeskThere: none runs, and none was ever made there: a command makes no new installation.
        Refusal: what the command itself refuses, where no desk runs.
    """
    asked = Asked(command, msgspec.Raw(msgspec.json.encode(given)))
    connection = connect(console_path(settings))
    if connection is None:
        if not settings.database_url and not settings.path("desk.sqlite").is_file():
            raise NoDeskThere(folder=str(settings.path().resolve()))
        desk = open_desk(settings)
        try:
            found = run_command(desk, asked, user=os.getuid())
            return msgspec.convert(msgspec.to_builtins(found), result)
        finally:
            desk.close()
    try:
        with connection:
            send(connection, asked)
            line = receive(connection)
    except OSError:
        raise ConsoleSilent from None
    if not line.endswith(b"\n"):
        raise ConsoleSilent
    answered = msgspec.json.decode(line, type=Answered)
    if answered.refused:
        raise ConsoleRefused(said=answered.refused)
    return msgspec.convert(answered.result, result)
