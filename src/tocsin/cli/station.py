"""`tocsin station`: a machine in the shop with printers, a fingerprint reader or sirens, which works for the desk."""

import shlex
import signal
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from tocsin.cli.start import stop, told
from tocsin.core.log import set_up_log
from tocsin.core.plugins import load_plugins
from tocsin.core.signature import make_key
from tocsin.settings import read_networks
from tocsin.station.identity import Identity, default_file, load_identity, require_safe, save_identity
from tocsin.station.line import Line, LineBroken, LineRefused
from tocsin.station.paper_journal import PaperJournal
from tocsin.tickets.reach import declare_networks

TURNED_AWAY = 3
_FILE = click.option(
    "--file",
    "path",
    type=click.Path(dir_okay=False),
    help="File of the station and its key; made by `enrol`.",
)
_CA = click.option(
    "--ca",
    default="",
    help="File of the authority that signed the desk's certificate, where it is the desk's own.",
)


@click.group()
def station() -> None:
    """Enrol this machine as a station of a desk, and work for it."""


@station.command("enrol")
@click.option("--server", required=True, help="Address of the desk, as https://desk.example.")
@click.option("--code", required=True, help="The code that Settings → Stations shows; it lives 15 minutes.")
@click.option("--name", required=True, help="Where this machine stands, as Counter.")
@_FILE
@_CA
def enrol(server: str, *, code: str, name: str, path: str | None, ca: str) -> None:
    """Make this machine's key and have the desk enrol it."""
    file = Path(path) if path else default_file()
    if not code.strip(" -"):
        stop("--code is empty: make one on the desk, at Settings → Stations")
    with told():
        made = Identity(require_safe(server), "", make_key())
        save_identity(file, made, new=True)
        try:
            line = Line(made, ca=ca)
            named = line.enrol(code=code, name=name, version=version("tocsin"))
        except (LineBroken, LineRefused, OSError) as fault:
            file.unlink()
            stop(str(fault))
            return
        save_identity(file, Identity(made.server, named, made.key), new=False)
    more = f" --file {shlex.quote(path)}" if path else ""
    click.echo(f"Enrolled as {name}; the key is in {file}. Now: tocsin station run{more}")


@station.command("run")
@click.option("--server", help="Address of the desk, where it is another now than at the enrolment.")
@click.option("--reader", help="Driver of the fingerprint reader at this machine: fprintd.")
@click.option("--reader-option", "options", multiple=True, help="An option of the driver, as name=value.")
@click.option(
    "--printer-network", "networks", multiple=True, help="A network that printers at this station may be in, as 192.168.1.0/24; without any, the private ones.",
)  # fmt: skip
@click.option("--log-level", default="warning", help="debug, info, warning or error.")
@_FILE
@_CA
def run(
    *, server: str | None, reader: str | None, options: tuple[str, ...], networks: tuple[str, ...], log_level: str,
    path: str | None, ca: str,
) -> None:  # fmt: skip
    """Work for the desk until this is ended; ends with 3 where the desk does not want this station any more."""
    set_up_log(log_level)
    with told():
        file = Path(path) if path else default_file()
        found = load_identity(file)
        identity = Identity(require_safe(server or found.server), found.station, found.key)
        _declare(networks)
        papers = PaperJournal(file.with_suffix(".papers"))
    driver = _driver_of(reader) if reader else None
    from tocsin.station.agent import Agent, TurnedAway

    ending = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ending.set())
    given = dict(option.partition("=")[::2] for option in options)
    agent = Agent(
        identity, Line(identity, ca=ca), driver=driver, options=given, say=click.echo, papers=papers
    )
    try:
        agent.run(ending)
    except TurnedAway as away:
        click.echo(f"tocsin: {away}", err=True)
        raise SystemExit(TURNED_AWAY) from None


def _declare(networks: tuple[str, ...]) -> None:
    """Name the networks that printers here may be in; without any, the private ones, as each process begins."""
    try:
        near = read_networks(",".join(networks))
    except ValueError as wrong:
        stop(f"--printer-network: {wrong}; write it as 192.168.1.0/24")
    else:
        if near:
            declare_networks(near)


def _driver_of(name: str) -> Any:
    drivers = load_plugins("access.readers")
    if name not in drivers:
        stop(f"there is no reader driver “{name[:40]}”; there are: {', '.join(drivers)}")
    return drivers[name]
