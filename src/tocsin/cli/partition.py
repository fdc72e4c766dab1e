"""`tocsin partition`: the lines of orders in months, on PostgreSQL, beside desks that serve."""

import click

from tocsin.cli.start import stop, with_settings
from tocsin.settings import Settings


@click.command()
@with_settings
def partition(settings: Settings) -> None:
    """Keep the lines of orders in partitions of a month, from now on: for tens of millions of orders on PostgreSQL, while desks serve."""
    if not settings.database_url:
        stop("months are PostgreSQL's: give --database-url")
    from tocsin.migrations.months import partition_lines
    from tocsin.opening import require_own_schema

    require_own_schema(settings)
    if not partition_lines(settings.database_url, click.echo):
        click.echo("they were in months already")
