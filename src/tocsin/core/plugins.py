"""Plug-ins: found by scanning a plural folder and by entry points `tocsin.<folder>`.

A plug-in module carries `PLUGIN`, an object that meets the contract of the singular file.
One new file is all that a new check, printer, importer, format or queue needs.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from tocsin.core.errors import Refusal


class PluginBroken(Refusal):
    """The plug-in {name} of {folder} can't be loaded: {reason}"""

    kind, code = "broken", "plugin_broken"


def load_plugins(folder: str) -> dict[str, Any]:
    """Return each plug-in of a folder such as `tickets.checks`, by module name, sorted; looked for once per process.

    Raises:
        PluginBroken: a module has no `PLUGIN`, or two carry the same name.
    """
    return dict(_found(folder))


@cache
def _found(folder: str) -> Mapping[str, Any]:
    package = importlib.import_module(f"tocsin.{folder}")
    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(package.__path__):
        found[module.name] = _plugin_of(importlib.import_module(f"{package.__name__}.{module.name}"), folder)
    for point in entry_points(group=f"tocsin.{folder}"):
        if point.name in found:
            raise PluginBroken(name=point.name, folder=folder, reason="the name is taken")
        found[point.name] = point.load()
    return dict(sorted(found.items()))


def load_plugin(folder: str, name: str) -> Any | None:
    """Return one plug-in of a folder, and import no other; None where there is none of that name.

    Raises:
        PluginBroken: its module has no `PLUGIN`.
    """
    package = importlib.import_module(f"tocsin.{folder}")
    if name in {module.name for module in pkgutil.iter_modules(package.__path__)}:
        return _plugin_of(importlib.import_module(f"{package.__name__}.{name}"), folder)
    return next((point.load() for point in entry_points(group=f"tocsin.{folder}", name=name)), None)


def _plugin_of(module: Any, folder: str) -> Any:
    if not hasattr(module, "PLUGIN"):
        raise PluginBroken(name=module.__name__.rsplit(".", 1)[1], folder=folder, reason="it has no PLUGIN")
    return module.PLUGIN
