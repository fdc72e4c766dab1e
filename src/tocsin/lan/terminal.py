"""What the terminal says about phones: where they install the authority, its fingerprint, and a code to scan."""

import socket

import click

from tocsin.lan.authority import fingerprint_of
from tocsin.lan.certificate import read_authority, source_of
from tocsin.settings import Settings

# Nothing is sent there: a datagram socket only asks the kernel which of our addresses would be used.
_AWAY = ("192.0.2.1", 9)


def say_phones(settings: Settings) -> None:
    """Print how phones get in; without a local authority they need nothing but the address."""
    if source_of(settings) != "local":
        return
    import segno

    address = install_address(settings)
    click.echo(f"Phones install the desk's certificate once, from {address}")
    click.echo(f"Its SHA-256 is {fingerprint_of(read_authority(settings))}")
    segno.make(address, error="l").terminal(compact=True, border=1)


def install_address(settings: Settings) -> str:
    """Return the plain page's address, by number: a phone may not know the name yet."""
    return f"http://{own_address() or settings.lan}:{settings.install_page_port()}/"


def own_address() -> str:
    """Return this machine's address in its network, empty where it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(_AWAY)
        except OSError:
            return ""
        return str(asking.getsockname()[0])
