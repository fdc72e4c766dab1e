"""The command `tocsin`: each command is a module of this folder, imported when it is called.

A station is a small machine: it loads neither the database nor what draws papers for a command that needs none.
"""

from importlib import import_module

import click

from tocsin.core.collector import collector_paused

COMMANDS = (
    "serve", "worker", "merchant", "fleet", "operator", "alarm", "station", "doctor", "backup", "restore", "verify", "partition",
)  # fmt: skip


class _Commands(click.Group):
    """The commands by their names, none of which is imported before it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        with collector_paused(stays=True):
            found: click.Command = getattr(import_module(f"tocsin.cli.{cmd_name}"), cmd_name)
        return found


@click.group(cls=_Commands)
@click.version_option(package_name="tocsin")
def cli() -> None:
    """Tocsin, an order desk that sounds the alarm."""
