"""`tocsin operator`: who may sign in, from the machine that runs the desk."""

import click

from tocsin.access.operator import OPERATOR_ROLES, create_operator, list_operators, suspend_operator
from tocsin.access.owner_link import create_owner_link
from tocsin.access.password import hash_new_password
from tocsin.cli.start import owner_address, stop, with_settings
from tocsin.core.actor import desk_actor
from tocsin.core.tenant import Merchant
from tocsin.desk import Desk, open_desk
from tocsin.settings import Settings

_MERCHANT = click.option(
    "--merchant", type=int, default=0, help="Id of the merchant, where there are several."
)


@click.group()
def operator() -> None:
    """Create, list and suspend operators; make a link that creates an owner."""


@operator.command("create")
@with_settings
@_MERCHANT
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
    desk = open_desk(settings)
    try:
        found = _merchant(desk, merchant)
        hashed = hash_new_password(password, names=(name, display_name, found.name))
        made = desk.db.write(
            found.id,
            lambda tx: create_operator(
                tx, desk_actor(found.id), name=name, display_name=display_name, role=role, password_hash=hashed,
                locale=settings.locale, zone=settings.zone,
            ),
        )  # fmt: skip
        click.echo(f"{made}\t{role}\t{name}")
    finally:
        desk.close()


@operator.command("list")
@with_settings
@_MERCHANT
def list_(settings: Settings, *, merchant: int) -> None:
    """List the operators: id, role, whether active, name."""
    desk = open_desk(settings)
    try:
        found = _merchant(desk, merchant)
        for one in desk.db.read(found.id, lambda tx: list_operators(tx, desk_actor(found.id))):
            click.echo(f"{one.id}\t{one.role}\t{'active' if one.active else 'suspended'}\t{one.name}")
    finally:
        desk.close()


@operator.command("suspend")
@with_settings
@_MERCHANT
@click.argument("operator_id", type=int)
def suspend(settings: Settings, *, merchant: int, operator_id: int) -> None:
    """Suspend an operator: his sessions end at once."""
    desk = open_desk(settings)
    try:
        found = _merchant(desk, merchant)
        desk.db.write(
            found.id, lambda tx: suspend_operator(tx, desk_actor(found.id), operator_id=operator_id)
        )
        click.echo(f"{operator_id}\tsuspended")
    finally:
        desk.close()


@operator.command("owner-link")
@with_settings
@_MERCHANT
@click.option("--port", type=int, help="TCP port that the desk serves on.")
@click.option("--public-url", help="Address that people use, where it is not localhost.")
def owner_link(settings: Settings, *, merchant: int) -> None:
    """Print a new one-time link that creates an owner; it works for 24 hours."""
    desk = open_desk(settings)
    try:
        found = _merchant(desk, merchant)
        token = desk.db.write(found.id, lambda tx: create_owner_link(tx, found.id))
        click.echo(owner_address(settings, token))
    finally:
        desk.close()


def _merchant(desk: Desk, merchant_id: int) -> Merchant:
    found = desk.merchants()
    chosen = [one for one in found if one.id == merchant_id] if merchant_id else found
    if len(chosen) == 1:
        return chosen[0]
    listed = ", ".join(f"{one.id} {one.name}" for one in found) or "none: run `tocsin serve` first"
    stop(f"name one merchant with --merchant; there are: {listed}")
    raise AssertionError("unreachable")
