"""The format contract: rows of text become a file that a program can read and a spreadsheet can't run."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import BinaryIO, Protocol

from tocsin.core.errors import Refusal
from tocsin.core.plugins import load_plugins


class OutputUnknown(Refusal):
    """There is no file format “{format}”: choose one of {formats}"""

    kind, code = "invalid", "output_unknown"


class Format(Protocol):
    """A plug-in of `orders/formats`: one kind of file that orders are written as."""

    name: str
    title: str
    media_type: str
    suffix: str

    def write(self, columns: Sequence[str], rows: Iterable[tuple[str, ...]], out: BinaryIO) -> int:
        """Write a heading row and the rows; return how many rows, the heading not counted."""
        ...


@cache
def every_format() -> dict[str, Format]:
    """Return each format by name."""
    return {plugin.name: plugin for plugin in load_plugins("orders.formats").values()}


def find_format(name: str) -> Format:
    """Return a format by name.

    Raises:
        OutputUnknown: there is none of that name.
    """
    found = every_format()
    if name not in found:
        raise OutputUnknown(format=name[:40], formats=", ".join(found))
    return found[name]
