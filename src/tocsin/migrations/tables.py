"""Every chapter's tables, loaded into the one metadata."""

import importlib
import pkgutil

import sqlalchemy as sa

from tocsin.core.schema import metadata

_CHAPTERS = ("core", "alarm", "access", "orders", "tickets")


def all_tables() -> sa.MetaData:
    """Import each module that may declare tables and return the metadata."""
    for chapter in _CHAPTERS:
        package = importlib.import_module(f"tocsin.{chapter}")
        for module in pkgutil.iter_modules(package.__path__):
            if not module.ispkg:
                importlib.import_module(f"{package.__name__}.{module.name}")
    importlib.import_module("tocsin.core.queues.embedded")  # the one plug-in with a table
    return metadata


def is_directory(table: sa.Table) -> bool:
    """Tell whether a table stands outside row-level security."""
    return bool(table.info.get("directory"))


def is_append_only(table: sa.Table) -> bool:
    """Tell whether rows of a table may only be added."""
    return bool(table.info.get("append_only"))
