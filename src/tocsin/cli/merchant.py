"""`tocsin merchant`: who sells here, from the machine that runs the desk, whether it runs or not."""

from typing import Any

import click

from tocsin.cli.start import MERCHANT, with_settings
from tocsin.console.ask import ask
from tocsin.console.merchants import MerchantMade, MerchantNew, MerchantOut, Nothing, ShopNew, ShopOut
from tocsin.settings import Settings

_ZONE = click.option(
    "--zone", default="", help="Time zone of the shop, an IANA name; the settings' if not given."
)
_CURRENCY = click.option(
    "--currency", default="CNY", help="Currency of the shop, three letters; CNY if not given."
)


@click.group()
def merchant() -> None:
    """Add merchants and shops to an installation that serves several, and list them."""


@merchant.command("create")
@with_settings
@click.option(
    "--code",
    required=True,
    help="Code of the first shop, 1 to 8 capitals or digits: it stands before each order's number.",
)
@click.option("--shop-name", default="", help="Name of the first shop; the merchant's if not given.")
@_ZONE
@_CURRENCY
@click.option("--port", type=int, help="TCP port that the desk serves on, where none runs.")
@click.option("--public-url", help="Address that people use, where none runs.")
@click.argument("name")
def create(settings: Settings, **given: Any) -> None:
    """Add a merchant with his first shop; prints his id and the one-time link that creates his owner, which works for 24 hours."""
    made = ask(settings, "merchant.create", MerchantNew(**given), result=MerchantMade)
    click.echo(f"{made.id}\t{made.address}")


@merchant.command("add-shop")
@with_settings
@MERCHANT
@_ZONE
@_CURRENCY
@click.argument("code")
@click.argument("name")
def add_shop(settings: Settings, **given: Any) -> None:
    """Add a shop to a merchant; its code stands before each order's number."""
    made = ask(settings, "merchant.add-shop", ShopNew(**given), result=ShopOut)
    click.echo(f"{made.code}\t{made.name}\t{made.zone}")


@merchant.command("list")
@with_settings
def list_(settings: Settings) -> None:
    """List the merchants: id, name, whether an owner is there, the codes of the shops."""
    for one in ask(settings, "merchant.list", Nothing(), result=list[MerchantOut]):
        owner = "owned" if one.has_owner else "no owner yet"
        click.echo(f"{one.id}\t{one.name}\t{owner}\t{', '.join(shop.code for shop in one.shops)}")
