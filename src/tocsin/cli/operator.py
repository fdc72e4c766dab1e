"""`tocsin operator`: who may sign in, from the machine that runs the desk, whether it runs or not."""

import click
from msgspec import Struct

from tocsin.access.operator import OPERATOR_ROLES
from tocsin.cli.start import MERCHANT, with_settings
from tocsin.console.ask import ask
from tocsin.console.operators import (
    CodeOut,
    CreateIn,
    LinkOut,
    MerchantIn,
    NameIn,
    OperatorOut,
    SuspendIn,
    UnlockedOut,
)
from tocsin.settings import Settings


@click.group()
def operator() -> None:
    """Create, list and suspend operators; let the right person in again."""


@operator.command("create")
@with_settings
@MERCHANT
@click.argument("name")
@click.option("--display-name", default="", help="Name that others see.")
@click.option(
    "--role",
    type=click.Choice(OPERATOR_ROLES),
    default="clerk",
    help=f"What he may do: {', '.join(OPERATOR_ROLES)}; clerk if not given.",
)
@click.password_option(help="Password; asked for where it is not given.")
def create(
    settings: Settings, *, merchant: int, name: str, display_name: str, role: str, password: str
) -> None:
    """Create an operator."""
    given = CreateIn(name=name, role=role, password=password, display_name=display_name, merchant=merchant)
    made = ask(settings, "operator.create", given, result=OperatorOut)
    click.echo(f"{made.id}\t{made.role}\t{made.name}")


@operator.command("list")
@with_settings
@MERCHANT
def list_(settings: Settings, *, merchant: int) -> None:
    """List the operators: id, role, whether active, name."""
    for one in ask(settings, "operator.list", MerchantIn(merchant), result=list[OperatorOut]):
        click.echo(f"{one.id}\t{one.role}\t{'active' if one.active else 'suspended'}\t{one.name}")


@operator.command("suspend")
@with_settings
@MERCHANT
@click.argument("operator_id", type=int)
def suspend(settings: Settings, *, merchant: int, operator_id: int) -> None:
    """Suspend an operator: his sessions end at once."""
    ask(settings, "operator.suspend", SuspendIn(operator_id, merchant), result=type(None))
    click.echo(f"{operator_id}\tsuspended")


@operator.command("unlock")
@with_settings
@click.argument("name")
def unlock(settings: Settings, *, name: str) -> None:
    """Lift every lock that wrong tries have put on a sign-in name."""
    made = ask(settings, "operator.unlock", NameIn(name), result=UnlockedOut)
    click.echo(f"{made.name}\tunlocked\t{made.counters} counters")


@operator.command("reset")
@with_settings
@click.option("--port", type=int, help="TCP port that the desk serves on, where none runs.")
@click.option("--public-url", help="Address that people use, where none runs.")
@click.argument("name")
def reset(settings: Settings, *, name: str) -> None:
    """Print a one-time code that gives an operator a new password, and where to type it; it works for 15 minutes."""
    made = ask(settings, "operator.reset", NameIn(name), result=CodeOut)
    click.echo(f"{made.code}\t{made.address}\t{made.minutes} minutes")


@operator.command("owner-link")
@with_settings
@MERCHANT
@click.option("--port", type=int, help="TCP port that the desk serves on, where none runs.")
@click.option("--public-url", help="Address that people use, where none runs.")
def owner_link(settings: Settings, *, merchant: int) -> None:
    """Print a new one-time link that creates an owner; it works for 24 hours."""
    _say_link(settings, "operator.owner-link", MerchantIn(merchant))


def _say_link(settings: Settings, command: str, given: Struct) -> None:
    click.echo(ask(settings, command, given, result=LinkOut).address)
