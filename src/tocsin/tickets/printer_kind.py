"""What tells kinds of printers apart, beside what every kind has: who comes by itself, and who hangs on a cloud."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.core.plugins import load_plugins
from tocsin.tickets.printer import Printer


@cache
def loaded_printers() -> Mapping[str, Printer]:
    """Return each kind's plug-in by its name; loaded once per process: the spool asks for them each second."""
    return load_plugins("tickets.printers")


def comes(kind: str) -> bool:
    """Tell whether printers of a kind come for their papers: to those nothing is sent."""
    return bool(_trait(kind, "comes", False))


def is_cloud(kind: str) -> bool:
    """Tell whether papers of printers of a kind leave the site, to their maker's cloud."""
    return bool(_trait(kind, "cloud", False))


def hears_pushes(kind: str) -> bool:
    """Tell whether the cloud of a kind of printers calls the desk when there is news of a paper."""
    return _trait(kind, "read_push", None) is not None


def part_options(kind: str, options: Struct) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a printer's options that may be shown, and those that are kept sealed."""
    hidden = _trait(kind, "hidden", frozenset())
    shown = {name: value for name, value in msgspec.to_builtins(options).items() if name not in hidden}
    return shown, {name: str(getattr(options, name)) for name in hidden}


def _trait(kind: str, name: str, default: Any) -> Any:
    return getattr(loaded_printers().get(kind), name, default)
