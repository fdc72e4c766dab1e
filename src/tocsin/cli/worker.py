"""`tocsin worker`: the background work alone, beside the processes that serve."""

import signal
import threading

import click

from tocsin.cli.start import stop, with_settings
from tocsin.core.arenas import limit_arenas
from tocsin.settings import Settings


@click.command()
@with_settings
def worker(settings: Settings) -> None:
    """Do the background work of a desk on PostgreSQL: jobs, checks, printing."""
    if not settings.database_url:
        stop(
            "a worker beside the desk needs PostgreSQL: give --database-url; on the embedded database `serve` works itself"
        )
    limit_arenas()
    from tocsin.desk import open_desk
    from tocsin.observe import observed

    desk, ending = open_desk(settings), threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ending.set())
    try:
        desk.start()
        with observed(desk):
            click.echo("Tocsin works")
            ending.wait()
    finally:
        desk.close()
