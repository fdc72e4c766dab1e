"""`tocsin serve`: the whole desk in one process."""

import secrets
from collections.abc import Iterable
from functools import partial

import click

from tocsin.access.operator import has_owner
from tocsin.access.owner_link import create_owner_link, offer_owner_link
from tocsin.cli.start import owner_address, with_settings
from tocsin.core.arenas import limit_arenas
from tocsin.core.collector import collector_paused
from tocsin.core.tenant import Merchant, create_merchant, create_shop
from tocsin.desk import Desk
from tocsin.settings import Settings

_SHOWN = "A link that creates the owner was printed before and is still open; `tocsin operator owner-link` prints a new one"

_NOT_EMPTY = "The demo is kept here, and --empty deletes nothing: --data-dir FOLDER begins a shop of your own beside it"


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
@click.option(
    "--demo-days",
    type=click.IntRange(0, 60),
    default=30,
    help="How many days lie behind the demo's today; 0 is made fastest.",
)
def serve(settings: Settings, *, empty: bool, demo_days: int) -> None:
    """Serve the desk; prints its address and, until there is an owner, the link that creates one."""
    limit_arenas()
    with collector_paused(stays=True):
        from tocsin.app import build_app, open_desk
        from tocsin.console.listen import listening
        from tocsin.observe import observed
        from tocsin.server import serve as serve_app
        from tocsin.web.fleet import fleet_pages

    desk = open_desk(settings)
    try:
        here = desk.merchants()
        people = "" if here else create_first_merchant(desk, demo_days=None if empty else demo_days)
        people = note_demo(here, empty=empty) or people
        links = owner_links(desk)
        desk.start()
        with collector_paused(stays=True):
            app = build_app(desk)
        with observed(desk, pages=fleet_pages(desk)), listening(desk):
            serve_app(app, desk, ready=lambda: say(settings, links, people))
    finally:
        desk.close()


def create_first_merchant(desk: Desk, *, demo_days: int | None) -> str:
    """Make the merchant that a new desk begins with: the demo, or one without orders; return who may sign in to it."""
    if demo_days is not None:
        from tocsin.demo.create import create_demo, say_people

        click.echo(f"Making the demo merchant with {demo_days} days of orders, once")
        password = secrets.token_hex(5)
        create_demo(desk.db, password=password, base_url=desk.settings.base_url(), days=demo_days)
        return say_people(password)
    merchant_id = desk.db.write(0, lambda tx: create_merchant(tx, name="Tocsin"))
    zone = desk.settings.zone
    desk.db.write(merchant_id, lambda tx: create_shop(tx, code="A", name="Tocsin", zone=zone))
    return ""


def note_demo(here: Iterable[Merchant], *, empty: bool) -> str:
    """Return what to say to who asks for an empty desk where the demo is."""
    return _NOT_EMPTY if empty and any(one.demo for one in here) else ""


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


def say(settings: Settings, links: list[str], people: str) -> None:
    """Print the address, what to do for an owner, and who else may sign in to a new demo."""
    lines = [f"Create the owner, once, within 24 hours: {link}" if link else _SHOWN for link in links]
    lines += [people] if people else []
    # One write: who reads a pipe sees the address and the links together.
    click.echo("\n".join([f"Tocsin serves on {settings.base_url()}", *lines]))
    if settings.lan:
        from tocsin.lan.terminal import say_phones

        say_phones(settings)
