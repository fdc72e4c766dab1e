"""The fleet from the console."""

from tocsin.console.command import Caller, Command
from tocsin.console.merchants import Nothing
from tocsin.fleet import Fleet, read_fleet


def read(caller: Caller, _: Nothing) -> Fleet:
    """Return how every merchant's shops are."""
    return read_fleet(caller.desk)


COMMANDS = {"fleet.read": Command(Nothing, read)}
