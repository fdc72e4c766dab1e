"""`tocsin serve`: the whole desk in one process."""

import click

from tocsin.access.operator import list_operators
from tocsin.access.owner_link import create_owner_link
from tocsin.cli.start import owner_address, with_settings
from tocsin.core.actor import desk_actor
from tocsin.core.tenant import create_merchant, create_shop
from tocsin.desk import Desk
from tocsin.settings import Settings


@click.command()
@with_settings
@click.option("--host", help="Name to serve on; localhost is both loopbacks.")
@click.option("--port", type=int, help="TCP port to serve on.")
@click.option("--empty", is_flag=True, help="Start without the demo merchant and its orders.")
def serve(settings: Settings, *, empty: bool) -> None:
    """Serve the desk; prints its address and, until there is an owner, the link that creates one."""
    from tocsin.app import build_app, open_desk
    from tocsin.server import serve as serve_app

    desk = open_desk(settings)
    try:
        if not desk.merchants():
            create_first_merchant(desk, empty=empty)
        links = owner_links(desk)
        desk.start()
        serve_app(build_app(desk), desk, ready=lambda: _say(settings, links))
    finally:
        desk.close()


def create_first_merchant(desk: Desk, *, empty: bool) -> None:
    """Make the merchant that a new desk begins with: the demo, or one without orders."""
    if not empty:
        from tocsin.demo import create_demo

        create_demo(desk.db, papers=desk.settings.path("papers"))
        return
    merchant_id = desk.db.write(0, lambda tx: create_merchant(tx, name="Tocsin"))
    zone = desk.settings.zone
    desk.db.write(merchant_id, lambda tx: create_shop(tx, code="A", name="Tocsin", zone=zone))


def owner_links(desk: Desk) -> list[str]:
    """Return a new one-time link for each merchant without an owner."""
    links = []
    for merchant in desk.merchants():
        acting = desk_actor(merchant.id)
        found = desk.db.read(merchant.id, lambda tx, acting=acting: list_operators(tx, acting))  # type: ignore[misc]
        if not any(one.role == "owner" and one.active for one in found):
            token = desk.db.write(merchant.id, lambda tx, id_=merchant.id: create_owner_link(tx, id_))  # type: ignore[misc]
            links.append(owner_address(desk.settings, token))
    return links


def _say(settings: Settings, links: list[str]) -> None:
    lines = [f"Create the owner, once, within 24 hours: {link}" for link in links]
    # One write: who reads a pipe sees the address and the links together.
    click.echo("\n".join([f"Tocsin serves on {settings.base_url()}", *lines]))
