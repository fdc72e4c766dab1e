"""`tocsin serve`: the whole desk in one process."""

from functools import partial

import click

from tocsin.access.operator import has_owner
from tocsin.access.owner_link import create_owner_link, offer_owner_link
from tocsin.cli.start import owner_address, with_settings
from tocsin.core.tenant import create_merchant, create_shop
from tocsin.desk import Desk
from tocsin.settings import Settings

_SHOWN = "A link that creates the owner was printed before and is still open; `tocsin operator owner-link` prints a new one"


@click.command()
@with_settings
@click.option("--host", help="Name to serve on; localhost is both loopbacks.")
@click.option("--port", type=int, help="TCP port to serve on.")
@click.option("--public-url", help="Address that people and tickets' codes use.")
@click.option(
    "--lan",
    help="Host name to serve HTTPS on, for phones; a local authority signs unless you have a certificate.",
)
@click.option("--tls-cert", help="With --lan, PEM file of your own certificate and its chain.")
@click.option("--tls-key", help="With --lan, PEM file of its key.")
@click.option("--empty", is_flag=True, help="Start without the demo merchant and its orders.")
def serve(settings: Settings, *, empty: bool) -> None:
    """Serve the desk; prints its address and, until there is an owner, the link that creates one."""
    from tocsin.app import build_app, open_desk
    from tocsin.console.listen import listening
    from tocsin.server import serve as serve_app

    desk = open_desk(settings)
    try:
        if not desk.merchants():
            create_first_merchant(desk, empty=empty)
        links = owner_links(desk)
        desk.start()
        with listening(desk):
            serve_app(build_app(desk), desk, ready=lambda: say(settings, links))
    finally:
        desk.close()


def create_first_merchant(desk: Desk, *, empty: bool) -> None:
    """Make the merchant that a new desk begins with: the demo, or one without orders."""
    if not empty:
        from tocsin.demo import create_demo

        create_demo(desk.db)
        return
    merchant_id = desk.db.write(0, lambda tx: create_merchant(tx, name="Tocsin"))
    zone = desk.settings.zone
    desk.db.write(merchant_id, lambda tx: create_shop(tx, code="A", name="Tocsin", zone=zone))


def owner_links(desk: Desk) -> list[str]:
    """Return a one-time link for each merchant without an owner, empty where another process shows one.

    The embedded database has one process: a link from before was that of one that ended, and is made void.
    """
    make = create_owner_link if desk.db.dialect == "sqlite" else offer_owner_link
    links = []
    for merchant in desk.merchants():
        if not desk.db.read(merchant.id, has_owner):
            token = desk.db.write(merchant.id, partial(make, merchant_id=merchant.id))
            links.append(owner_address(desk.settings, token) if token else "")
    return links


def say(settings: Settings, links: list[str]) -> None:
    """Print the address and what to do for an owner."""
    lines = [f"Create the owner, once, within 24 hours: {link}" if link else _SHOWN for link in links]
    # One write: who reads a pipe sees the address and the links together.
    click.echo("\n".join([f"Tocsin serves on {settings.base_url()}", *lines]))
    if settings.lan:
        from tocsin.lan.terminal import say_phones

        say_phones(settings)
