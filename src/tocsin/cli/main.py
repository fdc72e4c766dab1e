"""The command `tocsin`: each command is a module of this folder, imported when it is called."""

import click

from tocsin.cli.alarm import alarm
from tocsin.cli.doctor import doctor
from tocsin.cli.operator import operator
from tocsin.cli.serve import serve
from tocsin.cli.station import station
from tocsin.cli.worker import worker


@click.group()
@click.version_option(package_name="tocsin")
def cli() -> None:
    """Tocsin, an order desk that sounds the alarm."""


for command in (serve, worker, operator, alarm, station, doctor):
    cli.add_command(command)
